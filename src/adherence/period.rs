//! Supply periods: rule 13.

use serde::Serialize;

use super::day::LocalDay;
use super::engine::Engine;
use super::evidence::{Evidence, Forecast, Outlook, Rules, evidence, forecast, supports_setup};
use super::judge::days_to;
use crate::types::UtcMicros;

/// Days in a supply period.
const PERIOD_DAYS: u32 = 30;

/// One supply period of 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodReport {
    /// From 1.
    pub number: u32,
    /// Its first day.
    pub start: LocalDay,
    /// Its last day.
    pub end: LocalDay,
    /// Data-days in it so far.
    pub data_days: u32,
    /// Whether its last day has ended.
    pub closed: bool,
    /// The rules that it is judged by: those in force on its last day, unless the plan says which.
    pub rule_set: &'static str,
    /// What its data-days support; no code before it has closed.
    pub evidence: Vec<Evidence>,
    /// Whether it can reach its first threshold; `None` once it has closed.
    pub forecast: Option<Forecast>,
}

impl Engine {
    /// The supply periods from the first to the one that `now` is in; none before the period anchor.
    pub fn periods(&mut self, now: UtcMicros) -> Vec<PeriodReport> {
        self.settle();
        let mut periods = Vec::new();
        let mut setup_seen = false;
        for (number, start) in (1..).zip(self.period_starts(now)) {
            let period = self.period(number, start, now, setup_seen);
            let rules = Rules::of(self.plan().rule_set, period.end);
            setup_seen |= supports_setup(rules, period.data_days);
            periods.push(period);
        }
        periods
    }

    /// The first days of the periods that have begun.
    pub(super) fn period_starts(&self, now: UtcMicros) -> impl Iterator<Item = LocalDay> {
        let today = self.today(now);
        let starts =
            std::iter::successors(Some(self.plan().period_anchor), |start| Some(start.plus(PERIOD_DAYS)));
        starts.take_while(move |start| *start <= today)
    }

    /// The outlook of the period from `start` on as each of `days` ended, with the time of its end, and whether it was
    /// well past any risk.
    pub(super) fn outlooks(&self, start: LocalDay, days: &[LocalDay]) -> Vec<(i64, Outlook, bool)> {
        let last = start.plus(PERIOD_DAYS - 1);
        let rules = Rules::of(self.history.on(last).rule_set, last);
        let mut data_days = 0;
        let of_period = days.iter().filter(|day| start <= **day && **day <= last);
        let outlook = of_period.map(|day| {
            data_days += u32::from(self.is_data_day(*day));
            let days_left = u32::try_from(last.since(*day)).unwrap_or(0);
            let forecast = forecast(rules, data_days, days_left);
            let clear = *day == last || forecast.needed * 10 <= days_left * 6;
            (self.history.end(*day), forecast.outlook, clear)
        });
        outlook.collect()
    }

    fn period(&self, number: u32, start: LocalDay, now: UtcMicros, setup_seen: bool) -> PeriodReport {
        let today = self.today(now);
        let end = start.plus(PERIOD_DAYS - 1);
        let plan = self.history.on(end);
        let rules = Rules::of(plan.rule_set, end);
        let data_days = days_to(start, end.min(today)).filter(|day| self.is_data_day(*day)).count() as u32;
        let closed = now.millis() >= self.history.end(end);
        let first_left = if self.is_data_day(today) { today.next() } else { today };
        let days_left = days_to(first_left.max(start), end).count() as u32;
        PeriodReport {
            number,
            start,
            end,
            data_days,
            closed,
            rule_set: rules.name,
            evidence: evidence(rules, plan.family, data_days, closed, !setup_seen),
            forecast: (!closed).then(|| forecast(rules, data_days, days_left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BIKE, Capture, HEAD, day, utc};
    use super::*;

    /// Two minutes on the bike at noon on each of the first so many days of the period.
    fn rides(days: u32) -> Capture {
        days_to(day("2026-11-03"), day("2026-12-31")).take(days as usize).fold(
            Capture::default(),
            |rides, day| {
                rides.bike(&format!("{day}T17:00:00Z"), 120, 70).bike(&format!("{day}T17:02:00Z"), 1, 0)
            },
        )
    }

    fn first_period(days: u32, now: &str) -> PeriodReport {
        rides(days).engine(&format!("{HEAD}{BIKE}")).periods(utc(now)).swap_remove(0)
    }

    fn codes(period: &PeriodReport) -> Vec<&'static str> {
        let code = |evidence: &Evidence| match evidence {
            Evidence::Supports { code, .. } => Some(*code),
            Evidence::SoFar { .. } => None,
        };
        period.evidence.iter().filter_map(code).collect()
    }

    #[test]
    fn case_19_data_days_of_a_closed_period_from_packets() {
        for (days, expected) in
            [(1, &[][..]), (2, &["98985", "98975"]), (15, &["98985", "98975"]), (16, &["98977", "98975"])]
        {
            let period = first_period(days, "2026-12-03T05:00:00Z");
            assert_eq!((codes(&period), period.closed, period.forecast), (expected.to_vec(), true, None));
        }
    }

    #[test]
    fn case_23_an_open_period_names_no_code() {
        let open = first_period(16, "2026-11-19T20:00:00Z");
        assert_eq!((open.data_days, open.closed), (16, false));
        assert_eq!(open.evidence, [Evidence::SoFar { so_far: 16 }]);
        let json = serde_json::to_string(&open).unwrap();
        assert!(json.contains(r#""evidence":[{"so_far":16}]"#), "{json}");
        let closed = first_period(16, "2026-12-03T05:00:00Z");
        assert_eq!(codes(&closed)[0], "98977");
        let last_moment = first_period(16, "2026-12-03T04:59:59.999Z");
        assert_eq!(codes(&last_moment), [] as [&str; 0]);
    }

    #[test]
    fn set_up_is_supported_once_an_episode() {
        let periods = rides(40).engine(&format!("{HEAD}{BIKE}")).periods(utc("2027-01-20T00:00:00Z"));
        assert_eq!((codes(&periods[0]), codes(&periods[1])), (vec!["98977", "98975"], vec!["98985"]));
    }

    #[test]
    fn today_is_left_only_while_it_is_no_data_day() {
        let strict = format!("{HEAD}rule_set = \"2025\"\n{BIKE}");
        let mut engine = rides(1).engine(&strict);
        let mut at = |now: &str| engine.periods(utc(now))[0].forecast.unwrap();
        let first_evening = at("2026-11-03T22:00:00Z");
        assert_eq!((first_evening.needed, first_evening.days_left), (15, 29));
        let second_morning = at("2026-11-04T12:00:00Z");
        assert_eq!((second_morning.days_left, second_morning.outlook), (29, Outlook::OnTrack));
        assert_eq!(at("2026-11-13T12:00:00Z").outlook, Outlook::AtRisk);
        assert_eq!(at("2026-11-18T12:00:00Z").outlook, Outlook::AtRisk);
        assert_eq!(at("2026-11-19T12:00:00Z").outlook, Outlook::Unreachable);
    }
}
