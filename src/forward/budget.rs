//! How many bytes may be under way. Pure.
//!
//! A ping waits in line behind what was sent before it. On a slow link a full window of batches delays it so long
//! that the connection counts as dead, and the same batches are sent again, for ever. So the bytes in flight grow
//! with answers that come soon, and are halved by those that come late and by connections that go silent.

/// Less is never asked for: 16 KB in 10 s is what the slowest usable link carries.
const FLOOR: usize = 16 * 1024;

/// More brings nothing: 20 full batches.
const CEILING: usize = 2 * 1024 * 1024;

/// Where a connection starts, at most: one full batch. On a link that soon breaks again, something is answered before
/// it does.
const START: usize = 32 * 1024;

/// An answer that took longer than this, in microseconds, came late (a ping must be back within 10 s).
const LATE_US: u64 = 3_000_000;

/// The allowance of one link; outlives its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: START }
    }
}

impl Budget {
    /// Whether more may be sent while `in_flight` bytes are under way. One message always may.
    pub(crate) fn has_room(&self, in_flight: usize) -> bool {
        in_flight == 0 || in_flight < self.bytes
    }

    /// The largest message worth making: what can be split is split to this.
    pub(crate) fn message(&self) -> usize {
        self.bytes
    }

    /// A message of so many bytes was answered after so many microseconds.
    pub(crate) fn answered(&mut self, bytes: usize, after_us: u64) {
        self.bytes =
            if after_us > LATE_US { self.bytes / 2 } else { self.bytes + bytes }.clamp(FLOOR, CEILING);
    }

    /// A new connection.
    pub(crate) fn begin(&mut self) {
        self.bytes = self.bytes.min(START);
    }

    /// The connection went silent while something was under way.
    pub(crate) fn lost(&mut self) {
        self.bytes = (self.bytes / 2).max(FLOOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_link_is_given_less_until_answers_come_in_time_and_then_more_again() {
        let mut budget = Budget::default();
        for _ in 0..10 {
            budget.answered(40_000, LATE_US + 1);
        }
        assert_eq!(budget.message(), FLOOR);
        assert!(!budget.has_room(FLOOR) && budget.has_room(0));
        for _ in 0..1000 {
            budget.answered(16_000, 50_000);
        }
        assert_eq!(budget.message(), CEILING);
        budget.begin();
        assert_eq!(budget.message(), START);
    }

    #[test]
    fn connections_that_go_silent_shrink_what_the_next_one_sends() {
        let mut budget = Budget::default();
        for _ in 0..3 {
            budget.lost();
        }
        assert_eq!(budget.message(), FLOOR);
    }
}
