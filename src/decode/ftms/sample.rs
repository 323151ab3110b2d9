//! Reads a machine's packet by its table of fields.

use super::Machine;
use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, quantity};

/// The most fields that a machine has (treadmill, cross trainer).
const MAX_FIELDS: usize = 20;
/// Flag of the cross trainer: the pedals turn backward.
const BACKWARD: u32 = 1 << 15;

/// Which of the two byte layouts that are in the field a packet uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Today's specification (GATT Specification Supplement): resistance 1 byte, treadmill pace 2 bytes.
    Gss,
    /// FTMS 1.0, as nearly all machines have it: resistance 2 bytes, treadmill pace 1 byte of km/min.
    Ftms10,
}

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
    pub(super) missing: Option<i32>,
    /// The layout that has this field; `None` for both.
    pub(super) only: Option<Layout>,
}

impl Field {
    pub(super) const fn new(bit: u8, quantity: &'static Quantity, wire: Wire, per_unit: f64) -> Self {
        Self { bit, quantity, wire, per_unit, missing: None, only: None }
    }

    pub(super) const fn missing(self, raw: i32) -> Self {
        Self { missing: Some(raw), ..self }
    }

    pub(super) const fn only(self, layout: Layout) -> Self {
        Self { only: Some(layout), ..self }
    }

    /// Whether a packet with these flags has the field.
    #[inline]
    fn is_in(&self, flags: u32, layout: Layout) -> bool {
        // With bit 0 turned over, every bit means "present" when set.
        (flags ^ 1) >> self.bit & 1 == 1 && self.only.is_none_or(|only| only == layout)
    }

    #[inline]
    const fn len(&self, layout: Layout) -> usize {
        match (self.wire, layout) {
            (Wire::U8, _) | (Wire::Resistance, Layout::Gss) => 1,
            (Wire::U16 | Wire::I16, _) | (Wire::Resistance, Layout::Ftms10) => 2,
            (Wire::U24, _) => 3,
        }
    }

    #[inline]
    fn read(&self, reader: &mut Reader<'_>, layout: Layout) -> Result<i32, DecodeError> {
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
}

/// One notification of a fitness machine. A machine may spread one sample over several notifications: all but the
/// last say `more_data`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    machine: Machine,
    layout: Layout,
    flags: u32,
    /// One bit a field of the machine's table.
    present: u32,
    raw: [i32; MAX_FIELDS],
}

impl Sample {
    /// The kind of machine.
    #[must_use]
    pub const fn machine(&self) -> Machine {
        self.machine
    }

    /// The byte layout that the packet was read by.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether more parts of the same sample follow.
    #[must_use]
    pub const fn more_data(&self) -> bool {
        self.flags & 1 == 1
    }

    /// A field's value in the quantity's unit; `None` when the packet does not carry it or says "not available".
    #[must_use]
    pub fn value(&self, quantity: &Quantity) -> Option<f64> {
        let fields = self.machine.fields();
        let index = fields.iter().position(|field| std::ptr::eq(field.quantity, quantity))?;
        let (field, raw) = (fields.get(index)?, *self.raw.get(index)?);
        let carried = self.present >> index & 1 == 1 && field.missing != Some(raw);
        carried.then(|| f64::from(raw) / field.per_unit)
    }

    /// Speed in km/h.
    #[must_use]
    pub fn speed_kmh(&self) -> Option<f64> {
        self.value(&quantity::SPEED_KMH)
    }

    /// Pedalling cadence in revolutions per minute, to the half.
    #[must_use]
    pub fn cadence_rpm(&self) -> Option<f64> {
        self.value(&quantity::CADENCE_RPM)
    }

    /// Power in watts, negative where the machine drives the patient.
    #[must_use]
    pub fn power_w(&self) -> Option<i16> {
        self.value(&quantity::POWER_W).map(|watts| watts as i16)
    }

    /// Heart rate as the machine has it, in beats per minute; 0 where it has none.
    #[must_use]
    pub fn heart_rate_bpm(&self) -> Option<u16> {
        self.value(&quantity::HEART_RATE_BPM).map(|bpm| bpm as u16)
    }

    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        for (index, (field, raw)) in self.machine.fields().iter().zip(self.raw).enumerate() {
            if self.present >> index & 1 == 0 {
                continue;
            }
            if field.missing == Some(raw) {
                visit(field.quantity, Value::NotAvailable);
            } else {
                visit(field.quantity, Value::Number(f64::from(raw) / field.per_unit));
            }
        }
        visit(&quantity::MORE_DATA, Value::Bool(self.more_data()));
        if self.machine == Machine::CrossTrainer {
            let backward = self.flags & BACKWARD != 0;
            let word = if backward { "backward" } else { "forward" };
            visit(&quantity::MOVEMENT_DIRECTION, Value::Text(word));
        }
    }
}

impl Machine {
    /// Decodes one notification. `layout`: the machine's, where it is known; else the one whose length the packet has.
    /// Surplus bytes at the end are not looked at.
    ///
    /// # Errors
    /// When the packet is shorter than its flags require.
    pub fn decode(self, bytes: &[u8], layout: Option<Layout>) -> Result<Sample, DecodeError> {
        let (sample, cut) = self.decode_partial(bytes, layout)?;
        cut.map_or(Ok(sample), Err)
    }

    /// As [`Machine::decode`], but a packet that ends early yields what stood before the cut, beside the error.
    ///
    /// # Errors
    /// When not even the flags are there.
    pub fn decode_partial(
        self,
        bytes: &[u8],
        layout: Option<Layout>,
    ) -> Result<(Sample, Option<DecodeError>), DecodeError> {
        let mut reader = Reader::new(bytes);
        let flags =
            if self.wide_flags() { reader.u24("flags")? } else { reader.u16("flags").map(u32::from)? };
        let layout = layout.unwrap_or_else(|| self.layout_of(flags, reader.rest().len()));
        let mut sample = Sample { machine: self, layout, flags, present: 0, raw: [0; MAX_FIELDS] };
        for (index, (field, slot)) in self.fields().iter().zip(&mut sample.raw).enumerate() {
            if !field.is_in(flags, layout) {
                continue;
            }
            match field.read(&mut reader, layout) {
                Ok(raw) => *slot = raw,
                Err(cut) => return Ok((sample, Some(cut))),
            }
            sample.present |= 1 << index;
        }
        Ok((sample, None))
    }

    /// The layout whose length is `len`; else the longest that fits, the rest being surplus; else, for a packet that
    /// ends early, the one that is usual for the machine.
    fn layout_of(self, flags: u32, len: usize) -> Layout {
        let length = |layout| -> usize {
            let fields = self.fields().iter().filter(|field| field.is_in(flags, layout));
            fields.map(|field| field.len(layout)).sum()
        };
        let (gss, ftms10) = (length(Layout::Gss), length(Layout::Ftms10));
        let (long, short) =
            if gss > ftms10 { (Layout::Gss, Layout::Ftms10) } else { (Layout::Ftms10, Layout::Gss) };
        if len >= gss.max(ftms10) {
            long
        } else if len >= gss.min(ftms10) {
            short
        } else {
            self.usual_layout()
        }
    }
}
