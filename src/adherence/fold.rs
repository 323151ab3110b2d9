//! Keeps sessions up to date: what is new is judged and credited, the days that it touches are cut into stretches
//! anew, heart rates after machines, since they belong to the day of the session that they overlap.

use std::collections::BTreeSet;

use super::day::LocalDay;
use super::engine::Engine;
use super::samples::Domain;
use super::session::{Session, Track};
use super::stream::Torn;

impl Engine {
    /// Judges, credits and cuts into sessions what was observed since the last time.
    pub(super) fn settle(&mut self) {
        let motion = self.settle_domain(Domain::Motion, &BTreeSet::new());
        let moved = self.move_heart_starts(&motion);
        self.settle_domain(Domain::Heart, &moved);
        self.pending = 0;
        self.freeze();
    }

    /// Lets samples go, of the oldest days first, until no more are kept than may be.
    fn freeze(&mut self) {
        let mut kept: usize = self.tracks.iter().map(Track::kept).sum();
        while kept > self.keep_samples && !self.needs_replay {
            let days = self.tracks.iter().flat_map(Track::thawed);
            let Some(oldest) = days.filter(|day| !self.held.contains(day)).min() else { return };
            self.tracks.iter_mut().for_each(|track| track.freeze(oldest));
            kept = self.tracks.iter().map(Track::kept).sum();
        }
    }

    /// Asks for the log again, and keeps that day and its neighbours exactly then.
    pub(super) fn hold(&mut self, Torn(day): Torn) {
        self.needs_replay = true;
        self.held.extend(day - 1..=day + 1);
    }

    /// Finds from when on heart rates belong to the days around those whose sessions changed. Returns the days that
    /// this gave other bounds.
    fn move_heart_starts(&mut self, motion: &BTreeSet<LocalDay>) -> BTreeSet<LocalDay> {
        let around: BTreeSet<LocalDay> =
            motion.iter().flat_map(|day| [day.previous(), *day, day.next(), day.plus(2)]).collect();
        let mut moved = BTreeSet::new();
        for day in around {
            let midnight = self.history.start(day);
            let start = self.heart_start(day);
            let before = if start == midnight {
                self.heart_starts.remove(&day)
            } else {
                self.heart_starts.insert(day, start)
            };
            if before.unwrap_or(midnight) != start {
                moved.extend([day.previous(), day]);
            }
            // whose session a heart rate overlaps may have changed, too: that moves it to another day by one at most
            self.changed.extend([day.previous(), day, day.next()]);
        }
        moved
    }

    fn settle_domain(&mut self, domain: Domain, also: &BTreeSet<LocalDay>) -> BTreeSet<LocalDay> {
        let mut all = BTreeSet::new();
        for index in 0..self.tracks.len() {
            if self.tracks[index].domain != domain {
                continue;
            }
            let mut days = also.clone();
            let news = self.tracks[index].settle().unwrap_or_else(|torn| {
                self.hold(torn);
                None
            });
            if let Some((from, to)) = news {
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
    pub(super) fn heart_start(&self, day: LocalDay) -> i64 {
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
}
