//! PLX Spot-Check Measurement, 2A5E, and PLX Continuous Measurement, 2A5F (Pulse Oximeter Service 1.0.1, 3.1 and 3.2).

use super::bits;
use super::datetime::DateTime;
use super::ieee11073::Float;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Which of the two; their flags stand in different order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    SpotCheck,
    Continuous,
}

/// The flag bits of one characteristic; 0 for what it does not have.
struct Flags {
    timestamp: u8,
    fast: u8,
    slow: u8,
    measurement_status: u8,
    sensor_status: u8,
    amplitude: u8,
    clock_not_set: u8,
}

static SPOT_CHECK: Flags = Flags {
    timestamp: 1 << 0,
    fast: 0,
    slow: 0,
    measurement_status: 1 << 1,
    sensor_status: 1 << 2,
    amplitude: 1 << 3,
    clock_not_set: 1 << 4,
};
static CONTINUOUS: Flags = Flags {
    timestamp: 0,
    fast: 1 << 0,
    slow: 1 << 1,
    measurement_status: 1 << 2,
    sensor_status: 1 << 3,
    amplitude: 1 << 4,
    clock_not_set: 0,
};

/// One oximeter measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plx {
    /// Oxygen saturation and pulse rate.
    normal: [Float; 2],
    fast: Option<[Float; 2]>,
    slow: Option<[Float; 2]>,
    pub(super) time: Option<DateTime>,
    measurement_status: Option<u16>,
    sensor_status: Option<u32>,
    amplitude: Option<Float>,
    clock_not_set: bool,
}

pub(super) fn decode(bytes: &[u8], kind: Kind) -> Result<Plx, DecodeError> {
    let mut reader = Reader::new(bytes);
    let bits = match kind {
        Kind::SpotCheck => &SPOT_CHECK,
        Kind::Continuous => &CONTINUOUS,
    };
    let flags = reader.u8("flags")?;
    let pair = |reader: &mut Reader<'_>, flag: u8| -> Result<Option<[Float; 2]>, DecodeError> {
        if flags & flag == 0 {
            return Ok(None);
        }
        Ok(Some([reader.sfloat("spo2_percent")?, reader.sfloat("pulse_rate_bpm")?]))
    };
    let normal = [reader.sfloat("spo2_percent")?, reader.sfloat("pulse_rate_bpm")?];
    let fast = pair(&mut reader, bits.fast)?;
    let slow = pair(&mut reader, bits.slow)?;
    let has = |flag: u8| flags & flag != 0;
    let time = if has(bits.timestamp) { Some(DateTime::read(&mut reader, "timestamp")?) } else { None };
    let measurement_status =
        if has(bits.measurement_status) { Some(reader.u16("measurement_status")?) } else { None };
    let sensor_status =
        if has(bits.sensor_status) { Some(reader.u24("device_sensor_status")?) } else { None };
    let amplitude =
        if has(bits.amplitude) { Some(reader.sfloat("pulse_amplitude_index_percent")?) } else { None };
    let clock_not_set = has(bits.clock_not_set);
    Ok(Plx { normal, fast, slow, time, measurement_status, sensor_status, amplitude, clock_not_set })
}

static MEASUREMENT_STATUS: [(u32, &str); 11] = [
    (1 << 5, "measurement_ongoing"),
    (1 << 6, "early_estimated_data"),
    (1 << 7, "validated_data"),
    (1 << 8, "fully_qualified_data"),
    (1 << 9, "data_from_measurement_storage"),
    (1 << 10, "data_for_demonstration"),
    (1 << 11, "data_for_testing"),
    (1 << 12, "calibration_ongoing"),
    (1 << 13, "measurement_unavailable"),
    (1 << 14, "questionable_measurement_detected"),
    (1 << 15, "invalid_measurement_detected"),
];

static SENSOR_STATUS: [(u32, &str); 16] = [
    (1 << 0, "extended_display_update_ongoing"),
    (1 << 1, "equipment_malfunction_detected"),
    (1 << 2, "signal_processing_irregularity_detected"),
    (1 << 3, "inadequate_signal_detected"),
    (1 << 4, "poor_signal_detected"),
    (1 << 5, "low_perfusion_detected"),
    (1 << 6, "erratic_signal_detected"),
    (1 << 7, "non_pulsatile_signal_detected"),
    (1 << 8, "questionable_pulse_detected"),
    (1 << 9, "signal_analysis_ongoing"),
    (1 << 10, "sensor_interference_detected"),
    (1 << 11, "sensor_unconnected_to_user"),
    (1 << 12, "unknown_sensor_connected"),
    (1 << 13, "sensor_displaced"),
    (1 << 14, "sensor_malfunctioning"),
    (1 << 15, "sensor_disconnected"),
];

impl Plx {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let pairs = [
            (Some(self.normal), &quantity::SPO2_PERCENT, &quantity::PULSE_RATE_BPM),
            (self.fast, &quantity::SPO2_FAST_PERCENT, &quantity::PULSE_RATE_FAST_BPM),
            (self.slow, &quantity::SPO2_SLOW_PERCENT, &quantity::PULSE_RATE_SLOW_BPM),
        ];
        for (pair, saturation, pulse) in pairs {
            if let Some([percent, rate]) = pair {
                visit(saturation, percent.value());
                visit(pulse, rate.value());
            }
        }
        if let Some(time) = self.time {
            time.timestamp(visit);
        }
        if let Some(status) = self.measurement_status {
            visit(&quantity::MEASUREMENT_STATUS, Value::Number(status.into()));
            bits::names(status.into(), &MEASUREMENT_STATUS, &quantity::MEASUREMENT_STATUS_NAMES, visit);
        }
        if let Some(status) = self.sensor_status {
            visit(&quantity::DEVICE_SENSOR_STATUS, Value::Number(status.into()));
            bits::names(status, &SENSOR_STATUS, &quantity::DEVICE_SENSOR_STATUS_NAMES, visit);
        }
        if let Some(amplitude) = self.amplitude {
            visit(&quantity::PULSE_AMPLITUDE_INDEX_PERCENT, amplitude.value());
        }
        if self.clock_not_set {
            visit(&quantity::DEVICE_CLOCK_NOT_SET, Value::Bool(true));
        }
    }
}
