//! The capture format: one JSON object a line, as `rehabctl export` writes it and `rehabctl replay` reads it.

use serde::Deserialize;

use crate::clock::Quality;
use crate::types::{BootId, CharUuid, HUB_STATE, HubState, Mono, PATIENT_REPORT, SensorId, UtcMicros};

/// The longest value that ATT can carry (Core 5.4, Vol 3, Part F, 3.2.9).
const MAX_VALUE: usize = 512;

/// One line of a capture.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureLine {
    /// When it was received.
    pub at: UtcMicros,
    /// The boot and the time in it, where the capture kept them.
    pub boot: Option<(BootId, Mono)>,
    /// How `at` was obtained; a capture that does not say means a clock that was right.
    pub quality: Quality,
    /// Whose record it is.
    pub sensor: SensorId,
    /// What it is a value of.
    pub characteristic: CharUuid,
    /// The value.
    pub bytes: Box<[u8]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    at: &'a str,
    sensor: Option<SensorId>,
    char: Option<CharUuid>,
    hex: Option<&'a str>,
    pro: Option<String>,
    value: Option<serde_json::Value>,
    hub: Option<&'a str>,
    boot: Option<BootId>,
    mono_ms: Option<f64>,
    quality: Option<Quality>,
}

impl CaptureLine {
    /// Reads one line.
    ///
    /// # Errors
    /// The reason, without the line's number, which the caller knows.
    pub fn parse(line: &str) -> Result<Self, String> {
        let raw: Raw<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let at = raw.at.parse().map_err(|error: crate::types::ParseError| error.to_string())?;
        let boot = match (raw.boot, raw.mono_ms) {
            (Some(boot), Some(ms)) => Some((boot, mono(ms)?)),
            (None, None) => None,
            _ => return Err("boot and mono_ms go together".into()),
        };
        let (sensor, characteristic, bytes) = match raw {
            Raw {
                sensor: Some(sensor),
                char: Some(char),
                hex: Some(hex),
                pro: None,
                value: None,
                hub: None,
                ..
            } => {
                if sensor.is_reserved() {
                    return Err(format!("the sensor id {sensor} is reserved"));
                }
                (sensor, char, parse_hex(hex)?)
            }
            Raw {
                pro: Some(pro),
                value: Some(value),
                sensor: None,
                char: None,
                hex: None,
                hub: None,
                ..
            } => {
                let report = serde_json::json!({"pro": pro, "value": value});
                (SensorId::patient(), PATIENT_REPORT, report.to_string().into_bytes())
            }
            Raw { hub: Some(state), sensor: None, char: None, hex: None, pro: None, value: None, .. } => {
                let state = match state {
                    "up" => HubState::Up,
                    "alive" => HubState::Alive,
                    "down" => HubState::Down,
                    other => return Err(format!("hub is {other:?}; expected \"up\", \"alive\" or \"down\"")),
                };
                (SensorId::hub(), HUB_STATE, vec![state.byte()])
            }
            _ => return Err("a line has either sensor, char and hex, or pro and value, or hub".into()),
        };
        if bytes.len() > MAX_VALUE {
            return Err(format!("a value of {} bytes; ATT carries {MAX_VALUE} at most", bytes.len()));
        }
        let quality = raw.quality.unwrap_or(Quality::Synced);
        Ok(Self { at, boot, quality, sensor, characteristic, bytes: bytes.into() })
    }
}

/// Reads hex digits of either case; an even number of them.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut digits = Vec::with_capacity(text.len());
    for (index, letter) in text.chars().enumerate() {
        let digit = letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digits.push(digit.ok_or_else(|| format!("{letter:?} at place {} is not a hex digit", index + 1))?);
    }
    if !digits.len().is_multiple_of(2) {
        return Err(format!("{} hex digits, an odd number, are not whole bytes", digits.len()));
    }
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn mono(ms: f64) -> Result<Mono, String> {
    // 2^53 us are 285 years: up to there a double holds every microsecond
    let micros = (ms * 1000.0).round();
    if (0.0..9_007_199_254_740_992.0).contains(&micros) {
        Ok(Mono::from_micros(micros as u64))
    } else {
        Err(format!("mono_ms is {ms}; expected milliseconds since boot, 0 or more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_of_lines_are_read() {
        let line = r#"{"at":"2026-11-03T14:00:01.000Z","sensor":"bike","char":"2AD2","hex":"44Ff"}"#;
        let packet = CaptureLine::parse(line).unwrap();
        assert_eq!((packet.sensor.as_str(), &*packet.bytes), ("bike", &[0x44, 0xff][..]));
        assert_eq!((packet.quality, packet.boot), (Quality::Synced, None));
        let pro = CaptureLine::parse(r#"{"at":"2026-11-03T20:00:00Z","pro":"pain","value":4}"#).unwrap();
        assert_eq!(&*pro.bytes, br#"{"pro":"pain","value":4}"#);
        let down = CaptureLine::parse(r#"{"at":"2026-11-03T21:00:00.000Z","hub":"down"}"#).unwrap();
        assert_eq!((down.characteristic, &*down.bytes), (HUB_STATE, &[0][..]));
    }

    #[test]
    fn monotonic_time_is_exact_to_the_microsecond() {
        let boot = "0123456789abcdef0123456789abcdef";
        let line = format!(
            r#"{{"at":"2026-11-03T14:00:01Z","sensor":"a","char":"2A37","hex":"00","boot":"{boot}","mono_ms":1234567890.123}}"#
        );
        let (_, mono) = CaptureLine::parse(&line).unwrap().boot.unwrap();
        assert_eq!(mono.micros(), 1_234_567_890_123);
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        let at = r#""at":"2026-11-03T14:00:01Z""#;
        let long = "00".repeat(513);
        for (line, reason) in [
            ("{".to_owned(), "EOF"),
            (r#"{"at":"yesterday","hub":"up"}"#.to_owned(), "a time such as"),
            (format!(r#"{{{at},"sensor":"a","char":"2A37","hex":"0"}}"#), "odd number"),
            (format!(r#"{{{at},"sensor":"a","char":"2A37","hex":"0g"}}"#), "not a hex digit"),
            (format!(r#"{{{at},"sensor":"a","char":"2A37","hex":"{long}"}}"#), "512 at most"),
            (format!(r#"{{{at},"sensor":"hub","char":"2A37","hex":"00"}}"#), "reserved"),
            (format!(r#"{{{at},"sensor":"a","char":"2A37"}}"#), "either"),
            (format!(r#"{{{at},"hub":"sideways"}}"#), "expected \"up\""),
            (format!(r#"{{{at},"hub":"up","mono_ms":4}}"#), "go together"),
            (format!(r#"{{{at},"hub":"up","color":4}}"#), "unknown field"),
        ] {
            let error = CaptureLine::parse(&line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }
}
