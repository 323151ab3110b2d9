//! SFLOAT and FLOAT of IEEE 11073-20601, annex F: a mantissa and a power of ten, both two's complement.

use super::reader::Reader;
use super::{DecodeError, Special, Value};

/// A decimal number of a medical device, or the reason why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Float {
    /// A number.
    Number(f64),
    /// A special value: only a mantissa of the reserved five with exponent 0 is one.
    Special(Special),
}

impl Float {
    /// 16 bits: exponent in the upper 4, mantissa in the lower 12.
    #[must_use]
    pub fn from_sfloat(bits: u16) -> Self {
        match bits {
            0x07FF => Self::Special(Special::NaN),
            0x0800 => Self::Special(Special::NRes),
            0x07FE => Self::Special(Special::PlusInfinity),
            0x0802 => Self::Special(Special::MinusInfinity),
            0x0801 => Self::Special(Special::Reserved),
            _ => {
                let mantissa = (bits << 4).cast_signed() >> 4;
                let exponent = bits.cast_signed() >> 12;
                Self::Number(scaled(mantissa.into(), exponent.into()))
            }
        }
    }

    /// 32 bits: exponent in the upper 8, mantissa in the lower 24.
    #[must_use]
    pub fn from_float(bits: u32) -> Self {
        match bits {
            0x007F_FFFF => Self::Special(Special::NaN),
            0x0080_0000 => Self::Special(Special::NRes),
            0x007F_FFFE => Self::Special(Special::PlusInfinity),
            0x0080_0002 => Self::Special(Special::MinusInfinity),
            0x0080_0001 => Self::Special(Special::Reserved),
            _ => {
                let mantissa = (bits << 8).cast_signed() >> 8;
                let exponent = bits.cast_signed() >> 24;
                Self::Number(scaled(mantissa, exponent))
            }
        }
    }

    /// The number, where it is one.
    #[must_use]
    pub const fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Special(_) => None,
        }
    }

    pub(super) const fn value(self) -> Value<'static> {
        match self {
            Self::Number(number) => Value::Number(number),
            Self::Special(special) => Value::Special(special),
        }
    }
}

/// Dividing by a power of ten gives the float nearest to the decimal; multiplying by 0.1 does not.
fn scaled(mantissa: i32, exponent: i32) -> f64 {
    let power = 10f64.powi(exponent.abs());
    if exponent < 0 { f64::from(mantissa) / power } else { f64::from(mantissa) * power }
}

impl Reader<'_> {
    pub(super) fn sfloat(&mut self, what: &'static str) -> Result<Float, DecodeError> {
        self.u16(what).map(Float::from_sfloat)
    }

    pub(super) fn float(&mut self, what: &'static str) -> Result<Float, DecodeError> {
        self.u32(what).map(Float::from_float)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_codes_apply_at_exponent_zero_only() {
        assert_eq!(Float::from_sfloat(0x07FF), Float::Special(Special::NaN));
        assert_eq!(Float::from_sfloat(0xF7FF), Float::Number(204.7));
        assert_eq!(Float::from_float(0x007F_FFFE), Float::Special(Special::PlusInfinity));
        assert_eq!(Float::from_float(0xFF7F_FFFE), Float::Number(838_860.6));
    }

    #[test]
    fn every_sfloat_round_trips_through_its_mantissa_and_exponent() {
        for bits in 0..=u16::MAX {
            let Float::Number(number) = Float::from_sfloat(bits) else { continue };
            let exponent = i32::from(bits.cast_signed() >> 12);
            let mantissa = (number / 10f64.powi(exponent)).round() as i16;
            assert_eq!(mantissa & 0xFFF, (bits & 0xFFF).cast_signed(), "{bits:04x}");
        }
    }
}
