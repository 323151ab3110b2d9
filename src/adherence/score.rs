//! Doses, day scores and what they are called: rules 3, 5 and 9.

use super::plan::{Item, Kind, Plan};
use super::report::Status;
use super::session::Session;
use super::share::Share;

/// What was measured of one item on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    /// Active time.
    pub(super) active_ms: i64,
    /// Of that, in the band.
    pub(super) in_band_ms: i64,
    /// Time that counts towards the dose, in microseconds: a thousandth of a millisecond is a weight's last digit.
    pub(super) counted_us: i64,
}

/// Measures an item from its sessions. `in_band` picks the session's time in the item's band.
pub(super) fn measure(item: &Item, sessions: &[Session], in_band: impl Fn(&Session) -> i64) -> Measured {
    let active_ms = sessions.iter().map(|session| session.active_ms).sum();
    let in_band_ms: i64 = sessions.iter().map(in_band).sum();
    let outside_milli = match &item.kind {
        Kind::Minutes { outside_milli, .. } => i64::from(*outside_milli),
        Kind::HrZone { .. } => 0,
    };
    let counted_us = in_band_ms * 1000 + (active_ms - in_band_ms) * outside_milli;
    Measured { active_ms, in_band_ms, counted_us }
}

/// The dose, not capped.
pub(super) fn dose(item: &Item, measured: &Measured) -> Share {
    Share::new(measured.counted_us, target_ms(item) * 1000)
}

/// What is prescribed, in milliseconds.
pub(super) fn target_ms(item: &Item) -> i64 {
    match &item.kind {
        Kind::Minutes { target_ms, .. } | Kind::HrZone { target_ms, .. } => *target_ms,
    }
}

/// What a score is called; `over`: the day has ended.
pub(super) fn status(plan: &Plan, score: Share, over: bool) -> Status {
    if score.reaches(plan.met_percent) {
        Status::Met
    } else if !score.is_zero() {
        Status::Partial
    } else if over {
        Status::Missed
    } else {
        Status::Open
    }
}

/// One item's part in the day's score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It was not due: never in the score.
    NotDue,
    /// It was due, but the hub could not have heard it: not in the score.
    NoData,
    /// It was due, with this capped dose.
    Due(Share),
}

/// The day's score and status from its items (rule 9).
pub(super) fn day_score(plan: &Plan, parts: &[Part], over: bool) -> (Option<Share>, Status) {
    let due = plan.items.iter().zip(parts).filter_map(|(item, part)| match part {
        Part::Due(dose) => Some((item.weight_milli, *dose)),
        Part::NotDue | Part::NoData => None,
    });
    match Share::mean(due) {
        Some(score) => (Some(score), status(plan, score, over)),
        None if parts.contains(&Part::NoData) => (None, Status::NoData),
        None => (None, Status::NotDue),
    }
}
