//! The prescribed plan: what is due on which day, and how it is counted.

mod parse;
mod schedule;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

pub use schedule::Schedule;

use super::day::LocalDay;
use super::zone::Zone;
use crate::types::SensorId;

/// Different bands that the items of one sensor may have between them.
pub const MAX_BANDS: usize = 4;

/// A plan in which everything was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// 1, 2, …; a lower one than the one in force is refused.
    pub version: u32,
    /// The episode of care, pseudonymous.
    pub episode: Name,
    /// The order that the plan carries out, as the clinic refers to it; pseudonymous.
    pub order: Option<Name>,
    /// Where the patient's days begin and end.
    pub zone: Zone,
    /// The first day of the first supply period; fixed within an episode.
    pub period_anchor: LocalDay,
    /// The family of RTM codes.
    pub family: Family,
    /// By which rules a period's evidence is judged.
    pub rule_set: RuleSet,
    /// A day is `met` from this score on, in percent (1-100; 80).
    pub met_percent: u8,
    /// Sessions with less active time are discarded (60 s), in milliseconds.
    pub min_active_ms: i64,
    /// Machines whose pedals a motor turns: only power is activity there.
    pub require_power: BTreeSet<SensorId>,
    /// An alert is raised when the heart rate is above this for 30 s, in beats a minute; `None` for no limit.
    pub heart_rate_limit: Option<u16>,
    /// Questions beside pain, exertion and function, or with another scale.
    pub questions: Vec<Question>,
    /// What is prescribed; never empty.
    pub items: Vec<Item>,
}

/// A question to the patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What it is called.
    pub id: Name,
    /// The lowest answer.
    pub low: f64,
    /// The highest answer.
    pub high: f64,
}

impl Plan {
    /// The sensors that the items need: each must be in `hub.toml`.
    #[must_use]
    pub fn sensors(&self) -> BTreeSet<&SensorId> {
        self.items.iter().filter_map(|item| item.kind.sensor()).collect()
    }
}

/// The family of codes that a supply period is judged by (rule 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Respiratory system.
    Respiratory,
    /// Musculoskeletal system.
    Musculoskeletal,
    /// Cognitive behavioural therapy.
    CognitiveBehavioural,
}

/// Which set of evidence rules is in force (rule 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSet {
    /// The one in force on the period's last day.
    ByDate,
    /// 16 data-days, whatever the date.
    Year2025,
    /// 2-15 and 16-30 data-days, whatever the date.
    Year2026,
}

/// One prescribed thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Unique in the plan.
    pub id: Name,
    /// What is counted, and up to where.
    pub kind: Kind,
    /// When it is due.
    pub schedule: Schedule,
    /// Its share of the day's score, in thousandths (above 0; 1000).
    pub weight_milli: u32,
    /// In the week, what was done on one day makes up for another.
    pub allow_makeup: bool,
    /// Days on which it is not due although the schedule says so.
    pub excused: BTreeSet<LocalDay>,
}

impl Item {
    /// Whether it counts in the score of `day`.
    #[must_use]
    pub fn is_due(&self, day: LocalDay) -> bool {
        self.schedule.is_due(day.weekday()) && !self.excused.contains(&day)
    }
}

/// What is counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Active time on a machine (rule 3).
    Minutes {
        /// The machine.
        sensor: SensorId,
        /// The dose in milliseconds, above 0.
        target_ms: i64,
        /// Time inside counts whole, time outside by `outside_milli`; `None` counts all of it.
        band: Option<Band>,
        /// What active time outside of the band counts, in thousandths (0-1000; 500).
        outside_milli: u16,
    },
    /// Time with the heart rate in a zone (rule 5).
    HrZone {
        /// The strap.
        sensor: SensorId,
        /// The dose in milliseconds, above 0.
        target_ms: i64,
        /// The zone.
        band: Band,
    },
    /// Questions that the patient answers (rule 8). What is answered never changes adherence.
    Pro {
        /// Each once; at least one.
        questions: Vec<Name>,
    },
}

impl Kind {
    /// Its name in plans and documents.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Minutes { .. } => "minutes",
            Self::HrZone { .. } => "hr_zone",
            Self::Pro { .. } => "pro",
        }
    }

    /// The sensor it is measured by.
    #[must_use]
    pub const fn sensor(&self) -> Option<&SensorId> {
        match self {
            Self::Minutes { sensor, .. } | Self::HrZone { sensor, .. } => Some(sensor),
            Self::Pro { .. } => None,
        }
    }

    /// Its band, where it has one.
    #[must_use]
    pub const fn band(&self) -> Option<&Band> {
        match self {
            Self::Minutes { band, .. } => band.as_ref(),
            Self::HrZone { band, .. } => Some(band),
            Self::Pro { .. } => None,
        }
    }
}

/// What a band limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Revolutions a minute.
    Cadence,
    /// Watts.
    Power,
    /// Beats a minute.
    HeartRate,
}

/// From `low` to `high`, both inside, in the measure's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Of what.
    pub measure: Measure,
    /// The lowest value inside.
    pub low: f64,
    /// The highest value inside; not below `low`.
    pub high: f64,
}

impl Band {
    /// Whether `value` lies inside.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether some value lies in both. Bands of different measures may always hold at the same time.
    fn overlaps(&self, other: &Self) -> bool {
        self.measure != other.measure || (self.low <= other.high && other.low <= self.high)
    }
}

/// A pseudonymous name: `[a-z0-9][a-z0-9_-]{0,31}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Name(Box<str>);

/// The text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name")]
pub struct NotAName(String);

/// What a name looks like, for faults.
const NAME: &str = "1-32 of a-z, 0-9, '-' and '_', a letter or digit first";

impl Name {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NotAName;
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let mut bytes = text.bytes();
        let ok = text.len() <= 32
            && bytes.next().is_some_and(plain)
            && bytes.all(|b| plain(b) || b == b'-' || b == b'_');
        if ok { Ok(Self(text.into())) } else { Err(NotAName(text.chars().take(64).collect())) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
