//! Week figures: rule 10.

use serde::Serialize;

use super::day::LocalDay;
use super::engine::Engine;
use super::judge::days_to;
use super::measure::{Dose, Unit};
use super::plan::{Item, Name, Schedule};
use super::score::Part;
use super::share::{Percent, Share};
use crate::types::UtcMicros;

/// One ISO week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekReport {
    /// `2026-W45`.
    pub week: String,
    /// Its Monday.
    pub start: LocalDay,
    /// Its Sunday.
    pub end: LocalDay,
    /// Whether it has ended; until then, days to come are not in it.
    pub complete: bool,
    /// The weighted mean of the items; `None` where nothing was due.
    pub score: Option<Percent>,
    /// The items of the plan, in its order; those of earlier versions of the plan first.
    pub items: Vec<WeekItem>,
}

/// One item in one week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekItem {
    /// The item.
    pub id: Name,
    /// What it is counted in.
    pub unit: &'static str,
    /// What was done of what was due, in `unit`: no more than what was due, on each day or, with makeup, in the week.
    pub done: f64,
    /// What was due, in `unit`; days without data are not in it.
    pub due: f64,
    /// `done` of `due`; `None` where nothing was due.
    pub score: Option<Percent>,
}

/// What one item adds up to.
#[derive(Debug)]
struct Sum<'p> {
    item: &'p Item,
    unit: Unit,
    /// By day, no more than what was due.
    capped: i64,
    /// Whatever was done, on any day.
    all: i64,
    due: i64,
}

impl Sum<'_> {
    fn done(&self) -> i64 {
        if self.item.allow_makeup { self.all.min(self.due) } else { self.capped.min(self.due) }
    }

    fn share(&self) -> Option<Share> {
        (self.due > 0).then(|| Share::new(self.done(), self.due))
    }
}

impl Engine {
    /// The week that `day` is in, as far as it is known at `now`.
    pub fn week(&mut self, day: LocalDay, now: UtcMicros) -> WeekReport {
        self.settle();
        self.judge_week(day, now)
    }

    /// Every week from the first one in which anything was received up to this one.
    pub fn weeks(&mut self, now: UtcMicros) -> Vec<WeekReport> {
        self.settle();
        let today = self.today(now);
        let first = self.first_day().unwrap_or(today).week_start();
        let mondays = std::iter::successors(Some(first), |day| Some(day.plus(7)));
        mondays.take_while(|day| *day <= today).map(|day| self.judge_week(day, now)).collect()
    }

    fn judge_week(&self, day: LocalDay, now: UtcMicros) -> WeekReport {
        let start = day.week_start();
        let end = start.plus(6);
        let mut sums: Vec<Sum<'_>> = Vec::new();
        for day in days_to(start, end.min(self.today(now))) {
            let hearing = self.hearing(day, now);
            for item in &self.history.on(day).items {
                let measured = self.measure(item, day);
                let part = self.part(item, day, &measured, hearing);
                let known = |sum: &Sum<'_>| sum.item.id == item.id && sum.unit == measured.dose.unit;
                let index = sums.iter().position(known).unwrap_or_else(|| {
                    let unit = measured.dose.unit;
                    sums.push(Sum { item, unit, capped: 0, all: 0, due: 0 });
                    sums.len() - 1
                });
                sums[index].item = item;
                add(&mut sums[index], item, &measured.dose, part);
            }
        }
        WeekReport {
            week: start.week_name(),
            start,
            end,
            complete: now.millis() >= self.history.end(end),
            score: Share::mean(sums.iter().filter_map(|sum| Some((sum.item.weight_milli, sum.share()?))))
                .map(Share::percent),
            items: sums.iter().map(describe).collect(),
        }
    }
}

fn add(sum: &mut Sum<'_>, item: &Item, dose: &Dose, part: Part) {
    sum.all += dose.done;
    match &item.schedule {
        // the whole week's share is due in any case: which days it falls on is the patient's choice
        Schedule::TimesPerWeek(times) => {
            sum.capped += dose.done.min(dose.target);
            sum.due = i64::from(*times) * dose.target;
        }
        Schedule::Days(_) if matches!(part, Part::Due(_)) => {
            sum.capped += dose.done.min(dose.target);
            sum.due += dose.target;
        }
        Schedule::Days(_) | Schedule::AsNeeded => {}
    }
}

fn describe(sum: &Sum<'_>) -> WeekItem {
    WeekItem {
        id: sum.item.id.clone(),
        unit: sum.unit.as_str(),
        done: sum.unit.shown(sum.done()),
        due: sum.unit.shown(sum.due),
        score: sum.share().map(Share::percent),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BIKE, Capture, HEAD, day, percent, plan, utc};
    use super::*;
    use crate::types::HubState;

    /// Rides of so many minutes on the days from Monday, 2026-11-09 on; 15:00 UTC.
    fn rides(minutes: &[i64]) -> Capture {
        let mut capture = Capture::default();
        for (index, minutes) in minutes.iter().enumerate().filter(|(_, minutes)| **minutes > 0) {
            let date = day("2026-11-09").plus(index as u32);
            let [begin, end] = [0, *minutes].map(|m| format!("{date}T15:{m:02}:00Z"));
            capture = capture.bike(&begin, minutes * 60, 70).bike(&end, 1, 0);
        }
        capture
    }

    fn week(capture: &Capture, plan_text: &str) -> WeekReport {
        capture.engine(plan_text).week(day("2026-11-11"), utc("2026-11-17T00:00:00Z"))
    }

    fn bike() -> String {
        format!("{HEAD}{BIKE}")
    }

    #[test]
    fn case_13_a_new_version_in_the_week_counts_each_day_by_its_own_plan() {
        let newer =
            bike().replace("version = 1", "version = 2").replace("target_min = 20", "target_min = 30");
        let mut engine = rides(&[20, 20, 0, 30, 30, 15, 30]).engine(&bike());
        engine.adopt(plan(&newer), utc("2026-11-11T20:00:00Z"), false).unwrap();
        let week = engine.week(day("2026-11-09"), utc("2026-11-17T00:00:00Z"));
        assert_eq!((week.items[0].done, week.items[0].due), (145.0, 180.0));
        assert_eq!((percent(week.score), week.week.as_str(), week.complete), (Some(80.6), "2026-W46", true));
    }

    #[test]
    fn only_with_makeup_more_on_one_day_stands_for_less_on_another() {
        let capture = rides(&[40, 0, 20, 20, 20, 20, 20]);
        assert_eq!(percent(week(&capture, &bike()).score), Some(85.7));
        assert_eq!(percent(week(&capture, &format!("{}allow_makeup = true\n", bike())).score), Some(100.0));
    }

    #[test]
    fn so_many_times_a_week_is_due_in_the_week_and_on_no_day() {
        let often = bike().replace("days = [\"daily\"]", "times_per_week = 3");
        for (minutes, score) in [
            (&[20, 0, 20, 0, 0, 0, 0][..], 66.7),
            (&[40, 0, 20, 0, 0, 0, 0], 66.7),
            (&[20, 20, 20, 20], 100.0),
        ] {
            let mut engine = rides(minutes).engine(&often);
            let now = utc("2026-11-17T00:00:00Z");
            assert_eq!(percent(engine.week(day("2026-11-09"), now).score), Some(score), "{minutes:?}");
            assert_eq!(engine.report(day("2026-11-09"), now).score, None);
        }
    }

    #[test]
    fn days_without_data_leave_the_week_and_missed_ones_do_not() {
        let deaf = rides(&[20, 0, 20, 20, 20, 20, 20])
            .hub("2026-11-10T05:00:00Z", HubState::Down)
            .hub("2026-11-11T05:00:00Z", HubState::Up);
        let deaf = week(&deaf, &bike());
        assert_eq!((percent(deaf.score), deaf.items[0].due), (Some(100.0), 120.0));
        assert_eq!(percent(week(&rides(&[20, 0, 20, 20, 20, 20, 20]), &bike()).score), Some(85.7));
    }

    #[test]
    fn a_week_that_is_not_over_counts_up_to_today() {
        let now = utc("2026-11-10T20:00:00Z");
        let week = rides(&[20, 20]).engine(&bike()).week(day("2026-11-10"), now);
        assert_eq!((week.complete, week.items[0].due, percent(week.score)), (false, 40.0, Some(100.0)));
        assert_eq!(rides(&[20, 20]).engine(&bike()).weeks(now).len(), 1);
    }
}
