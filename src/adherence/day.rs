//! Local days: rule 1.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use super::zone::{Zone, wall_time};
use crate::types::UtcMicros;

/// A calendar date in the plan's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalDay(NaiveDate);

/// The text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date")]
pub struct NotADay(String);

impl LocalDay {
    /// Before all others.
    pub(super) const FIRST: Self = Self(NaiveDate::MIN);

    /// From a date of the calendar.
    #[must_use]
    pub const fn new(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The day that `at` belongs to in `zone`; the first or last day that the calendar knows outside of it.
    #[must_use]
    pub fn of(at: UtcMicros, zone: Zone) -> Self {
        Self::of_millis(at.millis(), zone)
    }

    /// As [`LocalDay::of`]. A date that is shown again after a step back over midnight stays with the day after.
    pub(super) fn of_millis(utc_ms: i64, zone: Zone) -> Self {
        let Some(wall) = zone.wall(utc_ms) else {
            return Self(if utc_ms < 0 { NaiveDate::MIN } else { NaiveDate::MAX });
        };
        let day = Self(wall.date());
        if utc_ms >= day.end_ms(zone) { day.next() } else { day }
    }

    /// The first instant that bears the date. In zones that skip midnight that day this is the end of the gap.
    #[must_use]
    pub fn start(self, zone: Zone) -> UtcMicros {
        UtcMicros::from_micros(self.start_ms(zone).saturating_mul(1000))
    }

    /// The first instant of the next day: 23, 24 or 25 h after the start, 23.5 or 24.5 h on Lord Howe.
    #[must_use]
    pub fn end(self, zone: Zone) -> UtcMicros {
        self.next().start(zone)
    }

    /// As [`LocalDay::start`], in milliseconds.
    pub(super) fn start_ms(self, zone: Zone) -> i64 {
        zone.first_at_or_after(self.midnight())
    }

    /// As [`LocalDay::end`], in milliseconds.
    pub(super) fn end_ms(self, zone: Zone) -> i64 {
        self.next().start_ms(zone)
    }

    /// The instant at which clocks show `hour`:00 on this day.
    pub(super) fn at_hour_ms(self, hour: i64, zone: Zone) -> i64 {
        zone.first_at_or_after(wall_time(self.midnight(), TimeDelta::hours(hour)))
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.pred_opt().unwrap_or(self.0))
    }

    /// `days` later.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self(self.0.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX))
    }

    /// `days` earlier.
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN))
    }

    /// Days from `earlier` to `self`; negative where `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// Its day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }

    /// The Monday of its ISO week.
    #[must_use]
    pub fn week_start(self) -> Self {
        let back = u64::from(self.weekday().num_days_from_monday());
        Self(self.0.checked_sub_days(Days::new(back)).unwrap_or(self.0))
    }

    /// ISO week, `2026-W45`.
    #[must_use]
    pub fn week_name(self) -> String {
        let week = self.0.iso_week();
        format!("{:04}-W{:02}", week.year(), week.week())
    }

    fn midnight(self) -> NaiveDateTime {
        self.0.and_time(NaiveTime::MIN)
    }
}

impl FromStr for LocalDay {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let plain = text.len() == 10;
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| plain);
        date.map(Self).ok_or_else(|| NotADay(text.chars().take(64).collect()))
    }
}

impl fmt::Display for LocalDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn day(text: &str) -> LocalDay {
        text.parse().unwrap()
    }

    fn start(date: &str, name: &str) -> String {
        day(date).start(zone(name)).to_string()
    }

    /// Length in minutes.
    fn length(date: &str, name: &str) -> i64 {
        let (day, zone) = (day(date), zone(name));
        (day.end_ms(zone) - day.start_ms(zone)) / 60_000
    }

    #[test]
    fn case_16_new_york_has_a_25_hour_day_in_november_and_a_23_hour_day_in_march() {
        assert_eq!(length("2026-11-01", "America/New_York"), 25 * 60);
        assert_eq!(length("2026-03-08", "America/New_York"), 23 * 60);
        assert_eq!(length("2026-11-02", "America/New_York"), 24 * 60);
        for at in ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-01T04:00:00Z"] {
            assert_eq!(LocalDay::of(at.parse().unwrap(), zone("America/New_York")), day("2026-11-01"));
        }
        let before = "2026-11-01T03:59:59.999Z".parse().unwrap();
        assert_eq!(LocalDay::of(before, zone("America/New_York")), day("2026-10-31"));
    }

    #[test]
    fn berlin_changes_in_the_night_to_the_last_sunday() {
        assert_eq!(length("2026-03-29", "Europe/Berlin"), 23 * 60);
        assert_eq!(length("2026-10-25", "Europe/Berlin"), 25 * 60);
        assert_eq!(start("2026-10-25", "Europe/Berlin"), "2026-10-24T22:00:00.000Z");
    }

    #[test]
    fn lord_howe_changes_by_half_an_hour() {
        assert_eq!(length("2026-04-05", "Australia/Lord_Howe"), 24 * 60 + 30);
        assert_eq!(length("2026-10-04", "Australia/Lord_Howe"), 23 * 60 + 30);
        assert_eq!(start("2026-10-04", "Australia/Lord_Howe"), "2026-10-03T13:30:00.000Z");
    }

    #[test]
    fn cairo_and_santiago_skip_midnight_so_that_the_day_starts_at_one() {
        assert_eq!(length("2026-04-24", "Africa/Cairo"), 23 * 60);
        assert_eq!(start("2026-04-24", "Africa/Cairo"), "2026-04-23T22:00:00.000Z");
        assert_eq!(start("2026-09-06", "America/Santiago"), "2026-09-06T04:00:00.000Z");
        assert_eq!(length("2026-09-06", "America/Santiago"), 23 * 60);
        let last = LocalDay::of("2026-09-06T03:59:59.999Z".parse().unwrap(), zone("America/Santiago"));
        assert_eq!(last, day("2026-09-05"));
    }

    #[test]
    fn havana_falls_back_to_midnight_and_has_it_twice() {
        assert_eq!(length("2026-11-01", "America/Havana"), 25 * 60);
        assert_eq!(start("2026-11-01", "America/Havana"), "2026-11-01T04:00:00.000Z");
    }

    #[test]
    fn a_zone_without_daylight_saving_and_one_ahead_of_utc() {
        assert_eq!(length("2026-03-29", "Asia/Kolkata"), 24 * 60);
        assert_eq!(start("2026-03-29", "Asia/Kolkata"), "2026-03-28T18:30:00.000Z");
        assert_eq!(start("2026-01-01", "Pacific/Kiritimati"), "2025-12-31T10:00:00.000Z");
    }

    #[test]
    fn a_date_shown_again_after_a_step_back_over_midnight_stays_with_the_day_after() {
        // St John's stepped from 00:01 on 2010-11-07 back to 23:01 on 2010-11-06
        let zone = zone("America/St_Johns");
        let first = day("2010-11-07").start(zone);
        assert_eq!(LocalDay::of(first.plus(-1), zone), day("2010-11-06"));
        assert_eq!(LocalDay::of(first, zone), day("2010-11-07"));
        assert_eq!(
            LocalDay::of(first.plus(120_000_000), zone),
            day("2010-11-07"),
            "23:02, for the second time"
        );
    }

    #[test]
    fn a_date_that_a_zone_skipped_has_no_length() {
        assert_eq!(length("2011-12-30", "Pacific/Apia"), 0);
        assert_eq!(length("2011-12-29", "Pacific/Apia"), 24 * 60);
    }

    #[test]
    fn days_follow_each_other_without_hole_or_overlap_through_a_year_in_every_zone_tried() {
        let zones =
            ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut"];
        for name in zones {
            let zone = zone(name);
            let mut at = day("2026-01-01");
            while at < day("2027-01-01") {
                assert_eq!(LocalDay::of_millis(at.start_ms(zone), zone), at, "{name}");
                assert_eq!(LocalDay::of_millis(at.end_ms(zone) - 1, zone), at, "{name}");
                at = at.next();
            }
        }
    }

    #[test]
    fn only_whole_iso_dates_are_days() {
        for bad in ["2026-11-3", "03.11.2026", "2026-02-30", "", "2026-11-03T00:00"] {
            assert!(bad.parse::<LocalDay>().is_err(), "{bad:?} was taken");
        }
        assert_eq!(day("2026-11-03").week_name(), "2026-W45");
        assert_eq!(day("2026-11-03").week_start(), day("2026-11-02"));
    }
}
