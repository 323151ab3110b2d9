//! Heart Rate Measurement, 2A37 (Heart Rate Service 1.0, 3.1).

use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

/// Flag bits.
const WIDE: u8 = 1 << 0;
const CONTACT: u8 = 1 << 1;
const CONTACT_SUPPORTED: u8 = 1 << 2;
const ENERGY: u8 = 1 << 3;
const RR: u8 = 1 << 4;

/// Whether the strap feels the skin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The sensor cannot tell; its other contact bit means nothing then.
    NotSupported,
    /// No skin contact: the rate is not to be believed.
    NotDetected,
    /// Skin contact.
    Detected,
}

impl Contact {
    /// The word that payloads use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSupported => "not_supported",
            Self::NotDetected => "not_detected",
            Self::Detected => "detected",
        }
    }
}

/// One heart-rate notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartRate<'a> {
    /// Beats per minute, as sent (0-65535; 0 while a strap has no rate yet).
    pub bpm: u16,
    /// Skin contact.
    pub contact: Contact,
    /// Energy since the sensor's own reset, in kJ; it stops at 65535.
    pub energy_kj: Option<u16>,
    /// Pairs of bytes, oldest interval first, 1/1024 s each.
    rr: &'a [u8],
}

impl<'a> HeartRate<'a> {
    /// The beat-to-beat intervals since the last notification, oldest first, in milliseconds. Empty where the sensor
    /// sends none.
    pub fn rr_intervals_ms(&self) -> impl ExactSizeIterator<Item = f64> + use<'a> {
        self.rr
            .chunks_exact(2)
            .map(|pair| f64::from(u16::from_le_bytes([pair[0], pair[1]])) * (1000.0 / 1024.0))
    }

    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::HEART_RATE_BPM, Value::Number(self.bpm.into()));
        visit(&quantity::SENSOR_CONTACT, Value::Text(self.contact.as_str()));
        if let Some(energy) = self.energy_kj {
            visit(&quantity::ENERGY_EXPENDED_KJ, Value::Number(energy.into()));
        }
        // Nine intervals are what fits the default MTU.
        let mut few = [0.0; 9];
        let intervals = self.rr_intervals_ms();
        match intervals.len() {
            0 => {}
            n if n <= few.len() => {
                few.iter_mut().zip(intervals).for_each(|(slot, interval)| *slot = interval);
                visit(&quantity::RR_INTERVALS_MS, Value::Numbers(&few[..n]));
            }
            _ => visit(&quantity::RR_INTERVALS_MS, Value::Numbers(&intervals.collect::<Vec<_>>())),
        }
    }
}

/// A flag that promises intervals where none follow is taken: straps do that between two beats. Half an interval is
/// an error.
pub(super) fn decode(bytes: &[u8]) -> Result<HeartRate<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8("flags")?;
    let bpm = match flags & WIDE {
        0 => reader.u8("heart_rate_bpm")?.into(),
        _ => reader.u16("heart_rate_bpm")?,
    };
    let contact = match (flags & CONTACT_SUPPORTED, flags & CONTACT) {
        (0, _) => Contact::NotSupported,
        (_, 0) => Contact::NotDetected,
        _ => Contact::Detected,
    };
    let energy_kj = if flags & ENERGY == 0 { None } else { Some(reader.u16("energy_expended_kj")?) };
    let rr = if flags & RR == 0 { &[] } else { reader.rest() };
    if rr.len() % 2 == 1 {
        return Err(DecodeError::Truncated { what: "rr_intervals_ms", needed: 2, had: 1 });
    }
    Ok(HeartRate { bpm, contact, energy_kj, rr })
}
