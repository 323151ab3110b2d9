//! What must hold whatever was done, and in whatever order it arrived.

use proptest::prelude::*;
use proptest::sample::Index;

use super::testing::{BIKE, Capture, HEAD, STRAP, day, plan, utc};
use super::{DayReport, Engine};
use crate::clock::EventTime;
use crate::decode::{BATTERY, CSC, HEART_RATE, INDOOR_BIKE};
use crate::types::{HUB_STATE, Logged, PATIENT_REPORT, UtcMicros};

/// One stretch of packets of one device.
#[derive(Debug, Clone)]
struct Stretch {
    device: u8,
    /// Seconds after the start of the first day, three days long.
    start_s: i64,
    packets: i64,
    every_ms: i64,
    /// Cadence or heart rate.
    value: u8,
}

/// Starts crowd around two midnights in New York (05:00Z) and in UTC, where days and chunks are cut.
fn stretch() -> impl Strategy<Value = Stretch> {
    let start_s = prop_oneof![0..172_800i64, 68_000..70_000i64, 84_000..88_000i64, 170_000..172_000i64];
    let every_ms = prop_oneof![Just(1000i64), 200..3000i64, 4000..12_000i64];
    let value = prop_oneof![Just(0u8), 15..130u8];
    (0..7u8, start_s, 1..160i64, every_ms, value).prop_map(|(device, start_s, packets, every_ms, value)| {
        Stretch { device, start_s, packets, every_ms, value }
    })
}

fn capture(stretches: &[Stretch]) -> Capture {
    let mut capture = Capture::default();
    for stretch in stretches {
        let begin = utc("2026-11-03T05:00:00Z").plus(stretch.start_s * 1_000_000);
        for index in 0..stretch.packets {
            let at = begin.plus(index * stretch.every_ms * 1000);
            push(&mut capture, at, stretch, index);
        }
    }
    capture
}

fn push(capture: &mut Capture, at: UtcMicros, stretch: &Stretch, index: i64) {
    let value = stretch.value;
    match stretch.device {
        0 => {
            let [low, high] = (u16::from(value) * 2).to_le_bytes();
            capture.push(at, "bike", INDOOR_BIKE, &[0x44, 0, 0, 0, low, high, 0, 0]);
        }
        1 => {
            // a crank counts on from packet to packet
            let turned = index * i64::from(value) * stretch.every_ms / 60_000;
            let time = if value == 0 { 0 } else { turned * 60 * 1024 / i64::from(value) };
            let [r, t] = [(turned as u16).to_le_bytes(), (time as u16).to_le_bytes()];
            capture.push(at, "bike", CSC, &[2, r[0], r[1], t[0], t[1]]);
        }
        2 => capture.push(at, "bike", INDOOR_BIKE, &[0x05, 0, value, 0]),
        3 => capture.push(at, "strap", HEART_RATE, &[0x06, value]),
        // these are rare: one a stretch
        _ if index > 0 => {}
        4 => capture.push(at, "strap", BATTERY, &[value % 100]),
        5 => capture.push(at, "hub", HUB_STATE, &[value % 3]),
        _ => {
            let json = format!(r#"{{"pro":"pain","value":{}}}"#, value % 12);
            capture.push(at, "patient", PATIENT_REPORT, json.as_bytes());
        }
    }
}

fn text() -> String {
    let pain = STRAP.replace("\"pulse\"", "\"ask\"").replace("hr_zone", "pro").replace(
        "sensor = \"strap\"\ntarget_min = 30\nband = { hr_bpm = [100, 120] }",
        "questions = [\"pain\"]",
    );
    format!("{HEAD}{BIKE}{STRAP}{pain}[limits]\nheart_rate_bpm = 110\n")
}

fn fold<'a>(packets: impl IntoIterator<Item = &'a (Logged, EventTime)>) -> Engine {
    let mut engine = Engine::new(plan(&text()));
    packets.into_iter().for_each(|(logged, time)| engine.observe(logged, *time));
    engine
}

fn now() -> UtcMicros {
    utc("2026-11-08T12:00:00Z")
}

fn by_time(capture: &Capture) -> Vec<(Logged, EventTime)> {
    let mut packets = capture.packets.clone();
    packets.sort_by_key(|(_, time)| time.utc);
    packets
}

/// The reports, without what depends on how often they were asked for.
fn reports(engine: &mut Engine) -> Vec<DayReport> {
    let mut reports = engine.reports(now());
    reports.iter_mut().for_each(|report| report.revision = 0);
    reports
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_never_matters(
        stretches in prop::collection::vec(stretch(), 1..8),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..400),
        asks in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let capture = capture(&stretches);
        let expected = reports(&mut fold(&by_time(&capture)));
        let mut packets = capture.packets.clone();
        for (one, other) in swaps {
            let [one, other] = [one, other].map(|index| index.index(packets.len()));
            packets.swap(one, other);
        }
        let asks: Vec<usize> = asks.iter().map(|index| index.index(packets.len())).collect();
        let mut engine = fold([]);
        for (index, (logged, time)) in packets.iter().enumerate() {
            engine.observe(logged, *time);
            if asks.contains(&index) {
                engine.changed_days(now());
            }
        }
        prop_assert_eq!(reports(&mut engine), expected);
        let mut in_order = fold(&by_time(&capture));
        prop_assert_eq!(engine.periods(now()), in_order.periods(now()));
        prop_assert_eq!(engine.weeks(now()), in_order.weeks(now()));
        prop_assert_eq!(engine.alerts(now()), in_order.alerts(now()));
    }

    #[test]
    fn changed_days_leave_out_nothing_that_differs_from_a_recomputation(
        stretches in prop::collection::vec(stretch(), 1..8),
        splits in prop::collection::vec(any::<Index>(), 1..4),
    ) {
        let capture = capture(&stretches);
        let mut splits: Vec<usize> = splits.iter().map(|i| i.index(capture.packets.len())).collect();
        splits.push(capture.packets.len());
        splits.sort_unstable();
        let mut engine = fold([]);
        let mut latest = std::collections::BTreeMap::new();
        let mut done = 0;
        for split in splits {
            for (logged, time) in &capture.packets[done..split] {
                engine.observe(logged, *time);
            }
            done = split;
            for report in engine.changed_days(now()) {
                let before = latest.insert(report.day, report.clone());
                prop_assert_eq!(report.revision, before.map_or(0, |before: DayReport| before.revision) + 1);
            }
        }
        for mut report in fold(&by_time(&capture)).reports(now()) {
            let mut given = latest.remove(&report.day).unwrap();
            (report.revision, given.revision) = (0, 0);
            prop_assert_eq!(given, report);
        }
    }

    /// Late packets for days whose samples were let go ask for the log once more, and then everything is exact.
    #[test]
    fn bounded_memory_changes_nothing_after_a_replay(
        stretches in prop::collection::vec(stretch(), 1..8),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..20),
        keep in 0..300usize,
    ) {
        let capture = capture(&stretches);
        let expected = reports(&mut fold(&by_time(&capture)));
        let mut packets = by_time(&capture);
        for (one, other) in swaps {
            let [one, other] = [one, other].map(|index| index.index(packets.len()));
            packets.swap(one, other);
        }
        let mut engine = Engine::with_samples(plan(&text()), keep);
        let mut passes = 0;
        loop {
            for chunk in packets.chunks(50) {
                chunk.iter().for_each(|(logged, time)| engine.observe(logged, *time));
                engine.changed_days(now());
            }
            passes += 1;
            if !engine.needs_replay() {
                break;
            }
            prop_assert!(passes < 10, "it asks for ever");
            engine.reset();
        }
        prop_assert_eq!(reports(&mut engine), expected);
    }

    #[test]
    fn scores_stay_in_range_and_sessions_add_up_to_their_day(stretches in prop::collection::vec(stretch(), 1..12)) {
        for report in fold(&capture(&stretches).packets).reports(now()) {
            for item in &report.items {
                let sum: i64 = item.sessions.iter().map(|session| session.active_ms).sum();
                prop_assert_eq!(sum, item.active_ms);
                prop_assert!(item.in_band_ms <= item.active_ms);
                prop_assert!(item.score.is_none_or(|score| score.tenths() <= 1000));
                for session in &item.sessions {
                    let length = (session.end.micros() - session.start.micros()) / 1000;
                    prop_assert!(60_000 <= session.active_ms && session.active_ms <= length);
                }
                for pair in item.sessions.windows(2) {
                    prop_assert!(pair[1].start.millis() - pair[0].end.millis() >= 600_000);
                }
            }
            prop_assert!(report.score.is_none_or(|score| score.tenths() <= 1000));
        }
    }

    /// Time in the band is added, where another device of the machine did not already show another cadence.
    #[test]
    fn more_valid_activity_never_lowers_a_dose(
        stretches in prop::collection::vec(stretch(), 0..6),
        start_s in 0..86_000i64,
        packets in 1..900i64,
    ) {
        let less: Vec<Stretch> = stretches.into_iter().filter(|stretch| stretch.device != 0).collect();
        let added = Stretch { device: 0, start_s, packets, every_ms: 1000, value: 70 };
        let more: Vec<Stretch> = less.iter().cloned().chain([added]).collect();
        let total = |stretches: &[Stretch]| -> i64 {
            let reports = fold(&capture(stretches).packets).reports(now());
            reports.iter().map(|report| report.items[0].active_ms + report.items[0].in_band_ms).sum()
        };
        prop_assert!(total(&less) <= total(&more));
    }

    /// The rules once more, as plainly as they are written, for one stream of one machine.
    #[test]
    fn sessions_equal_those_of_a_plain_reading_of_rule_2(stretches in prop::collection::vec(stretch(), 1..10)) {
        let bikes: Vec<Stretch> = stretches.into_iter().map(|s| Stretch { device: 0, ..s }).collect();
        let packets = by_time(&capture(&bikes));
        let mut samples: Vec<(i64, u16)> = packets.iter().map(|(logged, time)| {
            let bytes = &logged.packet.bytes;
            (time.utc.unwrap().millis(), u16::from_le_bytes([bytes[4], bytes[5]]))
        }).collect();
        samples.sort_unstable();
        let found: Vec<(i64, i64, i64)> = fold(&packets)
            .reports(now())
            .iter()
            .flat_map(|report| report.items[0].sessions.clone())
            .map(|session| (session.start.millis(), session.end.millis(), session.active_ms))
            .collect();
        prop_assert_eq!(found, plain(&samples));
    }
}

/// Start, end and active time of the sessions of samples (time, cadence in half revolutions) in order.
fn plain(samples: &[(i64, u16)]) -> Vec<(i64, i64, i64)> {
    let mut sessions: Vec<(i64, i64, i64)> = Vec::new();
    for (index, (at, _)) in samples.iter().enumerate().filter(|(_, (_, cadence))| *cadence >= 40) {
        let nominal = nominal_ms(&samples[..=index]);
        let credit = match samples.get(index + 1) {
            Some((next, _)) if next - at - nominal < 600_000 => (next - at).min(5000),
            _ => nominal,
        };
        match sessions.last_mut() {
            _ if credit == 0 => {}
            Some((_, end, active)) if at - *end < 600_000 => {
                *active += credit;
                *end = at + credit;
            }
            _ => sessions.push((*at, at + credit, credit)),
        }
    }
    sessions.retain(|(_, _, active)| *active >= 60_000);
    sessions
}

/// The median interval before the last of these samples, at most 1 s.
fn nominal_ms(samples: &[(i64, u16)]) -> i64 {
    let mut times: Vec<i64> = samples.iter().map(|(at, _)| *at).collect();
    times.dedup();
    let last = times[times.len() - 1];
    let mut intervals: Vec<i64> = times
        .windows(2)
        .rev()
        .take_while(|pair| last - pair[0] <= 60_000)
        .take(31)
        .map(|p| p[1] - p[0])
        .collect();
    intervals.sort_unstable();
    intervals.get(intervals.len() / 2).copied().unwrap_or(0).min(1000)
}

#[test]
fn a_day_outside_of_what_was_observed_has_a_report_too() {
    let mut engine = fold([]);
    assert!(engine.report(day("2031-01-01"), now()).items[0].sessions.is_empty());
    assert_eq!(engine.changed_days(now()).len(), 1);
    assert_eq!(engine.changed_days(now()), []);
}
