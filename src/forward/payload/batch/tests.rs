use std::sync::Arc;

use proptest::prelude::*;

use super::super::{Batch, BatchError};
use super::*;
use crate::clock::{Anchor, Quality};
use crate::types::{
    Address, BootId, CharUuid, HUB_STATE, Link, Mono, Origin, PATIENT_REPORT, Packet, SensorId,
};

const BOOT: BootId = BootId::from_u128(0xB007);
const STRAP: CharUuid = CharUuid::sig(0x2A37);

fn origin(sensor: &str, last: u8, link: Link) -> Arc<Origin> {
    let address = Some(Address::new([0xC0, 0, 0, 0, 0, last]));
    Arc::new(Origin { sensor: sensor.parse().unwrap(), address, link })
}

fn packet(seq: u64, mono: u64, origin: &Arc<Origin>, bytes: &[u8]) -> Logged {
    let packet = Packet {
        origin: origin.clone(),
        characteristic: STRAP,
        boot: BOOT,
        mono: Mono::from_micros(mono),
        bytes: bytes.into(),
    };
    Logged { seq: Seq::new(seq), packet }
}

fn anchor(mono: u64, utc: &str) -> Anchor {
    let utc = utc.parse().unwrap();
    Anchor { boot: BOOT, mono: Mono::from_micros(mono), utc, uncertainty_us: 1500 }
}

fn timeline() -> Timeline {
    let mut timeline = Timeline::default();
    timeline.add(anchor(0, "2026-11-03T14:00:00Z"));
    timeline
}

fn hub() -> HubId {
    "hub-0042".parse().unwrap()
}

fn text(group: &Group, raw: bool) -> serde_json::Value {
    serde_json::from_slice(&group.encode(&hub(), Epoch::from_u64(0xE), &Catalogue::shipped().0, raw)).unwrap()
}

#[test]
fn a_batch_is_a_cloudevent_of_columns() {
    let strap = origin("strap", 1, Link::Bonded);
    let rows = vec![
        packet(7, 1_000_001, &strap, &[0x06, 72]),
        packet(9, 2_000_126, &strap, &[0x16, 73, 0x00, 0x04]),
    ];
    let groups = group(rows, &timeline(), 500);
    assert_eq!(groups.len(), 1);
    assert_eq!(
        text(&groups[0], false),
        serde_json::json!({
            "specversion": "1.0",
            "id": "readings:000000000000000e:strap:7-9",
            "source": "/hubs/hub-0042",
            "type": "rtm.readings.v1",
            "datacontenttype": "application/json",
            "data": {
                "sensor": "strap",
                "epoch": "000000000000000e",
                "boot": "0000000000000000000000000000b007",
                "mono0_ms": 1000.001,
                "t0": "2026-11-03T14:00:01.000001Z",
                "quality": "synced",
                "uncertainty_ms": 1.7,
                "link": "bonded",
                "seq": [7, 9],
                "dt_ms": [0, 1000.125],
                "char": ["2A37", "2A37"],
                "values": {
                    "heart_rate_bpm": [72, 73],
                    "sensor_contact": ["detected", "detected"],
                    "rr_intervals_ms": [null, [1000]],
                },
                "units": {
                    "heart_rate_bpm": {"ucum": "/min", "mdc": "MDC_ECG_HEART_RATE", "loinc": "8867-4"},
                    "rr_intervals_ms": {"ucum": "ms", "mdc": "MDC_ECG_TIME_PD_RR_GL", "loinc": "8637-1"},
                },
            },
        })
    );
}

#[test]
fn bytes_that_no_decoder_understands_travel_as_they_are_and_are_marked() {
    let strap = origin("strap", 1, Link::Bonded);
    let rows = vec![packet(1, 0, &strap, &[0x06, 72]), packet(2, 1, &strap, &[0xFF])];
    let groups = group(rows, &timeline(), 500);
    let data = &text(&groups[0], false)["data"];
    assert_eq!(data["undecoded"], serde_json::json!([1]));
    assert_eq!(data["raw"], serde_json::json!([null, "ff"]));
    assert_eq!(data["values"]["heart_rate_bpm"], serde_json::json!([72, null]));
    assert_eq!(text(&groups[0], true)["data"]["raw"], serde_json::json!(["0648", "ff"]));
}

#[test]
fn what_a_declared_profile_knows_becomes_columns_with_units() {
    let band = origin("band", 1, Link::Open);
    let repetition = |seq, bytes: &[u8]| {
        let mut logged = packet(seq, seq, &band, bytes);
        logged.packet.characteristic = "72657073-0002-4b1d-8a5e-687562737465".parse().unwrap();
        logged
    };
    // flags (force follows), count 300, 123.4 N; then flags only with a count; then cut behind the flags
    let rows = vec![
        repetition(1, &[0x02, 0x2C, 0x01, 0xD2, 0x04]),
        repetition(2, &[0x00, 0x2D, 0x01]),
        repetition(3, &[0x00]),
    ];
    let data = &text(&group(rows, &timeline(), 500)[0], false)["data"];
    let columns = serde_json::json!({"repetition_count": [300, 301, null], "force_n": [123.4, null, null]});
    assert_eq!(data["values"], columns);
    assert_eq!(data["units"]["force_n"]["ucum"], "N");
    assert_eq!(data["units"]["repetition_count"]["ucum"], "1");
    assert_eq!(data["undecoded"], serde_json::json!([2]));
    assert_eq!(data["raw"], serde_json::json!([null, null, "00"]));
}

#[test]
fn what_stands_in_the_records_of_a_declared_profile_has_its_unit_too() {
    let mut force =
        packet(1, 0, &origin("grip", 1, Link::Open), &[1, 8, 0, 0, 0x48, 0x41, 0x40, 0x42, 0x0F, 0]);
    force.packet.characteristic = "7e4e1702-1ea6-40c9-9dcc-13d34ffead57".parse().unwrap();
    let data = &text(&group(vec![force], &timeline(), 500)[0], false)["data"];
    let records = serde_json::json!([[{"force_kg": 12.5, "device_time_us": 1_000_000}]]);
    assert_eq!(data["values"]["records"], records);
    assert_eq!([&data["units"]["force_kg"]["ucum"], &data["units"]["device_time_us"]["ucum"]], ["kg", "us"]);
}

#[test]
fn the_hubs_own_records_and_patient_reports_are_no_riddles() {
    let none = |sensor: SensorId| Arc::new(Origin { sensor, address: None, link: Link::None });
    let mut up = packet(1, 0, &none(SensorId::hub()), &[1]);
    up.packet.characteristic = HUB_STATE;
    let mut pain = packet(2, 0, &none(SensorId::patient()), br#"{"pro":"pain","value":4}"#);
    pain.packet.characteristic = PATIENT_REPORT;
    let groups = group(vec![up, pain], &timeline(), 500);
    let [hub, patient] = [0, 1].map(|index| text(&groups[index], false)["data"].clone());
    assert_eq!(hub["values"], serde_json::json!({"hub_state": ["up"]}));
    assert_eq!(hub["link"], "none");
    assert_eq!(patient["values"], serde_json::json!({"pro": ["pain"], "pro_value": [4]}));
    assert!(hub.get("undecoded").is_none() && patient.get("undecoded").is_none());
}

#[test]
fn a_new_batch_begins_where_hardware_link_boot_or_size_change() {
    let (strap, other) = (origin("strap", 1, Link::Bonded), origin("strap", 2, Link::Bonded));
    let open = origin("strap", 2, Link::Open);
    let mut rebooted = packet(5, 40, &open, &[0, 1]);
    rebooted.packet.boot = BootId::from_u128(2);
    let rows = vec![
        packet(1, 0, &strap, &[0, 1]),
        packet(2, 10, &strap, &[0, 1]),
        packet(3, 20, &other, &[0, 1]),
        packet(4, 30, &open, &[0, 1]),
        rebooted,
    ];
    let firsts = |max| {
        group(rows.clone(), &timeline(), max).iter().map(|g| (g.first().get(), g.len())).collect::<Vec<_>>()
    };
    assert_eq!(firsts(500), [(1, 2), (3, 1), (4, 1), (5, 1)]);
    assert_eq!(firsts(1), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);
}

#[test]
fn a_new_batch_begins_where_the_clock_was_stepped_by_more_than_5_ms() {
    let strap = origin("strap", 1, Link::Bonded);
    let rows = || (0..4).map(|i| packet(i + 1, i * 1_000_000, &strap, &[0, 1])).collect::<Vec<_>>();
    let mut stepped = timeline();
    stepped.add(anchor(2_000_000, "2026-11-03T14:10:02Z"));
    let groups = group(rows(), &stepped, 500);
    assert_eq!(groups.iter().map(Group::len).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(text(&groups[1], false)["data"]["t0"], "2026-11-03T14:10:02.000Z");
    let unknown = group(rows(), &Timeline::default(), 500);
    assert_eq!(unknown.len(), 1);
    let data = &text(&unknown[0], false)["data"];
    assert_eq!((&data["t0"], &data["uncertainty_ms"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!(data["quality"], "unknown");
}

#[test]
fn sensors_that_interleave_get_a_batch_each() {
    let (strap, bike) = (origin("strap", 1, Link::Bonded), origin("bike", 2, Link::Bonded));
    let rows =
        (1..=100).map(|i| packet(i, i * 1000, if i % 3 == 0 { &bike } else { &strap }, &[0, 1])).collect();
    let groups = group(rows, &timeline(), 500);
    assert_eq!(groups.iter().map(|g| (g.first().get(), g.len())).collect::<Vec<_>>(), [(1, 67), (3, 33)]);
}

#[test]
fn what_is_no_batch_is_refused_with_a_reason() {
    let strap = origin("strap", 1, Link::Bonded);
    let groups = group(vec![packet(1, 0, &strap, &[0, 1])], &timeline(), 500);
    let good =
        String::from_utf8(groups[0].encode(&hub(), Epoch::from_u64(1), &Catalogue::empty(), true)).unwrap();
    assert!(Batch::parse(good.as_bytes()).is_ok());
    let broken = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        Batch::parse(good.replace(from, to).as_bytes())
    };
    assert!(matches!(broken(r#""dt_ms":[0]"#, r#""dt_ms":[]"#), Err(BatchError::Ragged { .. })));
    assert!(matches!(broken("rtm.readings.v1", "rtm.day.v1"), Err(BatchError::Foreign { .. })));
    assert!(matches!(broken("/hubs/", "/other/"), Err(BatchError::Foreign { .. })));
    assert!(matches!(broken(r#"["0001"]"#, r#"["001"]"#), Err(BatchError::Json(_))));
    assert!(matches!(Batch::parse(b"{"), Err(BatchError::Json(_))));
}

fn packets() -> impl Strategy<Value = Vec<Logged>> {
    let one = (0..3u8, 1..3u64, 0..1u64 << 50, prop::collection::vec(any::<u8>(), 0..20), 0..3usize);
    prop::collection::vec(one, 1..200).prop_map(|rows| {
        let mut seq = 0;
        let logged = rows.into_iter().map(|(sensor, step, mono, bytes, kind)| {
            seq += step;
            let mut logged =
                packet(seq, mono, &origin(["a", "b", "c"][usize::from(sensor)], sensor, Link::Open), &bytes);
            logged.packet.characteristic = [STRAP, CharUuid::sig(0x2AD2), CharUuid::sig(0xFFFF)][kind];
            logged
        });
        logged.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_receiver_gets_back_every_packet_once_to_the_microsecond(packets in packets(), max in 1..60usize) {
        let groups = group(packets.clone(), &timeline(), max);
        prop_assert!(groups.windows(2).all(|pair| pair[0].first() < pair[1].first()));
        let mut received = Vec::new();
        for one in groups {
            prop_assert!((1..=max).contains(&one.len()));
            let parts = match one.split() {
                Ok((first, second)) => vec![first, second],
                Err(whole) => vec![whole],
            };
            for part in parts {
                let batch = Batch::parse(&part.encode(&hub(), Epoch::from_u64(3), &Catalogue::empty(), true)).unwrap();
                prop_assert_eq!(&batch.hub, &hub());
                received.extend(batch.readings());
            }
        }
        received.sort_by_key(|reading| reading.seq);
        prop_assert_eq!(received.len(), packets.len());
        for (got, sent) in received.iter().zip(&packets) {
            prop_assert_eq!(got.seq, sent.seq);
            prop_assert_eq!(&got.sensor, &sent.packet.origin.sensor);
            prop_assert_eq!((got.boot, got.mono), (sent.packet.boot, sent.packet.mono));
            prop_assert_eq!(got.characteristic, sent.packet.characteristic);
            prop_assert_eq!(got.bytes.as_deref(), Some(&*sent.packet.bytes));
            let time = timeline().resolve(sent.packet.boot, sent.packet.mono);
            let off = got.utc.unwrap().micros().abs_diff(time.utc.unwrap().micros());
            prop_assert!(off <= BEND_US, "{off} us off");
        }
    }
}

#[test]
fn quality_changes_begin_a_new_batch() {
    let strap = origin("strap", 1, Link::Bonded);
    let hour = 3_600_000_000;
    let rows = vec![packet(1, hour - 1, &strap, &[0, 1]), packet(2, hour, &strap, &[0, 1])];
    let groups = group(rows, &timeline(), 500);
    let qualities = groups.iter().map(|one| one.time().quality).collect::<Vec<_>>();
    assert_eq!(qualities, [Quality::Synced, Quality::Holdover]);
}
