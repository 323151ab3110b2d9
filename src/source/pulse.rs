//! What the hub itself has to say, as a source: that it listens, and what the time is.
//!
//! Silence of a sensor means something only while the hub listened, so the log tells when it did.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Captured;
use crate::clock::wall::Wall;
use crate::types::{HUB_STATE, HubState, Link, Origin, Packet, SensorId};

/// How often the clock is asked whether it is synchronized; most answers change nothing.
const ASK_CLOCK: Duration = Duration::from_secs(10);

/// Clock questions between two records that the hub is alive: 5 minutes.
const ASKS_PER_ALIVE: u32 = 30;

/// Says up, alive and down, and hands on anchors, until it is cancelled. Ends early when nobody takes them.
pub async fn run(wall: Wall, out: mpsc::Sender<Captured>, cancel: CancellationToken) {
    let origin = Arc::new(Origin { sensor: SensorId::hub(), address: None, link: Link::None });
    let record = |state: HubState| {
        Captured::Packet(Packet {
            origin: Arc::clone(&origin),
            characteristic: HUB_STATE,
            boot: wall.boot(),
            mono: wall.mono(),
            bytes: Box::new([state.byte()]),
        })
    };
    let mut ticks = tokio::time::interval(ASK_CLOCK);
    let mut asked = 0;
    let mut state = HubState::Up;
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            _ = ticks.tick() => {}
        }
        if let Some(anchor) = wall.anchor()
            && out.send(Captured::Anchor(anchor)).await.is_err()
        {
            return;
        }
        if asked % ASKS_PER_ALIVE == 0 {
            if out.send(record(state)).await.is_err() {
                return;
            }
            state = HubState::Alive;
        }
        asked += 1;
    }
    // the ingest task takes what is sent before it ends; when it is gone already, nobody can be told
    let _ = out.send(record(HubState::Down)).await;
}
