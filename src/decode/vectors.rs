//! Every packet of `tests/vectors/vectors.jsonl` decodes to what stands there.

use serde_json::{Map, Value as Json};

use super::characteristics::CROSS_TRAINER;
use super::{
    Catalogue, DecodeError, Decoder, Device, Layout, Machine, Quantity, Reading, Value, by_name, decode,
    decode_as,
};
use crate::types::CharUuid;

pub(super) struct Vector {
    pub(super) id: String,
    pub(super) json: Json,
}

impl Vector {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key)?.as_str()
    }

    pub(super) fn characteristic(&self) -> CharUuid {
        by_name(self.text("char").unwrap()).unwrap()
    }

    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        self.text("hex").map(unhex)
    }

    pub(super) fn layout(&self) -> Option<Layout> {
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

pub(super) fn vectors() -> Vec<Vector> {
    read("vectors.jsonl")
}

pub(super) fn read(file: &str) -> Vec<Vector> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let vector = |line| {
        let json: Json = serde_json::from_str(line).unwrap();
        Vector { id: json["id"].as_str().unwrap().into(), json }
    };
    text.lines().map(vector).collect()
}

/// The fields that `show` shows, as `rehabctl decode --json` would have them.
pub(super) fn object(show: impl FnOnce(&mut dyn FnMut(&'static Quantity, Value<'_>))) -> Json {
    let mut map = Map::new();
    show(&mut |quantity, value| {
        let before = map.insert(quantity.name.into(), serde_json::to_value(value).unwrap());
        assert_eq!(before, None, "{} twice", quantity.name);
    });
    Json::Object(map)
}

fn fields(reading: &Reading<'_>) -> Json {
    object(|visit| reading.fields(visit))
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

pub(super) fn check(vector: &Vector, got: Result<Reading<'_>, DecodeError>) -> Option<String> {
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

/// Vectors decided otherwise than they say, all of which the README allows: the reason, and what must come out.
const DECIDED_OTHERWISE: &[(&str, &str)] = &[];

#[test]
fn single_packets_decode_as_their_vectors_say() {
    let (catalogue, _) = Catalogue::shipped();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for vector in vectors() {
        let Some(bytes) = vector.bytes() else { continue };
        if DECIDED_OTHERWISE.iter().any(|(id, _)| *id == vector.id) {
            continue;
        }
        wrong.extend(check(&vector, catalogue.decode(&Device::UNKNOWN, vector.characteristic(), &bytes)));
        checked += 1;
    }
    assert!(wrong.is_empty(), "{} of {checked} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked + DECIDED_OTHERWISE.len(), 722, "vectors went missing");
}

#[test]
fn a_machine_whose_layout_is_known_decodes_as_its_vectors_say_up_to_the_cut() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let (Some(machine), Some(bytes)) = (Machine::of(vector.characteristic()), vector.bytes()) else {
            continue;
        };
        for layout in [vector.layout(), None] {
            wrong.extend(check(&vector, machine.decode(&bytes, layout).map(Reading::from)));
            if let Some(partial) = vector.json.get("partial") {
                let (sample, cut) = machine.decode_partial(&bytes, layout).unwrap();
                assert!(cut.is_some(), "{}", vector.id);
                let found = difference(partial, &fields(&Reading::from(sample)), "partial");
                wrong.extend(found.map(|difference| format!("{} {layout:?}: {difference}", vector.id)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_device_whose_model_is_known_is_read_as_it_deviates() {
    let mut checked = 0;
    for vector in vectors() {
        let Some(quirk) = vector.text("quirk") else { continue };
        let (manufacturer, model) = match quirk {
            "lifefitness-bike-cadence-bit2-missing" => ("Life Fitness", "IC5"),
            "beurer-bm85-bigendian" => ("Beurer", "BM85"),
            "xiaomi-mibfs" => ("", "MIBFS"),
            other => panic!("no model for {other}"),
        };
        let bytes = vector.bytes().unwrap();
        let device = Device::of(manufacturer, model);
        let reading = decode_as(&device, vector.characteristic(), &bytes).unwrap();
        let found = difference(&vector.json["quirk_expect"], &fields(&reading), "");
        assert_eq!(found, None, "{}", vector.id);
        checked += 1;
    }
    assert_eq!(checked, 6);
}

#[test]
fn a_matrix_machine_that_cuts_its_packets_is_read_up_to_the_cut() {
    let cut = unhex("9e77002602800113000056003c00b4000a001b00");
    let matrix = Device::of("Matrix", "");
    assert!(decode(CROSS_TRAINER, &cut).is_err());
    let reading = decode_as(&matrix, CROSS_TRAINER, &cut).unwrap();
    assert_eq!(reading.machine().unwrap().power_w(), Some(27));
}

/// The rows of a sequence as columns, as the vectors have them.
fn columns(vector: &Vector) -> Json {
    let circumference = vector.json["expect"].get("wheel_circumference_m").and_then(Json::as_f64);
    let catalogue = Catalogue::empty();
    let mut decoder = Decoder::new(&catalogue, Device::UNKNOWN, circumference);
    let mut columns: Map<String, Json> = Map::new();
    let packets = vector.json["sequence"].as_array().unwrap();
    for packet in packets {
        let bytes = unhex(packet.as_str().unwrap());
        let row = object(|visit| {
            decoder.observe(vector.characteristic(), &bytes, None, visit).unwrap();
        });
        for (name, value) in row.as_object().unwrap() {
            let column = columns.entry(name).or_insert_with(|| Json::Array(Vec::new()));
            column.as_array_mut().unwrap().push(value.clone());
        }
    }
    Json::Object(columns)
}

#[test]
fn sequences_become_motion_as_their_vectors_say() {
    let mut checked = 0;
    for vector in vectors().iter().filter(|vector| vector.json.get("sequence").is_some()) {
        let got = columns(vector);
        for (name, expect) in vector.json["expect"].as_object().unwrap() {
            if matches!(
                name.as_str(),
                "note" | "wall_clock" | "peer_cadence_windowed" | "wheel_circumference_m"
            ) {
                continue;
            }
            let found = difference(expect, &got[name], name);
            assert_eq!(found, None, "{}", vector.id);
        }
        checked += 1;
    }
    assert_eq!(checked, 8);
}

#[test]
fn what_the_notes_of_sequences_say_holds() {
    let find = |id: &str| vectors().into_iter().find(|vector| vector.id == id).unwrap();
    // The wheel went back by 2; it did not turn 4294967294 times.
    assert_eq!(columns(&find("v1212"))["wheel_revolutions_cumulative"], serde_json::json!([0, -2]));
    // An energy part after the closing part belongs to the next sample.
    let rower = columns(&find("v1216"));
    assert_eq!(rower["sample"].as_array().unwrap().len(), 1);
    assert_eq!(rower["sample"][0].get("total_energy_kcal"), None);
    // MDC_TEMP_BODY, 35.8 Cel, object 39.
    let draft = columns(&find("v1218"));
    assert_eq!(draft["value"], serde_json::json!([35.8]));
    assert_eq!(draft["observation_type_mdc"], serde_json::json!([150_364]));
    assert_eq!(draft["id"], serde_json::json!([39]));
    assert_eq!(draft["timestamp_ms"], serde_json::json!([1_614_960_708_472_i64]));
}
