//! Battery Level, 2A19 (Battery Service 1.1, 3.1).

use super::DecodeError;
use super::reader::Reader;

/// State of charge in percent. Bytes past the first are not looked at.
pub(super) fn decode(bytes: &[u8]) -> Result<u8, DecodeError> {
    let percent = Reader::new(bytes).u8("battery_percent")?;
    if percent > 100 {
        return Err(DecodeError::OutOfRange {
            what: "battery_percent",
            value: percent.into(),
            range: "0 to 100",
        });
    }
    Ok(percent)
}
