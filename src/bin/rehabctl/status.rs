//! `rehabctl status`: one screen, 80 columns.

use std::process::ExitCode;

use anyhow::Result;
use rehab_hub::ctl::{Client, Request};
use serde_json::{Map, Value};

use crate::Global;
use crate::output::{self, grouped, number, text};

pub(crate) fn run(global: &Global) -> Result<ExitCode> {
    let answer =
        crate::blocking(async { Client::connect(&global.socket).await?.ask(&Request::Status).await })?;
    if global.json {
        output::say(answer);
    } else {
        output::say(screen(&answer));
    }
    Ok(ExitCode::SUCCESS)
}

/// The screen; every line that reports trouble is followed by what to do.
fn screen(status: &Value) -> String {
    let mut lines = vec![format!(
        "hub {}, version {}, up {}",
        text(status, "/hub"),
        text(status, "/version"),
        span(number(status, "/uptime_s"))
    )];
    lines.push(match status.pointer("/clock/utc").and_then(Value::as_str) {
        Some(utc) => format!("clock      {}, {utc}", text(status, "/clock/quality")),
        None if status.get("bluetooth").is_none_or(Value::is_null) => {
            "clock      replayed captures carry their own time".into()
        }
        None => "clock      not set yet: readings are kept and get their true time later".into(),
    });
    let store = |key: &str| number(status, &format!("/store/{key}"));
    let waiting = store("last").saturating_sub(store("acked"));
    lines.push(format!(
        "store      {} packets, {} waiting, {} documents waiting, {} KiB",
        grouped(store("packets")),
        grouped(waiting),
        grouped(store("documents")),
        grouped(store("disk_bytes") / 1024)
    ));
    remedy(&mut lines, status.pointer("/store/trouble"));
    lines.push(format!("clinic     {}", clinic(status)));
    remedy(&mut lines, status.pointer("/forward/link/error"));
    for alarm in status.pointer("/forward/alarms").and_then(Value::as_array).into_iter().flatten() {
        remedy(&mut lines, alarm.get("text"));
    }
    if let Some(radio) = status.get("bluetooth").filter(|radio| !radio.is_null()) {
        lines.push(format!("bluetooth  {}", words(text(radio, "/adapter"))));
        remedy(&mut lines, radio.get("remedy"));
        sensors(&mut lines, status, radio);
    }
    if let Some(day) = status.get("today").filter(|day| !day.is_null()) {
        lines.push(format!("today      {}, {}", text(day, "/day"), words(text(day, "/status"))));
        for item in day.get("items").and_then(Value::as_array).into_iter().flatten() {
            let score = item.get("score").and_then(Value::as_f64);
            lines.push(format!(
                "  {:<14}{}",
                text(item, "/id"),
                output::score_cell(score, text(item, "/status"))
            ));
        }
    }
    lines.join("\n")
}

fn clinic(status: &Value) -> String {
    let state = match text(status, "/forward/link/state") {
        "backoff" => format!(
            "not connected, next try in {} s",
            number(status, "/forward/link/pause_ms").div_ceil(1000)
        ),
        state => words(state),
    };
    format!("{state} ({})", text(status, "/forward/broker"))
}

fn sensors(lines: &mut Vec<String>, status: &Value, radio: &Value) {
    let none = Map::new();
    let now = number(status, "/mono_us");
    for (id, sensor) in radio.get("sensors").and_then(Value::as_object).unwrap_or(&none) {
        let counted = |key: &str| number(status, &format!("/ingest/sensors/{id}/{key}"));
        let last = sensor.get("last_packet").and_then(Value::as_u64);
        let ago = last
            .map_or_else(|| "never".into(), |at| format!("{} ago", span(now.saturating_sub(at) / 1_000_000)));
        let battery = sensor.get("battery").and_then(Value::as_u64);
        let battery = battery.map_or_else(String::new, |percent| format!(", battery {percent} %"));
        lines.push(format!(
            "  {id:<12} {:<11} {:>9} packets, last {ago}{battery}",
            words(text(sensor, "/state")),
            grouped(counted("packets"))
        ));
        let odd =
            [("undecoded", "not understood"), ("repeats", "sent again"), ("excess", "over the cap, dropped")];
        let odd: Vec<String> = odd
            .iter()
            .filter(|(key, _)| counted(key) > 0)
            .map(|(key, meaning)| format!("{} {meaning}", grouped(counted(key))))
            .collect();
        if !odd.is_empty() {
            lines.push(format!("               {}", odd.join(", ")));
        }
        remedy(lines, sensor.get("remedy"));
    }
}

fn remedy(lines: &mut Vec<String>, remedy: Option<&Value>) {
    if let Some(remedy) = remedy.and_then(Value::as_str) {
        lines.extend(wrap(remedy, 66).into_iter().map(|line| format!("           ! {line}")));
    }
}

/// `not_bonded` as `not bonded`.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// Seconds as the two largest units.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Lines of at most `width` characters, broken between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
