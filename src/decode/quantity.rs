//! Each quantity has one definition, which decoders, payloads and exports share.

/// What a value measures.
#[derive(Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The field name that `rehabctl decode` prints and payloads use.
    pub name: &'static str,
    /// UCUM unit; `1` for plain numbers, empty for texts.
    pub ucum: &'static str,
    /// ISO/IEEE 11073-10101 reference id, where there is one.
    pub mdc: Option<&'static str>,
}

/// A value as a person or a payload gets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A number in the quantity's unit.
    Number(f64),
    /// Several of them.
    Numbers(&'a [f64]),
    /// A word of a fixed list.
    Text(&'a str),
    /// Yes or no.
    Bool(bool),
    /// The sensor says that it has no value.
    NotAvailable,
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $const:ident = $name:literal, $ucum:literal, $mdc:expr;)*) => {
        $($(#[$doc])* pub const $const: Quantity = Quantity { name: $name, ucum: $ucum, mdc: $mdc };)*
    };
}

quantities! {
    /// State of charge.
    BATTERY_PERCENT = "battery_percent", "%", Some("MDC_ATTR_VAL_BATT_CHARGE");
}
