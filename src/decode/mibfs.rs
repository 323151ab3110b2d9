//! What the Xiaomi Mi Body Composition Scale 2 (model `MIBFS`) puts under Body Composition Measurement.

use super::bits;
use super::datetime::DateTime;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Bit of the first byte: pounds. Without it kilograms, or jin, which are half a kilogram and sent in the same steps.
const POUNDS: u8 = 1 << 0;
/// Bit of the second: an impedance was measured.
const IMPEDANCE: u8 = 1 << 1;

/// One weight of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mibfs {
    unit: u8,
    pub(super) time: DateTime,
    impedance: Option<u16>,
    weight: u16,
}

/// Exactly 13 bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Mibfs, DecodeError> {
    let mut reader = Reader::new(bytes);
    let [unit, state] = reader.array("flags")?;
    let time = DateTime::read(&mut reader, "timestamp")?;
    let impedance = reader.u16("impedance_ohm")?;
    let weight = reader.u16("weight_kg")?;
    reader.end()?;
    Ok(Mibfs { unit, time, impedance: (state & IMPEDANCE != 0).then_some(impedance), weight })
}

impl Mibfs {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let raw = f64::from(self.weight);
        if self.unit & POUNDS != 0 {
            visit(&quantity::WEIGHT_LB, Value::Number(raw / 100.0));
        } else {
            visit(&quantity::WEIGHT_KG, Value::Number(raw / 200.0));
        }
        self.time.timestamp(visit);
        bits::number(&quantity::IMPEDANCE_OHM, self.impedance, visit);
    }
}
