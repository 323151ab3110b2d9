//! Why bytes are not a value.

use crate::types::CharUuid;

/// Why bytes are not a value of their characteristic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than its own flags require.
    #[error("truncated: {what} takes {needed} byte(s), {had} left")]
    Truncated {
        /// The field that does not fit.
        what: &'static str,
        /// Its length in bytes.
        needed: usize,
        /// What was left.
        had: usize,
    },
    /// Longer than a value of a fixed length.
    #[error("{bytes} bytes too many for a value of a fixed length")]
    Surplus {
        /// How many.
        bytes: usize,
    },
    /// A value that the specification excludes.
    #[error("{what} is {value}, outside {range}")]
    OutOfRange {
        /// The field.
        what: &'static str,
        /// What stood there.
        value: i64,
        /// What is allowed.
        range: &'static str,
    },
    /// A checksum that does not fit the bytes: they were damaged on the way.
    #[error("checksum {stated:#06x} does not fit the bytes, whose own is {calculated:#06x}")]
    Checksum {
        /// What the packet says.
        stated: u32,
        /// What its bytes give.
        calculated: u32,
    },
    /// Bytes that should be text.
    #[error("not UTF-8 text from byte {at} on")]
    NotText {
        /// The first byte that is not.
        at: usize,
    },
    /// No decoder for this characteristic: kept raw, forwarded as undecoded.
    #[error("no decoder for characteristic {0}; the packet is kept as it is")]
    Unknown(CharUuid),
}

impl DecodeError {
    /// What is wrong, without any value of the packet: for logs, which must not have any.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::OutOfRange { what, range, .. } => format!("{what} is outside {range}"),
            Self::Unknown(_) => "no decoder knows it".into(),
            other => other.to_string(),
        }
    }
}
