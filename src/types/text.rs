//! Ids as text: one form for files, messages and logs.

/// Why a text is not the id or unit it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {expected}")]
pub struct ParseError {
    value: String,
    expected: &'static str,
}

impl ParseError {
    pub(super) fn new(value: &str, expected: &'static str) -> Self {
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

pub(super) use text_serde;
