//! What a person or a program reads. A closed pipe (`rehabctl status | head -1`) is no reason to panic.

use std::fmt;
use std::io::Write;

use serde_json::Value;

/// Cells of a score's bar.
const BAR: usize = 20;

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

/// A day document as a person reads it: its items with bars, and the day.
pub(crate) fn day(day: &Value) -> Vec<String> {
    let mut lines = vec![format!("{}: adherence to the plan", text(day, "/day"))];
    for item in day.get("items").and_then(Value::as_array).into_iter().flatten() {
        let score = item.get("score").and_then(Value::as_f64);
        let minutes = |key: &str| item.get(key).and_then(Value::as_i64).map(clock);
        let mut note = minutes("active_ms").map_or_else(String::new, |time| format!("{time} active"));
        if let Some(time) = minutes("in_band_ms") {
            note += if note.is_empty() { "" } else { ", " };
            note += &format!("{time} in band");
        }
        lines.push(score_row(text(item, "/id"), score, text(item, "/status"), &note));
    }
    let score = day.get("score").and_then(Value::as_f64);
    let status = text(day, "/status");
    lines.push(score_row("the day", score, status, &status.replace('_', " ")));
    lines
}

fn score_row(name: &str, score: Option<f64>, status: &str, note: &str) -> String {
    format!("  {name:<14}{}  {note}", score_cell(score, status))
}

/// A bar with its figure; where there is none, why: nothing was due, or nothing could be heard.
pub(crate) fn score_cell(score: Option<f64>, status: &str) -> String {
    match score {
        Some(percent) => format!("{} {percent:>5.1} %", bar(percent, BAR)),
        None => format!("{} {:>7}", " ".repeat(BAR), status.replace('_', " ")),
    }
}

/// Milliseconds as minutes and seconds.
fn clock(ms: i64) -> String {
    format!("{}:{:02}", ms / 60_000, ms / 1000 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }

    #[test]
    fn no_data_is_not_shown_as_not_due() {
        let day = serde_json::json!({"day": "2026-11-03", "score": null, "status": "no_data", "items": [
            {"id": "bike", "score": null, "status": "no_data"},
            {"id": "walk", "score": null, "status": "not_due"},
        ]});
        let lines = super::day(&day);
        assert!(lines[1].contains("no data") && !lines[1].contains("not due"), "{}", lines[1]);
        assert!(lines[2].contains("not due"), "{}", lines[2]);
        assert!(lines[3].contains("no data"), "{}", lines[3]);
    }

    #[test]
    fn a_bar_never_leaves_its_width() {
        for (percent, filled) in [(-5.0, 0), (0.0, 0), (50.0, 5), (100.0, 10), (130.0, 10)] {
            let bar = bar(percent, 10);
            assert_eq!((bar.chars().count(), bar.matches('█').count()), (10, filled), "{percent}");
        }
    }
}
