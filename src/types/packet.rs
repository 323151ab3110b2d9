//! What the log keeps.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, BootId, CharUuid, Mono, SensorId, Seq};

/// How a packet reached the hub, as far as the radio link goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// Over a link that was encrypted with the stored key of a bond.
    Bonded,
    /// From a sensor that cannot bond: anyone could have sent it.
    Open,
    /// Not over a radio: a replayed capture, or the hub's own records.
    None,
}

/// Where packets come from; shared by all packets of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The role.
    pub sensor: SensorId,
    /// The hardware's identity address; `None` where there is no radio.
    pub address: Option<Address>,
    /// How it came.
    pub link: Link,
}

/// One notification, indication or read value as it was received: what the log keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Which sensor, which hardware, which link.
    pub origin: Arc<Origin>,
    /// The characteristic it is a value of.
    pub characteristic: CharUuid,
    /// The boot in which `mono` counts.
    pub boot: BootId,
    /// When it was received.
    pub mono: Mono,
    /// The value, byte for byte.
    pub bytes: Box<[u8]>,
}

/// A packet that the log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its place.
    pub seq: Seq,
    /// The packet.
    pub packet: Packet,
}

/// The hub's own records, kept under [`SensorId::hub`]: one byte, a [`HubState`].
pub const HUB_STATE: CharUuid = CharUuid::from_u128(0x7265_6861_0001_4b1d_8a5e_6875_6273_7465);

/// Patient reports, kept under [`SensorId::patient`]: a JSON object `{"pro":"pain","value":4}`.
pub const PATIENT_REPORT: CharUuid = CharUuid::from_u128(0x7265_6861_0002_4b1d_8a5e_6875_6273_7465);

/// What the hub says of itself in its log: that silence of a sensor means something only while it listened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubState {
    /// It stopped listening: a clean stop.
    Down,
    /// It began to listen.
    Up,
    /// It still listens: written every 5 minutes, so that a power cut is known to within that.
    Alive,
}

impl HubState {
    /// The record's only byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Down => 0,
            Self::Up => 1,
            Self::Alive => 2,
        }
    }

    /// From a record; `None` when it is not one.
    #[must_use]
    pub const fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0] => Some(Self::Down),
            [1] => Some(Self::Up),
            [2] => Some(Self::Alive),
            _ => None,
        }
    }
}
