//! `rehabctl decode CHAR HEX`: what a sensor's bytes say, for a person or, by the line, for a program.

use std::fmt::Write as _;
use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rehab_hub::decode::{
    Catalogue, DecodeError, Decoder, Device, Layout, Machine, Quantity, Reading, Value, by_name,
};
use rehab_hub::source::capture::parse_hex;
use rehab_hub::types::CharUuid;
use serde_json::{Map, Value as Json, json};

use crate::{Global, output};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The characteristic: 4 hex digits such as 2A37, a whole UUID, SFLOAT, FLOAT or PMD
    #[arg(required_unless_present = "batch", value_name = "CHAR")]
    characteristic: Option<String>,
    /// Its value in hex digits; several, separated by commas, are one connection's packets in order
    #[arg(required_unless_present = "batch", value_name = "HEX")]
    hex: Option<String>,
    /// Read lines "CHAR HEX" or "CHAR HEX,HEX,…" from standard input, and answer each with one JSON line
    #[arg(long, conflicts_with_all = ["characteristic", "hex"])]
    batch: bool,
    /// The byte layout of a fitness machine's packets; without it, the one whose length they have
    #[arg(long, value_name = "NAME", value_parser = layout)]
    layout: Option<Choice>,
    /// A declarative profile beside those that come with the hub
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// The device that sent the bytes, as "MAKER/MODEL": some deviate from the specification in known ways
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Circumference of the wheel in metres, for speed and distance from its revolutions
    #[arg(long, value_name = "METRES", default_value_t = 2.34)]
    wheel: f64,
}

/// A layout by name; `None` chooses by length.
#[derive(Clone, Copy)]
struct Choice(Option<Layout>);

fn layout(name: &str) -> Result<Choice, String> {
    match name {
        "gss" => Ok(Choice(Some(Layout::Gss))),
        "ftms1.0-sint16-resistance" | "ftms1.0-uint8-pace" => Ok(Choice(Some(Layout::Ftms10))),
        "any" => Ok(Choice(None)),
        _ => Err("not one of gss, ftms1.0-sint16-resistance, ftms1.0-uint8-pace, any".into()),
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    let mut catalogue = shipped()?;
    for path in &args.profile {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the profile {}", path.display()))?;
        if let Err(faults) = catalogue.add(&path.display().to_string(), &text) {
            output::complain(&faults.into());
            return Ok(ExitCode::from(78));
        }
    }
    let tool = Tool { catalogue, device: device(args), wheel: args.wheel };
    match (&args.characteristic, &args.hex) {
        (Some(characteristic), Some(hex)) => tool.one(characteristic, hex, global.json),
        _ => tool.batch(),
    }
}

fn shipped() -> Result<Catalogue> {
    let (catalogue, faults) = Catalogue::shipped();
    match faults.into_iter().next() {
        Some(faults) => Err(faults).context("a profile that comes with the hub is faulty; report it"),
        None => Ok(catalogue),
    }
}

fn device(args: &Args) -> Device {
    let text = args.device.as_deref().unwrap_or_default();
    let (maker, model) = text.split_once('/').unwrap_or((text, text));
    let mut device = if text.is_empty() { Device::UNKNOWN } else { Device::of(maker, model) };
    device.layout = args.layout.and_then(|choice| choice.0);
    device
}

/// What all lines share.
struct Tool {
    catalogue: Catalogue,
    device: Device,
    wheel: f64,
}

/// What one line came to.
enum Answer {
    Fields(Vec<Shown>),
    Sequence(Vec<Result<Vec<Shown>, DecodeError>>),
    /// What is wrong, and what stood before it.
    Failed(String, Vec<Shown>),
}

/// One field, for a person and for a program.
struct Shown {
    quantity: &'static Quantity,
    value: Json,
}

impl Tool {
    fn one(&self, characteristic: &str, hex: &str, json: bool) -> Result<ExitCode> {
        let answer = self.answer(characteristic, hex);
        let failed = matches!(answer, Answer::Failed(..));
        if json {
            output::say(object(characteristic, hex, &answer));
            return Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
        match answer {
            Answer::Fields(fields) => output::say(page(&fields)),
            Answer::Sequence(rows) => {
                for (index, row) in rows.iter().enumerate() {
                    let body = row.as_ref().map_or_else(ToString::to_string, |fields| page(fields));
                    output::say(format_args!("packet {}\n{body}", index + 1));
                }
            }
            Answer::Failed(reason, before) => {
                if !before.is_empty() {
                    output::say(page(&before));
                }
                bail!("{characteristic}: {reason}");
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn batch(&self) -> Result<ExitCode> {
        for line in std::io::stdin().lock().split(b'\n') {
            let line = line.context("cannot read standard input")?;
            let line = String::from_utf8_lossy(&line);
            let (characteristic, hex) =
                line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
            let hex = hex.trim();
            output::say(object(characteristic, hex, &self.answer(characteristic, hex)));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn answer(&self, characteristic: &str, hex: &str) -> Answer {
        let uuid = match by_name(characteristic) {
            Ok(uuid) => uuid,
            Err(error) => return Answer::Failed(error.to_string(), Vec::new()),
        };
        let packets: Result<Vec<Vec<u8>>, String> =
            hex.split(',').map(|part| parse_hex(part.trim())).collect();
        match packets {
            Err(reason) => Answer::Failed(reason, Vec::new()),
            Ok(packets) if hex.contains(',') => self.sequence(uuid, &packets),
            Ok(packets) => self.packet(uuid, packets.first().map_or(&[], Vec::as_slice)),
        }
    }

    fn packet(&self, uuid: CharUuid, bytes: &[u8]) -> Answer {
        match self.catalogue.decode(&self.device, uuid, bytes) {
            Ok(reading) => Answer::Fields(collect(|visit| reading.fields(visit))),
            Err(error) => {
                // A machine that cuts its packets short still said what stands before the cut.
                let partial =
                    Machine::of(uuid).map(|machine| machine.decode_partial(bytes, self.device.layout));
                let before = match partial {
                    Some(Ok((sample, _))) => collect(|visit| Reading::from(sample).fields(visit)),
                    _ => Vec::new(),
                };
                Answer::Failed(error.to_string(), before)
            }
        }
    }

    fn sequence(&self, uuid: CharUuid, packets: &[Vec<u8>]) -> Answer {
        let mut decoder = Decoder::new(&self.catalogue, self.device.clone(), Some(self.wheel));
        let mut row = |bytes: &Vec<u8>| {
            let mut outcome = Ok(());
            let fields = collect(|visit| outcome = decoder.observe(uuid, bytes, None, visit).map(drop));
            outcome.map(|()| fields)
        };
        Answer::Sequence(packets.iter().map(&mut row).collect())
    }
}

fn collect(show: impl FnOnce(&mut dyn FnMut(&'static Quantity, Value<'_>))) -> Vec<Shown> {
    let mut fields = Vec::new();
    show(&mut |quantity, value| {
        // Values are numbers, texts and lists of them: they always have a JSON form.
        let value = serde_json::to_value(value).unwrap_or(Json::Null);
        fields.push(Shown { quantity, value });
    });
    fields
}

fn map(fields: &[Shown]) -> Map<String, Json> {
    fields.iter().map(|shown| (shown.quantity.name.to_owned(), shown.value.clone())).collect()
}

/// One JSON line.
fn object(characteristic: &str, hex: &str, answer: &Answer) -> Json {
    match answer {
        Answer::Fields(fields) => json!({"char": characteristic, "hex": hex, "fields": map(fields)}),
        Answer::Sequence(rows) => {
            let row = |row: &Result<Vec<Shown>, DecodeError>| match row {
                Ok(fields) => Json::Object(map(fields)),
                Err(error) => json!({"error": error.to_string()}),
            };
            json!({"char": characteristic, "sequence": rows.iter().map(row).collect::<Vec<_>>()})
        }
        Answer::Failed(reason, before) if before.is_empty() => {
            json!({"char": characteristic, "hex": hex, "error": reason})
        }
        Answer::Failed(reason, before) => {
            json!({"char": characteristic, "hex": hex, "error": reason, "partial": map(before)})
        }
    }
}

/// The fields with their units, for a person.
fn page(fields: &[Shown]) -> String {
    let width = fields.iter().map(|shown| shown.quantity.name.len()).max().unwrap_or(0);
    let mut page = String::new();
    for Shown { quantity, value } in fields {
        let text = match value {
            Json::Null => "not available".to_owned(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let unit = match (quantity.ucum, value) {
            ("" | "1", _) | (_, Json::Null | Json::String(_)) => String::new(),
            (unit, _) => format!(" {unit}"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{:width$}  {text}{unit}", quantity.name);
    }
    if page.is_empty() { "no fields".into() } else { page.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool() -> Tool {
        Tool { catalogue: shipped().unwrap(), device: Device::UNKNOWN, wheel: 2.34 }
    }

    fn line(characteristic: &str, hex: &str) -> Json {
        object(characteristic, hex, &tool().answer(characteristic, hex))
    }

    #[test]
    fn a_packet_becomes_an_object_with_its_fields() {
        assert_eq!(
            line("2A19", "19"),
            json!({"char": "2A19", "hex": "19", "fields": {"battery_percent": 25}})
        );
    }

    #[test]
    fn packets_of_a_connection_are_read_together() {
        let answer = line("2A5B", "0201000004,0202000008");
        assert_eq!(answer["sequence"][0]["cadence_rpm"], Json::Null);
        assert_eq!(answer["sequence"][1]["cadence_rpm"], 60);
    }

    #[test]
    fn a_bad_digit_an_unknown_name_and_a_cut_packet_are_error_lines() {
        assert!(line("2A19", "1x")["error"].as_str().unwrap().contains("'x' at place 2"));
        assert!(line("2A19", "123")["error"].as_str().unwrap().contains("odd"));
        assert!(line("bike", "00")["error"].as_str().unwrap().contains("\"bike\""));
        assert!(line("FFFF", "00")["error"].as_str().unwrap().contains("no decoder"));
        let cut = line("2AD2", "4400e803b4");
        assert_eq!(cut["partial"]["speed_kmh"], 10);
        assert!(cut["error"].as_str().unwrap().contains("truncated"));
    }

    #[test]
    fn a_person_reads_names_values_and_units() {
        let Answer::Fields(fields) = tool().answer("2A37", "0664") else { panic!("refused") };
        assert_eq!(page(&fields), "heart_rate_bpm  100 /min\nsensor_contact  detected");
    }
}
