//! All boots in order, with their anchors.

use serde::{Deserialize, Serialize};

use super::{Anchor, DRIFT_PPM, EventTime, HOLDOVER_AFTER_US, Quality};
use crate::types::{BootId, Mono, UtcMicros};

/// Two anchors that disagree by more than this beyond what drift explains mean that the clock was stepped.
const STEP_US: u64 = 50_000;

/// A new anchor that only confirms the last one is worth keeping after this long: well before the last one is so old
/// that time would count as holdover.
const SPACING_US: u64 = 1_800_000_000;

/// What is known of one boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Boot {
    id: BootId,
    /// The latest monotonic time that anything was received at.
    last: Mono,
    /// By monotonic time.
    anchors: Vec<Anchor>,
}

/// The boots of this hub, oldest first, and the anchors that tie them to UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timeline {
    boots: Vec<Boot>,
    /// Counts the anchors that changed the time of something received before them.
    #[serde(default)]
    retimings: u32,
}

impl Timeline {
    /// Notes that `boot` was running at `mono`. A boot not seen before is the newest.
    pub fn saw(&mut self, boot: BootId, mono: Mono) {
        let entry = self.boot_mut(boot);
        entry.last = entry.last.max(mono);
    }

    /// Adds an anchor. Returns whether it says something that the timeline did not know: the first of its boot, a
    /// step of the clock, or an hour gone by. Only then is it worth persisting.
    pub fn add(&mut self, anchor: Anchor) -> bool {
        let entry = self.boot_mut(anchor.boot);
        let onward = entry.anchors.last().is_some_and(|last| last.mono <= anchor.mono);
        entry.last = entry.last.max(anchor.mono);
        if let Some(last) = entry.anchors.last()
            && anchor.mono >= last.mono
        {
            let elapsed = anchor.mono.since(last.mono);
            let off = project(last, anchor.mono).micros().abs_diff(anchor.utc.micros());
            let allowed = STEP_US + drift(elapsed) + anchor.uncertainty_us.min(last.uncertainty_us);
            if off <= allowed && elapsed < SPACING_US {
                return false;
            }
        }
        let place = entry.anchors.partition_point(|a| a.mono <= anchor.mono);
        entry.anchors.insert(place, anchor);
        self.retimings += u32::from(!onward);
        true
    }

    /// This timeline behind `earlier`, which was persisted by runs before this one.
    #[must_use]
    pub fn behind(self, earlier: Self) -> Self {
        let mut whole = earlier;
        for boot in self.boots {
            whole.saw(boot.id, boot.last);
            for anchor in boot.anchors {
                whole.add(anchor);
            }
        }
        whole.retimings = whole.retimings.max(self.retimings) + 1;
        whole
    }

    /// Grows whenever times that were resolved before may resolve differently now: with the first anchor of a boot,
    /// and with one that comes out of order. An anchor behind all others only times what comes after it.
    #[must_use]
    pub const fn retimings(&self) -> u32 {
        self.retimings
    }

    /// The event time of `mono` in `boot`.
    #[must_use]
    pub fn resolve(&self, boot: BootId, mono: Mono) -> EventTime {
        let Some(index) = self.boots.iter().rposition(|b| b.id == boot) else {
            return EventTime::UNKNOWN;
        };
        let anchors = &self.boots[index].anchors;
        let after = anchors.partition_point(|a| a.mono <= mono);
        match (after.checked_sub(1).and_then(|i| anchors.get(i)), anchors.get(after)) {
            (Some(before), _) => from_anchor(before, mono, after < anchors.len()),
            (None, Some(first)) => from_anchor(first, mono, true),
            (None, None) => self.between_neighbours(index, mono),
        }
    }

    /// The boots, oldest first, with the latest time seen in each.
    pub fn boots(&self) -> impl Iterator<Item = (BootId, Mono)> + '_ {
        self.boots.iter().map(|b| (b.id, b.last))
    }

    /// The latest anchor of `boot`.
    #[must_use]
    pub fn last_anchor(&self, boot: BootId) -> Option<&Anchor> {
        self.boots.iter().rev().find(|b| b.id == boot).and_then(|b| b.anchors.last())
    }

    fn boot_mut(&mut self, id: BootId) -> &mut Boot {
        let index = self.boots.iter().rposition(|b| b.id == id).unwrap_or_else(|| {
            self.boots.push(Boot { id, last: Mono::default(), anchors: Vec::new() });
            self.boots.len() - 1
        });
        &mut self.boots[index]
    }

    /// A boot without an anchor lies after the last known instant of an earlier boot and ends before the first
    /// known instant of a later one; what ran unsynced in between takes its own share of the gap.
    fn between_neighbours(&self, index: usize, mono: Mono) -> EventTime {
        let mut before = mono.micros();
        let lower = self.boots[..index].iter().rev().find_map(|b| {
            let end = b.anchors.last().map(|a| project(a, b.last.max(a.mono)));
            before += if end.is_none() { b.last.micros() } else { 0 };
            end
        });
        let mut after = self.boots[index].last.since(mono);
        let upper = self.boots[index + 1..].iter().find_map(|b| {
            let start = b.anchors.first().map(|a| project(a, Mono::default()));
            after += if start.is_none() { b.last.micros() } else { 0 };
            start
        });
        let (Some(lower), Some(upper)) = (lower, upper) else {
            return EventTime::UNKNOWN;
        };
        let earliest = lower.micros().saturating_add_unsigned(before);
        let latest = upper.micros().saturating_sub_unsigned(after).max(earliest);
        let half = latest.abs_diff(earliest) / 2;
        EventTime {
            utc: Some(UtcMicros::from_micros(earliest.saturating_add_unsigned(half))),
            quality: Quality::Estimated,
            uncertainty_us: half + 1,
        }
    }
}

/// The error that drift may add over `elapsed` microseconds.
fn drift(elapsed: u64) -> u64 {
    elapsed / 1_000_000 * DRIFT_PPM
}

/// UTC at `mono`, by the anchor alone.
fn project(anchor: &Anchor, mono: Mono) -> UtcMicros {
    let delta = i128::from(mono.micros()) - i128::from(anchor.mono.micros());
    let utc = i128::from(anchor.utc.micros()) + delta;
    UtcMicros::from_micros(i64::try_from(utc).unwrap_or(if utc < 0 { i64::MIN } else { i64::MAX }))
}

fn from_anchor(anchor: &Anchor, mono: Mono, anchored_later: bool) -> EventTime {
    let distance = mono.micros().abs_diff(anchor.mono.micros());
    let synced = anchored_later || distance < HOLDOVER_AFTER_US;
    EventTime {
        utc: Some(project(anchor, mono)),
        quality: if synced { Quality::Synced } else { Quality::Holdover },
        uncertainty_us: anchor.uncertainty_us.saturating_add(drift(distance)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: BootId = BootId::from_u128(1);
    const HOUR: u64 = 3_600_000_000;

    fn anchor(boot: BootId, mono: u64, utc: i64) -> Anchor {
        Anchor { boot, mono: Mono::from_micros(mono), utc: UtcMicros::from_micros(utc), uncertainty_us: 1000 }
    }

    fn at(timeline: &Timeline, boot: BootId, mono: u64) -> (Option<i64>, Quality) {
        let time = timeline.resolve(boot, Mono::from_micros(mono));
        (time.utc.map(UtcMicros::micros), time.quality)
    }

    #[test]
    fn what_was_captured_before_the_first_sync_gets_its_true_time_once_it_is_known() {
        let mut timeline = Timeline::default();
        timeline.saw(BOOT, Mono::from_micros(5));
        assert_eq!(at(&timeline, BOOT, 5), (None, Quality::Unknown));
        assert!(timeline.add(anchor(BOOT, 3 * HOUR, 1_000 * HOUR as i64)));
        assert_eq!(at(&timeline, BOOT, 5), (Some(997 * HOUR as i64 + 5), Quality::Synced));
    }

    #[test]
    fn an_anchor_that_says_nothing_new_is_not_kept() {
        let mut timeline = Timeline::default();
        assert!(timeline.add(anchor(BOOT, 0, 0)));
        assert!(!timeline.add(anchor(BOOT, HOUR / 4, HOUR as i64 / 4 + 1000)));
        assert_eq!(timeline.retimings(), 1);
        assert!(timeline.add(anchor(BOOT, HOUR / 2, HOUR as i64)), "a step of half an hour was ignored");
        assert!(timeline.add(anchor(BOOT, 2 * HOUR, 2 * HOUR as i64 + HOUR as i64 / 2)));
        assert_eq!(timeline.retimings(), 1, "an anchor behind all others re-times nothing");
        assert!(timeline.add(anchor(BOOT, HOUR, HOUR as i64)));
        assert_eq!(timeline.retimings(), 2);
    }

    #[test]
    fn time_after_a_step_follows_the_new_anchor_and_time_before_it_the_old_one() {
        let mut timeline = Timeline::default();
        timeline.add(anchor(BOOT, 0, 0));
        timeline.add(anchor(BOOT, 1000, 50 * HOUR as i64));
        assert_eq!(at(&timeline, BOOT, 999).0, Some(999));
        assert_eq!(at(&timeline, BOOT, 1001).0, Some(50 * HOUR as i64 + 1));
    }

    #[test]
    fn an_hour_after_the_last_anchor_synced_becomes_holdover_with_growing_uncertainty() {
        let mut timeline = Timeline::default();
        timeline.add(anchor(BOOT, 0, 0));
        assert_eq!(at(&timeline, BOOT, HOUR - 1).1, Quality::Synced);
        assert_eq!(at(&timeline, BOOT, HOUR).1, Quality::Holdover);
        assert_eq!(timeline.resolve(BOOT, Mono::from_micros(24 * HOUR)).uncertainty_us, 1000 + 8_640_000);
    }

    #[test]
    fn a_timeline_that_was_read_late_has_the_earlier_boots_first() {
        let [old, new] = [1, 2].map(BootId::from_u128);
        let (mut stored, mut fresh) = (Timeline::default(), Timeline::default());
        stored.add(anchor(old, 0, 7));
        fresh.add(anchor(new, 0, 9));
        let whole = fresh.clone().behind(stored);
        assert_eq!(whole.boots().map(|(boot, _)| boot).collect::<Vec<_>>(), [old, new]);
        assert_eq!((at(&whole, old, 1).0, at(&whole, new, 1).0), (Some(8), Some(10)));
        assert!(whole.retimings() > fresh.retimings());
    }

    #[test]
    fn boots_that_never_synced_lie_between_their_neighbours() {
        let [first, lost, alone, last] = [1, 2, 3, 4].map(BootId::from_u128);
        let mut timeline = Timeline::default();
        timeline.add(anchor(first, 0, 0));
        timeline.saw(first, Mono::from_micros(HOUR));
        timeline.saw(lost, Mono::from_micros(HOUR));
        timeline.saw(alone, Mono::from_micros(2 * HOUR));
        assert_eq!(at(&timeline, lost, 7), (None, Quality::Unknown), "nothing bounds it from above yet");
        timeline.add(anchor(last, HOUR, 11 * HOUR as i64));
        // from 01:00 (end of the first) to 10:00 (start of the last); the two lost boots ran for 3 h of these 9
        let begin = timeline.resolve(lost, Mono::default());
        assert_eq!(begin.utc, Some(UtcMicros::from_micros(4 * HOUR as i64)));
        assert_eq!(begin.quality, Quality::Estimated);
        assert_eq!(begin.uncertainty_us, 3 * HOUR + 1);
        let end = timeline.resolve(alone, Mono::from_micros(2 * HOUR)).utc.unwrap();
        assert_eq!(end.micros(), 7 * HOUR as i64);
        assert_eq!(timeline.resolve(BootId::from_u128(9), Mono::default()), EventTime::UNKNOWN);
    }
}
