//! Blood Pressure Measurement, 2A35 (Blood Pressure Service 1.1, 3.1), and Enhanced Blood Pressure Measurement, 2B34
//! (1.1, 3.3).

use super::bits;
use super::datetime::DateTime;
use super::ieee11073::Float;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits of both characteristics.
const KPA: u8 = 1 << 0;
const TIMESTAMP: u8 = 1 << 1;
const PULSE: u8 = 1 << 2;
const USER: u8 = 1 << 3;
const STATUS: u8 = 1 << 4;
/// Flag bits of the enhanced one.
const USER_FACING_TIME: u8 = 1 << 5;
const EPOCH_2000: u8 = 1 << 6;

/// Two bits of the status word say where the pulse rate lies.
const PULSE_RANGE: u16 = 0b11 << 3;

/// How a cuff deviates from the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Deviation {
    /// Pulse and status are big-endian, and the user id is always sent, whatever its flag says.
    pub(super) big_endian_tail: bool,
}

/// When a measurement was taken, on the cuff's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Calendar(Option<DateTime>),
    /// Seconds since the year, 1900 or 2000.
    Seconds {
        epoch_year: u16,
        timestamp: Option<u32>,
        user_facing: Option<u32>,
    },
}

/// One blood-pressure measurement. A failed one shows only as special values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BloodPressure {
    kpa: bool,
    systolic: Float,
    diastolic: Float,
    mean: Float,
    pulse: Option<Float>,
    user_id: Option<u8>,
    status: Option<u16>,
    times: Times,
}

pub(super) fn decode(bytes: &[u8], deviation: Deviation) -> Result<BloodPressure, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let [systolic, diastolic, mean] = pressures(&mut reader)?;
    let time = optional(flags & TIMESTAMP, || DateTime::read(&mut reader, "timestamp"))?;
    let big = deviation.big_endian_tail;
    let word = |bits: u16| if big { bits.swap_bytes() } else { bits };
    let pulse = optional(flags & PULSE, || reader.u16("pulse_rate_bpm"))?;
    let user_id = optional(flags & USER | u8::from(big), || reader.u8("user_id"))?;
    let status = optional(flags & STATUS, || reader.u16("measurement_status"))?;
    Ok(BloodPressure {
        kpa: flags & KPA != 0,
        systolic,
        diastolic,
        mean,
        pulse: pulse.map(word).map(Float::from_sfloat),
        user_id,
        status: status.map(word),
        times: Times::Calendar(time),
    })
}

pub(super) fn decode_enhanced(bytes: &[u8]) -> Result<BloodPressure, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let [systolic, diastolic, mean] = pressures(&mut reader)?;
    let timestamp = optional(flags & TIMESTAMP, || reader.u32("timestamp_s"))?;
    let pulse = optional(flags & PULSE, || reader.sfloat("pulse_rate_bpm"))?;
    let user_id = optional(flags & USER, || reader.u8("user_id"))?;
    let status = optional(flags & STATUS, || reader.u16("measurement_status"))?;
    let user_facing = optional(flags & USER_FACING_TIME, || reader.u32("user_facing_time_s"))?;
    let epoch_year = if flags & EPOCH_2000 == 0 { 1900 } else { 2000 };
    let times = Times::Seconds { epoch_year, timestamp, user_facing };
    Ok(BloodPressure { kpa: flags & KPA != 0, systolic, diastolic, mean, pulse, user_id, status, times })
}

fn pressures(reader: &mut Reader<'_>) -> Result<[Float; 3], DecodeError> {
    Ok([reader.sfloat("systolic")?, reader.sfloat("diastolic")?, reader.sfloat("mean_arterial_pressure")?])
}

fn optional<T>(flag: u8, read: impl FnOnce() -> Result<T, DecodeError>) -> Result<Option<T>, DecodeError> {
    if flag == 0 { Ok(None) } else { read().map(Some) }
}

impl BloodPressure {
    /// Whether the cuff's clock stands on it, so that a copy sent again can be told.
    pub(super) fn has_time(&self) -> bool {
        match self.times {
            Times::Calendar(time) => time.is_some_and(|time| time.is_known()),
            Times::Seconds { timestamp, user_facing, .. } => timestamp.or(user_facing).is_some(),
        }
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let [systolic, diastolic, mean] = if self.kpa {
            [&quantity::SYSTOLIC_KPA, &quantity::DIASTOLIC_KPA, &quantity::MEAN_ARTERIAL_PRESSURE_KPA]
        } else {
            [&quantity::SYSTOLIC_MMHG, &quantity::DIASTOLIC_MMHG, &quantity::MEAN_ARTERIAL_PRESSURE_MMHG]
        };
        visit(systolic, self.systolic.value());
        visit(diastolic, self.diastolic.value());
        visit(mean, self.mean.value());
        match self.times {
            Times::Calendar(time) => time.iter().for_each(|time| time.timestamp(visit)),
            Times::Seconds { epoch_year, timestamp, user_facing } => {
                bits::number(&quantity::TIMESTAMP_S, timestamp, visit);
                bits::number(&quantity::USER_FACING_TIME_S, user_facing, visit);
                visit(&quantity::EPOCH_YEAR, Value::Number(epoch_year.into()));
            }
        }
        if let Some(pulse) = self.pulse {
            visit(&quantity::PULSE_RATE_BPM, pulse.value());
        }
        bits::number(&quantity::USER_ID, self.user_id, visit);
        if let Some(status) = self.status {
            visit(&quantity::MEASUREMENT_STATUS, Value::Number(status.into()));
            status_names(status, visit);
        }
    }
}

fn status_names(status: u16, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
    let pulse = match (status & PULSE_RANGE) >> 3 {
        1 => "pulse_rate_exceeds_upper_limit",
        2 => "pulse_rate_below_lower_limit",
        _ => "pulse_rate_range_reserved_value",
    };
    // The two bits of the range mean something together: take them out, and put one stand-in bit in their place.
    let range = if status & PULSE_RANGE == 0 { 0 } else { 1 << 3 };
    let word = u32::from(status & !PULSE_RANGE) | range;
    let table = [
        (1 << 0, "body_movement_detected"),
        (1 << 1, "cuff_too_loose"),
        (1 << 2, "irregular_pulse_detected"),
        (1 << 3, pulse),
        (1 << 5, "improper_measurement_position"),
    ];
    bits::names(word, &table, &quantity::STATUS_NAMES, visit);
}
