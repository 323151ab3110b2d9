//! What a machine's table of fields is made of.

use super::Layout;
use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity};

/// The most fields that a machine has (treadmill, cross trainer).
pub(super) const MAX_FIELDS: usize = 20;
/// What no field of three bytes or fewer can be.
const NEVER: i32 = i32::MIN;
/// The widest flags (cross trainer).
const FLAG_BITS: usize = 24;

/// A number's form on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    U8,
    U16,
    U24,
    I16,
    /// 1 byte in [`Layout::Gss`], sint16 in [`Layout::Ftms10`].
    Resistance,
}

/// One field of a machine, in the order of the specification.
#[derive(Debug)]
pub(super) struct Field {
    /// The flag that announces it. Bit 0 is "more data" and announces its field when it is 0.
    pub(super) bit: u8,
    pub(super) quantity: &'static Quantity,
    pub(super) wire: Wire,
    /// Raw value / `per_unit` = value.
    pub(super) per_unit: f64,
    /// The raw value that stands for "data not available".
    missing: i32,
    /// The layout that has this field; `None` for both.
    pub(super) only: Option<Layout>,
}

impl Field {
    pub(super) const fn new(bit: u8, quantity: &'static Quantity, wire: Wire, per_unit: f64) -> Self {
        Self { bit, quantity, wire, per_unit, missing: NEVER, only: None }
    }

    pub(super) const fn missing(self, raw: i32) -> Self {
        Self { missing: raw, ..self }
    }

    pub(super) const fn only(self, layout: Layout) -> Self {
        Self { only: Some(layout), ..self }
    }

    /// Whether a packet with these flags has the field.
    #[inline]
    pub(super) fn is_in(&self, flags: u32, layout: Layout) -> bool {
        // With bit 0 turned over, every bit means "present" when set.
        (flags ^ 1) >> self.bit & 1 == 1 && self.only.is_none_or(|only| only == layout)
    }

    #[inline]
    pub(super) const fn len(&self, layout: Layout) -> usize {
        match (self.wire, layout) {
            (Wire::U8, _) | (Wire::Resistance, Layout::Gss) => 1,
            (Wire::U16 | Wire::I16, _) | (Wire::Resistance, Layout::Ftms10) => 2,
            (Wire::U24, _) => 3,
        }
    }

    #[inline]
    pub(super) fn read(&self, reader: &mut Reader<'_>, layout: Layout) -> Result<i32, DecodeError> {
        let what = self.quantity.name;
        match (self.wire, layout) {
            (Wire::U8, _) | (Wire::Resistance, Layout::Gss) => reader.u8(what).map(i32::from),
            (Wire::I16, _) | (Wire::Resistance, Layout::Ftms10) => {
                reader.u16(what).map(|raw| raw.cast_signed().into())
            }
            (Wire::U16, _) => reader.u16(what).map(i32::from),
            (Wire::U24, _) => reader.u24(what).map(u32::cast_signed),
        }
    }

    /// Whether a raw value stands for "data not available".
    #[inline]
    pub(super) const fn is_missing(&self, raw: i32) -> bool {
        self.missing == raw
    }

    /// A raw value in the quantity's unit. Most fields have one raw step a unit, and a division costs more than the
    /// rest of a field.
    #[inline]
    pub(super) fn scaled(&self, raw: i32) -> f64 {
        let raw = f64::from(raw);
        if self.per_unit == 1.0 { raw } else { raw / self.per_unit }
    }
}

/// The fields of one machine.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) fields: &'static [Field],
    /// Bytes that each flag bit announces, in [`Layout::Gss`] and in [`Layout::Ftms10`].
    lengths: [[u8; FLAG_BITS]; 2],
}

impl Table {
    pub(super) const fn new(fields: &'static [Field]) -> Self {
        assert!(fields.len() <= MAX_FIELDS);
        let mut lengths = [[0; FLAG_BITS]; 2];
        let mut index = 0;
        while index < fields.len() {
            let field = &fields[index];
            let bit = field.bit as usize;
            match field.only {
                Some(layout) => lengths[layout as usize][bit] += field.len(layout) as u8,
                None => {
                    lengths[0][bit] += field.len(Layout::Gss) as u8;
                    lengths[1][bit] += field.len(Layout::Ftms10) as u8;
                }
            }
            index += 1;
        }
        Self { fields, lengths }
    }

    /// Bytes that a packet with these flags has behind them.
    pub(super) fn length(&self, flags: u32, layout: Layout) -> usize {
        let lengths = &self.lengths[layout as usize];
        let mut left = (flags ^ 1) & ((1 << FLAG_BITS) - 1);
        let mut sum = 0;
        while left != 0 {
            sum += usize::from(lengths[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
        sum
    }
}
