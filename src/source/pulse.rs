//! What the hub itself has to say, as a source: that it listens, and what the time is.
//!
//! Silence of a sensor means something only while the hub listened, so the log tells when it did. A hub without a
//! radio does not listen.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Captured;
use super::bluez::{AdapterState, BluezStatus};
use crate::clock::wall::Wall;
use crate::types::{HUB_STATE, HubState, Link, Origin, Packet, SensorId};

/// How often the clock is asked whether it is synchronized; most answers change nothing.
const ASK_CLOCK: Duration = Duration::from_secs(10);

/// Clock questions between two records that the hub is alive: 5 minutes.
const ASKS_PER_ALIVE: u32 = 30;

/// Clock questions during which the radio may be away before the hub counts as not listening: a minute.
const ASKS_WITHOUT_RADIO: u32 = 6;

/// Says up, alive and down, and hands on anchors, until it is cancelled. Ends early when nobody takes them.
pub async fn run(
    wall: Wall,
    radio: watch::Receiver<BluezStatus>,
    out: mpsc::Sender<Captured>,
    cancel: CancellationToken,
) {
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
    let mut listening = Listening::default();
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
        let ready = radio.borrow().adapter == AdapterState::Ready;
        if let Some(state) = listening.tick(ready)
            && out.send(record(state)).await.is_err()
        {
            return;
        }
    }
    // the ingest task takes what is sent before it ends; when it is gone already, nobody can be told
    let _ = out.send(record(HubState::Down)).await;
}

/// What the log must be told, tick by tick. Pure.
#[derive(Debug, Default)]
struct Listening {
    up: bool,
    ticks: u32,
    without_radio: u32,
}

impl Listening {
    /// One more tick, with the radio as it is now.
    fn tick(&mut self, ready: bool) -> Option<HubState> {
        self.without_radio = if ready { 0 } else { self.without_radio + 1 };
        match (self.up, ready) {
            (false, true) => {
                *self = Self { up: true, ticks: 0, without_radio: 0 };
                Some(HubState::Up)
            }
            (false, false) => None,
            (true, false) if self.without_radio > ASKS_WITHOUT_RADIO => {
                self.up = false;
                Some(HubState::Down)
            }
            (true, _) => {
                self.ticks += 1;
                (self.ticks.is_multiple_of(ASKS_PER_ALIVE) && ready).then_some(HubState::Alive)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_without_a_radio_does_not_listen() {
        let mut listening = Listening::default();
        assert!((0..100).all(|_| listening.tick(false).is_none()), "it never had a radio");
        assert_eq!(listening.tick(true), Some(HubState::Up));
        let said: Vec<HubState> = (0..60).filter_map(|_| listening.tick(true)).collect();
        assert_eq!(said, [HubState::Alive, HubState::Alive]);
        let said: Vec<HubState> = (0..60).filter_map(|_| listening.tick(false)).collect();
        assert_eq!(said, [HubState::Down], "the radio was away for ten minutes");
        assert_eq!(listening.tick(true), Some(HubState::Up));
    }

    #[test]
    fn a_restart_of_bluetoothd_is_no_silence() {
        let mut listening = Listening::default();
        listening.tick(true);
        assert!((0..5).all(|_| listening.tick(false).is_none()));
        assert_eq!(listening.tick(true), None);
    }
}
