//! CGM Measurement, 2AA7 (Continuous Glucose Monitoring Service 1.0.1, 3.1), and CGM Session Start Time, 2AAA (3.4).

use super::datetime::DateTime;
use super::ieee11073::Float;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const TREND: u8 = 1 << 0;
const QUALITY: u8 = 1 << 1;
const WARNING: u8 = 1 << 5;
const CAL_TEMP: u8 = 1 << 6;
const STATUS: u8 = 1 << 7;
/// Size, flags, concentration and time offset.
const SHORTEST: usize = 6;
const CRC: usize = 2;

/// One of the records that a packet holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CgmRecord {
    size: u8,
    glucose: Float,
    /// Minutes since the session's start.
    pub time_offset_min: u16,
    status: Option<u8>,
    cal_temp: Option<u8>,
    warning: Option<u8>,
    trend: Option<Float>,
    quality: Option<Float>,
    crc: Option<u16>,
}

/// A packet of one or more records, which all have been checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cgm<'a> {
    bytes: &'a [u8],
}

pub(super) fn decode(bytes: &[u8]) -> Result<Cgm<'_>, DecodeError> {
    let mut left = bytes;
    loop {
        let (_, rest) = record(left)?;
        left = rest;
        if left.is_empty() {
            return Ok(Cgm { bytes });
        }
    }
}

/// Takes the first record off.
fn record(bytes: &[u8]) -> Result<(CgmRecord, &[u8]), DecodeError> {
    let size = Reader::new(bytes).u8("size")?;
    let wanted = usize::from(size).max(SHORTEST);
    let Some((own, rest)) = bytes.split_at_checked(wanted) else {
        return Err(DecodeError::Truncated { what: "record", needed: wanted, had: bytes.len() });
    };
    if usize::from(size) < SHORTEST {
        return Err(DecodeError::OutOfRange { what: "size", value: size.into(), range: "6 to 255" });
    }
    let mut reader = Reader::new(own);
    let [_, flags] = reader.array("flags")?;
    let glucose = reader.sfloat("glucose_mg_dl")?;
    let time_offset_min = reader.u16("time_offset_min")?;
    let status = if flags & STATUS == 0 { None } else { Some(reader.u8("status")?) };
    let cal_temp = if flags & CAL_TEMP == 0 { None } else { Some(reader.u8("cal_temp")?) };
    let warning = if flags & WARNING == 0 { None } else { Some(reader.u8("warning")?) };
    let trend = if flags & TREND == 0 { None } else { Some(reader.sfloat("trend_mg_dl_min")?) };
    let quality = if flags & QUALITY == 0 { None } else { Some(reader.sfloat("quality_percent")?) };
    // Only the length says whether a checksum is there.
    let crc = if reader.rest().len() < CRC { None } else { Some(reader.u16("e2e_crc")?) };
    reader.end()?;
    if let Some(stated) = crc {
        check_crc(own, stated)?;
    }
    let record = CgmRecord { size, glucose, time_offset_min, status, cal_temp, warning, trend, quality, crc };
    Ok((record, rest))
}

fn check_crc(own: &[u8], stated: u16) -> Result<(), DecodeError> {
    let covered = &own[..own.len() - CRC];
    let calculated = crc16(covered);
    if calculated == stated {
        return Ok(());
    }
    Err(DecodeError::Checksum { stated: stated.into(), calculated: calculated.into() })
}

/// E2E-CRC of the health services: polynomial 0x1021, reflected, from 0xFFFF.
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0x8408 } else { 0 })
    })
}

impl<'a> Cgm<'a> {
    /// The records, in the order of the packet.
    pub fn records(&self) -> impl Iterator<Item = CgmRecord> + use<'a> {
        let mut left = self.bytes;
        std::iter::from_fn(move || {
            let (first, rest) = record(left).ok()?;
            left = rest;
            Some(first)
        })
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let records: Vec<Vec<(&'static str, Value<'_>)>> = self.records().map(|r| r.record()).collect();
        let list: Vec<Value<'_>> = records.iter().map(|record| Value::Record(record)).collect();
        visit(&quantity::RECORDS, Value::List(&list));
    }
}

impl CgmRecord {
    fn record(&self) -> Vec<(&'static str, Value<'static>)> {
        let byte = |value: u8| Value::Number(value.into());
        [
            ("size", Some(byte(self.size))),
            ("glucose_mg_dl", Some(self.glucose.value())),
            ("time_offset_min", Some(Value::Number(self.time_offset_min.into()))),
            ("status", self.status.map(byte)),
            ("cal_temp", self.cal_temp.map(byte)),
            ("warning", self.warning.map(byte)),
            ("trend_mg_dl_min", self.trend.map(Float::value)),
            ("quality_percent", self.quality.map(Float::value)),
            ("e2e_crc", self.crc.map(|crc| Value::Number(crc.into()))),
            // A record whose checksum is wrong is an error and never gets here.
            ("e2e_crc_ok", self.crc.map(|_| Value::Bool(true))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// CGM Session Start Time, 2AAA: the moment that time offsets count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CgmSessionStart {
    time: DateTime,
    time_zone: i8,
    dst_offset: u8,
}

pub(super) fn decode_start(bytes: &[u8]) -> Result<CgmSessionStart, DecodeError> {
    let mut reader = Reader::new(bytes);
    let time = DateTime::read(&mut reader, "date_time")?;
    let [time_zone, dst_offset] = reader.array("time_zone_min")?;
    time.check()?;
    Ok(CgmSessionStart { time, time_zone: time_zone.cast_signed(), dst_offset })
}

impl CgmSessionStart {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        self.time.field(&quantity::DATE_TIME, &quantity::DATE_TIME_FIELDS, visit);
        // -128 and 255 stand for "unknown"; both count quarters of an hour.
        let quarters = |raw: Option<f64>| raw.map_or(Value::NotAvailable, |raw| Value::Number(raw * 15.0));
        visit(&quantity::TIME_ZONE_MIN, quarters((self.time_zone != -128).then(|| self.time_zone.into())));
        visit(&quantity::DST_OFFSET_MIN, quarters((self.dst_offset != 255).then(|| self.dst_offset.into())));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_of_the_published_check_value() {
        // CRC-16/MCRF4XX of "123456789".
        assert_eq!(super::crc16(b"123456789"), 0x6F91);
    }
}
