//! What the Generic Health Sensor Service was before it was adopted (2021): the same segments, but an observation is a
//! row of attributes, each a code and a length in big-endian order. Sensors of that time still send it.

use crate::decode::ieee11073::Float;
use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, bits, quantity};

/// Attribute codes, MDC with their partition.
const OBJECT_ID: u32 = 0x0001_0921;
const TYPE: u32 = 0x0001_092F;
const TIME: u32 = 0x0001_0990;
const UNIT: u32 = 0x0001_0996;
const VALUE: u32 = 0x0001_0A56;

/// One observation of the draft.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DraftObservation {
    kind: Option<u32>,
    id: Option<u16>,
    value: Option<Float>,
    unit: Option<u32>,
    timestamp_ms: Option<u64>,
}

/// Reads the attributes, which are put together from their segments. Unknown ones are passed over.
pub(in crate::decode) fn decode(bytes: &[u8]) -> Result<DraftObservation, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut observation = DraftObservation::default();
    while !reader.rest().is_empty() {
        let code = reader.array("attribute").map(u32::from_be_bytes)?;
        let len = reader.array("attribute").map(u16::from_be_bytes)?;
        let mut own = Reader::new(reader.bytes("attribute", len.into())?);
        match code {
            TYPE => observation.kind = Some(own.array("type").map(u32::from_be_bytes)?),
            OBJECT_ID => observation.id = Some(own.array("id").map(u16::from_be_bytes)?),
            UNIT => observation.unit = Some(own.array("unit_mdc").map(u32::from_be_bytes)?),
            TIME => observation.timestamp_ms = Some(own.array("timestamp_ms").map(u64::from_be_bytes)?),
            VALUE => {
                let float = own.array("value").map(u32::from_be_bytes).map(Float::from_float)?;
                observation.value = Some(float);
            }
            _ => {}
        }
    }
    Ok(observation)
}

impl DraftObservation {
    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        bits::number(&quantity::OBSERVATION_TYPE_MDC, self.kind, visit);
        bits::number(&quantity::OBJECT_ID, self.id, visit);
        if let Some(value) = self.value {
            visit(&quantity::VALUE, value.value());
        }
        bits::number(&quantity::UNIT_MDC, self.unit, visit);
        bits::number(&quantity::TIMESTAMP_MS, self.timestamp_ms.map(|ms| ms as f64), visit);
    }
}
