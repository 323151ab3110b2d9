//! The control socket: one JSON object a line each way, answered in order. What a person with `rehabctl` can ask of a
//! running hub.

mod client;
mod server;
mod status;

use serde::{Deserialize, Serialize};

use crate::types::{BootId, SensorId};

pub use client::{Client, ClientError};
pub use server::{CtlError, CtlParts, bind, serve};
pub use status::StatusParts;

/// The longest request, in bytes; a fed batch of 256 lines stays far below.
pub(crate) const MAX_REQUEST: usize = 1 << 20;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Everything that `rehabctl status` shows.
    Status,
    /// Open a pairing window for one allow-listed sensor and pair it. Answered when it is paired, or when the window
    /// closed.
    Pair {
        /// The role in the config.
        sensor: SensorId,
        /// How long the window stays open, in seconds; at most `bluetooth.pairing_window_s`.
        window_s: Option<u64>,
    },
    /// Lines of a capture, for a hub whose source is `replay`. Answered once all of them are durable.
    Feed {
        /// A random number for the replay: one more replay of the same capture has another.
        capture: BootId,
        /// In the order of the capture, 1-256 of them.
        lines: Vec<String>,
    },
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It was done; what there is to say about it.
    Ok(serde_json::Value),
    /// It was not.
    Error(Failure),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Failure {
    /// What happened, on what.
    pub what: String,
    /// What to do next.
    pub remedy: String,
}

impl Failure {
    /// From its two halves.
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}
