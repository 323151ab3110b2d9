//! Day scores and what they are called: rule 9.

use super::plan::Plan;
use super::report::Status;
use super::share::Share;

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

/// The day's score and status from its items.
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
