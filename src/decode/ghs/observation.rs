//! One observation, its segments put together (3.1.1.2): class, length, flags, attributes, value.

use super::time::ElapsedTime;
use crate::decode::ieee11073::Float;
use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, bits, quantity};

/// Flag bits.
const TYPE: u16 = 1 << 0;
const TIME: u16 = 1 << 1;
const DURATION: u16 = 1 << 2;
const STATUS: u16 = 1 << 3;
const OBJECT_ID: u16 = 1 << 4;
const PATIENT: u16 = 1 << 5;
const SUPPLEMENTAL: u16 = 1 << 6;
const DERIVED_FROM: u16 = 1 << 7;
const MEMBERS: u16 = 1 << 8;
const TLVS: u16 = 1 << 9;

const BUNDLE: u8 = 0xFF;

/// One health observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    /// The sensor's number of a stored record: its identity. `None` for a live one.
    pub record_number: Option<u32>,
    kind: Option<u32>,
    time: Option<ElapsedTime>,
    duration: Option<Float>,
    status: Option<u16>,
    object_id: Option<u32>,
    patient: Option<u8>,
    lists: [Vec<f64>; 3],
    tlvs: Vec<Tlv<'a>>,
    value: Observed<'a>,
}

/// A further attribute.
#[derive(Debug, Clone, PartialEq)]
struct Tlv<'a> {
    kind: u32,
    bytes: &'a [u8],
}

/// What was observed, by class.
#[derive(Debug, Clone, PartialEq)]
enum Observed<'a> {
    Numeric { unit: u16, value: Float },
    Discrete(u32),
    Text(&'a str),
    Samples { unit: u16, scale: Float, offset: Float, period: Float, width: u8, bytes: &'a [u8] },
    Events(Vec<f64>),
    States { supported: &'a [u8], is_state: &'a [u8], bits: &'a [u8] },
    Compound(Vec<(u32, Observed<'a>)>),
    Tlvs(Vec<Tlv<'a>>),
    Bundle(Vec<Observation<'a>>),
}

/// Reads an observation. `stored`: a record number stands in front.
pub(in crate::decode) fn decode(bytes: &[u8], stored: bool) -> Result<Observation<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let record_number = if stored { Some(reader.u32("record_number")?) } else { None };
    let mut observation = observation(&mut reader, true)?;
    observation.record_number = record_number;
    Ok(observation)
}

fn observation<'a>(reader: &mut Reader<'a>, outermost: bool) -> Result<Observation<'a>, DecodeError> {
    let class = reader.u8("observation_class")?;
    // Peers disagree on whether the length counts itself; the fields say where the observation ends.
    reader.u16("length")?;
    let flags = reader.u16("flags")?;
    let has = |flag: u16| flags & flag != 0;
    Ok(Observation {
        record_number: None,
        kind: has(TYPE).then(|| reader.u32("observation_type_mdc")).transpose()?,
        time: has(TIME).then(|| ElapsedTime::read(reader)).transpose()?,
        duration: has(DURATION).then(|| reader.float("duration_s")).transpose()?,
        status: has(STATUS).then(|| reader.u16("measurement_status")).transpose()?,
        object_id: has(OBJECT_ID).then(|| reader.u32("id")).transpose()?,
        patient: has(PATIENT).then(|| reader.u8("patient")).transpose()?,
        lists: [
            codes(reader, has(SUPPLEMENTAL), "supplemental")?,
            codes(reader, has(DERIVED_FROM), "derived_from")?,
            codes(reader, has(MEMBERS), "members")?,
        ],
        tlvs: if has(TLVS) { tlvs(reader)? } else { Vec::new() },
        value: if class == BUNDLE && outermost { bundle(reader)? } else { observed(class, reader)? },
    })
}

fn bundle<'a>(reader: &mut Reader<'a>) -> Result<Observed<'a>, DecodeError> {
    let count = reader.u8("observations")?;
    (0..count).map(|_| observation(reader, false)).collect::<Result<_, _>>().map(Observed::Bundle)
}

fn codes(reader: &mut Reader<'_>, present: bool, what: &'static str) -> Result<Vec<f64>, DecodeError> {
    if !present {
        return Ok(Vec::new());
    }
    let count = reader.u8(what)?;
    (0..count).map(|_| reader.u32(what).map(f64::from)).collect()
}

fn tlvs<'a>(reader: &mut Reader<'a>) -> Result<Vec<Tlv<'a>>, DecodeError> {
    let count = reader.u8("tlvs")?;
    let mut one = || {
        let kind = reader.u32("tlvs")?;
        let len = reader.u16("tlvs")?;
        // A format code, then the value.
        reader.u8("tlvs")?;
        Ok(Tlv { kind, bytes: reader.bytes("tlvs", len.into())? })
    };
    (0..count).map(|_| one()).collect()
}

/// The value of every class but the bundle.
fn observed<'a>(class: u8, reader: &mut Reader<'a>) -> Result<Observed<'a>, DecodeError> {
    Ok(match class {
        1 => Observed::Numeric { unit: reader.u16("unit_mdc")?, value: reader.float("value")? },
        2 => Observed::Discrete(reader.u32("value")?),
        3 => {
            let len = reader.u16("value")?;
            Observed::Text(crate::decode::device_info::text(reader.bytes("value", len.into())?)?)
        }
        4 => samples(reader)?,
        5 => Observed::Events(codes(reader, true, "value")?),
        6 => {
            let len = usize::from(reader.u8("value")?);
            let mut mask = || reader.bytes("value", len);
            Observed::States { supported: mask()?, is_state: mask()?, bits: mask()? }
        }
        7 => {
            let count = reader.u8("components")?;
            let mut one = || {
                let kind = reader.u32("components")?;
                let class = reader.u8("components")?;
                // Simple values only: a compound within a compound is not one of the specification.
                if !(1..=6).contains(&class) {
                    return Err(class_fault(class));
                }
                Ok((kind, observed(class, reader)?))
            };
            Observed::Compound((0..count).map(|_| one()).collect::<Result<_, _>>()?)
        }
        8 => Observed::Tlvs(tlvs(reader)?),
        other => return Err(class_fault(other)),
    })
}

fn class_fault(class: u8) -> DecodeError {
    let range = "1 to 8, and 255 outermost";
    DecodeError::OutOfRange { what: "observation_class", value: class.into(), range }
}

fn samples<'a>(reader: &mut Reader<'a>) -> Result<Observed<'a>, DecodeError> {
    let unit = reader.u16("unit_mdc")?;
    let [scale, offset, period] = [reader.float("scale")?, reader.float("offset")?, reader.float("period")?];
    reader.u8("samples_per_period")?;
    let width = reader.u8("bytes_per_sample")?;
    if !matches!(width, 1 | 2 | 4) {
        let value = width.into();
        return Err(DecodeError::OutOfRange { what: "bytes_per_sample", value, range: "1, 2 or 4" });
    }
    let len = reader.u32("samples")?;
    let bytes = reader.bytes("samples", usize::try_from(len).unwrap_or(usize::MAX))?;
    Ok(Observed::Samples { unit, scale, offset, period, width, bytes })
}

impl Observation<'_> {
    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        bits::number(&quantity::RECORD_NUMBER, self.record_number, visit);
        visit(&quantity::OBSERVATION_CLASS, Value::Text(self.value.class()));
        bits::number(&quantity::OBSERVATION_TYPE_MDC, self.kind, visit);
        if let Some(time) = self.time {
            time.fields(visit);
        }
        if let Some(duration) = self.duration {
            visit(&quantity::DURATION_S, duration.value());
        }
        bits::number(&quantity::MEASUREMENT_STATUS, self.status, visit);
        bits::number(&quantity::OBJECT_ID, self.object_id, visit);
        bits::number(&quantity::PATIENT, self.patient, visit);
        let names = [&quantity::SUPPLEMENTAL, &quantity::DERIVED_FROM, &quantity::MEMBERS];
        for (name, codes) in names.into_iter().zip(&self.lists) {
            if !codes.is_empty() {
                visit(name, Value::Numbers(codes));
            }
        }
        if !self.tlvs.is_empty() {
            tlv_field(&self.tlvs, visit);
        }
        self.value.fields(visit);
    }

    /// A member of a bundle, whose own lists are left out.
    fn record(&self) -> Vec<(&'static str, Value<'_>)> {
        let mut record = vec![("observation_class", Value::Text(self.value.class()))];
        record.extend(self.kind.map(|kind| ("observation_type_mdc", Value::Number(kind.into()))));
        record.extend(self.object_id.map(|id| ("id", Value::Number(id.into()))));
        record.extend(self.value.simple());
        record
    }
}

fn tlv_field(tlvs: &[Tlv<'_>], visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
    let texts: Vec<String> = tlvs.iter().map(|tlv| crate::decode::hex(tlv.bytes)).collect();
    let records: Vec<[(&'static str, Value<'_>); 2]> = tlvs
        .iter()
        .zip(&texts)
        .map(|(tlv, text)| [("type_mdc", Value::Number(tlv.kind.into())), ("hex", Value::Text(text))])
        .collect();
    let list: Vec<Value<'_>> = records.iter().map(|record| Value::Record(record)).collect();
    visit(&quantity::TLVS, Value::List(&list));
}

impl Observed<'_> {
    const fn class(&self) -> &'static str {
        match self {
            Self::Numeric { .. } => "simple_numeric",
            Self::Discrete(_) => "simple_discrete",
            Self::Text(_) => "string",
            Self::Samples { .. } => "sample_array",
            Self::Events(_) => "compound_discrete_event",
            Self::States { .. } => "compound_state_event",
            Self::Compound(_) => "compound",
            Self::Tlvs(_) => "tlv",
            Self::Bundle(_) => "bundle",
        }
    }

    /// The value as entries of a record, where it is a single one.
    fn simple(&self) -> Vec<(&'static str, Value<'_>)> {
        match self {
            Self::Numeric { unit, value } => {
                vec![("unit_mdc", Value::Number((*unit).into())), ("value", value.value())]
            }
            Self::Discrete(code) => vec![("value", Value::Number((*code).into()))],
            Self::Text(text) => vec![("value", Value::Text(text))],
            Self::Events(codes) => vec![("value", Value::Numbers(codes))],
            _ => Vec::new(),
        }
    }

    fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        match self {
            Self::Numeric { unit, value } => {
                visit(&quantity::UNIT_MDC, Value::Number((*unit).into()));
                visit(&quantity::VALUE, value.value());
            }
            Self::Discrete(code) => visit(&quantity::VALUE, Value::Number((*code).into())),
            Self::Text(text) => visit(&quantity::VALUE, Value::Text(text)),
            Self::Events(codes) => visit(&quantity::VALUE, Value::Numbers(codes)),
            Self::Samples { unit, scale, offset, period, width, bytes } => {
                visit(&quantity::UNIT_MDC, Value::Number((*unit).into()));
                visit(&quantity::SAMPLE_PERIOD_S, period.value());
                let (scale, offset) = (scale.number().unwrap_or(1.0), offset.number().unwrap_or(0.0));
                let raw = bytes.chunks_exact((*width).into()).map(unsigned);
                let samples: Vec<f64> = raw.map(|raw| raw * scale + offset).collect();
                visit(&quantity::SAMPLES, Value::Numbers(&samples));
            }
            Self::States { supported, is_state, bits } => {
                let texts = [supported, is_state, bits].map(|mask| crate::decode::hex(mask));
                let [supported, is_state, bits] = texts.each_ref().map(|text| Value::Text(text));
                let record = [("supported_hex", supported), ("is_state_hex", is_state), ("bits_hex", bits)];
                visit(&quantity::VALUE, Value::Record(&record));
            }
            Self::Compound(components) => {
                let records: Vec<Vec<_>> = components
                    .iter()
                    .map(|(kind, value)| {
                        let mut record = vec![("observation_type_mdc", Value::Number((*kind).into()))];
                        record.extend(value.simple());
                        record
                    })
                    .collect();
                list(&quantity::COMPONENTS, &records, visit);
            }
            Self::Tlvs(tlvs) => tlv_field(tlvs, visit),
            Self::Bundle(members) => {
                let records: Vec<Vec<_>> = members.iter().map(Observation::record).collect();
                list(&quantity::OBSERVATIONS, &records, visit);
            }
        }
    }
}

fn list(
    quantity: &'static Quantity,
    records: &[Vec<(&'static str, Value<'_>)>],
    visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
) {
    let list: Vec<Value<'_>> = records.iter().map(|record| Value::Record(record)).collect();
    visit(quantity, Value::List(&list));
}

fn unsigned(bytes: &[u8]) -> f64 {
    bytes.iter().rev().fold(0.0, |value, byte| value * 256.0 + f64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::vectors::object;

    #[test]
    fn a_simple_numeric_observation_is_read_with_its_time_and_unit() {
        // Body temperature, 36.8 Cel, millisecond UTC, record 7.
        let mut bytes = vec![7, 0, 0, 0, 1, 0, 0, 0x03, 0, 0x5C, 0x4B, 2, 0];
        bytes.extend([0b0000_1010, 0x10, 0x27, 0, 0, 0, 0, 6, 0]);
        bytes.extend([0xA0, 0x17, 0x70, 0x01, 0, 0xFF]);
        let observation = decode(&bytes, true).unwrap();
        let json = object(|visit| observation.fields(visit));
        assert_eq!(json["observation_type_mdc"], 150_364);
        assert_eq!(json["timestamp_ms"], 946_684_810_000_i64);
        assert_eq!(json["value"], 36.8);
        assert_eq!(json["record_number"], 7);
    }

    #[test]
    fn a_compound_and_a_bundle_show_their_parts() {
        let numeric = [0x0F, 0x20, 0x78, 0, 0, 0];
        let mut compound = vec![7, 0, 0, 0, 0, 2];
        for kind in [1, 2] {
            compound.extend([kind, 0, 0, 0, 1]);
            compound.extend(numeric);
        }
        let json = object(|visit| decode(&compound, false).unwrap().fields(visit));
        assert_eq!(json["components"][1]["value"], 120);

        let mut bundle = vec![BUNDLE, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0];
        bundle.extend(numeric);
        let json = object(|visit| decode(&bundle, false).unwrap().fields(visit));
        assert_eq!(json["observations"][0]["value"], 120);
        let nested = [BUNDLE, 0, 0, 0, 0, 1, BUNDLE, 0, 0, 0, 0, 0];
        assert!(decode(&nested, false).is_err());
    }
}
