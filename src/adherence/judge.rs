//! Reports: what the engine folded, judged by the plan.

use super::day::LocalDay;
use super::engine::{Engine, bands};
use super::plan::{Item, Kind};
use super::report::{DayReport, ItemReport, PeriodReport, SessionReport, Status};
use super::samples::Domain;
use super::score::{self, Part};
use super::session::{Session, Track};
use crate::types::{Seq, UtcMicros};

/// Silence means `missed` only if the hub listened for at least half of the time from here …
const WAKING_FROM_H: i64 = 6;
/// … to here, local time (rule 9).
const WAKING_TO_H: i64 = 22;
/// So much heart rate with contact makes a data-day (rule 13).
const HEART_DATA_DAY_MS: i64 = 60_000;
/// Days in a supply period (rule 13).
const PERIOD_DAYS: u32 = 30;
const MINUTE_MS: f64 = 60_000.0;

impl Engine {
    /// The report of one day, as far as it is known at `now`.
    pub fn report(&mut self, day: LocalDay, now: UtcMicros) -> DayReport {
        self.settle();
        self.judge(day, now)
    }

    /// Every day from the first one on which anything was received up to today.
    pub fn reports(&mut self, now: UtcMicros) -> Vec<DayReport> {
        self.settle();
        let today = self.today(now);
        let first = self.first_day().unwrap_or(today);
        days_to(first, today).map(|day| self.judge(day, now)).collect()
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
        self.asked = Some((first.min(asked_first), today));
        let mut reports = Vec::new();
        // a change touches its neighbours, but before the first packet there was no hub to report for
        for day in days.range(first..).copied() {
            let (hash, report) = self.judge_and_hash(day, now);
            if self.give(day, hash, report.revision) {
                reports.push(report);
            }
        }
        reports
    }

    /// The supply periods from the first to the one that `now` is in; none before the period anchor.
    pub fn periods(&mut self, now: UtcMicros) -> Vec<PeriodReport> {
        self.settle();
        let today = self.today(now);
        let mut periods = Vec::new();
        let mut start = self.plan().period_anchor;
        while start <= today {
            let days = (0..PERIOD_DAYS).map(|offset| start.plus(offset)).filter(|day| *day <= today);
            let data_days = days.filter(|day| self.is_data_day(*day)).count() as u32;
            let end = start.plus(PERIOD_DAYS - 1);
            periods.push(PeriodReport { number: periods.len() as u32 + 1, start, end, data_days });
            start = end.next();
        }
        periods
    }

    fn judge(&self, day: LocalDay, now: UtcMicros) -> DayReport {
        self.judge_and_hash(day, now).1
    }

    fn judge_and_hash(&self, day: LocalDay, now: UtcMicros) -> (u64, DayReport) {
        let zone = self.plan.zone;
        let over = now >= day.end(zone);
        let silent = over && !self.listened(day);
        let judged: Vec<(Part, ItemReport)> =
            self.plan.items.iter().map(|item| self.judge_item(item, day, over, silent)).collect();
        let parts: Vec<Part> = judged.iter().map(|(part, _)| *part).collect();
        let (score, status) = score::day_score(&self.plan, &parts, over);
        let mut report = DayReport {
            day,
            start: day.start(zone),
            end: day.end(zone),
            score: score.map(|score| score.percent()),
            status,
            data_day: self.is_data_day(day),
            revision: 0,
            plan_version: self.plan.version,
            tz_data: zone.data_version(),
            items: judged.into_iter().map(|(_, item)| item).collect(),
        };
        // plain data serializes; were it not to, every report would be new
        let body = serde_json::to_string(&report).unwrap_or_default();
        let (hash, revision) = self.revision(day, &body);
        report.revision = revision;
        (hash, report)
    }

    fn judge_item(&self, item: &Item, day: LocalDay, over: bool, silent: bool) -> (Part, ItemReport) {
        let track = self.track_of(item);
        let sessions: Vec<Session> = track
            .map(|track| self.sessions(track, day))
            .unwrap_or_default()
            .into_iter()
            .filter(|session| self.is_kept(session))
            .collect();
        let index = item
            .kind
            .band()
            .zip(item.kind.sensor())
            .and_then(|(band, sensor)| bands(&self.plan, sensor).iter().position(|known| known == band));
        let in_band = |session: &Session| index.map_or(session.active_ms, |index| session.in_band_ms[index]);
        let measured = score::measure(item, &sessions, in_band);
        let raw = score::dose(item, &measured);
        let heard = !sessions.is_empty() || item.kind.sensor().is_some_and(|sensor| self.heard(sensor, day));
        let part = match (item.is_due(day), heard) {
            (false, _) => Part::NotDue,
            (true, false) if silent => Part::NoData,
            (true, _) => Part::Due(raw.capped()),
        };
        let (score, status) = match part {
            Part::NotDue => (None, Status::NotDue),
            Part::NoData => (None, Status::NoData),
            Part::Due(dose) => (Some(dose), score::status(&self.plan, dose, over)),
        };
        let report = ItemReport {
            id: item.id.clone(),
            kind: item.kind.as_str(),
            due: part != Part::NotDue,
            status,
            score: score.map(|score| score.percent()),
            raw_score: score.map(|_| raw.percent()),
            active_ms: measured.active_ms,
            in_band_ms: measured.in_band_ms,
            done: measured.counted_us as f64 / 1000.0 / MINUTE_MS,
            target: score::target_ms(item) as f64 / MINUTE_MS,
            unit: "min",
            sessions: track.map_or_else(Vec::new, |track| {
                sessions.iter().map(|session| describe(track, session, in_band(session))).collect()
            }),
        };
        (part, report)
    }

    fn track_of(&self, item: &Item) -> Option<&Track> {
        let domain = match item.kind {
            Kind::Minutes { .. } => Domain::Motion,
            Kind::HrZone { .. } => Domain::Heart,
        };
        self.tracks.iter().find(|track| track.domain == domain && Some(&track.sensor) == item.kind.sensor())
    }

    /// Whether the hub listened for at least half of the day's waking hours.
    fn listened(&self, day: LocalDay) -> bool {
        let zone = self.plan.zone;
        let (from, to) = (day.at_hour_ms(WAKING_FROM_H, zone), day.at_hour_ms(WAKING_TO_H, zone));
        self.listening.listened(from, to) * 2 >= to - from
    }

    /// Rule 13; the union over devices.
    fn is_data_day(&self, day: LocalDay) -> bool {
        self.recorded(day)
            || self.tracks.iter().any(|track| {
                let sessions = self.sessions(track, day);
                match track.domain {
                    Domain::Motion => sessions.iter().any(|session| self.is_kept(session)),
                    Domain::Heart => {
                        sessions.iter().map(|session| session.active_ms).sum::<i64>() >= HEART_DATA_DAY_MS
                    }
                }
            })
    }
}

fn days_to(first: LocalDay, last: LocalDay) -> impl Iterator<Item = LocalDay> {
    std::iter::successors(Some(first), |day| Some(day.next())).take_while(move |day| *day <= last)
}

fn describe(track: &Track, session: &Session, in_band_ms: i64) -> SessionReport {
    let utc = |ms: i64| UtcMicros::from_micros(ms.saturating_mul(1000));
    SessionReport {
        key: format!("{}-{}", track.sensor, session.first),
        sensor: track.sensor.clone(),
        first: Seq::new(session.first),
        start: utc(session.start),
        end: utc(session.end),
        active_ms: session.active_ms,
        in_band_ms,
        bouts: session.bouts,
    }
}
