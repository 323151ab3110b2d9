//! When was it? Boot id and monotonic time become event time, with a quality. Pure: [`wall`] alone reads clocks.
//!
//! A packet keeps the boot it was received in and `CLOCK_BOOTTIME`. Anchors tie points of a boot to UTC; what was
//! captured before the first anchor of its boot is resolved backwards as soon as there is one. A boot that never
//! had an anchor is bounded by its neighbours.

mod timeline;
pub mod wall;

use serde::{Deserialize, Serialize};

use crate::types::{BootId, Mono, UtcMicros};

pub use timeline::Timeline;

/// How far an event time can be trusted; worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// Within [`HOLDOVER_AFTER_US`] of an anchor of the same boot, or between two of them.
    Synced,
    /// Carried on from the boot's last anchor, longer ago than that.
    Holdover,
    /// The boot had no anchor: between the end of the boot before and the start of the one after.
    Estimated,
    /// Nothing bounds it (yet).
    Unknown,
}

impl Quality {
    /// The name used in payloads, captures and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Holdover => "holdover",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

/// After the last anchor of a boot, time counts as synced for this long (one hour), then as holdover.
pub const HOLDOVER_AFTER_US: u64 = 3_600_000_000;

/// The largest error of a free-running crystal that the uncertainty allows for: 100 ppm, 8.6 s a day.
pub const DRIFT_PPM: u64 = 100;

/// A point of a boot whose UTC is known, since the system clock was synchronized at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The boot that `mono` counts in.
    pub boot: BootId,
    /// `CLOCK_BOOTTIME` in microseconds.
    pub mono: Mono,
    /// `CLOCK_REALTIME` at the same moment.
    pub utc: UtcMicros,
    /// How far `utc` may be off, in microseconds (`adjtimex` maxerror).
    pub uncertainty_us: u64,
}

/// The answer to "when was it?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTime {
    /// Best estimate; `None` exactly when the quality is [`Quality::Unknown`].
    pub utc: Option<UtcMicros>,
    /// How it was obtained.
    pub quality: Quality,
    /// Half the width of the interval that holds the true time, in microseconds.
    pub uncertainty_us: u64,
}

impl EventTime {
    /// The time of something that nothing dates.
    pub const UNKNOWN: Self = Self { utc: None, quality: Quality::Unknown, uncertainty_us: u64::MAX };
}
