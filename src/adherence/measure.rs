//! What was done of one item on one day: rules 3, 5 and 8.

use super::day::LocalDay;
use super::engine::Engine;
use super::plan::{Item, Kind};
use super::samples::{Domain, TRACK_BANDS};
use super::session::{Session, Track};
use super::share::Share;

/// What an item is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Time, counted in thousandths of a millisecond, since weights have three decimals; shown in minutes.
    Minutes,
    /// Answered questions.
    Answers,
}

impl Unit {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Minutes => "min",
            Self::Answers => "answers",
        }
    }

    /// As people count it.
    pub(super) fn shown(self, count: i64) -> f64 {
        match self {
            Self::Minutes => count as f64 / 60_000_000.0,
            Self::Answers => count as f64,
        }
    }
}

/// What was done of what was prescribed for a day, both in the finest steps of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dose {
    pub(super) done: i64,
    pub(super) target: i64,
    pub(super) unit: Unit,
}

impl Dose {
    /// Not capped.
    pub(super) fn share(&self) -> Share {
        Share::new(self.done, self.target)
    }
}

/// One item on one day.
#[derive(Debug, Clone)]
pub(super) struct Measured<'e> {
    pub(super) dose: Dose,
    pub(super) active_ms: i64,
    pub(super) in_band_ms: i64,
    /// The sessions that it was counted from, with their time in the item's band.
    pub(super) sessions: Vec<(Session, i64)>,
    /// Sessions that were too short to count.
    pub(super) discarded: Vec<Session>,
    pub(super) track: Option<&'e Track>,
    /// Whether anything was received from where it is measured.
    pub(super) heard: bool,
}

impl Engine {
    /// Measures an item of the plan in force on `day`.
    pub(super) fn measure(&self, item: &Item, day: LocalDay) -> Measured<'_> {
        match &item.kind {
            Kind::Minutes { target_ms, outside_milli, .. } => {
                self.time(item, day, Domain::Motion, *target_ms, *outside_milli)
            }
            Kind::HrZone { target_ms, .. } => self.time(item, day, Domain::Heart, *target_ms, 0),
            Kind::Pro { questions } => {
                let (from, to) = (self.history.start(day), self.history.end(day));
                let done = self.answers.count(questions, from, to);
                Measured {
                    dose: Dose { done, target: questions.len() as i64, unit: Unit::Answers },
                    active_ms: 0,
                    in_band_ms: 0,
                    sessions: Vec::new(),
                    discarded: Vec::new(),
                    track: None,
                    heard: self.answers.any(from, to),
                }
            }
        }
    }

    fn time(
        &self,
        item: &Item,
        day: LocalDay,
        domain: Domain,
        target_ms: i64,
        outside_milli: u16,
    ) -> Measured<'_> {
        let sensor = item.kind.sensor();
        let track = self.tracks.iter().find(|track| track.domain == domain && Some(&track.sensor) == sensor);
        let all = track.map(|track| self.sessions(track, day)).unwrap_or_default();
        let (kept, discarded): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|session| self.is_kept(session, day));
        let index = item.kind.band().zip(sensor).map(|(band, sensor)| {
            self.history.bands(sensor).iter().position(|known| known == band).unwrap_or(TRACK_BANDS)
        });
        let in_band = |session: &Session| match index {
            None => session.active_ms,
            Some(index) => session.in_band_ms.get(index).copied().unwrap_or(0),
        };
        let sessions: Vec<(Session, i64)> = kept.iter().map(|session| (*session, in_band(session))).collect();
        let active_ms = sessions.iter().map(|(session, _)| session.active_ms).sum::<i64>();
        let in_band_ms = sessions.iter().map(|(_, in_band)| in_band).sum::<i64>();
        let done = in_band_ms * 1000 + (active_ms - in_band_ms) * i64::from(outside_milli);
        Measured {
            dose: Dose { done, target: target_ms * 1000, unit: Unit::Minutes },
            active_ms,
            in_band_ms,
            heard: !sessions.is_empty() || sensor.is_some_and(|sensor| self.heard(sensor, day)),
            sessions,
            discarded,
            track,
        }
    }
}
