//! Packets and plans for tests.

use std::sync::Arc;

use super::{DayReport, Engine, ItemReport, LocalDay, Plan};
use crate::clock::{EventTime, Quality};
use crate::decode::{HEART_RATE, INDOOR_BIKE};
use crate::types::{
    BootId, CharUuid, HUB_STATE, HubState, Link, Logged, Mono, Origin, PATIENT_REPORT, Packet, SensorId, Seq,
    UtcMicros,
};

pub(super) const HEAD: &str = r#"
version = 1
episode = "ep-1"
time_zone = "America/New_York"
period_anchor = "2026-11-03"
family = "musculoskeletal"
"#;

pub(super) const BIKE: &str = r#"
[[item]]
id = "bike"
kind = "minutes"
sensor = "bike"
target_min = 20
band = { cadence_rpm = [60, 80] }
schedule = { days = ["daily"] }
"#;

pub(super) const STRAP: &str = r#"
[[item]]
id = "pulse"
kind = "hr_zone"
sensor = "strap"
target_min = 30
band = { hr_bpm = [100, 120] }
schedule = { days = ["daily"] }
"#;

pub(super) fn plan(text: &str) -> Plan {
    match Plan::parse("plan.toml", text) {
        Ok(plan) => plan,
        Err(faults) => panic!("{faults}"),
    }
}

pub(super) fn utc(text: &str) -> UtcMicros {
    text.parse().unwrap()
}

pub(super) fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

/// A capture in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Capture {
    pub(super) packets: Vec<(Logged, EventTime)>,
}

impl Capture {
    pub(super) fn push(&mut self, at: UtcMicros, sensor: &str, characteristic: CharUuid, bytes: &[u8]) {
        let sensor = match sensor {
            "hub" => SensorId::hub(),
            "patient" => SensorId::patient(),
            other => other.parse().unwrap(),
        };
        let packet = Packet {
            origin: Arc::new(Origin { sensor, address: None, link: Link::None }),
            characteristic,
            boot: BootId::from_u128(1),
            mono: Mono::from_micros(at.micros().unsigned_abs()),
            bytes: bytes.into(),
        };
        let seq = Seq::new(self.packets.len() as u64 + 1);
        let time = EventTime { utc: Some(at), quality: Quality::Synced, uncertainty_us: 1000 };
        self.packets.push((Logged { seq, packet }, time));
    }

    /// A packet each second, the first at `from`, `seconds` of them.
    fn each_second(mut self, from: &str, seconds: i64, sensor: &str, char: CharUuid, bytes: &[u8]) -> Self {
        for second in 0..seconds {
            self.push(utc(from).plus(second * 1_000_000), sensor, char, bytes);
        }
        self
    }

    /// The bike, at a cadence.
    pub(super) fn bike(self, from: &str, seconds: i64, rpm: u16) -> Self {
        let [low, high] = (rpm * 2).to_le_bytes();
        self.each_second(from, seconds, "bike", INDOOR_BIKE, &[0x44, 0, 0, 0, low, high, 0, 0])
    }

    /// The strap, with contact.
    pub(super) fn strap(self, from: &str, seconds: i64, bpm: u8) -> Self {
        self.each_second(from, seconds, "strap", HEART_RATE, &[0x06, bpm])
    }

    pub(super) fn hub(mut self, at: &str, state: HubState) -> Self {
        self.push(utc(at), "hub", HUB_STATE, &[state.byte()]);
        self
    }

    pub(super) fn pro(mut self, at: &str, name: &str, value: i64) -> Self {
        let json = format!(r#"{{"pro":"{name}","value":{value}}}"#);
        self.push(utc(at), "patient", PATIENT_REPORT, json.as_bytes());
        self
    }

    pub(super) fn engine(&self, plan_text: &str) -> Engine {
        let mut engine = Engine::new(plan(plan_text));
        for (logged, time) in &self.packets {
            engine.observe(logged, *time);
        }
        engine
    }

    /// The report of a day that is long over.
    pub(super) fn report(&self, plan_text: &str, date: &str) -> DayReport {
        let day = day(date);
        let mut engine = self.engine(plan_text);
        let now = day.plus(3).start(engine.plan().zone);
        engine.report(day, now)
    }
}

pub(super) fn percent(score: Option<super::Percent>) -> Option<f64> {
    score.map(super::Percent::value)
}

pub(super) fn minutes(item: &ItemReport) -> (f64, f64) {
    (item.active_ms as f64 / 60_000.0, item.in_band_ms as f64 / 60_000.0)
}
