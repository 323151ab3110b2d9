//! Reads a machine's packet by its table of fields.

use super::Machine;
use super::table::{MAX_FIELDS, Wire};
use crate::decode::quirk::{Device, Effect};
use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, quantity};

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
    /// Whether the raw resistance is the machine's own level.
    resistance_known: bool,
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
        let fields = self.machine.table().fields;
        let index = fields.iter().position(|field| std::ptr::eq(field.quantity, quantity))?;
        let (field, raw) = (fields.get(index)?, *self.raw.get(index)?);
        let carried = self.present >> index & 1 == 1 && !field.is_missing(raw);
        carried.then(|| field.scaled(raw))
    }

    /// Every field that it carries; `None` for one that is "not available".
    pub(in crate::decode) fn quantities(&self) -> impl Iterator<Item = (&'static Quantity, Option<f64>)> {
        let fields = self.machine.table().fields.iter().zip(self.raw).enumerate();
        let carried = fields.filter(|(index, _)| self.present >> index & 1 == 1);
        carried.map(|(_, (field, raw))| {
            let value = (!field.is_missing(raw)).then(|| field.scaled(raw));
            (field.quantity, value)
        })
    }

    /// Whether a field that this one carries stands in `other` too.
    pub(super) const fn repeats(&self, other: &Self) -> bool {
        self.present & other.present != 0
    }

    /// This one with the fields of a later part, and its closing.
    pub(super) fn with(mut self, later: &Self) -> Self {
        for (index, (slot, raw)) in self.raw.iter_mut().zip(later.raw).enumerate() {
            if later.present >> index & 1 == 1 {
                *slot = raw;
            }
        }
        self.present |= later.present;
        self.flags = later.flags;
        self
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
        let mut present = self.present;
        for (field, raw) in self.machine.table().fields.iter().zip(self.raw) {
            let carried = present & 1 == 1;
            present >>= 1;
            if !carried {
                continue;
            }
            if field.is_missing(raw) {
                visit(field.quantity, Value::NotAvailable);
            } else {
                visit(field.quantity, Value::Number(field.scaled(raw)));
            }
            if self.resistance_known && field.wire == Wire::Resistance {
                visit(&quantity::RESISTANCE_LEVEL, Value::Number(raw.into()));
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
        let (flags, reader) = self.flags(bytes)?;
        match self.read(flags, reader, layout) {
            (sample, None) => Ok(sample),
            (_, Some(cut)) => Err(cut),
        }
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
        let (flags, reader) = self.flags(bytes)?;
        Ok(self.read(flags, reader, layout))
    }

    /// Decodes one notification of a machine of which something is known.
    pub(in crate::decode) fn decode_as(self, bytes: &[u8], device: &Device) -> Result<Sample, DecodeError> {
        if device.is_plain() {
            return self.decode(bytes, device.layout);
        }
        let (sent, reader) = self.flags(bytes)?;
        let characteristic = self.characteristic();
        let mut flags = sent;
        for effect in device.effects(characteristic) {
            // Only a packet that is too long by its own flags, and not by the mended ones, is mended.
            if let Effect::FlagsMissing(missing) = effect
                && !self.fits(flags, reader.rest().len())
                && self.fits(flags | missing, reader.rest().len())
            {
                flags |= missing;
            }
        }
        let (mut sample, cut) = self.read(flags, reader, device.layout);
        sample.resistance_known = device.has(characteristic, Effect::ResistanceIsLevel);
        match cut {
            Some(_) if device.has(characteristic, Effect::CutAtMtu) => Ok(sample),
            Some(cut) => Err(cut),
            None => Ok(sample),
        }
    }

    fn flags(self, bytes: &[u8]) -> Result<(u32, Reader<'_>), DecodeError> {
        let mut reader = Reader::new(bytes);
        let flags =
            if self.wide_flags() { reader.u24("flags")? } else { reader.u16("flags").map(u32::from)? };
        Ok((flags, reader))
    }

    #[inline]
    fn read(
        self,
        flags: u32,
        mut reader: Reader<'_>,
        layout: Option<Layout>,
    ) -> (Sample, Option<DecodeError>) {
        let layout = layout.unwrap_or_else(|| self.layout_of(flags, reader.rest().len()));
        let mut sample = Sample {
            machine: self,
            layout,
            flags,
            present: 0,
            raw: [0; MAX_FIELDS],
            resistance_known: false,
        };
        let mut bit = 1;
        for (field, slot) in self.table().fields.iter().zip(&mut sample.raw) {
            if field.is_in(flags, layout) {
                match field.read(&mut reader, layout) {
                    Ok(raw) => *slot = raw,
                    Err(cut) => return (sample, Some(cut)),
                }
                sample.present |= bit;
            }
            bit <<= 1;
        }
        (sample, None)
    }

    fn fits(self, flags: u32, len: usize) -> bool {
        [Layout::Gss, Layout::Ftms10].into_iter().any(|layout| self.table().length(flags, layout) == len)
    }

    /// The layout whose length is `len`; else the longest that fits, the rest being surplus; else, for a packet that
    /// ends early, the one that is usual for the machine.
    fn layout_of(self, flags: u32, len: usize) -> Layout {
        let (gss, ftms10) =
            (self.table().length(flags, Layout::Gss), self.table().length(flags, Layout::Ftms10));
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

/// A packet with the given flags and random values, and what must come out of it.
#[cfg(test)]
pub(in crate::decode) fn encode(
    machine: Machine,
    layout: Layout,
    flags: u32,
    seed: &[i32],
) -> (Vec<u8>, Vec<(&'static str, Option<f64>)>) {
    let flag_bytes = if machine.wide_flags() { 3 } else { 2 };
    let flags = flags & ((1 << (8 * flag_bytes)) - 1);
    let mut bytes = flags.to_le_bytes()[..flag_bytes].to_vec();
    let mut expected = Vec::new();
    for (field, seed) in machine.table().fields.iter().zip(seed) {
        if !field.is_in(flags, layout) {
            continue;
        }
        let taken = &seed.to_le_bytes()[..field.len(layout)];
        let mut whole = [0; 4];
        whole[..taken.len()].copy_from_slice(taken);
        let unsigned = i32::from_le_bytes(whole);
        let signed = field.wire == Wire::I16 || (field.wire == Wire::Resistance && layout == Layout::Ftms10);
        let raw = if signed { i32::from(unsigned as i16) } else { unsigned };
        bytes.extend(taken);
        expected.push((field.quantity.name, (!field.is_missing(raw)).then(|| field.scaled(raw))));
    }
    (bytes, expected)
}
