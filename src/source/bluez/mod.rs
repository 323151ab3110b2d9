//! Sensors over BLE, through bluetoothd.
//!
//! One task, [`run`]; everything in it is futures. `adapter` gets a session and a powered adapter and keeps them;
//! while it has them, `scan` listens, `pair` serves pairing requests, and one `peer` a sensor connects, reads
//! and connects again. Whatever breaks ends at `recover`: what is at fault, and how long to wait.
//!
//! Only sensors of the configuration are ever connected. The hub is not discoverable, bonds nothing outside a window
//! that a person opened for one sensor, and has no pairing agent outside it.

mod adapter;
mod error;
mod gatt;
mod pair;
mod peer;
mod recover;
mod scan;
mod status;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::Captured;
use crate::clock::wall::Wall;
use crate::config::{BluezConfig, SensorConfig};
use crate::decode::Catalogue;
use crate::types::SensorId;

pub use adapter::run;
pub use error::{BluezError, Cause};
pub use pair::PairError;
pub use status::{AdapterState, BluezStatus, PairingWindow, SensorState, SensorStatus};

/// All that the Bluetooth task works with.
#[derive(Debug)]
pub struct BluezParts {
    /// Which adapter, and how long a pairing window may be.
    pub config: BluezConfig,
    /// The allow-list.
    pub sensors: Vec<SensorConfig>,
    /// What is subscribed, and what must be written so that a sensor sends.
    pub catalogue: Arc<Catalogue>,
    /// Dates packets at receipt.
    pub wall: Wall,
    /// Where packets go. When it is full the task waits, and bluetoothd's sockets hold what comes: nothing is dropped.
    pub out: mpsc::Sender<Captured>,
    /// Pairing requests of the control socket. The task always takes them at once.
    pub pairing: mpsc::Receiver<PairRequest>,
    /// What others may see.
    pub status: watch::Sender<BluezStatus>,
}

/// Somebody asks to pair one sensor, now.
#[derive(Debug)]
pub struct PairRequest {
    /// Which; it must be in the configuration.
    pub sensor: SensorId,
    /// How long the window stays open; cut to what the configuration allows.
    pub window: Duration,
    /// Gets the outcome. Dropping the receiving end closes the window.
    pub answer: oneshot::Sender<Result<Paired, PairError>>,
}

/// A pairing that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paired {
    /// Which sensor.
    pub sensor: SensorId,
    /// It was bonded before; nothing was done.
    pub already: bool,
}
