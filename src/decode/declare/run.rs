//! Reads a packet by a declared characteristic.

use super::{Body, Characteristic, Form, MAX_SLOTS, Meaning, Step, Times, Wire};
use crate::decode::datetime::DateTime;
use crate::decode::ieee11073::Float;
use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Special, Value, device_info, hex};

/// A packet of a declared characteristic, all of whose fields have been checked to be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Declared<'a> {
    characteristic: &'a Characteristic,
    bytes: &'a [u8],
}

impl<'a> Declared<'a> {
    pub(super) fn read(characteristic: &'a Characteristic, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Run::new(bytes, &mut |_, _, _| {}).steps(&characteristic.steps)?;
        Ok(Self { characteristic, bytes })
    }

    /// Whether every field that makes a record's identity is there and known.
    pub(super) fn has_identity(&self) -> bool {
        let wanted = &self.characteristic.identity;
        let mut ignore = |_: Option<&'static Quantity>, _: Option<Meaning>, _: Value<'_>| {};
        let mut run = Run::new(self.bytes, &mut ignore);
        let done = run.steps(&self.characteristic.steps);
        done.is_ok() && !wanted.is_empty() && wanted.iter().all(|slot| run.slots[*slot].is_some())
    }

    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        self.run(&mut |quantity, _, value| {
            if let Some(quantity) = quantity {
                visit(quantity, value);
            }
        });
    }

    /// Shows the values that say something about an exercise. Those that are "not available" are left out.
    pub fn meanings(&self, visit: &mut dyn FnMut(Meaning, Value<'_>)) {
        self.run(&mut |_, meaning, value| match meaning {
            Some(meaning) if value != Value::NotAvailable => visit(meaning, value),
            _ => {}
        });
    }

    fn run(&self, show: &mut Show<'_>) {
        // It was read once already: this cannot fail now.
        let _ = Run::new(self.bytes, show).steps(&self.characteristic.steps);
    }
}

type Show<'s> = dyn FnMut(Option<&'static Quantity>, Option<Meaning>, Value<'_>) + 's;

struct Run<'a, 's> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    slots: [Option<i128>; MAX_SLOTS],
    show: &'s mut Show<'s>,
}

/// One value as it was read.
enum Read<'a> {
    Int(i128),
    Real(Float),
    Time(DateTime),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a, 's> Run<'a, 's> {
    fn new(bytes: &'a [u8], show: &'s mut Show<'s>) -> Self {
        Self { bytes, reader: Reader::new(bytes), slots: [None; MAX_SLOTS], show }
    }

    fn steps(&mut self, steps: &[Step]) -> Result<(), DecodeError> {
        for step in steps {
            if !self.enter(step)? {
                continue;
            }
            match &step.body {
                Body::Value(form) => {
                    let read = self.value(step, form)?;
                    show(step, form, &read, self.show);
                }
                Body::Repeat(times, each) => self.repeat(step, *times, each)?,
            }
        }
        Ok(())
    }

    /// Whether the step is there; goes to its place.
    fn enter(&mut self, step: &Step) -> Result<bool, DecodeError> {
        if step.when.is_some_and(|when| !when.holds(&self.slots)) {
            return Ok(false);
        }
        if let Some(at) = step.at {
            let what = step.quantity.map_or("field", |quantity| quantity.name);
            let had = self.bytes.len();
            let rest = self.bytes.get(at..).ok_or(DecodeError::Truncated { what, needed: at, had })?;
            self.reader = Reader::new(rest);
        }
        Ok(true)
    }

    fn value(&mut self, step: &Step, form: &Form) -> Result<Read<'a>, DecodeError> {
        let what = step.quantity.map_or("field", |quantity| quantity.name);
        let read = self.read(form, what)?;
        if let Some(slot) = step.slot {
            self.slots[slot] = match &read {
                Read::Int(raw) if form.missing.contains(raw) => None,
                Read::Int(raw) => Some(*raw),
                // Present, and good for an identity, though no condition can ask for its value.
                Read::Time(time) => time.is_known().then_some(1),
                Read::Real(_) | Read::Text(_) | Read::Bytes(_) => Some(1),
            };
        }
        Ok(read)
    }

    fn read(&mut self, form: &Form, what: &'static str) -> Result<Read<'a>, DecodeError> {
        Ok(match form.wire {
            Wire::Int(len, signed) => {
                let bytes = self.reader.bytes(what, len)?;
                let raw = integer(bytes, signed, form.big_endian);
                Read::Int(form.bits.map_or(raw, |(low, high)| raw >> low & ((1 << (high - low + 1)) - 1)))
            }
            Wire::F32 => {
                let mut bytes: [u8; 4] = self.reader.array(what)?;
                if form.big_endian {
                    bytes.reverse();
                }
                Read::Real(real(f32::from_le_bytes(bytes).into()))
            }
            Wire::F64 => {
                let mut bytes: [u8; 8] = self.reader.array(what)?;
                if form.big_endian {
                    bytes.reverse();
                }
                Read::Real(real(f64::from_le_bytes(bytes)))
            }
            Wire::Sfloat => {
                let raw = self.reader.u16(what)?;
                Read::Real(Float::from_sfloat(if form.big_endian { raw.swap_bytes() } else { raw }))
            }
            Wire::Float => {
                let raw = self.reader.u32(what)?;
                Read::Real(Float::from_float(if form.big_endian { raw.swap_bytes() } else { raw }))
            }
            Wire::DateTime => Read::Time(DateTime::read(&mut self.reader, what)?),
            Wire::Text(length) => Read::Text(device_info::text(self.stretch(length, what)?)?),
            Wire::Bytes(length) => Read::Bytes(self.stretch(length, what)?),
        })
    }

    fn stretch(&mut self, length: Times, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let len = match length {
            Times::Rest => self.reader.rest().len(),
            Times::Fixed(len) => len,
            Times::Slot(slot) => self.count(slot),
        };
        self.reader.bytes(what, len)
    }

    fn count(&self, slot: usize) -> usize {
        let count = self.slots.get(slot).copied().flatten().unwrap_or(0);
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    fn repeat(&mut self, step: &Step, times: Times, each: &[Step]) -> Result<(), DecodeError> {
        let mut rows = Vec::new();
        let limit = match times {
            Times::Rest => usize::MAX,
            Times::Fixed(count) => count,
            Times::Slot(slot) => self.count(slot),
        };
        while rows.len() < limit && (times != Times::Rest || !self.reader.rest().is_empty()) {
            let before = self.reader.rest().len();
            rows.push(self.row(each)?);
            // A record that takes no bytes would come for ever.
            if self.reader.rest().len() == before {
                let what = step.quantity.map_or("record", |quantity| quantity.name);
                return Err(DecodeError::Truncated { what, needed: 1, had: before });
            }
        }
        show_rows(step, &rows, self.show);
        Ok(())
    }

    fn row<'p>(&mut self, each: &'p [Step]) -> Result<Row<'p, 'a>, DecodeError> {
        let mut row = Vec::new();
        for step in each {
            if !self.enter(step)? {
                continue;
            }
            // The parser puts no record into a record.
            let Body::Value(form) = &step.body else { continue };
            let read = self.value(step, form)?;
            if step.quantity.is_some() || step.slot.is_none() {
                row.push((step, form, read));
            }
        }
        Ok(row)
    }
}

/// The shown values of one record.
type Row<'p, 'a> = Vec<(&'p Step, &'p Form, Read<'a>)>;

fn integer(bytes: &[u8], signed: bool, big_endian: bool) -> i128 {
    let fold = |value: i128, byte: &u8| value << 8 | i128::from(*byte);
    let raw = if big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) };
    let unused = 128 - 8 * bytes.len();
    if signed { raw << unused >> unused } else { raw }
}

const fn real(number: f64) -> Float {
    if number.is_nan() {
        Float::Special(Special::NaN)
    } else if number == f64::INFINITY {
        Float::Special(Special::PlusInfinity)
    } else if number == f64::NEG_INFINITY {
        Float::Special(Special::MinusInfinity)
    } else {
        Float::Number(number)
    }
}

impl Form {
    fn scale(&self, raw: f64) -> f64 {
        raw * self.times / self.per + self.plus
    }

    /// A value that needs no text of its own.
    fn plain<'v>(&'v self, read: &Read<'v>) -> Value<'v> {
        match read {
            Read::Int(raw) if self.missing.contains(raw) => Value::NotAvailable,
            Read::Int(raw) if !self.words.is_empty() => {
                let word = usize::try_from(*raw).ok().and_then(|raw| self.words.get(raw));
                word.filter(|word| !word.is_empty()).map_or(Value::NotAvailable, |word| Value::Text(word))
            }
            Read::Int(raw) => Value::Number(self.scale(*raw as f64)),
            Read::Real(Float::Number(number)) => Value::Number(self.scale(*number)),
            Read::Real(Float::Special(special)) => Value::Special(*special),
            Read::Text(text) => Value::Text(text),
            Read::Time(_) | Read::Bytes(_) => Value::NotAvailable,
        }
    }
}

fn show(step: &Step, form: &Form, read: &Read<'_>, show: &mut Show<'_>) {
    match read {
        Read::Time(time) if time.is_valid() => {
            show(step.quantity, form.meaning, Value::Text(&time.to_string()));
        }
        Read::Bytes(bytes) => show(step.quantity, form.meaning, Value::Text(&hex(bytes))),
        other => show(step.quantity, form.meaning, form.plain(other)),
    }
}

/// Records of one value become a list of values; records of several become a list of lists, or of named values where
/// they have names.
fn show_rows(step: &Step, rows: &[Row<'_, '_>], show: &mut Show<'_>) {
    for (_, form, read) in rows.iter().flatten().filter(|(_, form, _)| form.meaning.is_some()) {
        show(None, form.meaning, form.plain(read));
    }
    if step.quantity.is_none() {
        return;
    }
    let named = rows.iter().flatten().any(|(inner, _, _)| inner.quantity.is_some());
    if named {
        let records: Vec<Vec<(&'static str, Value<'_>)>> = rows.iter().map(|row| record(row)).collect();
        let list: Vec<Value<'_>> = records.iter().map(|record| Value::Record(record)).collect();
        return show(step.quantity, None, Value::List(&list));
    }
    let values: Vec<Vec<Value<'_>>> =
        rows.iter().map(|row| row.iter().map(|(_, form, read)| form.plain(read)).collect()).collect();
    let list: Vec<Value<'_>> = match values.iter().all(|row| row.len() == 1) {
        true => values.iter().flatten().copied().collect(),
        false => values.iter().map(|row| Value::List(row)).collect(),
    };
    show(step.quantity, None, Value::List(&list));
}

fn record<'v>(row: &'v Row<'_, '_>) -> Vec<(&'static str, Value<'v>)> {
    row.iter().filter_map(|(step, form, read)| Some((step.quantity?.name, form.plain(read)))).collect()
}
