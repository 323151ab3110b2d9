//! The fold: packets in, days out.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::answers::Answers;
use super::day::LocalDay;
use super::history::{History, PlanRefused};
use super::listening::Listening;
use super::plan::Plan;
use super::presence::{Presence, quarter};
use super::report::SetAside;
use super::samples::{self, Domain};
use super::session::{StreamId, Track};
use crate::clock::{EventTime, Quality};
use crate::types::{CharUuid, HUB_STATE, HubState, Logged, Origin, PATIENT_REPORT, SensorId, UtcMicros};

/// Samples that are kept exactly, 12 bytes each: some days of four wearables, or a year of a daily ride.
const KEEP_SAMPLES: usize = 1_000_000;

/// So many new samples are folded at the latest, so that they do not pile up before a report is asked for.
const FOLD_AFTER: usize = 1 << 16;

/// Computes adherence from packets and a plan. What comes out depends on which packets were observed with which
/// times, not on their order. When the time of packets that were observed before turns out to be another one,
/// [`Engine::reset`] it and observe all of them again.
///
/// Memory is bounded: of days long ago only credited time is kept. A packet that comes late for one of them asks for
/// the whole log again, see [`Engine::needs_replay`].
#[derive(Debug)]
pub struct Engine {
    pub(super) history: History,
    pub(super) tracks: Vec<Track>,
    routes: Vec<Route>,
    pub(super) presence: Presence,
    pub(super) listening: Listening,
    /// Stored measurements, in ms.
    stored: BTreeSet<i64>,
    /// Patient reports.
    pub(super) answers: Answers,
    set_aside: SetAside,
    /// Samples that may be kept.
    pub(super) keep_samples: usize,
    /// New samples since the last fold.
    pub(super) pending: usize,
    /// UTC days whose samples are kept in any case, since late packets came for them.
    pub(super) held: BTreeSet<i64>,
    pub(super) needs_replay: bool,
    /// From when on heart rates belong to a day, where that is not its first instant.
    pub(super) heart_starts: BTreeMap<LocalDay, i64>,
    /// Days whose report may have changed since it was last given.
    pub(super) changed: BTreeSet<LocalDay>,
    /// The first day and the last, then today, whose reports were given when changes were last asked for.
    pub(super) asked: Option<(LocalDay, LocalDay)>,
    /// The last report given of each day: a hash of it, and its revision.
    given: BTreeMap<LocalDay, (u64, u32)>,
}

/// Where packets of one characteristic of one origin go.
#[derive(Debug)]
struct Route {
    origin: Arc<Origin>,
    characteristic: CharUuid,
    /// The quarter of an hour that was noted last.
    quarter: i64,
    /// The track, once a packet made a sample.
    target: Option<(usize, StreamId)>,
    is_stored: bool,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            history: History::new(plan),
            tracks: Vec::new(),
            routes: Vec::new(),
            presence: Presence::default(),
            listening: Listening::default(),
            stored: BTreeSet::new(),
            answers: Answers::default(),
            set_aside: SetAside::default(),
            keep_samples: KEEP_SAMPLES,
            pending: 0,
            held: BTreeSet::new(),
            needs_replay: false,
            heart_starts: BTreeMap::new(),
            changed: BTreeSet::new(),
            asked: None,
            given: BTreeMap::new(),
        }
    }

    /// As [`Engine::new`], keeping about so many samples exactly (1 000 000 by default, 12 bytes each).
    #[must_use]
    pub fn with_samples(plan: Plan, keep_samples: usize) -> Self {
        Self { keep_samples, ..Self::new(plan) }
    }

    /// Whether reports are not to be trusted before the engine was [`Engine::reset`] and has observed the whole log
    /// again: a packet came late for a day of which only credited time was kept, or a new plan judges such days by
    /// other bands. The days in question are then kept exactly.
    #[must_use]
    pub fn needs_replay(&self) -> bool {
        self.needs_replay
    }

    /// Forgets all packets, but not which reports were given: revisions go on counting.
    pub fn reset(&mut self) {
        let fresh = Self::new(self.plan().clone());
        let (history, held) = (self.history.clone(), std::mem::take(&mut self.held));
        let given = std::mem::take(&mut self.given);
        let changed = given.keys().copied().collect();
        *self = Self { history, held, given, changed, keep_samples: self.keep_samples, ..fresh };
    }

    /// The newest plan: in force, or about to be.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.history.newest()
    }

    /// Takes a newer plan, received at `at` (rule 11). It applies from the next local midnight on; with `immediate` to
    /// the whole of the current day.
    ///
    /// # Errors
    /// When its version is not higher than that of the newest plan, or it moves the period anchor of the episode.
    pub fn adopt(&mut self, plan: Plan, at: UtcMicros, immediate: bool) -> Result<(), PlanRefused> {
        self.history.adopt(plan, at, immediate)?;
        for track in &mut self.tracks {
            // frozen days are judged anew from the log: nothing needs to be held for that
            self.needs_replay |= track.set_rule(self.history.rule(&track.sensor)).is_err();
        }
        let today = self.today(at);
        self.changed.extend(self.given.keys().filter(|day| **day >= today));
        Ok(())
    }

    /// What could not be given a day.
    #[must_use]
    pub fn set_aside(&self) -> SetAside {
        self.set_aside
    }

    /// Takes one packet, received at `time`; in any order. Cheap: it is decoded and kept, and credited only when a
    /// report is asked for.
    pub fn observe(&mut self, logged: &Logged, time: EventTime) {
        let Some(at) = self.place(time) else { return };
        let packet = &logged.packet;
        match packet.characteristic {
            HUB_STATE if packet.origin.sensor.is_reserved() => {
                if let Some(state) = HubState::from_bytes(&packet.bytes) {
                    let from = self.listening.note(at, state);
                    self.touch_given(from);
                    self.touch(at);
                }
            }
            PATIENT_REPORT if packet.origin.sensor.is_reserved() => {
                let day = self.history.day_of(at);
                if self.answers.note(at, &packet.bytes, self.history.on(day)) {
                    self.touch(at);
                } else {
                    self.set_aside.refused_reports += 1;
                }
            }
            _ => self.observe_sensor(logged, at),
        }
    }

    /// The packet's time in ms, where it is known well enough to say on which day it was received.
    fn place(&mut self, time: EventTime) -> Option<i64> {
        let Some(utc) = time.utc.filter(|_| time.quality != Quality::Unknown) else {
            self.set_aside.unknown_time += 1;
            return None;
        };
        if time.quality == Quality::Estimated {
            let half = i64::try_from(time.uncertainty_us).unwrap_or(i64::MAX);
            let [first, last] = [utc.plus(half.saturating_neg()), utc.plus(half)];
            if self.history.day_of(first.millis()) != self.history.day_of(last.millis()) {
                self.set_aside.ambiguous_day += 1;
                return None;
            }
        }
        Some(utc.millis())
    }

    fn observe_sensor(&mut self, logged: &Logged, at: i64) {
        let packet = &logged.packet;
        let sensor = &packet.origin.sensor;
        let route = self.route(&packet.origin, packet.characteristic);
        if self.routes[route].quarter != quarter(at) {
            self.routes[route].quarter = quarter(at);
            if self.presence.note(sensor, at) {
                self.touch(at);
                // days after it may have been silent for less long than it seemed
                self.touch_given(at);
            }
        }
        if let Some(percent) = samples::battery(packet.characteristic, &packet.bytes) {
            self.presence.note_battery(sensor, at, percent);
            self.touch_given(at);
        }
        if self.routes[route].is_stored {
            self.stored.insert(at);
            self.touch(at);
        }
        let Some((signal, value)) = samples::sample(packet.characteristic, &packet.bytes) else { return };
        if self.routes[route].target.is_none() {
            let id =
                StreamId { characteristic: packet.characteristic, address: packet.origin.address, signal };
            let track = self.track(&packet.origin.sensor, signal.domain());
            self.routes[route].target = Some((track, id));
        }
        if let Some((track, id)) = &self.routes[route].target {
            let pushed = self.tracks[*track].stream(id).push(at, value, logged.seq.get());
            self.pending += 1;
            if let Err(torn) = pushed {
                self.hold(torn);
            }
            if self.pending >= FOLD_AFTER {
                self.settle();
            }
        }
    }

    fn route(&mut self, origin: &Arc<Origin>, characteristic: CharUuid) -> usize {
        let same = |route: &Route| {
            route.characteristic == characteristic
                && (Arc::ptr_eq(&route.origin, origin)
                    || (route.origin.sensor == origin.sensor && route.origin.address == origin.address))
        };
        self.routes.iter().position(same).unwrap_or_else(|| {
            self.routes.push(Route {
                origin: Arc::clone(origin),
                characteristic,
                quarter: i64::MIN,
                target: None,
                is_stored: samples::is_stored(characteristic),
            });
            self.routes.len() - 1
        })
    }

    fn track(&mut self, sensor: &SensorId, domain: Domain) -> usize {
        let same = |track: &Track| track.sensor == *sensor && track.domain == domain;
        self.tracks.iter().position(same).unwrap_or_else(|| {
            let rule = self.history.rule(sensor);
            self.tracks.push(Track::new(sensor.clone(), domain, rule));
            self.tracks.len() - 1
        })
    }

    /// Notes that the report of the day that `at` lies in may change.
    fn touch(&mut self, at: i64) {
        let day = self.history.day_of(at);
        self.changed.insert(day);
    }

    /// Notes that all reports given of days from `at` on may change.
    fn touch_given(&mut self, at: i64) {
        if self.given.is_empty() {
            return;
        }
        let day = if at == i64::MIN { LocalDay::FIRST } else { self.history.day_of(at) };
        self.changed.extend(self.given.range(day..).map(|(day, _)| *day));
    }

    /// Whether anything at all was received from `sensor` on `day`.
    pub(super) fn heard(&self, sensor: &SensorId, day: LocalDay) -> bool {
        self.presence.heard(sensor, self.history.start(day), self.history.end(day))
    }

    /// Whether the patient reported anything on `day`.
    pub(super) fn is_answered(&self, day: LocalDay) -> bool {
        self.answers.any(self.history.start(day), self.history.end(day))
    }

    /// Whether a stored measurement belongs to `day`: one taken during a session that began the day before belongs to
    /// that day (rule 1).
    pub(super) fn is_measured(&self, day: LocalDay) -> bool {
        let [from, to] = [day, day.next()].map(|day| self.heart_start(day));
        from < to && self.stored.range(from..to).next().is_some()
    }

    /// The first day on which anything was received.
    pub(super) fn first_day(&self) -> Option<LocalDay> {
        let firsts = [
            self.presence.first(),
            self.stored.first().copied(),
            self.answers.first(),
            self.listening.first(),
        ];
        let first = firsts.into_iter().flatten().min()?;
        Some(self.history.day_of(first))
    }

    /// The revision of a report with this body, and the hash to remember it by once it is given.
    pub(super) fn revision(&self, day: LocalDay, body: &str) -> (u64, u32) {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let hash = hasher.finish();
        match self.given.get(&day) {
            None => (hash, 1),
            Some((given, revision)) => (hash, revision + u32::from(*given != hash)),
        }
    }

    /// Whether a report of `day` was given before.
    pub(super) fn was_given(&self, day: LocalDay) -> bool {
        self.given.contains_key(&day)
    }

    /// Notes that a report was given. Returns whether it is another one than before.
    pub(super) fn give(&mut self, day: LocalDay, hash: u64, revision: u32) -> bool {
        self.given.insert(day, (hash, revision)).is_none_or(|(_, before)| before != revision)
    }

    /// The date in the plan's zone.
    pub(super) fn today(&self, now: UtcMicros) -> LocalDay {
        self.history.day_of(now.millis())
    }
}
