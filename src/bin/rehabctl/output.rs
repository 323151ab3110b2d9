//! What a person or a program reads. A closed pipe (`rehabctl status | head -1`) is no reason to panic.

use std::fmt;
use std::io::Write;

use serde_json::Value;

/// Writes to standard output.
pub(crate) fn say(text: impl fmt::Display) {
    let mut out = std::io::stdout().lock();
    // nobody reads any more: nothing sensible is left to do with the text
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes an error with its causes to standard error.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr().lock(), "rehabctl: {error:#}");
}

/// A text inside a JSON answer; `-` where there is none.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}

/// A number inside a JSON answer; 0 where there is none.
pub(crate) fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// `5327` as `5 327`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A bar of `width` cells for a percentage; more than 100 fills it.
pub(crate) fn bar(percent: f64, width: usize) -> String {
    let filled = ((percent / 100.0).clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn a_bar_never_leaves_its_width() {
        for (percent, filled) in [(-5.0, 0), (0.0, 0), (50.0, 5), (100.0, 10), (130.0, 10)] {
            let bar = bar(percent, 10);
            assert_eq!((bar.chars().count(), bar.matches('█').count()), (10, filled), "{percent}");
        }
    }
}
