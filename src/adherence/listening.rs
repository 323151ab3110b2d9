//! When the hub listened: silence of a sensor means something only then.

use std::collections::BTreeMap;

use crate::types::HubState;

/// After so long without a sign of life the hub is taken to have stopped at the last one (it writes one every 5 min).
const HOLE_MS: i64 = 600_000;

/// The hub's own records: up, alive, down.
#[derive(Debug, Default)]
pub(super) struct Listening {
    /// By time in ms; of several at one instant, the one that ranks highest.
    marks: BTreeMap<i64, Mark>,
    /// A hub that once said "alive" does so every 5 min; one that never did (a replayed capture) holds its state.
    has_heartbeat: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Down,
    Alive,
    Up,
}

impl Listening {
    /// Takes a record, in any order. Returns the time from which on it changes what is known.
    pub(super) fn note(&mut self, at: i64, state: HubState) -> i64 {
        let before = self.marks.range(..=at).next_back().map_or(i64::MIN, |(before, _)| *before);
        let had_heartbeat = self.has_heartbeat;
        let mark = match state {
            HubState::Down => Mark::Down,
            HubState::Alive => Mark::Alive,
            HubState::Up => Mark::Up,
        };
        self.has_heartbeat |= mark == Mark::Alive;
        let entry = self.marks.entry(at).or_insert(mark);
        *entry = mark.max(*entry);
        if had_heartbeat == self.has_heartbeat { before } else { i64::MIN }
    }

    /// The time of the first record.
    pub(super) fn first(&self) -> Option<i64> {
        self.marks.first_key_value().map(|(at, _)| *at)
    }

    /// The first instant in `from..to` at which the hub had listened for `ms` since `from`.
    pub(super) fn reaches(&self, from: i64, to: i64, ms: i64) -> Option<i64> {
        if self.listened(from, to) < ms {
            return None;
        }
        let (mut before, mut after) = (from, to);
        while after - before > 1 {
            let between = before + (after - before) / 2;
            if self.listened(from, between) < ms {
                before = between;
            } else {
                after = between;
            }
        }
        Some(after)
    }

    /// How much of `from..to` the hub listened, in ms. Without any record, as in a plain capture, all of it.
    pub(super) fn listened(&self, from: i64, to: i64) -> i64 {
        let Some((first, mark)) = self.marks.first_key_value() else { return (to - from).max(0) };
        let overlap = |start: i64, end: i64| (end.min(to) - start.max(from)).max(0);
        // a capture that begins with "down" listened before; a hub with a heartbeat begins with its first record
        let mut sum = if *mark == Mark::Down && !self.has_heartbeat { overlap(i64::MIN, *first) } else { 0 };
        let mark_before = self.marks.range(..=from).next_back().map_or(from, |(at, _)| *at);
        let mut marks = self.marks.range(mark_before..to).peekable();
        while let Some((at, mark)) = marks.next() {
            let next = marks
                .peek()
                .map(|(next, _)| **next)
                .or_else(|| self.marks.range(to..).next().map(|(next, _)| *next));
            let end = match (next, self.has_heartbeat) {
                (Some(next), true) if next - at > HOLE_MS => *at,
                (Some(next), _) => next,
                (None, true) => at.saturating_add(HOLE_MS),
                (None, false) => i64::MAX,
            };
            if *mark != Mark::Down {
                sum += overlap(*at, end);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: i64 = 60_000;

    fn listening(marks: &[(i64, HubState)]) -> Listening {
        let mut listening = Listening::default();
        for (at, state) in marks {
            listening.note(at * MIN, *state);
        }
        listening
    }

    #[test]
    fn without_any_record_the_hub_listened_all_the_time() {
        assert_eq!(listening(&[]).listened(0, 100 * MIN), 100 * MIN);
    }

    #[test]
    fn a_capture_without_heartbeat_holds_its_state() {
        let marks = listening(&[(300, HubState::Down), (1080, HubState::Up)]);
        assert_eq!(marks.listened(360 * MIN, 1320 * MIN), 240 * MIN);
        assert_eq!(marks.listened(0, 360 * MIN), 300 * MIN);
        assert_eq!(marks.listened(400 * MIN, 500 * MIN), 0);
        assert_eq!(marks.listened(2000 * MIN, 2010 * MIN), 10 * MIN);
    }

    #[test]
    fn a_hole_of_more_than_10_min_after_the_last_heartbeat_was_not_listened_in() {
        use HubState::{Alive, Up};
        let marks = listening(&[(0, Up), (5, Alive), (10, Alive), (40, Up), (45, Alive), (55, Alive)]);
        assert_eq!(marks.listened(0, 60 * MIN), (10 + 15 + 5) * MIN);
        assert_eq!(marks.listened(20 * MIN, 30 * MIN), 0);
        assert_eq!(marks.listened(-100 * MIN, 0), 0, "before its first start");
        assert_eq!(marks.listened(60 * MIN, 100 * MIN), 5 * MIN, "the last heartbeat holds for 10 min");
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        use HubState::{Alive, Down, Up};
        let mut marks = vec![(0, Up), (5, Alive), (9, Down), (20, Up), (20, Down), (25, Alive)];
        let expected = listening(&marks).listened(0, 60 * MIN);
        marks.reverse();
        assert_eq!(listening(&marks).listened(0, 60 * MIN), expected);
        assert_eq!(expected, (9 + 15) * MIN);
    }
}
