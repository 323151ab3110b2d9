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
use super::report::SetAside;
use super::samples::{self, Domain};
use super::session::{Session, StreamId, Track};
use crate::clock::{EventTime, Quality};
use crate::types::{CharUuid, HUB_STATE, HubState, Logged, Origin, PATIENT_REPORT, SensorId, UtcMicros};

/// "Was anything received on that day?" is answered in quarters of an hour: zones differ by whole ones.
const QUARTER_MS: i64 = 900_000;

/// Computes adherence from packets and a plan. What comes out depends on which packets were observed with which
/// times, not on their order. When the time of packets that were observed before turns out to be another one,
/// [`Engine::reset`] it and observe all of them again.
#[derive(Debug)]
pub struct Engine {
    pub(super) history: History,
    pub(super) tracks: Vec<Track>,
    routes: Vec<Route>,
    seen: BTreeMap<SensorId, BTreeSet<i64>>,
    pub(super) listening: Listening,
    /// Stored measurements, in ms.
    stored: BTreeSet<i64>,
    /// Patient reports.
    pub(super) answers: Answers,
    set_aside: SetAside,
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
            seen: BTreeMap::new(),
            listening: Listening::default(),
            stored: BTreeSet::new(),
            answers: Answers::default(),
            set_aside: SetAside::default(),
            changed: BTreeSet::new(),
            asked: None,
            given: BTreeMap::new(),
        }
    }

    /// Forgets all packets, but not which reports were given: revisions go on counting.
    pub fn reset(&mut self) {
        let fresh = Self::new(self.plan().clone());
        let history = self.history.clone();
        let given = std::mem::take(&mut self.given);
        let changed = given.keys().copied().collect();
        *self = Self { history, given, changed, ..fresh };
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
            track.set_rule(self.history.rule(&track.sensor));
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
                    self.listening.note(at, state);
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
        let route = self.route(&packet.origin, packet.characteristic);
        let quarter = at.div_euclid(QUARTER_MS);
        if self.routes[route].quarter != quarter {
            self.routes[route].quarter = quarter;
            let sensor = &packet.origin.sensor;
            if self.seen.entry(sensor.clone()).or_default().insert(quarter) {
                self.touch(at);
            }
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
            self.tracks[*track].stream(id).push(at, value, logged.seq.get());
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

    /// Judges, credits and cuts into sessions what was observed since the last time.
    pub(super) fn settle(&mut self) {
        let motion = self.settle_domain(Domain::Motion, &BTreeSet::new());
        // a heart rate belongs to the day of the session that it overlaps
        let around = motion.iter().flat_map(|day| [day.previous(), *day, day.next()]).collect();
        self.settle_domain(Domain::Heart, &around);
    }

    fn settle_domain(&mut self, domain: Domain, also: &BTreeSet<LocalDay>) -> BTreeSet<LocalDay> {
        let mut all = BTreeSet::new();
        for index in 0..self.tracks.len() {
            if self.tracks[index].domain != domain {
                continue;
            }
            let mut days = also.clone();
            if let Some((from, to)) = self.tracks[index].settle() {
                let last = self.history.day_of(to);
                let mut day = self.history.day_of(from);
                while day <= last {
                    days.insert(day);
                    day = day.next();
                }
            }
            for day in days {
                let (from, to) = match domain {
                    Domain::Motion => (self.history.start(day), self.history.end(day)),
                    Domain::Heart => (self.heart_start(day), self.heart_start(day.next())),
                };
                let track = &mut self.tracks[index];
                let before = track.chain_start(day);
                track.derive(day, from, to);
                let after = track.chain_start(day);
                self.changed.extend([before, after, day.previous(), day, day.next()]);
                all.insert(day);
            }
        }
        all
    }

    /// Heart rates from here on belong to `day`: from its start, or from the end of a session that began before it.
    fn heart_start(&self, day: LocalDay) -> i64 {
        let midnight = self.history.start(day);
        let over_midnight = self.motion().filter_map(|track| {
            let session = *track.sessions(track.chain_start(day)).last()?;
            let over = session.start < midnight && midnight < session.end;
            (over && self.is_kept(&session, self.history.day_of(session.start))).then_some(session.end)
        });
        over_midnight.fold(midnight, i64::max)
    }

    pub(super) fn motion(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.domain == Domain::Motion)
    }

    /// Whether a session of `day` is long enough to count (rule 2).
    pub(super) fn is_kept(&self, session: &Session, day: LocalDay) -> bool {
        session.active_ms > 0 && session.active_ms >= self.history.on(day).min_active_ms
    }

    /// The sessions of a track that belong to `day`, however short, in order.
    pub(super) fn sessions(&self, track: &Track, day: LocalDay) -> Vec<Session> {
        if track.domain == Domain::Motion {
            return track.sessions(day);
        }
        let mut sessions = Vec::new();
        for own in [day.previous(), day, day.next()] {
            let belongs = |session: &Session| self.heart_day(session, own) == day;
            sessions.extend(track.sessions(own).into_iter().filter(belongs));
        }
        sessions
    }

    /// The day that a stretch of heart rate belongs to: that of the first session of a machine that it overlaps, else
    /// the one it began on (rule 1).
    fn heart_day(&self, heart: &Session, own: LocalDay) -> LocalDay {
        let mut earliest: Option<(i64, LocalDay)> = None;
        for track in self.motion() {
            for day in [own.previous(), own, own.next()] {
                for session in track.sessions(day) {
                    if self.is_kept(&session, day) && session.overlaps(heart) {
                        let found = (session.start, day);
                        earliest = Some(earliest.map_or(found, |before| before.min(found)));
                    }
                }
            }
        }
        earliest.map_or(own, |(_, day)| day)
    }

    /// Whether anything at all was received from `sensor` on `day`.
    pub(super) fn heard(&self, sensor: &SensorId, day: LocalDay) -> bool {
        let [start, end] = [self.history.start(day), self.history.end(day)];
        let quarters =
            start.div_euclid(QUARTER_MS)..end.div_euclid(QUARTER_MS).max(start.div_euclid(QUARTER_MS));
        self.seen.get(sensor).is_some_and(|seen| seen.range(quarters).next().is_some())
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
        let quarters = self.seen.values().filter_map(|seen| seen.first()).map(|quarter| quarter * QUARTER_MS);
        let records = [self.stored.first().copied(), self.answers.first()].into_iter().flatten();
        let first = quarters.chain(records).chain(self.listening.first()).min()?;
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
