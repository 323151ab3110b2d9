//! Weight Measurement, 2A9D (Weight Scale Service 1.0, 3.2).

use super::bits;
use super::datetime::DateTime;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits; scales put vendor bits above them, which say nothing here.
const IMPERIAL: u8 = 1 << 0;
const TIMESTAMP: u8 = 1 << 1;
const USER: u8 = 1 << 2;
const BMI_AND_HEIGHT: u8 = 1 << 3;
/// Stands for a measurement that did not succeed.
const UNSUCCESSFUL: u16 = 0xFFFF;

/// One weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    imperial: bool,
    weight: u16,
    pub(super) time: Option<DateTime>,
    user_id: Option<u8>,
    bmi_and_height: Option<[u16; 2]>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Weight, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let weight = reader.u16("weight")?;
    let time = if flags & TIMESTAMP == 0 { None } else { Some(DateTime::read(&mut reader, "timestamp")?) };
    let user_id = if flags & USER == 0 { None } else { Some(reader.u8("user_id")?) };
    let bmi_and_height = if flags & BMI_AND_HEIGHT == 0 {
        None
    } else {
        Some([reader.u16("bmi_kg_m2")?, reader.u16("height")?])
    };
    Ok(Weight { imperial: flags & IMPERIAL != 0, weight, time, user_id, bmi_and_height })
}

impl Weight {
    /// The weight in kilograms; `None` when the measurement did not succeed.
    #[must_use]
    pub fn kg(&self) -> Option<f64> {
        let raw = f64::from(self.weight);
        let kg = if self.imperial { raw / 100.0 * 0.453_592_37 } else { raw / 200.0 };
        (self.weight != UNSUCCESSFUL).then_some(kg)
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let (weight, per_weight, height, per_height) = if self.imperial {
            (&quantity::WEIGHT_LB, 100.0, &quantity::HEIGHT_IN, 10.0)
        } else {
            (&quantity::WEIGHT_KG, 200.0, &quantity::HEIGHT_M, 1000.0)
        };
        if self.weight == UNSUCCESSFUL {
            visit(weight, Value::Text("unsuccessful"));
        } else {
            visit(weight, Value::Number(f64::from(self.weight) / per_weight));
        }
        if let Some(time) = self.time {
            time.timestamp(visit);
        }
        bits::number(&quantity::USER_ID, self.user_id, visit);
        if let Some([bmi, tall]) = self.bmi_and_height {
            visit(&quantity::BMI_KG_M2, Value::Number(f64::from(bmi) / 10.0));
            visit(height, Value::Number(f64::from(tall) / per_height));
        }
    }
}
