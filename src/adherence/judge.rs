//! Reports of days: what the engine folded, judged by the plan.

use super::day::LocalDay;
use super::engine::Engine;
use super::measure::Measured;
use super::plan::Item;
use super::report::{DayReport, ItemReport, SessionReport, Status};
use super::samples::Domain;
use super::score::{self, Part};
use super::session::{Session, Track};
use super::share::Share;
use crate::types::{SensorId, Seq, UtcMicros};

/// Silence means `missed` only if the hub listened for at least half of the time from here …
const WAKING_FROM_H: i64 = 6;
/// … to here, local time (rule 9).
const WAKING_TO_H: i64 = 22;
/// So much heart rate with contact makes a data-day (rule 13).
const HEART_DATA_DAY_MS: i64 = 60_000;

/// How far a day is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hearing {
    /// It has ended.
    pub(super) over: bool,
    /// And silence in it means nothing, since the hub did not listen.
    pub(super) deaf: bool,
}

impl Engine {
    /// The report of one day, as far as it is known at `now`.
    pub fn report(&mut self, day: LocalDay, now: UtcMicros) -> DayReport {
        self.settle();
        self.judge(day, now).1
    }

    /// Every day from the first one on which anything was received up to today.
    pub fn reports(&mut self, now: UtcMicros) -> Vec<DayReport> {
        self.settle();
        let today = self.today(now);
        let first = self.first_day().unwrap_or(today);
        days_to(first, today).map(|day| self.judge(day, now).1).collect()
    }

    /// The reports that differ from the last ones given. Costs the days that packets came for, and those that were
    /// not over the last time.
    pub fn changed_days(&mut self, now: UtcMicros) -> Vec<DayReport> {
        self.settle();
        let today = self.today(now);
        let later = self.changed.split_off(&today.next());
        let mut days = std::mem::replace(&mut self.changed, later);
        // days without any packet have a report, too, and days end without one
        let first = self.first_day().unwrap_or(today).min(today);
        let (asked_first, asked_last) = self.asked.unwrap_or((first, first));
        days.extend(days_to(first, asked_first).chain(days_to(asked_last, today)));
        let first = first.min(asked_first);
        self.asked = Some((first, today));
        days.retain(|day| *day >= first || self.was_given(*day));
        let mut reports = Vec::new();
        for day in days {
            let (hash, report) = self.judge(day, now);
            if self.give(day, hash, report.revision) {
                reports.push(report);
            }
        }
        reports
    }

    /// The report, and the hash to remember it by once it is given.
    fn judge(&self, day: LocalDay, now: UtcMicros) -> (u64, DayReport) {
        let plan = self.history.on(day);
        let hearing = self.hearing(day, now);
        let judged: Vec<(Part, ItemReport)> =
            plan.items.iter().map(|item| self.judge_item(item, day, hearing)).collect();
        let parts: Vec<Part> = judged.iter().map(|(part, _)| *part).collect();
        let (score, status) = score::day_score(plan, &parts, hearing.over);
        let mut report = DayReport {
            day,
            start: utc(self.history.start(day)),
            end: utc(self.history.end(day)),
            score: score.map(|score| score.percent()),
            status,
            data_day: self.is_data_day(day),
            revision: 0,
            plan_version: plan.version,
            tz_data: plan.zone.data_version(),
            items: judged.into_iter().map(|(_, item)| item).collect(),
        };
        // plain data serializes; were it not to, every report would be new
        let body = serde_json::to_string(&report).unwrap_or_default();
        let (hash, revision) = self.revision(day, &body);
        report.revision = revision;
        (hash, report)
    }

    /// The score and status of a day, unrounded.
    pub(super) fn outcome(&self, day: LocalDay, now: UtcMicros) -> (Option<Share>, Status) {
        let plan = self.history.on(day);
        let hearing = self.hearing(day, now);
        let part = |item| self.part(item, day, &self.measure(item, day), hearing);
        let parts: Vec<Part> = plan.items.iter().map(part).collect();
        score::day_score(plan, &parts, hearing.over)
    }

    /// What an item is in the day's score. Silence says something only if it could have been broken.
    pub(super) fn part(&self, item: &Item, day: LocalDay, measured: &Measured<'_>, hearing: Hearing) -> Part {
        let faulty = || item.kind.sensor().is_some_and(|sensor| self.is_faulty(sensor, day));
        if !item.is_due(day) {
            Part::NotDue
        } else if !measured.heard && hearing.over && (hearing.deaf || faulty()) {
            Part::NoData
        } else {
            Part::Due(measured.dose.share().capped())
        }
    }

    fn judge_item(&self, item: &Item, day: LocalDay, hearing: Hearing) -> (Part, ItemReport) {
        let measured = self.measure(item, day);
        let part = self.part(item, day, &measured, hearing);
        let raw = measured.dose.share();
        let (score, status) = match part {
            Part::NotDue => (None, Status::NotDue),
            Part::NoData => (None, Status::NoData),
            Part::Due(dose) => (Some(dose), score::status(self.history.on(day), dose, hearing.over)),
        };
        let unit = measured.dose.unit;
        let report = ItemReport {
            id: item.id.clone(),
            kind: item.kind.as_str(),
            due: part != Part::NotDue,
            status,
            score: score.map(|score| score.percent()),
            raw_score: score.map(|_| raw.percent()),
            active_ms: measured.active_ms,
            in_band_ms: measured.in_band_ms,
            done: unit.shown(measured.dose.done),
            target: unit.shown(measured.dose.target),
            unit: unit.as_str(),
            sessions: measured.track.map_or_else(Vec::new, |track| {
                let sessions = measured.sessions.iter();
                sessions.map(|(session, in_band)| describe(track, session, *in_band)).collect()
            }),
        };
        (part, report)
    }

    /// What silence on `day` means at `now`.
    pub(super) fn hearing(&self, day: LocalDay, now: UtcMicros) -> Hearing {
        let over = now.millis() >= self.history.end(day);
        let (listened, waking) = self.listened(day);
        Hearing { over, deaf: over && listened * 2 < waking }
    }

    /// For how much of the day's waking hours the hub listened, and how long these are, in ms.
    pub(super) fn listened(&self, day: LocalDay) -> (i64, i64) {
        let [from, to] = [WAKING_FROM_H, WAKING_TO_H].map(|hour| self.history.at_hour(day, hour));
        (self.listening.listened(from, to), to - from)
    }

    /// Rule 13.
    pub(super) fn is_data_day(&self, day: LocalDay) -> bool {
        !self.witnesses(day).is_empty()
    }

    /// What makes `day` a data-day: the union over devices.
    pub(super) fn witnesses(&self, day: LocalDay) -> Vec<Witness> {
        let mut witnesses = Vec::new();
        if self.is_answered(day) {
            witnesses.push(Witness::Answer);
        }
        if self.is_measured(day) {
            witnesses.push(Witness::Stored);
        }
        for track in &self.tracks {
            let sessions = self.sessions(track, day);
            match track.domain {
                Domain::Motion => {
                    let kept = sessions.iter().filter(|session| self.is_kept(session, day));
                    witnesses.extend(kept.map(|session| Witness::Session(session_key(track, session))));
                }
                Domain::Heart => {
                    let ms = sessions.iter().map(|session| session.active_ms).sum();
                    if ms >= HEART_DATA_DAY_MS {
                        witnesses.push(Witness::HeartRate(track.sensor.clone(), ms));
                    }
                }
            }
        }
        witnesses
    }
}

/// Something that makes a data-day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Witness {
    /// A kept session, by its key.
    Session(String),
    /// So much heart rate with contact, in ms.
    HeartRate(SensorId, i64),
    /// A measurement that a device had stored.
    Stored,
    /// A patient report.
    Answer,
}

/// From `first` to `last`, both included.
pub(super) fn days_to(first: LocalDay, last: LocalDay) -> impl Iterator<Item = LocalDay> {
    std::iter::successors(Some(first), |day| Some(day.next())).take_while(move |day| *day <= last)
}

fn utc(ms: i64) -> UtcMicros {
    UtcMicros::from_micros(ms.saturating_mul(1000))
}

/// A session's sensor and the place of its first packet.
pub(super) fn session_key(track: &Track, session: &Session) -> String {
    format!("{}-{}", track.sensor, session.first)
}

fn describe(track: &Track, session: &Session, in_band_ms: i64) -> SessionReport {
    SessionReport {
        key: session_key(track, session),
        sensor: track.sensor.clone(),
        first: Seq::new(session.first),
        start: utc(session.start),
        end: utc(session.end),
        active_ms: session.active_ms,
        in_band_ms,
        bouts: session.bouts,
    }
}
