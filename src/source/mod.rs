//! Where packets come from: BLE sensors, or a recorded capture.

pub mod bluez;
pub mod capture;
pub mod pulse;
pub mod replay;

use tokio::sync::oneshot;

use crate::clock::Anchor;
use crate::store::{Receipt, StoreError};
use crate::types::Packet;

/// What a source hands on.
#[derive(Debug)]
pub enum Captured {
    /// One packet from the radio.
    Packet(Packet),
    /// Packets that somebody waits for: the answer is sent once they are durable.
    Batch(Vec<Packet>, oneshot::Sender<Result<Receipt, StoreError>>),
    /// What the time is. Captures carry their own; for the radio the clock task says it.
    Anchor(Anchor),
}
