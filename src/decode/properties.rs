//! What holds for every input.

use proptest::collection::vec;
use proptest::prelude::*;

use super::ftms::encode;
use super::vectors::{object, vectors};
use super::{
    CSC, Catalogue, Contact, DecodeError, Decoder, Device, HEART_RATE, KNOWN, Layout, Machine, Reading,
    decode, identity, profile,
};
use super::{Crank, Csc, DateTime, Wheel, characteristics as c};
use crate::types::{CharUuid, Mono};

/// Values that grow with their bytes, so that a part of them is a value too: intervals, texts, records, segments, a
/// count of 16 or 32 bits, an answer with or without parameters. That is the documented partial.
const LISTS: &[CharUuid] = &[
    c::RECORD_ACCESS,
    c::MACHINE_CONTROL,
    HEART_RATE,
    c::MODEL_NUMBER,
    c::SERIAL_NUMBER,
    c::FIRMWARE_REVISION,
    c::HARDWARE_REVISION,
    c::SOFTWARE_REVISION,
    c::MANUFACTURER_NAME,
    c::CGM,
    c::TRAINING_STATUS,
    c::MACHINE_STATUS,
    c::GENERAL_ACTIVITY,
    c::GENERAL_ACTIVITY_SUMMARY,
    c::STEP_SUMMARY,
    c::ACTIVITY_SESSION,
    c::POLAR_PMD,
];

/// Characteristics with a decoder, declared ones included.
fn everything(catalogue: &Catalogue) -> Vec<CharUuid> {
    let declared = catalogue.profiles().iter().flat_map(super::DeviceProfile::characteristics);
    KNOWN.iter().copied().chain([c::SFLOAT, c::FLOAT, c::GHS_DRAFT]).chain(declared).collect()
}

proptest! {
    #[test]
    fn no_bytes_of_any_length_panic(bytes in vec(any::<u8>(), 0..600)) {
        let (catalogue, _) = Catalogue::shipped();
        let devices = [Device::UNKNOWN, Device::of("Life Fitness Matrix Beurer", "BM85 MIBFS")];
        for characteristic in everything(&catalogue) {
            for device in &devices {
                if let Ok(reading) = catalogue.decode(device, characteristic, &bytes) {
                    object(|visit| reading.fields(visit));
                }
            }
            let found = catalogue.identity(characteristic, &bytes);
            prop_assert!(found.is_none() || !catalogue.profile(characteristic).is_live());
        }
    }

    #[test]
    fn no_sequence_of_packets_panics_or_changes_what_a_packet_says(
        packets in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..40), any::<u32>()), 0..40),
    ) {
        let (catalogue, _) = Catalogue::shipped();
        let known = everything(&catalogue);
        let mut decoder = Decoder::new(&catalogue, Device::UNKNOWN, Some(2.1));
        let mut at = 0;
        for (which, bytes, pause) in packets {
            let characteristic = known[which.index(known.len())];
            at += u64::from(pause);
            let alone = catalogue.decode(&Device::UNKNOWN, characteristic, &bytes);
            let together =
                decoder.observe(characteristic, &bytes, Some(Mono::from_micros(at)), &mut |_, _| {});
            // A segment's observation may be faulty although the segment is not.
            if let Ok(together) = together {
                prop_assert_eq!(alone, Ok(together));
            }
        }
    }

    #[test]
    fn a_heart_rate_survives_the_wire(bpm: u16, contact in 0..3_u8, energy: Option<u16>, rr in vec(any::<u16>(), 0..20)) {
        let contact = [Contact::NotSupported, Contact::NotDetected, Contact::Detected][usize::from(contact)];
        let bits = match contact {
            Contact::NotSupported => 0,
            Contact::NotDetected => 0b100,
            Contact::Detected => 0b110,
        };
        let flags = 1 | bits | u8::from(energy.is_some()) << 3 | u8::from(!rr.is_empty()) << 4;
        let mut bytes = vec![flags];
        bytes.extend(bpm.to_le_bytes());
        bytes.extend(energy.iter().flat_map(|energy| energy.to_le_bytes()));
        bytes.extend(rr.iter().flat_map(|interval| interval.to_le_bytes()));
        let Ok(Reading::HeartRate(heart)) = decode(HEART_RATE, &bytes) else { panic!("refused") };
        prop_assert_eq!((heart.bpm, heart.contact, heart.energy_kj), (bpm, contact, energy));
        let back: Vec<u16> =
            heart.rr_intervals_ms().map(|ms| (ms * 1024.0 / 1000.0).round() as u16).collect();
        prop_assert_eq!(back, rr);
    }

    #[test]
    fn counters_survive_the_wire(wheel: Option<(u32, u16)>, crank: Option<(u16, u16)>) {
        let mut bytes = vec![u8::from(wheel.is_some()) | u8::from(crank.is_some()) << 1];
        if let Some((revolutions, time)) = wheel {
            bytes.extend(revolutions.to_le_bytes());
            bytes.extend(time.to_le_bytes());
        }
        if let Some((revolutions, time)) = crank {
            bytes.extend(revolutions.to_le_bytes());
            bytes.extend(time.to_le_bytes());
        }
        let wheel = wheel.map(|(revolutions, event_time)| Wheel { revolutions, event_time });
        let crank = crank.map(|(revolutions, event_time)| Crank { revolutions, event_time });
        prop_assert_eq!(decode(CSC, &bytes), Ok(Reading::Csc(Csc { wheel, crank })));
    }

    #[test]
    fn a_machine_sample_survives_the_wire_in_either_layout(
        which in 0..6_usize,
        flags: u32,
        gss: bool,
        seed in vec(any::<i32>(), 20),
    ) {
        let machine = [
            Machine::Treadmill,
            Machine::CrossTrainer,
            Machine::StepClimber,
            Machine::StairClimber,
            Machine::Rower,
            Machine::IndoorBike,
        ][which];
        let layout = if gss { Layout::Gss } else { Layout::Ftms10 };
        let (bytes, expected) = encode(machine, layout, flags, &seed);
        let sample = machine.decode(&bytes, Some(layout)).unwrap();
        let got: Vec<_> = sample.quantities().map(|(quantity, value)| (quantity.name, value)).collect();
        prop_assert_eq!(got, expected);
        // Without being told, the length finds the layout where only one has it.
        let found = machine.decode(&bytes, None).unwrap();
        prop_assert!(found.quantities().count() > 0 || bytes.len() <= 3);
        // One byte less is the other layout, or an error; never a wrong field beside right ones.
        let short = machine.decode(&bytes[..bytes.len() - 1], Some(layout));
        let truncated = matches!(short, Err(DecodeError::Truncated { .. }));
        prop_assert!(truncated);
    }

    #[test]
    fn a_moment_of_the_calendar_survives_the_wire(
        year in 1582..=9999_u16, month in 1..=12_u8, day in 1..=28_u8, hour in 0..24_u8, minute in 0..60_u8, second in 0..60_u8,
    ) {
        let time = DateTime { year, month, day, hour, minute, second };
        let [low, high] = year.to_le_bytes();
        let bytes = [low, high, month, day, hour, minute, second];
        prop_assert_eq!(decode(c::DATE_TIME, &bytes), Ok(Reading::DateTime(time)));
    }
}

#[test]
fn a_packet_cut_at_any_length_is_an_error_or_says_the_same() {
    let (catalogue, _) = Catalogue::shipped();
    let mut cuts = 0;
    for vector in vectors() {
        let Some(bytes) = vector.bytes() else { continue };
        let characteristic = vector.characteristic();
        let read = |bytes: &[u8]| match Machine::of(characteristic) {
            Some(machine) => {
                // By the layout of the whole packet: a cut may make the length of the other one.
                let layout = machine.decode_partial(&vector.bytes()?, vector.layout()).ok()?.0.layout();
                let sample = machine.decode(bytes, Some(layout)).ok()?;
                Some(object(|visit| Reading::from(sample).fields(visit)))
            }
            None => {
                let reading = catalogue.decode(&Device::UNKNOWN, characteristic, bytes).ok()?;
                Some(object(|visit| reading.fields(visit)))
            }
        };
        let Some(whole) = read(&bytes) else { continue };
        for len in 0..bytes.len() {
            let cut = read(&bytes[..len]);
            cuts += 1;
            if !LISTS.contains(&characteristic) {
                assert!(cut.is_none_or(|cut| cut == whole), "{} cut at {len}", vector.id);
            }
        }
    }
    assert!(cuts > 5000, "only {cuts} cuts");
}

#[test]
fn every_known_characteristic_has_a_name_and_only_stored_ones_an_identity() {
    for characteristic in KNOWN {
        assert_ne!(profile(*characteristic).name, "unknown");
    }
    for vector in vectors() {
        let Some(bytes) = vector.bytes() else { continue };
        if identity(vector.characteristic(), &bytes).is_some() {
            assert!(!profile(vector.characteristic()).is_live(), "{}", vector.id);
        }
    }
}
