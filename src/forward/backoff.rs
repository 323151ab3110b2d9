//! How long to wait before trying again. Pure: the random number is an argument.

use std::time::Duration;

use crate::types::Mono;

/// The first pause is at most this long.
const BASE: Duration = Duration::from_secs(1);

/// No pause is longer than this.
const MAX: Duration = Duration::from_secs(60);

/// Full jitter: anywhere between nothing and 1 s, 2 s, 4 s, … 60 s for attempts 0, 1, 2, …, so that the hubs of a whole
/// town do not come back to their broker in the same second.
pub(crate) fn pause(attempt: u32, random: u32) -> Duration {
    let ceiling = BASE.saturating_mul(1u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(MAX);
    ceiling.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// A lane that was refused waits, then tries with one message until one is taken.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    refusals: u32,
    until: Option<Mono>,
}

impl Retry {
    /// Something was refused.
    pub(crate) fn refused(&mut self, now: Mono, random: u32) {
        if self.until.is_none() {
            let micros = u64::try_from(pause(self.refusals, random).as_micros()).unwrap_or(u64::MAX);
            self.until = Some(Mono::from_micros(now.micros().saturating_add(micros)));
            self.refusals = self.refusals.saturating_add(1);
        }
    }

    /// Something may be tried at this time, not before.
    pub(crate) fn wait(&mut self, until: Mono) {
        self.until = Some(self.until.map_or(until, |known| known.min(until)));
    }

    /// Something was taken.
    pub(crate) fn delivered(&mut self) {
        if self.until.is_none() {
            self.refusals = 0;
        }
    }

    /// Whether nothing may be sent.
    pub(crate) fn blocked(&self) -> bool {
        self.until.is_some()
    }

    /// Whether one message at a time is enough.
    pub(crate) fn probing(&self) -> bool {
        self.refusals > 0
    }

    /// Microseconds until the lane may start again; 0 when it may now, `None` when it is not blocked.
    pub(crate) fn remaining(&self, now: Mono) -> Option<u64> {
        self.until.map(|until| until.since(now))
    }

    /// The pause is over.
    pub(crate) fn resume(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_are_spread_over_the_whole_range() {
        let longest: Vec<u64> = (0..9).map(|attempt| pause(attempt, u32::MAX).as_millis() as u64).collect();
        assert_eq!(longest, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
        assert_eq!(pause(3, 0), Duration::ZERO);
        assert_eq!(pause(3, u32::MAX / 2).as_millis(), 3999);
        assert_eq!(pause(u32::MAX, u32::MAX), MAX);
    }

    #[test]
    fn a_refused_lane_waits_once_for_all_that_was_on_its_way_and_then_probes() {
        let mut retry = Retry::default();
        assert!(!retry.blocked() && !retry.probing());
        let now = Mono::from_micros(10);
        retry.refused(now, u32::MAX);
        retry.refused(now, u32::MAX);
        assert_eq!(retry.remaining(now), Some(1_000_000));
        retry.delivered();
        assert!(retry.blocked() && retry.probing(), "a late success of the same window ended the pause");
        retry.resume();
        assert!(!retry.blocked() && retry.probing());
        retry.refused(now, u32::MAX);
        assert_eq!(retry.remaining(now), Some(2_000_000));
        retry.resume();
        retry.delivered();
        assert!(!retry.probing());
    }
}
