//! Profiles as a site writes them: good ones are read, faulty ones are refused with line and reason.

use super::*;
use crate::decode::vectors::{check, object, read};
use crate::decode::{Cumulative, Device, Reading};

fn shipped() -> Catalogue {
    let (catalogue, faults) = Catalogue::shipped();
    assert!(faults.is_empty(), "{}", faults[0]);
    catalogue
}

#[test]
fn every_shipped_profile_loads_and_has_vectors() {
    let vectors = read("profiles.jsonl");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(vectors.iter().any(|v| v.text("profile") == Some(stem)), "{stem} has no vector");
            files += 1;
        }
    }
    assert_eq!(shipped().profiles().len(), files);
}

#[test]
fn declared_packets_decode_as_their_vectors_say() {
    let catalogue = shipped();
    let wrong: Vec<String> = read("profiles.jsonl")
        .iter()
        .filter_map(|vector| {
            let bytes = vector.bytes().unwrap();
            check(vector, catalogue.decode(&Device::UNKNOWN, vector.characteristic(), &bytes))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn repetitions_are_summed_by_what_the_profile_says_they_mean() {
    let catalogue = shipped();
    let uuid = "72657073-0002-4b1d-8a5e-687562737465".parse().unwrap();
    let mut counter: Option<Cumulative> = None;
    for count in [65530_u16, 65535, 4] {
        let [low, high] = count.to_le_bytes();
        let bytes = [0, low, high];
        let Ok(Reading::Declared(reading)) = catalogue.decode(&Device::UNKNOWN, uuid, &bytes) else {
            panic!("not declared");
        };
        reading.meanings(&mut |meaning, value| {
            if let (Meaning::Repetitions { modulus }, crate::decode::Value::Number(count)) = (meaning, value)
            {
                counter.get_or_insert_with(|| Cumulative::new(modulus)).observe(count as u64);
            }
        });
    }
    assert_eq!(counter.unwrap().total(), 10);
}

#[test]
fn a_stored_record_has_an_identity_once_its_named_fields_are_there() {
    let catalogue = shipped();
    let range = "676f6e69-0003-4b1d-8a5e-687562737465".parse().unwrap();
    let packet = [42, 0, 0xEA, 7, 11, 3, 14, 0, 1, 5, 0, 0, 1, 5];
    assert_eq!(catalogue.identity(range, &packet).unwrap().bytes, packet);
    assert_eq!(catalogue.identity(range, &packet[..9]), None);
    let angle = "676f6e69-0002-4b1d-8a5e-687562737465".parse().unwrap();
    assert_eq!(catalogue.identity(angle, &[1, 0]), None);
    assert!(!catalogue.profile(range).is_live() && catalogue.profile(angle).is_live());
}

#[test]
fn a_site_s_file_takes_the_place_of_ours_for_the_same_service() {
    let mut catalogue = shipped();
    let before = catalogue.profiles().len();
    let ours = include_str!("../../../config/profiles/goniometer.toml");
    catalogue.add("site.toml", &ours.replace("name = \"Goniometer\"", "name = \"Ours\"")).unwrap();
    assert_eq!(catalogue.profiles().len(), before);
    assert!(catalogue.profiles().iter().any(|profile| profile.name == "Ours"));
}

const HEAD: &str = "name = 'x'\nservice = '72657073-0001-4b1d-8a5e-687562737465'\n[[characteristic]]\n\
                    uuid = '72657073-0002-4b1d-8a5e-687562737465'\n";

fn faults(rest: &str) -> String {
    let mut catalogue = shipped();
    let before = catalogue.clone();
    let faults = catalogue.add("x.toml", &format!("{HEAD}{rest}")).unwrap_err().to_string();
    assert_eq!(catalogue.profiles(), before.profiles(), "a faulty profile changed the others");
    faults
}

#[test]
fn a_faulty_profile_is_refused_with_line_and_reason() {
    let text = "class = 'soon'\n[[characteristic.field]]\ntype = 'u7'\nquantity = 'joy'\n\
                [[characteristic.field]]\ntype = 'u8'\nwhen = { field = 'flags', bit = 0 }\n\
                [[characteristic.field]]\ntype = 'u8'\nbits = [4, 9]\ncolour = 'red'\n";
    let found = faults(text);
    for line in [
        "x.toml:5:9: characteristic[0].class: \"soon\" is not known",
        "x.toml:7:8: characteristic[0].field[0].type: \"u7\" is not known",
        "x.toml:8:12: characteristic[0].field[0].quantity: \"joy\" is not a quantity",
        "x.toml:11:18: characteristic[0].field[1].when.field: no field before this one is named \"flags\"",
        "x.toml:14:8: characteristic[0].field[2].bits: not bits of this type",
        "x.toml:15:1: characteristic[0].field[2].colour: unknown key",
    ] {
        assert!(found.contains(line), "{line:?} is not in\n{found}");
    }
}

#[test]
fn a_standard_characteristic_cannot_be_declared_anew() {
    let mut catalogue = Catalogue::empty();
    let text = format!("{HEAD}[[characteristic.field]]\ntype = 'u8'\n")
        .replace("72657073-0002-4b1d-8a5e-687562737465", "2A37");
    let faults = catalogue.add("x.toml", &text).unwrap_err().to_string();
    assert!(faults.contains("2A37 has a decoder already"), "{faults}");
}

#[test]
fn a_record_that_takes_no_bytes_does_not_come_for_ever() {
    let text = format!(
        "{HEAD}[[characteristic.field]]\nname = 'n'\ntype = 'u8'\n[[characteristic.field]]\n\
         quantity = 'samples'\nrepeat = 'rest'\n[[characteristic.field.each]]\ntype = 'u8'\n\
         when = {{ field = 'n', is = 1 }}\n"
    );
    let mut catalogue = Catalogue::empty();
    catalogue.add("x.toml", &text).unwrap();
    let uuid = "72657073-0002-4b1d-8a5e-687562737465".parse().unwrap();
    assert!(catalogue.decode(&Device::UNKNOWN, uuid, &[1, 5, 6]).is_ok());
    assert!(catalogue.decode(&Device::UNKNOWN, uuid, &[0, 5, 6]).is_err());
}

#[test]
fn places_endianness_sentinels_and_own_quantities_are_as_the_file_says() {
    let text = format!(
        "[[quantity]]\nname = 'grip_span_mm'\nucum = 'mm'\n{HEAD}endian = 'big'\n\
         [[characteristic.field]]\ntype = 'u16'\nat = 2\nquantity = 'force_n'\nscale = 0.1\nplus = -40\n\
         [[characteristic.field]]\ntype = 'i16'\nat = 0\nendian = 'little'\nquantity = 'grip_span_mm'\n\
         missing = [-1]\n"
    );
    let mut catalogue = Catalogue::empty();
    // The quantity's section must not swallow the keys of the root.
    let (quantity, rest) = text.split_at(text.find("name = 'x'").unwrap());
    let head_end = rest.find("[[").unwrap();
    let text = format!("{}{quantity}{}", &rest[..head_end], &rest[head_end..]);
    catalogue.add("x.toml", &text).unwrap();
    let uuid = "72657073-0002-4b1d-8a5e-687562737465".parse().unwrap();
    let reading = catalogue.decode(&Device::UNKNOWN, uuid, &[0xFF, 0xFF, 0x03, 0xE8]).unwrap();
    let json = object(|visit| reading.fields(visit));
    assert_eq!(json, serde_json::json!({ "force_n": 60, "grip_span_mm": null }));
}
