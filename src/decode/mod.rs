//! Bytes to measures. Pure: no I/O, no clock, no allocation on the hot path.

mod battery;
mod csc;
mod heart_rate;
mod indoor_bike;
mod quantity;
mod reader;

pub use csc::Csc;
pub use heart_rate::{Contact, HeartRate};
pub use indoor_bike::IndoorBike;
pub use quantity::{Quantity, Value};

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
    /// 2AD2.
    IndoorBike(IndoorBike),
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
        INDOOR_BIKE => indoor_bike::decode(bytes).map(Reading::IndoorBike),
        CSC => csc::decode(bytes).map(Reading::Csc),
        BATTERY => battery::decode(bytes).map(Reading::Battery),
        other => Err(DecodeError::Unknown(other)),
    }
}

impl Reading<'_> {
    /// Shows every field that the packet carried, in the order of the specification.
    pub fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        match self {
            Self::HeartRate(reading) => reading.fields(visit),
            Self::IndoorBike(reading) => reading.fields(visit),
            Self::Csc(reading) => reading.fields(visit),
            Self::Battery(percent) => visit(&quantity::BATTERY_PERCENT, Value::Number(f64::from(*percent))),
        }
    }
}
