//! The decoders and what they import, compiled from the product's own files.

/// Ids and units.
#[path = "../../../src/types/mod.rs"]
pub mod types;

/// The TOML reader.
#[path = "../../../src/config"]
pub mod config {
    pub mod document;
}

/// The decoders.
#[path = "../../../src/decode/mod.rs"]
pub mod decode;
