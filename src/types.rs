//! Ids and units as types: parsed once at the edge, with private fields, so that no bare number travels.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not the id or unit it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {expected}")]
pub struct ParseError {
    value: String,
    expected: &'static str,
}

impl ParseError {
    fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.chars().take(64).collect(), expected }
    }
}

/// Serde through the type's own text form, so that a file, a message and a log agree on it.
macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A name that is also a topic level, a file name and a log field: `[a-z0-9][a-z0-9_-]{0,31}`.
macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                let mut bytes = text.bytes();
                let ok = text.len() <= 32
                    && bytes.next().is_some_and(plain)
                    && bytes.all(|b| plain(b) || b == b'_' || b == b'-');
                if ok { Ok(Self(text.into())) } else { Err(ParseError::new(text, $expected)) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        text_serde!($name);
    };
}

slug!(
    /// The role of a sensor in the plan (`bike`, `strap`): plans and topics name roles, record identities the
    /// hardware. `hub` and `patient` are reserved for what the hub itself and the patient record.
    SensorId,
    "a sensor id: 1-32 of a-z, 0-9, '-' and '_', a letter or digit first"
);
slug!(
    /// The clinic's id, a level of every topic.
    ClinicId,
    "a clinic id: 1-32 of a-z, 0-9, '-' and '_', a letter or digit first"
);
slug!(
    /// The hub's id: a topic level, the MQTT client id, the `CloudEvents` source. Never a patient's name.
    HubId,
    "a hub id: 1-32 of a-z, 0-9, '-' and '_', a letter or digit first"
);

impl SensorId {
    /// The reserved id under which the hub's own up, alive and down records are kept.
    #[must_use]
    pub fn hub() -> Self {
        Self("hub".into())
    }

    /// The reserved id under which patient reports are kept.
    #[must_use]
    pub fn patient() -> Self {
        Self("patient".into())
    }

    /// Whether the id is one that no config may give to a sensor.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        matches!(self.as_str(), "hub" | "patient")
    }
}

/// A Bluetooth device address (the identity address of the hardware), most significant byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 6]);

impl Address {
    /// From six bytes, most significant first, as the text form has them.
    #[must_use]
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The six bytes, most significant first.
    #[must_use]
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for Address {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = || ParseError::new(text, "a Bluetooth address such as C0:11:22:33:44:55");
        let mut bytes = [0u8; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let hex = |p: &&str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
            let part = parts.next().filter(hex).ok_or_else(fail)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| fail())?;
        }
        if parts.next().is_some() { Err(fail()) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}
text_serde!(Address);

/// Bits of the Bluetooth base UUID `0000xxxx-0000-1000-8000-00805F9B34FB` (Core 5.4, Vol 3, Part B, 2.5.1).
const BASE_UUID: u128 = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB;

/// The UUID of a GATT characteristic; printed in its 16-bit form where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CharUuid(u128);

impl CharUuid {
    /// A characteristic of the Bluetooth SIG by its 16-bit number, such as `0x2A37`.
    #[must_use]
    pub const fn sig(short: u16) -> Self {
        Self(BASE_UUID | (short as u128) << 96)
    }

    /// From all 128 bits.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// The 16-bit number, where the UUID is one of the Bluetooth SIG's.
    #[must_use]
    pub const fn short(self) -> Option<u16> {
        let high = self.0 >> 96;
        if self.0 & !(0xFFFF << 96) == BASE_UUID && high <= 0xFFFF { Some(high as u16) } else { None }
    }
}

/// The hub's own records, kept under [`SensorId::hub`]: one byte, a [`HubState`].
pub const HUB_STATE: CharUuid = CharUuid(0x7265_6861_0001_4b1d_8a5e_6875_6273_7465);

/// Patient reports, kept under [`SensorId::patient`]: a JSON object `{"pro":"pain","value":4}`.
pub const PATIENT_REPORT: CharUuid = CharUuid(0x7265_6861_0002_4b1d_8a5e_6875_6273_7465);

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

impl FromStr for CharUuid {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = || ParseError::new(text, "a characteristic: 4 hex digits (2A37) or a whole UUID");
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(fail());
        }
        match (digits.len(), text.len()) {
            (4, 4) => u16::from_str_radix(&digits, 16).map(Self::sig).map_err(|_| fail()),
            (32, 36 | 32) => u128::from_str_radix(&digits, 16).map(Self).map_err(|_| fail()),
            _ => Err(fail()),
        }
    }
}

impl fmt::Display for CharUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(short) = self.short() {
            return write!(f, "{short:04X}");
        }
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
text_serde!(CharUuid);

/// One boot of one machine, as `/proc/sys/kernel/random/boot_id` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BootId(u128);

impl BootId {
    /// From all 128 bits.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl FromStr for BootId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = || ParseError::new(text, "a boot id: 32 hex digits, with or without dashes");
        let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(fail());
        }
        u128::from_str_radix(&digits, 16).map(Self).map_err(|_| fail())
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
text_serde!(BootId);

/// Time since boot, suspend included (`CLOCK_BOOTTIME`), in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(u64);

impl Mono {
    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In microseconds.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Microseconds from `earlier` to `self`; 0 where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An instant in UTC: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMicros(i64);

impl UtcMicros {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down: the unit of adherence.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `self` moved by `micros`, held inside the range of the type.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// As a chrono instant; `None` outside the years that chrono knows.
    #[must_use]
    pub fn to_chrono(self) -> Option<chrono::DateTime<chrono::Utc>> {
        chrono::DateTime::from_timestamp_micros(self.0)
    }
}

/// RFC 3339 with milliseconds, `2026-11-03T14:00:01.000Z`; more digits only where they are not 0.
impl fmt::Display for UtcMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use chrono::SecondsFormat::{Micros, Millis};
        let digits = if self.0.rem_euclid(1000) == 0 { Millis } else { Micros };
        match self.to_chrono() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(digits, true)),
            None => write!(f, "{} us", self.0),
        }
    }
}

impl FromStr for UtcMicros {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        chrono::DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.timestamp_micros()))
            .map_err(|_| ParseError::new(text, "a time such as 2026-11-03T14:00:01.000Z"))
    }
}

/// The random number that a store is born with: sequence numbers mean something only together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// From its 64 bits.
    #[must_use]
    pub const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// Its 64 bits.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for Epoch {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        u64::from_str_radix(text, 16)
            .ok()
            .filter(|_| text.len() == 16)
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a store epoch: 16 hex digits"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
text_serde!(Epoch);

/// The place of a packet in the log of one epoch; the first is 1, none is ever used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// From its number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sig_uuid_prints_short_and_a_vendor_uuid_whole() {
        let strap: CharUuid = "2a37".parse().unwrap();
        assert_eq!(strap, CharUuid::sig(0x2A37));
        assert_eq!(strap.to_string(), "2A37");
        let whole: CharUuid = "00002a37-0000-1000-8000-00805f9b34fb".parse().unwrap();
        assert_eq!(whole, strap);
        let text = "a0000001-1111-2222-3333-444455556666";
        assert_eq!(text.parse::<CharUuid>().unwrap().to_string(), text);
        assert_eq!(text.parse::<CharUuid>().unwrap().short(), None);
    }

    #[test]
    fn ids_that_would_break_a_topic_are_refused() {
        for bad in ["", "Bike", "a/b", "+", "-a", "ä", "a b", &"a".repeat(33)] {
            assert!(bad.parse::<SensorId>().is_err(), "{bad:?} was taken");
        }
        assert!("bike-2_left".parse::<SensorId>().is_ok());
    }

    #[test]
    fn addresses_survive_their_text() {
        let address: Address = "c0:11:22:33:44:5f".parse().unwrap();
        assert_eq!(address.to_string(), "C0:11:22:33:44:5F");
        for bad in ["C0:11:22:33:44", "C0:11:22:33:44:5F:00", "C0-11-22-33-44-5F", "C0:11:22:33:44:+F"] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn utc_prints_milliseconds_and_keeps_microseconds() {
        let time: UtcMicros = "2026-11-03T14:00:01Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-03T14:00:01.000Z");
        assert_eq!(time.plus(1).to_string(), "2026-11-03T14:00:01.000001Z");
        assert_eq!(UtcMicros::from_micros(-1).millis(), -1);
    }
}
