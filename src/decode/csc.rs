//! CSC Measurement, 2A5B (Cycling Speed and Cadence Service 1.0, 3.1), and the counters that it and Cycling Power
//! share.

use super::counter::Counters;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const WHEEL: u8 = 1 << 0;
const CRANK: u8 = 1 << 1;

/// The wheel's running count and when it last moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wheel {
    /// Revolutions, modulo 2^32; may go down when the wheel turns backwards.
    pub revolutions: u32,
    /// Time of the last revolution, modulo 2^16; 1/1024 s here, 1/2048 s in Cycling Power.
    pub event_time: u16,
}

/// The crank's running count and when it last moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crank {
    /// Revolutions, modulo 2^16.
    pub revolutions: u16,
    /// Time of the last revolution in 1/1024 s, modulo 2^16 (64 s).
    pub event_time: u16,
}

/// One CSC notification: counters, which mean something only beside the one before (see [`super::CscReader`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Csc {
    /// Wheel, where the sensor has it.
    pub wheel: Option<Wheel>,
    /// Crank, where the sensor has it.
    pub crank: Option<Crank>,
}

impl Csc {
    /// Wheel event times a second.
    pub(super) const WHEEL_TICKS: f64 = 1024.0;

    /// The counters for a stateful reader.
    #[must_use]
    pub(super) const fn counters(&self) -> Counters {
        Counters { wheel: self.wheel, crank: self.crank, wheel_ticks_per_s: Self::WHEEL_TICKS }
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        self.counters().fields(visit);
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Csc, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let wheel = if flags & WHEEL == 0 { None } else { Some(wheel(&mut reader)?) };
    let crank = if flags & CRANK == 0 { None } else { Some(crank(&mut reader)?) };
    Ok(Csc { wheel, crank })
}

pub(super) fn wheel(reader: &mut Reader<'_>) -> Result<Wheel, DecodeError> {
    Ok(Wheel { revolutions: reader.u32("wheel_revolutions")?, event_time: reader.u16("wheel_event_time_s")? })
}

pub(super) fn crank(reader: &mut Reader<'_>) -> Result<Crank, DecodeError> {
    Ok(Crank { revolutions: reader.u16("crank_revolutions")?, event_time: reader.u16("crank_event_time_s")? })
}

impl Counters {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        if let Some(wheel) = self.wheel {
            visit(&quantity::WHEEL_REVOLUTIONS, Value::Number(wheel.revolutions.into()));
            let seconds = f64::from(wheel.event_time) / self.wheel_ticks_per_s;
            visit(&quantity::WHEEL_EVENT_TIME_S, Value::Number(seconds));
        }
        if let Some(crank) = self.crank {
            visit(&quantity::CRANK_REVOLUTIONS, Value::Number(crank.revolutions.into()));
            let seconds = f64::from(crank.event_time) / CRANK_TICKS;
            visit(&quantity::CRANK_EVENT_TIME_S, Value::Number(seconds));
        }
    }
}

/// Crank event times a second, in CSC and in Cycling Power.
pub(super) const CRANK_TICKS: f64 = 1024.0;
