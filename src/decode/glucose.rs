//! Glucose Measurement, 2A18, and its context, 2A34 (Glucose Service 1.0, 3.1 and 3.2).

use super::bits;
use super::datetime::DateTime;
use super::ieee11073::Float;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits of the measurement.
const TIME_OFFSET: u8 = 1 << 0;
const CONCENTRATION: u8 = 1 << 1;
const MOL_PER_L: u8 = 1 << 2;
const STATUS: u8 = 1 << 3;
const CONTEXT_FOLLOWS: u8 = 1 << 4;

/// A concentration with where the drop of blood came from.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Concentration {
    mol_per_l: bool,
    value: Float,
    fluid: u8,
    location: u8,
}

/// One stored glucose measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glucose {
    /// The meter's number of the record; its context carries the same.
    pub sequence_number: u16,
    /// Whether a context with the same sequence number follows.
    pub context_follows: bool,
    base_time: DateTime,
    time_offset_min: Option<i16>,
    concentration: Option<Concentration>,
    status: Option<u16>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Glucose, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let sequence_number = reader.u16("sequence_number")?;
    let base_time = DateTime::read(&mut reader, "base_time")?;
    let time_offset_min =
        if flags & TIME_OFFSET == 0 { None } else { Some(reader.u16("time_offset_min")?.cast_signed()) };
    let concentration = if flags & CONCENTRATION == 0 {
        None
    } else {
        let value = reader.sfloat("glucose")?;
        let origin = reader.u8("glucose_type")?;
        let mol_per_l = flags & MOL_PER_L != 0;
        Some(Concentration { mol_per_l, value, fluid: origin & 0xF, location: origin >> 4 })
    };
    let status = if flags & STATUS == 0 { None } else { Some(reader.u16("sensor_status")?) };
    let context_follows = flags & CONTEXT_FOLLOWS != 0;
    Ok(Glucose { sequence_number, context_follows, base_time, time_offset_min, concentration, status })
}

/// Sequence number, base time and time offset: where they stand in a packet that has been decoded.
pub(super) fn identity(bytes: &[u8]) -> Option<&[u8]> {
    let flags = bytes.first()?;
    let end = if flags & TIME_OFFSET == 0 { 10 } else { 12 };
    bytes.get(1..end)
}

impl Glucose {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::SEQUENCE_NUMBER, Value::Number(self.sequence_number.into()));
        self.base_time.field(&quantity::BASE_TIME, &quantity::BASE_TIME_FIELDS, visit);
        bits::number(&quantity::TIME_OFFSET_MIN, self.time_offset_min, visit);
        if let Some(Concentration { mol_per_l, value, fluid, location }) = self.concentration {
            let unit = if mol_per_l { &quantity::GLUCOSE_MOL_L_RAW } else { &quantity::GLUCOSE_KG_L_RAW };
            visit(unit, value.value());
            visit(&quantity::GLUCOSE_TYPE, Value::Number(fluid.into()));
            visit(&quantity::SAMPLE_LOCATION, Value::Number(location.into()));
        }
        bits::number(&quantity::SENSOR_STATUS, self.status, visit);
        visit(&quantity::CONTEXT_FOLLOWS, Value::Bool(self.context_follows));
    }
}

/// Flag bits of the context.
const CARBOHYDRATE: u8 = 1 << 0;
const MEAL: u8 = 1 << 1;
const TESTER_HEALTH: u8 = 1 << 2;
const EXERCISE: u8 = 1 << 3;
const MEDICATION: u8 = 1 << 4;
const LITRES: u8 = 1 << 5;
const HBA1C: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

/// What surrounded a glucose measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlucoseContext {
    /// The number of the measurement that it belongs to.
    pub sequence_number: u16,
    carbohydrate: Option<(u8, Float)>,
    meal: Option<u8>,
    tester_health: Option<u8>,
    exercise: Option<(u16, u8)>,
    medication: Option<(u8, Float)>,
    litres: bool,
    hba1c: Option<Float>,
}

pub(super) fn decode_context(bytes: &[u8]) -> Result<GlucoseContext, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let sequence_number = reader.u16("sequence_number")?;
    if flags & EXTENDED != 0 {
        reader.u8("extended_flags")?;
    }
    let carbohydrate = if flags & CARBOHYDRATE == 0 {
        None
    } else {
        Some((reader.u8("carbohydrate_id")?, reader.sfloat("carbohydrate_kg_raw")?))
    };
    let meal = if flags & MEAL == 0 { None } else { Some(reader.u8("meal")?) };
    let tester_health = if flags & TESTER_HEALTH == 0 { None } else { Some(reader.u8("tester")?) };
    let exercise = if flags & EXERCISE == 0 {
        None
    } else {
        Some((reader.u16("exercise_duration_s")?, reader.u8("exercise_intensity_percent")?))
    };
    let medication = if flags & MEDICATION == 0 {
        None
    } else {
        Some((reader.u8("medication_id")?, reader.sfloat("medication")?))
    };
    let hba1c = if flags & HBA1C == 0 { None } else { Some(reader.sfloat("hba1c_percent")?) };
    let litres = flags & LITRES != 0;
    Ok(GlucoseContext {
        sequence_number,
        carbohydrate,
        meal,
        tester_health,
        exercise,
        medication,
        litres,
        hba1c,
    })
}

impl GlucoseContext {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::SEQUENCE_NUMBER, Value::Number(self.sequence_number.into()));
        if let Some((id, kg)) = self.carbohydrate {
            visit(&quantity::CARBOHYDRATE_ID, Value::Number(id.into()));
            visit(&quantity::CARBOHYDRATE_KG_RAW, kg.value());
        }
        bits::number(&quantity::MEAL, self.meal, visit);
        if let Some(tester_health) = self.tester_health {
            visit(&quantity::TESTER, Value::Number((tester_health & 0xF).into()));
            visit(&quantity::TESTER_HEALTH, Value::Number((tester_health >> 4).into()));
        }
        if let Some((seconds, percent)) = self.exercise {
            // The specification's code for "overrun": longer than 65534 s.
            let duration =
                if seconds == 0xFFFF { Value::NotAvailable } else { Value::Number(seconds.into()) };
            visit(&quantity::EXERCISE_DURATION_S, duration);
            visit(&quantity::EXERCISE_INTENSITY_PERCENT, Value::Number(percent.into()));
        }
        if let Some((id, amount)) = self.medication {
            visit(&quantity::MEDICATION_ID, Value::Number(id.into()));
            let unit = if self.litres { &quantity::MEDICATION_L } else { &quantity::MEDICATION_KG };
            visit(unit, amount.value());
        }
        if let Some(hba1c) = self.hba1c {
            visit(&quantity::HBA1C_PERCENT, hba1c.value());
        }
    }
}

/// Joins measurements with their contexts by sequence number. One for each connection: sequence numbers are the
/// meter's, and a download delivers a measurement just before its context.
#[derive(Debug, Clone, Default)]
pub struct GlucoseJoin {
    waiting: Option<Glucose>,
}

/// A measurement, with its context where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlucoseRecord {
    /// The measurement.
    pub measurement: Glucose,
    /// Its context.
    pub context: Option<GlucoseContext>,
}

impl GlucoseJoin {
    /// Takes the next measurement. Yields those that are complete: one before it whose context never came, and this
    /// one where it announces no context.
    pub fn measurement(&mut self, measurement: Glucose) -> [Option<GlucoseRecord>; 2] {
        let alone = |measurement| GlucoseRecord { measurement, context: None };
        let before = self.waiting.take().map(alone);
        if measurement.context_follows {
            self.waiting = Some(measurement);
            return [before, None];
        }
        [before, Some(alone(measurement))]
    }

    /// Takes the next context. `None` for one that belongs to no measurement that waits.
    pub fn context(&mut self, context: GlucoseContext) -> Option<GlucoseRecord> {
        let measurement = self.waiting.take_if(|m| m.sequence_number == context.sequence_number)?;
        Some(GlucoseRecord { measurement, context: Some(context) })
    }

    /// The download is over: the measurement whose context never came.
    pub fn finish(&mut self) -> Option<GlucoseRecord> {
        self.waiting.take().map(|measurement| GlucoseRecord { measurement, context: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(number: u8, flags: u8) -> Glucose {
        decode(&[flags, number, 0, 0xE9, 7, 5, 21, 10, 30, 45]).unwrap()
    }

    #[test]
    fn a_context_joins_the_measurement_of_its_number_and_no_other() {
        let mut join = GlucoseJoin::default();
        assert_eq!(join.measurement(measurement(1, CONTEXT_FOLLOWS)), [None, None]);
        let stray = decode_context(&[0, 9, 0]).unwrap();
        assert_eq!(join.context(stray), None);
        let own = decode_context(&[2, 1, 0, 1]).unwrap();
        let record = join.context(own).unwrap();
        assert_eq!((record.measurement.sequence_number, record.context), (1, Some(own)));
        assert_eq!(join.context(own), None);
    }

    #[test]
    fn a_measurement_whose_context_never_comes_is_not_lost() {
        let mut join = GlucoseJoin::default();
        join.measurement(measurement(1, CONTEXT_FOLLOWS));
        let [before, now] = join.measurement(measurement(2, 0));
        assert_eq!(before.unwrap().measurement.sequence_number, 1);
        assert_eq!(now.unwrap().measurement.sequence_number, 2);
        join.measurement(measurement(3, CONTEXT_FOLLOWS));
        assert_eq!(join.finish().unwrap().measurement.sequence_number, 3);
    }
}
