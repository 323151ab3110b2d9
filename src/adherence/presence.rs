//! When sensors were heard at all, and how full their batteries were.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::SensorId;

/// "Was anything received on that day?" is answered in quarters of an hour: zones differ by whole ones.
const QUARTER_MS: i64 = 900_000;

/// The quarter of an hour that `at`, in ms, lies in.
pub(super) const fn quarter(at: i64) -> i64 {
    at.div_euclid(QUARTER_MS)
}

/// What is known of each sensor beside its measurements.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Quarters of an hour in which anything was received.
    heard: BTreeMap<SensorId, BTreeSet<i64>>,
    /// The lowest battery level of each quarter of an hour, with its time.
    batteries: BTreeMap<SensorId, BTreeMap<i64, (u8, i64)>>,
}

impl Presence {
    /// Notes that something was received. Returns whether that is news.
    pub(super) fn note(&mut self, sensor: &SensorId, at: i64) -> bool {
        self.heard.entry(sensor.clone()).or_default().insert(quarter(at))
    }

    /// Notes a battery level.
    pub(super) fn note_battery(&mut self, sensor: &SensorId, at: i64, percent: u8) {
        let levels = self.batteries.entry(sensor.clone()).or_default();
        let lowest = levels.entry(quarter(at)).or_insert((percent, at));
        *lowest = (percent, at).min(*lowest);
    }

    /// Whether anything was received in `from..to`.
    pub(super) fn heard(&self, sensor: &SensorId, from: i64, to: i64) -> bool {
        let quarters = quarter(from)..quarter(to).max(quarter(from));
        self.heard.get(sensor).is_some_and(|heard| heard.range(quarters).next().is_some())
    }

    /// When anything was first received from any sensor.
    pub(super) fn first(&self) -> Option<i64> {
        self.heard.values().filter_map(|heard| heard.first()).min().map(|quarter| quarter * QUARTER_MS)
    }

    /// When anything was last received before `at`, to the quarter of an hour.
    pub(super) fn last_heard(&self, sensor: &SensorId, at: i64) -> Option<i64> {
        let last = self.heard.get(sensor)?.range(..=quarter(at)).next_back()?;
        Some(((last + 1) * QUARTER_MS).min(at))
    }

    /// Silences of at least `longest_ms` up to `now`: from when, and until when it spoke again.
    pub(super) fn gaps(&self, sensor: &SensorId, longest_ms: i64, now: i64) -> Vec<(i64, Option<i64>)> {
        let Some(heard) = self.heard.get(sensor) else { return Vec::new() };
        let mut gaps = Vec::new();
        let mut quarters = heard.range(..=quarter(now)).peekable();
        while let Some(last) = quarters.next() {
            let from = (last + 1) * QUARTER_MS;
            let next = quarters.peek().map(|next| **next * QUARTER_MS);
            if next.unwrap_or(now) - from >= longest_ms {
                gaps.push((from, next));
            }
        }
        gaps
    }

    /// The battery levels of a sensor, in order of time.
    pub(super) fn battery(&self, sensor: &SensorId) -> impl Iterator<Item = (i64, u8)> {
        let levels = self.batteries.get(sensor).into_iter().flatten();
        levels.map(|(_, (percent, at))| (*at, *percent))
    }
}
