//! The time stamp of an observation: Elapsed Time of the Elapsed Time Service 1.0 (3.1.1).

use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const TICKS: u8 = 1 << 0;
const UTC: u8 = 1 << 1;
const ZONE: u8 = 1 << 4;
/// 2000-01-01 in milliseconds since 1970: where the count begins.
const EPOCH_MS: f64 = 946_684_800_000.0;

/// A count of the sensor's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ElapsedTime {
    flags: u8,
    count: u64,
    source: u8,
    /// Quarters of an hour.
    zone: i8,
}

impl ElapsedTime {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            flags: reader.u8("timestamp")?,
            count: reader.u48("timestamp")?,
            source: reader.u8("timestamp")?,
            zone: reader.u8("timestamp")?.cast_signed(),
        })
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let ms_each = match self.flags >> 2 & 0b11 {
            0 => 1000.0,
            1 => 100.0,
            2 => 1.0,
            _ => 0.1,
        };
        let ms = self.count as f64 * ms_each;
        if self.flags & TICKS != 0 {
            visit(&quantity::TICK, Value::Number(ms));
        } else {
            visit(&quantity::TIMESTAMP_MS, Value::Number(ms + EPOCH_MS));
            visit(&quantity::TIME_UTC, Value::Bool(self.flags & UTC != 0));
        }
        if self.flags & ZONE != 0 {
            visit(&quantity::TIME_ZONE_MIN, Value::Number(f64::from(self.zone) * 15.0));
        }
        visit(&quantity::TIME_SOURCE, Value::Number(self.source.into()));
    }
}
