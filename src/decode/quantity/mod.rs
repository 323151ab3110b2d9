//! Each quantity has one definition, which decoders, payloads and exports share.

/// Defines quantities: name, UCUM unit, MDC code, LOINC code.
macro_rules! quantities {
    ($($(#[$doc:meta])* $const:ident = $name:literal, $ucum:literal, $mdc:expr, $loinc:expr;)*) => {
        $($(#[$doc])* pub static $const: super::Quantity =
            super::Quantity { name: $name, ucum: $ucum, mdc: $mdc, loinc: $loinc };)*

        /// Every quantity of this file, in its order.
        pub(super) static TABLE: &[&super::Quantity] = &[$(&$const),*];
    };
}

mod device;
mod health;
mod live;
mod therapy;

pub use device::*;
pub use health::*;
pub use live::*;
pub use therapy::*;

/// What a value measures.
#[derive(Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The field name that `rehabctl decode` prints and payloads use.
    pub name: &'static str,
    /// UCUM unit; `1` for plain numbers, empty for texts.
    pub ucum: &'static str,
    /// ISO/IEEE 11073-10101 reference id, where there is one.
    pub mdc: Option<&'static str>,
    /// LOINC code, where there is one.
    pub loinc: Option<&'static str>,
}

/// An IEEE 11073 number that is none (11073-20601, annex F).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// Not a number: the measurement failed.
    NaN,
    /// Not at this resolution.
    NRes,
    /// Plus infinity.
    PlusInfinity,
    /// Minus infinity.
    MinusInfinity,
    /// A code that the standard keeps for later.
    Reserved,
}

impl Special {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NaN => "NaN",
            Self::NRes => "NRes",
            Self::PlusInfinity => "+INF",
            Self::MinusInfinity => "-INF",
            Self::Reserved => "reserved",
        }
    }
}

/// A value as a person or a payload gets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A number in the quantity's unit.
    Number(f64),
    /// Several of them.
    Numbers(&'a [f64]),
    /// A word of a fixed list, or a text of the device.
    Text(&'a str),
    /// Yes or no.
    Bool(bool),
    /// The sensor says that it has no value.
    NotAvailable,
    /// The sensor sent an IEEE 11073 special value: no number, written as [`Special::as_str`].
    Special(Special),
    /// Several values: names of set bits, records of one packet.
    List(&'a [Value<'a>]),
    /// Values with names of their own, in order.
    Record(&'a [(&'static str, Value<'a>)]),
}

/// The whole table.
pub fn all() -> impl Iterator<Item = &'static Quantity> {
    [live::TABLE, health::TABLE, device::TABLE, therapy::TABLE].into_iter().flatten().copied()
}

/// The quantity of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Quantity> {
    all().find(|quantity| quantity.name == name)
}

impl serde::Serialize for Value<'_> {
    /// Whole numbers without a decimal point, "not available" as null, special values by name.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Number(number) => Plain(number).serialize(serializer),
            Self::Numbers(numbers) => serializer.collect_seq(numbers.iter().map(|number| Plain(*number))),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(flag) => serializer.serialize_bool(flag),
            Self::NotAvailable => serializer.serialize_none(),
            Self::Special(special) => serializer.serialize_str(special.as_str()),
            Self::List(list) => serializer.collect_seq(list),
            Self::Record(record) => serializer.collect_map(record.iter().map(|(name, value)| (name, value))),
        }
    }
}

struct Plain(f64);

impl serde::Serialize for Plain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 2^53: above it, not every whole number is a float.
        if self.0.fract() == 0.0 && self.0.abs() < 9_007_199_254_740_992.0 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_has_one_definition() {
        let mut names: Vec<&str> = all().map(|quantity| quantity.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn codes_look_like_codes() {
        for quantity in all() {
            assert!(quantity.mdc.is_none_or(|mdc| mdc.starts_with("MDC_")), "{}", quantity.name);
            let check_digit = |code: &str| code.split_once('-').is_some_and(|(_, digit)| digit.len() == 1);
            assert!(quantity.loinc.is_none_or(check_digit), "{}", quantity.name);
        }
    }
}
