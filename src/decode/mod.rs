//! Bytes to measures. Pure: no I/O, no clock, no allocation on the hot path.

mod battery;
mod counter;
mod csc;
mod ftms;
mod heart_rate;
mod profile;
pub mod quantity;
mod reader;

pub use counter::{CscReader, Motion};
pub use csc::{Crank, Csc, Wheel};
pub use ftms::{Layout, Machine, Sample};
pub use heart_rate::{Contact, HeartRate};
pub use profile::{Class, DeviceClock, Identity, Profile, identity, is_known, profile};
pub use quantity::{Quantity, Special, Value};

use crate::types::CharUuid;

/// Heart Rate Measurement.
pub const HEART_RATE: CharUuid = CharUuid::sig(0x2A37);
/// Indoor Bike Data.
pub const INDOOR_BIKE: CharUuid = CharUuid::sig(0x2AD2);
/// CSC Measurement.
pub const CSC: CharUuid = CharUuid::sig(0x2A5B);
/// Battery Level.
pub const BATTERY: CharUuid = CharUuid::sig(0x2A19);

/// Why bytes are not a value of their characteristic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than its own flags require.
    #[error("truncated: {needed} bytes needed for {what}, {had} left")]
    Truncated {
        /// The field that does not fit.
        what: &'static str,
        /// Its length in bytes.
        needed: usize,
        /// What was left.
        had: usize,
    },
    /// A value that the specification excludes.
    #[error("{what} is {value}, outside {range}")]
    OutOfRange {
        /// The field.
        what: &'static str,
        /// What stood there.
        value: i64,
        /// What is allowed.
        range: &'static str,
    },
    /// No decoder for this characteristic: kept raw, forwarded as undecoded.
    #[error("no decoder for characteristic {0}; the packet is kept as it is")]
    Unknown(CharUuid),
}

/// One decoded packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<'a> {
    /// 2A37.
    HeartRate(HeartRate<'a>),
    /// 2ACD.
    Treadmill(Sample),
    /// 2ACE.
    CrossTrainer(Sample),
    /// 2ACF.
    StepClimber(Sample),
    /// 2AD0.
    StairClimber(Sample),
    /// 2AD1.
    Rower(Sample),
    /// 2AD2.
    IndoorBike(Sample),
    /// 2A5B.
    Csc(Csc),
    /// 2A19, percent.
    Battery(u8),
}

/// Decodes one packet.
///
/// # Errors
/// When the bytes are not a value of `characteristic`, or nothing here knows it.
pub fn decode(characteristic: CharUuid, bytes: &[u8]) -> Result<Reading<'_>, DecodeError> {
    match characteristic {
        HEART_RATE => heart_rate::decode(bytes).map(Reading::HeartRate),
        CSC => csc::decode(bytes).map(Reading::Csc),
        BATTERY => battery::decode(bytes).map(Reading::Battery),
        other => match Machine::of(other) {
            Some(machine) => machine.decode(bytes, None).map(Reading::from),
            None => Err(DecodeError::Unknown(other)),
        },
    }
}

impl From<Sample> for Reading<'_> {
    fn from(sample: Sample) -> Self {
        match sample.machine() {
            Machine::Treadmill => Self::Treadmill(sample),
            Machine::CrossTrainer => Self::CrossTrainer(sample),
            Machine::StepClimber => Self::StepClimber(sample),
            Machine::StairClimber => Self::StairClimber(sample),
            Machine::Rower => Self::Rower(sample),
            Machine::IndoorBike => Self::IndoorBike(sample),
        }
    }
}

impl Reading<'_> {
    /// The sample of a fitness machine, whichever kind.
    #[must_use]
    pub const fn machine(&self) -> Option<&Sample> {
        match self {
            Self::Treadmill(sample)
            | Self::CrossTrainer(sample)
            | Self::StepClimber(sample)
            | Self::StairClimber(sample)
            | Self::Rower(sample)
            | Self::IndoorBike(sample) => Some(sample),
            _ => None,
        }
    }

    /// Shows every field that the packet carried, in the order of the specification.
    pub fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        match self {
            Self::HeartRate(reading) => reading.fields(visit),
            Self::Treadmill(sample)
            | Self::CrossTrainer(sample)
            | Self::StepClimber(sample)
            | Self::StairClimber(sample)
            | Self::Rower(sample)
            | Self::IndoorBike(sample) => sample.fields(visit),
            Self::Csc(reading) => reading.fields(visit),
            Self::Battery(percent) => visit(&quantity::BATTERY_PERCENT, Value::Number(f64::from(*percent))),
        }
    }
}

#[cfg(test)]
mod vectors;
