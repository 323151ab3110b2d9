//! Date Time, 2A08, and Current Time, 2A2B (GATT Specification Supplement 3.70, 3.62).

use std::fmt;

use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// A device's own date and time, as it was sent. No time zone: devices do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// 1582-9999; 0 where the device does not know it.
    pub year: u16,
    /// 1-12; 0 where the device does not know it.
    pub month: u8,
    /// 1-31; 0 where the device does not know it.
    pub day: u8,
    /// 0-23.
    pub hour: u8,
    /// 0-59.
    pub minute: u8,
    /// 0-59.
    pub second: u8,
}

impl DateTime {
    /// The length on the wire.
    pub(super) const LEN: usize = 7;

    pub(super) fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, DecodeError> {
        let [y0, y1, month, day, hour, minute, second] = reader.array::<{ Self::LEN }>(what)?;
        Ok(Self { year: u16::from_le_bytes([y0, y1]), month, day, hour, minute, second })
    }

    /// Whether year, month and day are all there: a moment, not just a time of day.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.year != 0 && self.month != 0 && self.day != 0
    }

    /// Whether every field that is known is one of the calendar.
    ///
    /// # Errors
    /// Names the first field that is not.
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if self.is_leap() => 29,
            2 => 28,
            _ => 31,
        };
        let fields: [(&'static str, u16, std::ops::RangeInclusive<u16>, &'static str); 6] = [
            ("year", self.year, 1582..=9999, "1582 to 9999"),
            ("month", self.month.into(), 1..=12, "1 to 12"),
            ("day", self.day.into(), 1..=days, "the days of its month"),
            ("hour", self.hour.into(), 0..=23, "0 to 23"),
            ("minute", self.minute.into(), 0..=59, "0 to 59"),
            ("second", self.second.into(), 0..=59, "0 to 59"),
        ];
        for (index, (what, value, allowed, range)) in fields.into_iter().enumerate() {
            let unknown = index < 3 && value == 0;
            if !unknown && !allowed.contains(&value) {
                return Err(DecodeError::OutOfRange { what, value: value.into(), range });
            }
        }
        Ok(())
    }

    const fn is_leap(&self) -> bool {
        // An unknown year may be one.
        self.year == 0
            || (self.year.is_multiple_of(4)
                && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400)))
    }

    /// Whether it is a moment of the calendar.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.is_known() && self.check().is_ok()
    }

    /// As a field: the moment; else "not available", and what is known of it under `parts`. Never an error: a
    /// measurement is not lost over its device's clock.
    pub(super) fn field(
        &self,
        whole: &'static Quantity,
        parts: &'static Quantity,
        visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
    ) {
        if self.is_valid() {
            return visit(whole, Value::Text(&self.to_string()));
        }
        visit(whole, Value::NotAvailable);
        if self.check().is_ok() {
            let date =
                |value: u16| if value == 0 { Value::NotAvailable } else { Value::Number(value.into()) };
            let time = |value: u8| Value::Number(value.into());
            let record = [
                ("year", date(self.year)),
                ("month", date(self.month.into())),
                ("day", date(self.day.into())),
                ("hour", time(self.hour)),
                ("minute", time(self.minute)),
                ("second", time(self.second)),
            ];
            visit(parts, Value::Record(&record));
        }
    }

    /// As the timestamp of a measurement.
    pub(super) fn timestamp(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        self.field(&quantity::TIMESTAMP, &quantity::TIMESTAMP_FIELDS, visit);
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// Date Time by itself: exactly seven bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<DateTime, DecodeError> {
    let mut reader = Reader::new(bytes);
    let time = DateTime::read(&mut reader, "date_time")?;
    reader.end()?;
    time.check()?;
    Ok(time)
}

/// Current Time, 2A2B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentTime {
    /// The moment, to the second.
    pub time: DateTime,
    /// 1 is Monday, 7 is Sunday, 0 unknown.
    pub day_of_week: u8,
    /// 1/256 s.
    pub fractions256: u8,
    /// Why it was last changed: bit 0 by hand, 1 from a reference, 2 time zone, 3 daylight saving.
    pub adjust_reason: u8,
}

pub(super) fn decode_current(bytes: &[u8]) -> Result<CurrentTime, DecodeError> {
    let mut reader = Reader::new(bytes);
    let time = DateTime::read(&mut reader, "date_time")?;
    let [day_of_week, fractions256, adjust_reason] = reader.array("day_of_week")?;
    time.check()?;
    if day_of_week > 7 {
        let value = day_of_week.into();
        return Err(DecodeError::OutOfRange { what: "day_of_week", value, range: "0 to 7" });
    }
    Ok(CurrentTime { time, day_of_week, fractions256, adjust_reason })
}

impl CurrentTime {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        self.time.field(&quantity::DATE_TIME, &quantity::DATE_TIME_FIELDS, visit);
        visit(&quantity::DAY_OF_WEEK, Value::Number(self.day_of_week.into()));
        visit(&quantity::FRACTIONS256, Value::Number(self.fractions256.into()));
        visit(&quantity::ADJUST_REASON, Value::Number(self.adjust_reason.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_no_calendar_has_is_refused_and_an_unknown_one_is_not() {
        let mut time = DateTime { year: 2023, month: 2, day: 29, hour: 1, minute: 2, second: 3 };
        assert!(time.check().is_err());
        time.year = 2024;
        assert!(time.is_valid());
        time.year = 0;
        assert!(time.check().is_ok() && !time.is_valid());
    }
}
