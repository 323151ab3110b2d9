//! The data of a batch of readings, as columns, and how a receiver takes it apart again.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::Event;
use crate::clock::Quality;
use crate::forward::rfc3339;
use crate::source::capture::parse_hex;
use crate::types::{BootId, CharUuid, Epoch, HubId, Link, Mono, SensorId, Seq, UtcMicros};

/// Readings of one sensor and one boot, one entry a reading in every column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    /// The role of the sensor.
    pub sensor: SensorId,
    /// The store that the sequence numbers belong to.
    pub epoch: Epoch,
    /// The boot that `mono0_ms` counts in.
    pub boot: BootId,
    /// Time since boot of the first reading, in milliseconds.
    pub mono0_ms: Millis,
    /// When the first reading was received; null while nothing dates it.
    #[serde(with = "rfc3339")]
    pub t0: Option<UtcMicros>,
    /// How `t0` was obtained.
    pub quality: Quality,
    /// The true times lie within so many milliseconds of the ones given; null when the quality is `unknown`.
    pub uncertainty_ms: Option<Millis>,
    /// How the sensor's link was secured.
    pub link: Link,
    /// The place of each reading in the log: (source, epoch, seq) is what a receiver dedupes by.
    pub seq: Vec<Seq>,
    /// Time since the first reading, in milliseconds; `t0` + `dt_ms` is within 5 ms of the best estimate.
    pub dt_ms: Vec<Millis>,
    /// The characteristic that each reading is a value of.
    pub char: Vec<CharUuid>,
    /// One column a quantity; null where a reading has none of it.
    pub values: BTreeMap<String, Vec<Value>>,
    /// The unit of each quantity that has one, of those inside records too.
    pub units: BTreeMap<String, Unit>,
    /// Hex digits of the packets as received: of all of them with `forward.raw`, else of the undecoded ones, null in
    /// the rows between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Vec<Option<Hex>>>,
    /// Rows, from 0, that the hub had no decoder for, or whose bytes were not a value of the characteristic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecoded: Vec<usize>,
}

/// How a quantity is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// UCUM.
    pub ucum: String,
    /// ISO/IEEE 11073-10101 reference id, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mdc: Option<String>,
    /// LOINC code, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loinc: Option<String>,
}

/// Milliseconds with up to three decimals, held as microseconds. Exact up to 2^50 us, 35 years since boot: there a
/// parser that is off by one in the last bit of a double still rounds to the same microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(i64);

impl Millis {
    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl Serialize for Millis {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            serializer.serialize_i64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.0 as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        let whole = number.as_i64().and_then(|ms| ms.checked_mul(1000));
        // The cast saturates; a number that large is no time of any machine.
        let micros = whole.or_else(|| number.as_f64().map(|ms| (ms * 1000.0).round() as i64));
        micros.map(Self).ok_or_else(|| serde::de::Error::custom("not a number of milliseconds"))
    }
}

/// Bytes, as hex digits on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hex(pub Box<[u8]>);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(2 * self.0.len());
        for byte in &self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse_hex(&text).map(|bytes| Self(bytes.into())).map_err(serde::de::Error::custom)
    }
}

/// A message on `readings` is not a batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Not the JSON of one.
    #[error("not a batch of readings; check that the sender is a hub of this version")]
    Json(#[source] serde_json::Error),
    /// Not a message of this kind.
    #[error("type {found:?} from {source_uri:?} is not rtm.readings.v1 of a hub; check the subscription")]
    Foreign {
        /// The event's type.
        found: String,
        /// The event's source.
        source_uri: String,
    },
    /// The columns do not belong together.
    #[error("column {column} has {found} entries where seq has {expected}; report this to the hub's maker")]
    Ragged {
        /// Which one.
        column: String,
        /// Its length.
        found: usize,
        /// The number of readings.
        expected: usize,
    },
}

/// A batch as a receiver sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The event's id.
    pub id: String,
    /// Who sent it.
    pub hub: HubId,
    /// The columns; all of the same length.
    pub data: Readings,
}

/// One reading of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Received {
    /// The store it is in.
    pub epoch: Epoch,
    /// Its place there.
    pub seq: Seq,
    /// The role of the sensor.
    pub sensor: SensorId,
    /// The boot it was received in.
    pub boot: BootId,
    /// When, in that boot.
    pub mono: Mono,
    /// When, in UTC, if that is known.
    pub utc: Option<UtcMicros>,
    /// What it is a value of.
    pub characteristic: CharUuid,
    /// The packet, where the batch has it.
    pub bytes: Option<Box<[u8]>>,
}

impl Batch {
    /// Reads the payload of a message on `readings`.
    ///
    /// # Errors
    /// When it is not one, or its columns do not fit together.
    pub fn parse(payload: &[u8]) -> Result<Self, BatchError> {
        let event: Event<Readings> = serde_json::from_slice(payload).map_err(BatchError::Json)?;
        let hub = event.source.strip_prefix("/hubs/").and_then(|id| id.parse().ok());
        let (Some(hub), "rtm.readings.v1") = (hub, event.r#type.as_str()) else {
            return Err(BatchError::Foreign { found: event.r#type, source_uri: event.source });
        };
        event.data.check()?;
        Ok(Self { id: event.id, hub, data: event.data })
    }

    /// The readings, one by one, in the order of the log.
    pub fn readings(&self) -> impl Iterator<Item = Received> + '_ {
        let data = &self.data;
        data.seq.iter().zip(&data.dt_ms).zip(&data.char).enumerate().map(
            |(row, ((seq, dt), characteristic))| {
                let mono = data.mono0_ms.micros().saturating_add(dt.micros());
                Received {
                    epoch: data.epoch,
                    seq: *seq,
                    sensor: data.sensor.clone(),
                    boot: data.boot,
                    mono: Mono::from_micros(mono.unsigned_abs()),
                    utc: data.t0.map(|t0| t0.plus(dt.micros())),
                    characteristic: *characteristic,
                    bytes: data.raw.as_ref().and_then(|raw| raw.get(row)?.clone()).map(|hex| hex.0),
                }
            },
        )
    }
}

impl Readings {
    fn check(&self) -> Result<(), BatchError> {
        let expected = self.seq.len();
        let fixed = [("dt_ms", self.dt_ms.len()), ("char", self.char.len())];
        let raw = self.raw.iter().map(|raw| ("raw", raw.len()));
        let values = self.values.iter().map(|(name, column)| (name.as_str(), column.len()));
        match fixed.into_iter().chain(raw).chain(values).find(|(_, found)| *found != expected) {
            Some((column, found)) => Err(BatchError::Ragged { column: column.into(), found, expected }),
            None => Ok(()),
        }
    }
}
