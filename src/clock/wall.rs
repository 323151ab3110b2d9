//! The one place that reads clocks.
#![allow(clippy::disallowed_methods, reason = "this is the one file that may")]

use std::path::Path;

use rustix::time::{ClockId, clock_gettime};

use super::Anchor;
use crate::types::{BootId, Mono, UtcMicros};

/// Where Linux tells the boot id. `ProcSubset=pid` in a unit would hide it.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// `STA_UNSYNC` of `adjtimex(2)`.
const STA_UNSYNC: i32 = 0x0040;

/// Past this bound, in microseconds, the kernel itself calls the clock unsynchronized (`NTP_PHASE_LIMIT`).
const MAX_ERROR_US: i64 = 16_000_000;

/// The clock could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// No boot id.
    #[error("cannot read the boot id from {BOOT_ID}; allow it in the unit (no ProcSubset=pid)")]
    BootId(#[source] std::io::Error),
    /// The boot id is not one.
    #[error("the boot id in {BOOT_ID} is malformed; report this kernel to the manufacturer")]
    Malformed(#[source] crate::types::ParseError),
}

/// The machine's clocks, during one boot.
#[derive(Debug, Clone, Copy)]
pub struct Wall {
    boot: BootId,
}

impl Wall {
    /// Reads the boot id.
    ///
    /// # Errors
    /// When `/proc/sys/kernel/random/boot_id` cannot be read.
    pub fn new() -> Result<Self, ClockError> {
        let text = std::fs::read_to_string(Path::new(BOOT_ID)).map_err(ClockError::BootId)?;
        Ok(Self { boot: text.parse().map_err(ClockError::Malformed)? })
    }

    /// This boot.
    #[must_use]
    pub fn boot(&self) -> BootId {
        self.boot
    }

    /// `CLOCK_BOOTTIME`.
    #[must_use]
    pub fn mono(&self) -> Mono {
        let now = clock_gettime(ClockId::Boottime);
        Mono::from_micros(now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1000)
    }

    /// `CLOCK_REALTIME`, right or wrong.
    #[must_use]
    pub fn utc(&self) -> UtcMicros {
        let now = clock_gettime(ClockId::Realtime);
        UtcMicros::from_micros(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)
    }

    /// An anchor, when the kernel says that its clock is synchronized.
    #[must_use]
    pub fn anchor(&self) -> Option<Anchor> {
        let uncertainty_us = synchronized_within()?;
        Some(Anchor { boot: self.boot, mono: self.mono(), utc: self.utc(), uncertainty_us })
    }
}

/// The kernel's bound on the clock's error in microseconds; `None` while it is not synchronized, or may not be asked.
#[allow(unsafe_code, reason = "libc has the only binding of adjtimex; rustix has none")]
fn synchronized_within() -> Option<u64> {
    // SAFETY: timex is plain data, for which all zeros is valid; modes = 0 reads without setting.
    let (state, status) = unsafe {
        let mut status: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut status), status)
    };
    let good = state >= 0 && status.status & STA_UNSYNC == 0 && status.maxerror <= MAX_ERROR_US;
    good.then(|| status.maxerror.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_since_boot_only_goes_forward() {
        let wall = Wall::new().unwrap();
        let first = wall.mono();
        assert!(wall.mono() >= first && first.micros() > 0);
    }
}
