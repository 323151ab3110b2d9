//! The two clocks: since boot, and UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::{ParseError, text_serde};

/// One boot of one machine, as `/proc/sys/kernel/random/boot_id` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BootId(u128);

impl BootId {
    /// From all 128 bits.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl FromStr for BootId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = || ParseError::new(text, "a boot id: 32 hex digits, with or without dashes");
        let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(fail());
        }
        u128::from_str_radix(&digits, 16).map(Self).map_err(|_| fail())
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
text_serde!(BootId);

/// Time since boot, suspend included (`CLOCK_BOOTTIME`), in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(u64);

impl Mono {
    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In microseconds.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Microseconds from `earlier` to `self`; 0 where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An instant in UTC: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMicros(i64);

impl UtcMicros {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down: the unit of adherence.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `self` moved by `micros`, held inside the range of the type.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// As a chrono instant; `None` outside the years that chrono knows.
    #[must_use]
    pub fn to_chrono(self) -> Option<chrono::DateTime<chrono::Utc>> {
        chrono::DateTime::from_timestamp_micros(self.0)
    }
}

/// RFC 3339 with milliseconds, `2026-11-03T14:00:01.000Z`; more digits only where they are not 0.
impl fmt::Display for UtcMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use chrono::SecondsFormat::{Micros, Millis};
        let digits = if self.0.rem_euclid(1000) == 0 { Millis } else { Micros };
        match self.to_chrono() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(digits, true)),
            None => write!(f, "{} us", self.0),
        }
    }
}

impl FromStr for UtcMicros {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        chrono::DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.timestamp_micros()))
            .map_err(|_| ParseError::new(text, "a time such as 2026-11-03T14:00:01.000Z"))
    }
}
