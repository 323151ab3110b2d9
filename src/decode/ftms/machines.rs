//! The tables of fields, one a machine (Fitness Machine Service 1.0, sections 4.4 to 4.9).

use super::Layout;
use super::table::{Field, Table, Wire};
use crate::decode::characteristics;
use crate::decode::quantity as q;
use crate::types::CharUuid;

/// A kind of fitness machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Treadmill Data, 2ACD.
    Treadmill,
    /// Cross Trainer Data, 2ACE.
    CrossTrainer,
    /// Step Climber Data, 2ACF.
    StepClimber,
    /// Stair Climber Data, 2AD0.
    StairClimber,
    /// Rower Data, 2AD1.
    Rower,
    /// Indoor Bike Data, 2AD2.
    IndoorBike,
}

impl Machine {
    /// The kind whose measurements `characteristic` carries.
    #[must_use]
    pub fn of(characteristic: CharUuid) -> Option<Self> {
        Some(match characteristic {
            characteristics::TREADMILL => Self::Treadmill,
            characteristics::CROSS_TRAINER => Self::CrossTrainer,
            characteristics::STEP_CLIMBER => Self::StepClimber,
            characteristics::STAIR_CLIMBER => Self::StairClimber,
            characteristics::ROWER => Self::Rower,
            characteristics::INDOOR_BIKE => Self::IndoorBike,
            _ => return None,
        })
    }

    /// The characteristic that carries its measurements.
    #[must_use]
    pub const fn characteristic(self) -> CharUuid {
        match self {
            Self::Treadmill => characteristics::TREADMILL,
            Self::CrossTrainer => characteristics::CROSS_TRAINER,
            Self::StepClimber => characteristics::STEP_CLIMBER,
            Self::StairClimber => characteristics::STAIR_CLIMBER,
            Self::Rower => characteristics::ROWER,
            Self::IndoorBike => characteristics::INDOOR_BIKE,
        }
    }

    pub(super) const fn table(self) -> &'static Table {
        match self {
            Self::Treadmill => &TREADMILL,
            Self::CrossTrainer => &CROSS_TRAINER,
            Self::StepClimber => &STEP_CLIMBER,
            Self::StairClimber => &STAIR_CLIMBER,
            Self::Rower => &ROWER,
            Self::IndoorBike => &INDOOR_BIKE,
        }
    }

    /// Flags are 16 bits, but 24 on the cross trainer.
    pub(super) const fn wide_flags(self) -> bool {
        matches!(self, Self::CrossTrainer)
    }

    /// What a packet that fits neither layout is read by.
    pub(super) const fn usual_layout(self) -> Layout {
        match self {
            Self::Treadmill => Layout::Gss,
            _ => Layout::Ftms10,
        }
    }
}

const fn energy(bit: u8) -> [Field; 3] {
    [
        Field::new(bit, &q::TOTAL_ENERGY_KCAL, Wire::U16, 1.0).missing(0xFFFF),
        Field::new(bit, &q::ENERGY_PER_HOUR_KCAL, Wire::U16, 1.0).missing(0xFFFF),
        Field::new(bit, &q::ENERGY_PER_MINUTE_KCAL, Wire::U8, 1.0).missing(0xFF),
    ]
}

/// Heart rate, metabolic equivalent and the two times follow each other on every machine.
const fn body_and_time(bit: u8) -> [Field; 4] {
    [
        Field::new(bit, &q::HEART_RATE_BPM, Wire::U8, 1.0),
        Field::new(bit + 1, &q::METABOLIC_EQUIVALENT, Wire::U8, 10.0),
        Field::new(bit + 2, &q::ELAPSED_S, Wire::U16, 1.0),
        Field::new(bit + 3, &q::REMAINING_S, Wire::U16, 1.0),
    ]
}

const fn slope(bit: u8) -> [Field; 2] {
    [
        Field::new(bit, &q::INCLINATION_PERCENT, Wire::I16, 10.0).missing(0x7FFF),
        Field::new(bit, &q::RAMP_ANGLE_DEG, Wire::I16, 10.0).missing(0x7FFF),
    ]
}

static TREADMILL: Table = Table::new(
    const {
        let [inclination, ramp] = slope(3);
        let [energy, per_hour, per_minute] = energy(7);
        let [heart_rate, met, elapsed, remaining] = body_and_time(8);
        &[
            Field::new(0, &q::SPEED_KMH, Wire::U16, 100.0),
            Field::new(1, &q::AVERAGE_SPEED_KMH, Wire::U16, 100.0),
            Field::new(2, &q::TOTAL_DISTANCE_M, Wire::U24, 1.0),
            inclination,
            ramp,
            Field::new(4, &q::POSITIVE_ELEVATION_GAIN_M, Wire::U16, 10.0),
            Field::new(4, &q::NEGATIVE_ELEVATION_GAIN_M, Wire::U16, 10.0),
            Field::new(5, &q::PACE_KM_PER_MIN, Wire::U8, 10.0).only(Layout::Ftms10),
            Field::new(5, &q::PACE_S_PER_500M, Wire::U16, 1.0).only(Layout::Gss),
            Field::new(6, &q::AVERAGE_PACE_KM_PER_MIN, Wire::U8, 10.0).only(Layout::Ftms10),
            Field::new(6, &q::AVERAGE_PACE_S_PER_500M, Wire::U16, 1.0).only(Layout::Gss),
            energy,
            per_hour,
            per_minute,
            heart_rate,
            met,
            elapsed,
            remaining,
            Field::new(12, &q::FORCE_ON_BELT_N, Wire::I16, 1.0).missing(0x7FFF),
            Field::new(12, &q::POWER_W, Wire::I16, 1.0).missing(0x7FFF),
        ]
    },
);

static CROSS_TRAINER: Table = Table::new(
    const {
        let [inclination, ramp] = slope(6);
        let [energy, per_hour, per_minute] = energy(10);
        let [heart_rate, met, elapsed, remaining] = body_and_time(11);
        &[
            Field::new(0, &q::SPEED_KMH, Wire::U16, 100.0),
            Field::new(1, &q::AVERAGE_SPEED_KMH, Wire::U16, 100.0),
            Field::new(2, &q::TOTAL_DISTANCE_M, Wire::U24, 1.0),
            Field::new(3, &q::STEP_RATE_SPM, Wire::U16, 1.0),
            Field::new(3, &q::AVERAGE_STEP_RATE_SPM, Wire::U16, 1.0),
            Field::new(4, &q::STRIDE_COUNT, Wire::U16, 10.0),
            Field::new(5, &q::POSITIVE_ELEVATION_GAIN_M, Wire::U16, 1.0),
            Field::new(5, &q::NEGATIVE_ELEVATION_GAIN_M, Wire::U16, 1.0),
            inclination,
            ramp,
            Field::new(7, &q::RESISTANCE_LEVEL_RAW, Wire::Resistance, 1.0),
            Field::new(8, &q::POWER_W, Wire::I16, 1.0),
            Field::new(9, &q::AVERAGE_POWER_W, Wire::I16, 1.0),
            energy,
            per_hour,
            per_minute,
            heart_rate,
            met,
            elapsed,
            remaining,
        ]
    },
);

static STEP_CLIMBER: Table = Table::new(
    const {
        let [energy, per_hour, per_minute] = energy(4);
        let [heart_rate, met, elapsed, remaining] = body_and_time(5);
        &[
            Field::new(0, &q::FLOORS, Wire::U16, 1.0),
            Field::new(0, &q::STEP_COUNT, Wire::U16, 1.0),
            Field::new(1, &q::STEP_RATE_SPM, Wire::U16, 1.0),
            Field::new(2, &q::AVERAGE_STEP_RATE_SPM, Wire::U16, 1.0),
            Field::new(3, &q::POSITIVE_ELEVATION_GAIN_M, Wire::U16, 1.0),
            energy,
            per_hour,
            per_minute,
            heart_rate,
            met,
            elapsed,
            remaining,
        ]
    },
);

static STAIR_CLIMBER: Table = Table::new(
    const {
        let [energy, per_hour, per_minute] = energy(5);
        let [heart_rate, met, elapsed, remaining] = body_and_time(6);
        &[
            Field::new(0, &q::FLOORS, Wire::U16, 1.0),
            Field::new(1, &q::STEP_RATE_SPM, Wire::U16, 1.0),
            Field::new(2, &q::AVERAGE_STEP_RATE_SPM, Wire::U16, 1.0),
            Field::new(3, &q::POSITIVE_ELEVATION_GAIN_M, Wire::U16, 1.0),
            Field::new(4, &q::STRIDE_COUNT, Wire::U16, 1.0),
            energy,
            per_hour,
            per_minute,
            heart_rate,
            met,
            elapsed,
            remaining,
        ]
    },
);

static ROWER: Table = Table::new(
    const {
        let [energy, per_hour, per_minute] = energy(8);
        let [heart_rate, met, elapsed, remaining] = body_and_time(9);
        &[
            Field::new(0, &q::STROKE_RATE_SPM, Wire::U8, 2.0),
            Field::new(0, &q::STROKE_COUNT, Wire::U16, 1.0),
            Field::new(1, &q::AVERAGE_STROKE_RATE_SPM, Wire::U8, 2.0),
            Field::new(2, &q::TOTAL_DISTANCE_M, Wire::U24, 1.0),
            Field::new(3, &q::PACE_S_PER_500M, Wire::U16, 1.0),
            Field::new(4, &q::AVERAGE_PACE_S_PER_500M, Wire::U16, 1.0),
            Field::new(5, &q::POWER_W, Wire::I16, 1.0),
            Field::new(6, &q::AVERAGE_POWER_W, Wire::I16, 1.0),
            Field::new(7, &q::RESISTANCE_LEVEL_RAW, Wire::Resistance, 1.0),
            energy,
            per_hour,
            per_minute,
            heart_rate,
            met,
            elapsed,
            remaining,
        ]
    },
);

static INDOOR_BIKE: Table = Table::new(
    const {
        let [energy, per_hour, per_minute] = energy(8);
        let [heart_rate, met, elapsed, remaining] = body_and_time(9);
        &[
            Field::new(0, &q::SPEED_KMH, Wire::U16, 100.0),
            Field::new(1, &q::AVERAGE_SPEED_KMH, Wire::U16, 100.0),
            Field::new(2, &q::CADENCE_RPM, Wire::U16, 2.0),
            Field::new(3, &q::AVERAGE_CADENCE_RPM, Wire::U16, 2.0),
            Field::new(4, &q::TOTAL_DISTANCE_M, Wire::U24, 1.0),
            Field::new(5, &q::RESISTANCE_LEVEL_RAW, Wire::Resistance, 1.0),
            // 0x7FFF is 32767 W here, not "not available": the specification has no such code for this machine.
            Field::new(6, &q::POWER_W, Wire::I16, 1.0),
            Field::new(7, &q::AVERAGE_POWER_W, Wire::I16, 1.0),
            energy,
            per_hour,
            per_minute,
            heart_rate,
            met,
            elapsed,
            remaining,
        ]
    },
);
