//! Temperature Measurement, 2A1C (Health Thermometer Service 1.0, 3.1).

use super::datetime::DateTime;
use super::ieee11073::Float;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const FAHRENHEIT: u8 = 1 << 0;
const TIMESTAMP: u8 = 1 << 1;
const TYPE: u8 = 1 << 2;

/// One body temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    fahrenheit: bool,
    value: Float,
    pub(super) time: Option<DateTime>,
    site: Option<u8>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Temperature, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let value = reader.float("temperature")?;
    let time = if flags & TIMESTAMP == 0 { None } else { Some(DateTime::read(&mut reader, "timestamp")?) };
    let site = if flags & TYPE == 0 { None } else { Some(reader.u8("temperature_type")?) };
    Ok(Temperature { fahrenheit: flags & FAHRENHEIT != 0, value, time, site })
}

/// Temperature Type, 2A1D.
const fn site_name(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "armpit",
        2 => "body_general",
        3 => "ear",
        4 => "finger",
        5 => "gastro_intestinal_tract",
        6 => "mouth",
        7 => "rectum",
        8 => "toe",
        9 => "tympanum",
        _ => return None,
    })
}

impl Temperature {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let unit = if self.fahrenheit { &quantity::TEMPERATURE_F } else { &quantity::TEMPERATURE_C };
        visit(unit, self.value.value());
        if let Some(time) = self.time {
            time.timestamp(visit);
        }
        if let Some(site) = self.site {
            visit(&quantity::TEMPERATURE_TYPE, site_name(site).map_or(Value::NotAvailable, Value::Text));
        }
    }
}
