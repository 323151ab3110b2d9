//! Names and places.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::text::{ParseError, text_serde};

/// A name that is also a topic level, a file name and a log field: `[a-z0-9][a-z0-9_-]{0,31}`.
macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                let mut bytes = text.bytes();
                let ok = text.len() <= 32
                    && bytes.next().is_some_and(plain)
                    && bytes.all(|b| plain(b) || b == b'_' || b == b'-');
                if ok { Ok(Self(text.into())) } else { Err(ParseError::new(text, $expected)) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        text_serde!($name);
    };
}

slug!(
    /// The role of a sensor in the plan (`bike`, `strap`): plans and topics name roles, record identities the
    /// hardware. `hub` and `patient` are reserved for what the hub itself and the patient record.
    SensorId,
    "a sensor id: 1-32 of a-z, 0-9, '-' and '_', a letter or digit first"
);
slug!(
    /// The clinic's id, a level of every topic.
    ClinicId,
    "a clinic id: 1-32 of a-z, 0-9, '-' and '_', a letter or digit first"
);
slug!(
    /// The hub's id: a topic level, the MQTT client id, the `CloudEvents` source. Never a patient's name.
    HubId,
    "a hub id: 1-32 of a-z, 0-9, '-' and '_', a letter or digit first"
);

impl SensorId {
    /// The reserved id under which the hub's own up, alive and down records are kept.
    #[must_use]
    pub fn hub() -> Self {
        Self("hub".into())
    }

    /// The reserved id under which patient reports are kept.
    #[must_use]
    pub fn patient() -> Self {
        Self("patient".into())
    }

    /// Whether the id is one that no config may give to a sensor.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        matches!(self.as_str(), "hub" | "patient")
    }
}

/// The random number that a store is born with: sequence numbers mean something only together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// From its 64 bits.
    #[must_use]
    pub const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// Its 64 bits.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for Epoch {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        u64::from_str_radix(text, 16)
            .ok()
            .filter(|_| text.len() == 16)
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a store epoch: 16 hex digits"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
text_serde!(Epoch);

/// The place of a packet in the log of one epoch; the first is 1, none is ever used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// From its number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
