//! Every packet of `tests/vectors/vectors.jsonl` decodes to what stands there.

use serde_json::{Map, Value as Json};

use super::{DecodeError, Layout, Machine, Reading, decode, is_known};
use crate::types::CharUuid;

struct Vector {
    id: String,
    json: Json,
}

impl Vector {
    fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key)?.as_str()
    }

    fn characteristic(&self) -> Option<CharUuid> {
        self.text("char")?.parse().ok()
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        self.text("hex").map(unhex)
    }

    fn layout(&self) -> Option<Layout> {
        match self.text("layout")? {
            "gss" => Some(Layout::Gss),
            "any" => None,
            "ftms1.0-sint16-resistance" | "ftms1.0-uint8-pace" => Some(Layout::Ftms10),
            other => panic!("{}: layout {other}", self.id),
        }
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn vectors() -> Vec<Vector> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/vectors.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let vector = |line| {
        let json: Json = serde_json::from_str(line).unwrap();
        Vector { id: json["id"].as_str().unwrap().into(), json }
    };
    text.lines().map(vector).collect()
}

fn fields(reading: &Reading<'_>) -> Json {
    let mut map = Map::new();
    reading.fields(&mut |quantity, value| {
        let before = map.insert(quantity.name.into(), serde_json::to_value(value).unwrap());
        assert_eq!(before, None, "{} twice", quantity.name);
    });
    Json::Object(map)
}

/// What is expected and does not stand in `got`; a field that is not expected may be there.
fn difference(expect: &Json, got: &Json, at: &str) -> Option<String> {
    match (expect, got) {
        (Json::Object(expect), Json::Object(got)) => expect.iter().find_map(|(key, value)| {
            let name = format!("{at}.{key}");
            match got.get(key) {
                Some(found) => difference(value, found, &name),
                None => Some(format!("{name} is missing, expected {value}")),
            }
        }),
        (Json::Array(expect), Json::Array(got)) if expect.len() == got.len() => {
            expect.iter().zip(got).find_map(|(expect, got)| difference(expect, got, at))
        }
        (Json::Number(expect), Json::Number(got)) => {
            let (expect, got) = (expect.as_f64().unwrap(), got.as_f64().unwrap());
            let near = (expect - got).abs() <= 1e-6 * expect.abs();
            (!near).then(|| format!("{at} is {got}, expected {expect}"))
        }
        _ => (expect != got).then(|| format!("{at} is {got}, expected {expect}")),
    }
}

fn check(vector: &Vector, got: Result<Reading<'_>, DecodeError>) -> Option<String> {
    let id = &vector.id;
    match (&vector.json["expect"], got) {
        (Json::String(word), Err(_)) if word == "error" => None,
        (Json::String(word), Ok(reading)) if word == "error" => {
            Some(format!("{id}: error expected, got {}", fields(&reading)))
        }
        (expect, Ok(reading)) => {
            difference(expect, &fields(&reading), "").map(|difference| format!("{id}: {difference}"))
        }
        (expect, Err(error)) => Some(format!("{id}: {error}, expected {expect}")),
    }
}

#[test]
fn single_packets_decode_as_their_vectors_say() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let Some(characteristic) = vector.characteristic().filter(|c| is_known(*c)) else { continue };
        let Some(bytes) = vector.bytes() else { continue };
        wrong.extend(check(&vector, decode(characteristic, &bytes)));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_machine_whose_layout_is_known_decodes_as_its_vectors_say_up_to_the_cut() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let machine = vector.characteristic().and_then(Machine::of);
        let (Some(machine), Some(bytes)) = (machine, vector.bytes()) else { continue };
        for layout in [vector.layout(), None] {
            let wrap = |sample| Reading::from(sample);
            wrong.extend(check(&vector, machine.decode(&bytes, layout).map(wrap)));
            if let Some(partial) = vector.json.get("partial") {
                let (sample, cut) = machine.decode_partial(&bytes, layout).unwrap();
                assert!(cut.is_some(), "{}", vector.id);
                let found = difference(partial, &fields(&wrap(sample)), "partial");
                wrong.extend(found.map(|difference| format!("{} {layout:?}: {difference}", vector.id)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
