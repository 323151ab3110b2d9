//! Physical Activity Monitor Service 1.0: General Activity Instantaneous Data, 2B3C, and Summary Data, 2B3D; Step
//! Counter Activity Summary Data, 2B40; Physical Activity Current Session, 2B44.
//!
//! A record longer than a packet comes in segments, and devices set flags of values that they do not send. So the
//! optional values are read as far as they go, as integers of the wire: that is the documented partial.

use super::hex;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Which characteristic; they differ in the width of their flags and in their optional values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Instantaneous,
    Summary,
    Steps,
}

/// A value behind the head, in the order of the flag bits.
type Optional = (&'static str, Wire);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    U8,
    I8,
    U16,
    U24,
    I24,
    U32,
}
use Wire::{I8, I24, U8, U16, U24, U32};

static INSTANTANEOUS: [Optional; 11] = [
    ("normal_walking_energy_per_hour_raw", U16),
    ("intensity_energy_per_hour_raw", U16),
    ("total_energy_per_hour_raw", U16),
    ("fat_burned_per_hour_raw", U16),
    ("metabolic_equivalent_raw", U8),
    ("speed_raw", U16),
    ("motion_cadence_raw", U16),
    ("elevation_raw", I24),
    ("activity_count_per_minute_raw", U16),
    ("activity_level_raw", U16),
    ("activity_type_raw", U16),
];

static SUMMARY: [Optional; 25] = [
    ("normal_walking_energy_raw", U32),
    ("intensity_energy_raw", U32),
    ("total_energy_raw", U32),
    ("fat_burned_raw", U16),
    ("minimum_metabolic_equivalent_raw", U8),
    ("maximum_metabolic_equivalent_raw", U8),
    ("average_metabolic_equivalent_raw", U8),
    ("distance_raw", U24),
    ("minimum_speed_raw", U16),
    ("maximum_speed_raw", U16),
    ("average_speed_raw", U16),
    ("normal_walking_duration_raw", U24),
    ("intensity_walking_duration_raw", U24),
    ("minimum_motion_cadence_raw", U16),
    ("maximum_motion_cadence_raw", U16),
    ("average_motion_cadence_raw", U16),
    ("floors_raw", I8),
    ("positive_elevation_gain_raw", U24),
    ("negative_elevation_gain_raw", U24),
    ("activity_count_raw", U32),
    ("minimum_activity_level_raw", U16),
    ("maximum_activity_level_raw", U16),
    ("average_activity_level_raw", U16),
    ("average_activity_type_raw", U16),
    ("worn_duration_raw", U24),
];

static STEPS: [Optional; 5] = [
    ("normal_walking_steps", U24),
    ("intensity_steps", U24),
    ("floor_steps", U24),
    ("distance_raw", U24),
    ("worn_duration_raw", U24),
];

/// One record, or its first segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity<'a> {
    kind: Kind,
    header: u8,
    flags: u32,
    session_id: u16,
    sub_session_id: u16,
    relative_timestamp_s: u32,
    sequence_number: u32,
    optional: &'a [u8],
}

/// Head, session and sequence number must be there.
pub(super) fn decode(bytes: &[u8], kind: Kind) -> Result<Activity<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let header = reader.u8("header")?;
    let flags = match kind {
        Kind::Steps => reader.u8("flags")?.into(),
        Kind::Instantaneous => reader.u24("flags")?,
        Kind::Summary => reader.u32("flags")?,
    };
    Ok(Activity {
        kind,
        header,
        flags,
        session_id: reader.u16("session_id")?,
        sub_session_id: reader.u16("sub_session_id")?,
        relative_timestamp_s: reader.u32("relative_timestamp_s")?,
        sequence_number: reader.u32("sequence_number")?,
        optional: reader.rest(),
    })
}

impl Activity<'_> {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::HEADER, Value::Number(self.header.into()));
        visit(&quantity::FLAGS, Value::Number(self.flags.into()));
        visit(&quantity::SESSION_ID, Value::Number(self.session_id.into()));
        visit(&quantity::SUB_SESSION_ID, Value::Number(self.sub_session_id.into()));
        visit(&quantity::RELATIVE_TIMESTAMP_S, Value::Number(self.relative_timestamp_s.into()));
        visit(&quantity::SEQUENCE_NUMBER, Value::Number(self.sequence_number.into()));
        let table: &[Optional] = match self.kind {
            Kind::Instantaneous => &INSTANTANEOUS,
            Kind::Summary => &SUMMARY,
            Kind::Steps => &STEPS,
        };
        let mut reader = Reader::new(self.optional);
        let mut values = Vec::new();
        for (_, (name, wire)) in table.iter().enumerate().filter(|(bit, _)| self.flags >> bit & 1 == 1) {
            let Ok(value) = wire.read(&mut reader, name) else { break };
            values.push((*name, Value::Number(value)));
        }
        if !values.is_empty() {
            visit(&quantity::ACTIVITY, Value::Record(&values));
        }
    }
}

impl Wire {
    fn read(self, reader: &mut Reader<'_>, what: &'static str) -> Result<f64, DecodeError> {
        Ok(match self {
            U8 => reader.u8(what)?.into(),
            I8 => reader.u8(what)?.cast_signed().into(),
            U16 => reader.u16(what)?.into(),
            U24 => reader.u24(what)?.into(),
            I24 => reader.i24(what)?.into(),
            U32 => reader.u32(what)?.into(),
        })
    }
}

/// The session that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentSession<'a> {
    flags: u8,
    session_id: u16,
    rest: &'a [u8],
}

pub(super) fn decode_session(bytes: &[u8]) -> Result<CurrentSession<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let session_id = reader.u16("session_id")?;
    Ok(CurrentSession { flags, session_id, rest: reader.rest() })
}

impl CurrentSession<'_> {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::FLAGS, Value::Number(self.flags.into()));
        visit(&quantity::SESSION_ID, Value::Number(self.session_id.into()));
        if !self.rest.is_empty() {
            visit(&quantity::REST_HEX, Value::Text(&hex(self.rest)));
        }
    }
}
