//! How much one sensor may send, so that a sensor gone mad, or a stranger, cannot evict history. Pure.

use crate::types::{BootId, Mono};

/// Packets a second that no sensor of a home exceeds for long (the fastest streams batch their samples).
pub(super) const PACKETS_PER_S: u64 = 200;

/// Bytes a second, likewise.
pub(super) const BYTES_PER_S: u64 = 64 * 1024;

/// Seconds' worth that may come at once: a stored history, or what bluetoothd held back while it was stopped, is dated
/// when it is read and so arrives within an instant. History is evicted by hours of junk, not by a minute of it.
const BURST_S: u64 = 60;

/// Microseconds in a second: buckets count in millionths, so that refilling by the microsecond loses nothing.
const PER_S: u64 = 1_000_000;

/// Two buckets that refill by the packets' own time.
#[derive(Debug, Clone)]
pub(super) struct Caps {
    boot: BootId,
    last: Mono,
    packets: u64,
    bytes: u64,
}

impl Caps {
    /// Full buckets.
    pub(super) fn new(boot: BootId, now: Mono) -> Self {
        Self {
            boot,
            last: now,
            packets: PACKETS_PER_S * BURST_S * PER_S,
            bytes: BYTES_PER_S * BURST_S * PER_S,
        }
    }

    /// Whether a packet of `len` bytes is within the caps; only then it is counted.
    pub(super) fn admit(&mut self, boot: BootId, now: Mono, len: usize) -> bool {
        if boot != self.boot {
            *self = Self::new(boot, now);
        }
        let elapsed = now.since(self.last).min(BURST_S * PER_S);
        self.last = self.last.max(now);
        self.packets = (self.packets + elapsed * PACKETS_PER_S).min(PACKETS_PER_S * BURST_S * PER_S);
        self.bytes = (self.bytes + elapsed * BYTES_PER_S).min(BYTES_PER_S * BURST_S * PER_S);
        let bytes = len as u64 * PER_S;
        let admitted = self.packets >= PER_S && self.bytes >= bytes;
        if admitted {
            self.packets -= PER_S;
            self.bytes -= bytes;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(rate: u64, len: usize, seconds: u64) -> u64 {
        let boot = BootId::from_u128(1);
        let mut caps = Caps::new(boot, Mono::default());
        (0..rate * seconds).filter(|n| caps.admit(boot, Mono::from_micros(n * 1_000_000 / rate), len)).count()
            as u64
    }

    #[test]
    fn a_sensor_within_the_caps_loses_nothing() {
        assert_eq!(admitted(PACKETS_PER_S, 20, 600), PACKETS_PER_S * 600);
        assert_eq!(admitted(100, 512, 600), 60_000);
    }

    #[test]
    fn a_backlog_of_a_minute_that_arrives_at_once_loses_nothing() {
        let boot = BootId::from_u128(1);
        let mut caps = Caps::new(boot, Mono::default());
        assert!((0..60 * 56).all(|_| caps.admit(boot, Mono::from_micros(7), 20)));
    }

    #[test]
    fn a_sensor_gone_mad_is_held_to_the_caps() {
        let (hour, burst) = (3600, BURST_S);
        let taken = admitted(2000, 20, hour);
        assert!((PACKETS_PER_S * hour..=PACKETS_PER_S * (hour + burst)).contains(&taken), "{taken}");
        let bytes = admitted(190, 512, hour) * 512;
        assert!((BYTES_PER_S * (hour - 1)..=BYTES_PER_S * (hour + burst)).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_new_boot_starts_with_full_buckets() {
        let (a, b) = (BootId::from_u128(1), BootId::from_u128(2));
        let mut caps = Caps::new(a, Mono::from_micros(9));
        while caps.admit(a, Mono::from_micros(9), 20) {}
        assert!(caps.admit(b, Mono::from_micros(1), 20));
    }
}
