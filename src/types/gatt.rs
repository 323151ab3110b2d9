//! What Bluetooth names: devices and characteristics.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::{ParseError, text_serde};

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
