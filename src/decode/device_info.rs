//! Device Information (Service 1.2): the strings, 2A24 to 2A29, and PnP ID, 2A50; and Body Sensor Location, 2A38 (Heart
//! Rate Service 1.0, 3.2).

use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// A UTF-8 text. Devices pad it with NULs, which do not belong to it.
pub(super) fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..end).unwrap_or(bytes);
    std::str::from_utf8(text).map_err(|error| DecodeError::NotText { at: error.valid_up_to() })
}

/// PnP ID, 2A50: who made the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PnpId {
    /// Who assigned the vendor id: 1 the Bluetooth SIG, 2 the USB Implementer's Forum.
    pub vendor_id_source: u8,
    /// The vendor.
    pub vendor_id: u16,
    /// The vendor's number for the product.
    pub product_id: u16,
    /// The product's version, binary-coded decimal JJ.M.N.
    pub product_version: u16,
}

pub(super) fn pnp_id(bytes: &[u8]) -> Result<PnpId, DecodeError> {
    let mut reader = Reader::new(bytes);
    let id = PnpId {
        vendor_id_source: reader.u8("vendor_id_source")?,
        vendor_id: reader.u16("vendor_id")?,
        product_id: reader.u16("product_id")?,
        product_version: reader.u16("product_version")?,
    };
    reader.end()?;
    Ok(id)
}

impl PnpId {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::VENDOR_ID_SOURCE, Value::Number(self.vendor_id_source.into()));
        visit(&quantity::VENDOR_ID, Value::Number(self.vendor_id.into()));
        visit(&quantity::PRODUCT_ID, Value::Number(self.product_id.into()));
        visit(&quantity::PRODUCT_VERSION, Value::Number(self.product_version.into()));
    }
}

const LOCATIONS: [&str; 7] = ["other", "chest", "wrist", "finger", "hand", "ear_lobe", "foot"];

/// Where a heart-rate sensor sits: its code.
pub(super) fn location(bytes: &[u8]) -> Result<u8, DecodeError> {
    Reader::new(bytes).u8("body_sensor_location")
}

pub(super) fn location_fields(code: u8, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
    let name = LOCATIONS.get(usize::from(code));
    visit(&quantity::BODY_SENSOR_LOCATION, name.map_or(Value::NotAvailable, |name| Value::Text(name)));
    visit(&quantity::CODE, Value::Number(code.into()));
}
