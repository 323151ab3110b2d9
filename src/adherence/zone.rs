//! A time zone of the IANA data base.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// An IANA time zone, such as `America/New_York`. Behind it stands the data that was compiled in
/// ([`Zone::data_version`]); nothing outside this file knows where the rules come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// The text is not the name of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone of the IANA data base")]
pub struct UnknownZone(String);

impl Zone {
    /// The name, as the plan writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The version of the IANA data base that the rules come from, such as `2025b`.
    #[must_use]
    pub fn data_version(self) -> &'static str {
        chrono_tz::IANA_TZDB_VERSION
    }

    /// What clocks on the wall show at `utc_ms`; `None` outside the years that chrono knows.
    pub(super) fn wall(self, utc_ms: i64) -> Option<NaiveDateTime> {
        let utc = chrono::DateTime::from_timestamp_millis(utc_ms)?;
        Some(utc.with_timezone(&self.0).naive_local())
    }

    /// The first instant at which clocks on the wall show `wall` or, where it is skipped, anything later.
    pub(super) fn first_at_or_after(self, wall: NaiveDateTime) -> i64 {
        if let Some(time) = self.0.from_local_datetime(&wall).earliest() {
            return time.timestamp_millis();
        }
        self.end_of_gap(wall)
    }

    /// `wall` lies in a gap: clocks jump over it at one instant, which is found by bisection to the second.
    fn end_of_gap(self, wall: NaiveDateTime) -> i64 {
        // no zone is further than 15 h from UTC, so that the jump is in between
        let middle = wall.and_utc().timestamp();
        let (mut before, mut after) = (middle - 15 * 3600, middle + 15 * 3600);
        while after - before > 1 {
            let between = before + (after - before) / 2;
            if self.wall(between * 1000).is_some_and(|shown| shown >= wall) {
                after = between;
            } else {
                before = between;
            }
        }
        after * 1000
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        text.parse().map(Self).map_err(|_| UnknownZone(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `hour:minute` on the wall, `after` midnight of a date.
pub(super) fn wall_time(midnight: NaiveDateTime, after: TimeDelta) -> NaiveDateTime {
    midnight.checked_add_signed(after).unwrap_or(midnight)
}
