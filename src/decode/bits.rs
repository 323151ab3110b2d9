//! Bit fields as lists of names.

use super::{Quantity, Value};

/// Shows the names of the bits that are set, in the order of the table.
pub(super) fn names(
    word: u32,
    table: &[(u32, &'static str)],
    quantity: &'static Quantity,
    visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
) {
    let set = |(mask, _): &&(u32, &'static str)| word & mask == *mask;
    let names: Vec<Value<'_>> = table.iter().filter(set).map(|(_, name)| Value::Text(name)).collect();
    visit(quantity, Value::List(&names));
}

/// Shows a value that is there.
pub(super) fn number(
    quantity: &'static Quantity,
    value: Option<impl Into<f64>>,
    visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
) {
    if let Some(value) = value {
        visit(quantity, Value::Number(value.into()));
    }
}
