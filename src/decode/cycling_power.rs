//! Cycling Power Measurement, 2A63 (Cycling Power Service 1.1, 3.2).

use super::bits;
use super::counter::Counters;
use super::csc::{self, Crank, Wheel};
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const BALANCE: u16 = 1 << 0;
const TORQUE: u16 = 1 << 2;
const WHEEL: u16 = 1 << 4;
const CRANK: u16 = 1 << 5;
const EXTREME_FORCE: u16 = 1 << 6;
const EXTREME_TORQUE: u16 = 1 << 7;
const EXTREME_ANGLES: u16 = 1 << 8;
const TOP_DEAD_SPOT: u16 = 1 << 9;
const BOTTOM_DEAD_SPOT: u16 = 1 << 10;
const ENERGY: u16 = 1 << 11;

/// Wheel event times a second: twice as fine as in CSC.
const WHEEL_TICKS: f64 = 2048.0;

/// One sample of a power meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CyclingPower {
    /// Watts; negative where the crank is driven.
    pub power_w: i16,
    /// Wheel, where the meter has it; event time in 1/2048 s.
    pub wheel: Option<Wheel>,
    /// Crank, where the meter has it; event time in 1/1024 s.
    pub crank: Option<Crank>,
    balance: Option<u8>,
    torque: Option<u16>,
    /// Greatest and least.
    force: Option<[i16; 2]>,
    extreme_torque: Option<[i16; 2]>,
    angles: Option<u32>,
    top_dead_spot: Option<u16>,
    bottom_dead_spot: Option<u16>,
    energy: Option<u16>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<CyclingPower, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u16("flags")?;
    let has = |flag: u16| flags & flag != 0;
    Ok(CyclingPower {
        power_w: reader.u16("power_w")?.cast_signed(),
        balance: has(BALANCE).then(|| reader.u8("pedal_power_balance_percent")).transpose()?,
        torque: has(TORQUE).then(|| reader.u16("accumulated_torque_nm")).transpose()?,
        wheel: has(WHEEL).then(|| csc::wheel(&mut reader)).transpose()?,
        crank: has(CRANK).then(|| csc::crank(&mut reader)).transpose()?,
        force: has(EXTREME_FORCE).then(|| extremes(&mut reader, "max_force_n")).transpose()?,
        extreme_torque: has(EXTREME_TORQUE).then(|| extremes(&mut reader, "max_torque_nm")).transpose()?,
        angles: has(EXTREME_ANGLES).then(|| reader.u24("max_angle_deg")).transpose()?,
        top_dead_spot: has(TOP_DEAD_SPOT).then(|| reader.u16("top_dead_spot_angle_deg")).transpose()?,
        bottom_dead_spot: has(BOTTOM_DEAD_SPOT)
            .then(|| reader.u16("bottom_dead_spot_angle_deg"))
            .transpose()?,
        energy: has(ENERGY).then(|| reader.u16("accumulated_energy_kj")).transpose()?,
    })
}

fn extremes(reader: &mut Reader<'_>, what: &'static str) -> Result<[i16; 2], DecodeError> {
    Ok([reader.u16(what)?.cast_signed(), reader.u16(what)?.cast_signed()])
}

impl CyclingPower {
    pub(super) const fn counters(&self) -> Counters {
        Counters { wheel: self.wheel, crank: self.crank, wheel_ticks_per_s: WHEEL_TICKS }
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::POWER_W, Value::Number(self.power_w.into()));
        let balance = self.balance.map(|half| f64::from(half) / 2.0);
        bits::number(&quantity::PEDAL_POWER_BALANCE_PERCENT, balance, visit);
        let torque = self.torque.map(|raw| f64::from(raw) / 32.0);
        bits::number(&quantity::ACCUMULATED_TORQUE_NM, torque, visit);
        self.counters().fields(visit);
        if let Some([max, min]) = self.force {
            visit(&quantity::MAX_FORCE_N, Value::Number(max.into()));
            visit(&quantity::MIN_FORCE_N, Value::Number(min.into()));
        }
        if let Some([max, min]) = self.extreme_torque {
            visit(&quantity::MAX_TORQUE_NM, Value::Number(f64::from(max) / 32.0));
            visit(&quantity::MIN_TORQUE_NM, Value::Number(f64::from(min) / 32.0));
        }
        if let Some(packed) = self.angles {
            // Two numbers of 12 bits in three bytes.
            visit(&quantity::MAX_ANGLE_DEG, Value::Number((packed & 0xFFF).into()));
            visit(&quantity::MIN_ANGLE_DEG, Value::Number((packed >> 12).into()));
        }
        bits::number(&quantity::TOP_DEAD_SPOT_ANGLE_DEG, self.top_dead_spot, visit);
        bits::number(&quantity::BOTTOM_DEAD_SPOT_ANGLE_DEG, self.bottom_dead_spot, visit);
        bits::number(&quantity::ACCUMULATED_ENERGY_KJ, self.energy, visit);
    }
}
