//! What the engine says of a day: the `data` of a `day` document.

use serde::{Serialize, Serializer};

use super::day::LocalDay;
use super::plan::Name;
use super::share::Percent;
use crate::types::{SensorId, Seq, UtcMicros};

/// How a day, or one item of it, went (rule 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At least the plan's threshold.
    Met,
    /// More than nothing.
    Partial,
    /// Nothing, although the hub listened.
    Missed,
    /// Nothing so far, and the day is not over: [`Status::Missed`] cannot be said yet.
    Open,
    /// Nothing was prescribed.
    NotDue,
    /// Nothing was received, and the hub could not have received it.
    NoData,
}

impl Status {
    /// The word that documents use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Partial => "partial",
            Self::Missed => "missed",
            Self::Open => "open",
            Self::NotDue => "not_due",
            Self::NoData => "no_data",
        }
    }
}

/// One local day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayReport {
    /// The date in the plan's time zone.
    pub day: LocalDay,
    /// Its first instant.
    #[serde(serialize_with = "as_text")]
    pub start: UtcMicros,
    /// The first instant of the next day.
    #[serde(serialize_with = "as_text")]
    pub end: UtcMicros,
    /// The weighted mean of the items that were due; `None` where none was, or none could be measured.
    pub score: Option<Percent>,
    /// How it went.
    pub status: Status,
    /// Whether it counts in its supply period (rule 13).
    pub data_day: bool,
    /// Counts the different reports of this day that [`super::Engine::changed_days`] has given, this one included.
    pub revision: u32,
    /// The plan that it was judged by.
    pub plan_version: u32,
    /// The version of the time zone rules.
    pub tz_data: &'static str,
    /// The plan's items, in its order.
    pub items: Vec<ItemReport>,
}

/// One item of the plan on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemReport {
    /// The item.
    pub id: Name,
    /// What it counts.
    pub kind: &'static str,
    /// Whether it counts in the day's score.
    pub due: bool,
    /// How it went.
    pub status: Status,
    /// The dose, at most 100; `None` where it is not due or could not be measured.
    pub score: Option<Percent>,
    /// The dose, not capped.
    pub raw_score: Option<Percent>,
    /// Active time; for `hr_zone` the time with a heart rate.
    pub active_ms: i64,
    /// Of that, in the band; all of it where the item has none.
    pub in_band_ms: i64,
    /// What was done, in `unit`: for `minutes` what counts towards the dose.
    pub done: f64,
    /// What was prescribed, in `unit`.
    pub target: f64,
    /// The item's unit.
    pub unit: &'static str,
    /// What it was counted from.
    pub sessions: Vec<SessionReport>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionReport {
    /// Its sensor and the place of its first packet, `bike-1042`: stable while the log's epoch is the same.
    pub key: String,
    /// The sensor.
    pub sensor: SensorId,
    /// The place of its first packet in the log.
    pub first: Seq,
    /// When it began.
    #[serde(serialize_with = "as_text")]
    pub start: UtcMicros,
    /// Where its last credited time ends.
    #[serde(serialize_with = "as_text")]
    pub end: UtcMicros,
    /// Active time.
    pub active_ms: i64,
    /// Of that, in the item's band; all of it where the item has none.
    pub in_band_ms: i64,
    /// Stretches of activity with less than 60 s between them.
    pub bouts: u32,
}

/// Packets that are kept and forwarded but not scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SetAside {
    /// Nothing dates them.
    pub unknown_time: u64,
    /// Their estimated time may lie on one of several days.
    pub ambiguous_day: u64,
    /// Patient reports that answer no question of the plan, or lie outside of its scale.
    pub refused_reports: u64,
}

pub(super) fn as_text<S: Serializer>(time: &UtcMicros, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

pub(super) fn as_optional_text<S: Serializer>(
    time: &Option<UtcMicros>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
