//! RSC Measurement, 2A53 (Running Speed and Cadence Service 1.0, 3.1).

use super::bits;
use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const STRIDE: u8 = 1 << 0;
const DISTANCE: u8 = 1 << 1;
const RUNNING: u8 = 1 << 2;

/// One running or walking sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// 1/256 m/s.
    speed: u16,
    /// Steps a minute.
    cadence: u8,
    /// Centimetres.
    stride: Option<u16>,
    /// 1/10 m.
    distance: Option<u32>,
    running: bool,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Running, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let speed = reader.u16("speed_mps")?;
    let cadence = reader.u8("cadence_spm")?;
    let stride = if flags & STRIDE == 0 { None } else { Some(reader.u16("stride_length_m")?) };
    let distance = if flags & DISTANCE == 0 { None } else { Some(reader.u32("total_distance_m")?) };
    Ok(Running { speed, cadence, stride, distance, running: flags & RUNNING != 0 })
}

impl Running {
    /// Speed in km/h.
    #[must_use]
    pub fn speed_kmh(&self) -> f64 {
        f64::from(self.speed) / 256.0 * 3.6
    }

    /// Steps a minute.
    #[must_use]
    pub const fn cadence_spm(&self) -> u8 {
        self.cadence
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::SPEED_MPS, Value::Number(f64::from(self.speed) / 256.0));
        visit(&quantity::CADENCE_SPM, Value::Number(self.cadence.into()));
        bits::number(&quantity::STRIDE_LENGTH_M, self.stride.map(|cm| f64::from(cm) / 100.0), visit);
        bits::number(&quantity::TOTAL_DISTANCE_M, self.distance.map(|dm| f64::from(dm) / 10.0), visit);
        visit(&quantity::RUNNING, Value::Bool(self.running));
    }
}
