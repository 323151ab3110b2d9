//! Body Composition Measurement, 2A9C (Body Composition Service 1.0, 3.2).

use super::bits;
use super::datetime::DateTime;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits; those of the fields stand in [`FIELDS`].
const IMPERIAL: u16 = 1 << 0;
const TIMESTAMP: u16 = 1 << 1;
const USER: u16 = 1 << 2;
const UNSUCCESSFUL: u16 = 0xFFFF;

/// A field of 16 bits: its flag, its quantity and divisor in SI and in imperial units.
struct Field {
    flag: u16,
    si: (&'static Quantity, f64),
    imperial: (&'static Quantity, f64),
}

const fn plain(bit: u8, quantity: &'static Quantity, per_unit: f64) -> Field {
    Field { flag: 1 << bit, si: (quantity, per_unit), imperial: (quantity, per_unit) }
}

const fn mass(bit: u8, kg: &'static Quantity, lb: &'static Quantity) -> Field {
    Field { flag: 1 << bit, si: (kg, 200.0), imperial: (lb, 100.0) }
}

/// After body fat, timestamp and user, in the order of the specification.
static FIELDS: [Field; 9] = [
    plain(3, &quantity::BASAL_METABOLISM_KJ, 1.0),
    plain(4, &quantity::MUSCLE_PERCENT, 10.0),
    mass(5, &quantity::MUSCLE_MASS_KG, &quantity::MUSCLE_MASS_LB),
    mass(6, &quantity::FAT_FREE_MASS_KG, &quantity::FAT_FREE_MASS_LB),
    mass(7, &quantity::SOFT_LEAN_MASS_KG, &quantity::SOFT_LEAN_MASS_LB),
    mass(8, &quantity::BODY_WATER_MASS_KG, &quantity::BODY_WATER_MASS_LB),
    plain(9, &quantity::IMPEDANCE_OHM, 10.0),
    mass(10, &quantity::WEIGHT_KG, &quantity::WEIGHT_LB),
    Field { flag: 1 << 11, si: (&quantity::HEIGHT_M, 1000.0), imperial: (&quantity::HEIGHT_IN, 10.0) },
];

/// One body composition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BodyComposition {
    flags: u16,
    body_fat: u16,
    pub(super) time: Option<DateTime>,
    user_id: Option<u8>,
    values: [u16; 9],
}

pub(super) fn decode(bytes: &[u8]) -> Result<BodyComposition, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u16("flags")?;
    let body_fat = reader.u16("body_fat_percent")?;
    // Scales that put a payload of their own under this characteristic are told by a body fat beyond reason.
    if body_fat > 1000 && body_fat != UNSUCCESSFUL {
        let value = i64::from(body_fat) / 10;
        return Err(DecodeError::OutOfRange { what: "body_fat_percent", value, range: "0 to 100" });
    }
    let time = if flags & TIMESTAMP == 0 { None } else { Some(DateTime::read(&mut reader, "timestamp")?) };
    let user_id = if flags & USER == 0 { None } else { Some(reader.u8("user_id")?) };
    let mut values = [0; 9];
    for (slot, field) in values.iter_mut().zip(&FIELDS) {
        if flags & field.flag != 0 {
            *slot = reader.u16(field.si.0.name)?;
        }
    }
    Ok(BodyComposition { flags, body_fat, time, user_id, values })
}

impl BodyComposition {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let fat = match self.body_fat {
            UNSUCCESSFUL => Value::NotAvailable,
            raw => Value::Number(f64::from(raw) / 10.0),
        };
        visit(&quantity::BODY_FAT_PERCENT, fat);
        if let Some(time) = self.time {
            time.timestamp(visit);
        }
        bits::number(&quantity::USER_ID, self.user_id, visit);
        for (raw, field) in self.values.iter().zip(&FIELDS) {
            if self.flags & field.flag != 0 {
                let (quantity, per_unit) = if self.flags & IMPERIAL == 0 { field.si } else { field.imperial };
                visit(quantity, Value::Number(f64::from(*raw) / per_unit));
            }
        }
    }
}
