//! Replays captures: lines become packets and anchors, as if they had just been received.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Captured;
use super::capture::CaptureLine;
use crate::clock::wall::Wall;
use crate::clock::{Anchor, Quality};
use crate::store::{Receipt, StoreError};
use crate::types::{BootId, Link, Mono, Origin, Packet, SensorId};

/// A capture without boots is replayed as one boot in which its first line came after this long (10 days), so that
/// lines that are older than the first have a place, too.
const FIRST_AT_US: i64 = 864_000_000_000;

/// A capture that keeps no anchors gets one for each half hour, so that its times count as synced throughout.
const ANCHOR_EVERY_US: u64 = 1_800_000_000;

/// Lines to replay, and where to say that they are durable.
#[derive(Debug)]
pub struct Feed {
    /// The capture that they are from, as a boot for lines that name none: each replay of a capture has its own, since
    /// replaying it twice is two mornings, not one.
    pub capture: BootId,
    /// The lines, in the order of the capture.
    pub lines: Vec<CaptureLine>,
    /// Answered once all of them are durable.
    pub durable: oneshot::Sender<Result<Receipt, StoreError>>,
}

/// A boot that was never used before, for captures that name none.
#[must_use]
pub fn fresh_boot(wall: Wall) -> BootId {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => BootId::from_u128(u128::from_ne_bytes(bytes)),
        // no randomness this early: this boot and this microsecond are as good as unique
        Err(_) => BootId::from_u128(wall.boot().as_u128() ^ u128::from(wall.mono().micros())),
    }
}

/// Turns lines into packets and anchors. Pure.
#[derive(Debug)]
pub struct Replayer {
    boot: BootId,
    first_at: Option<i64>,
    anchored: HashMap<BootId, Mono>,
    origins: HashMap<SensorId, Arc<Origin>>,
}

impl Replayer {
    /// Lines that name no boot are given `boot`, which must not have been used before: replaying a capture twice is
    /// two mornings, not one.
    #[must_use]
    pub fn new(boot: BootId) -> Self {
        Self { boot, first_at: None, anchored: HashMap::new(), origins: HashMap::new() }
    }

    /// The packet that a line stands for, with the anchor that its time gives, if it gives a new one.
    pub fn packet(&mut self, line: CaptureLine) -> (Option<Anchor>, Packet) {
        let (boot, mono) = line.boot.unwrap_or_else(|| self.place(line.at.micros()));
        let anchor = Anchor { boot, mono, utc: line.at, uncertainty_us: 1000 };
        let new = line.quality == Quality::Synced
            && self.anchored.get(&boot).is_none_or(|last| mono.since(*last) >= ANCHOR_EVERY_US);
        if new {
            self.anchored.insert(boot, mono);
        }
        let origin = self.origins.entry(line.sensor).or_insert_with_key(|sensor| {
            Arc::new(Origin { sensor: sensor.clone(), address: None, link: Link::None })
        });
        let packet = Packet {
            origin: Arc::clone(origin),
            characteristic: line.characteristic,
            boot,
            mono,
            bytes: line.bytes,
        };
        (new.then_some(anchor), packet)
    }

    fn place(&mut self, at: i64) -> (BootId, Mono) {
        let first = *self.first_at.get_or_insert(at);
        let micros = at.saturating_sub(first).saturating_add(FIRST_AT_US).max(0);
        (self.boot, Mono::from_micros(micros.unsigned_abs()))
    }
}

/// Hands on what is fed, until nobody feeds any more.
pub async fn run(mut feeds: mpsc::Receiver<Feed>, out: mpsc::Sender<Captured>) {
    let mut replayer: Option<Replayer> = None;
    while let Some(Feed { capture, lines, durable }) = feeds.recv().await {
        let replayer = match &mut replayer {
            Some(replayer) if replayer.boot == capture => replayer,
            other => other.insert(Replayer::new(capture)),
        };
        let mut packets = Vec::with_capacity(lines.len());
        for line in lines {
            let (anchor, packet) = replayer.packet(line);
            packets.push(packet);
            if let Some(anchor) = anchor
                && out.send(Captured::Anchor(anchor)).await.is_err()
            {
                return;
            }
        }
        if out.send(Captured::Batch(packets, durable)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timeline;

    fn line(text: &str) -> CaptureLine {
        CaptureLine::parse(text).unwrap()
    }

    #[test]
    fn replayed_packets_resolve_to_the_times_of_the_capture_whatever_their_order() {
        let mut replayer = Replayer::new(BootId::from_u128(7));
        let mut timeline = Timeline::default();
        for at in ["2026-11-03T14:00:01.250Z", "2026-11-03T14:00:00.000Z", "2026-11-04T09:00:00.000Z"] {
            let line = line(&format!(r#"{{"at":"{at}","sensor":"bike","char":"2AD2","hex":"0000"}}"#));
            let expected = line.at;
            let (anchor, packet) = replayer.packet(line);
            if let Some(anchor) = anchor {
                timeline.add(anchor);
            }
            let time = timeline.resolve(packet.boot, packet.mono);
            assert_eq!((time.utc, time.quality), (Some(expected), Quality::Synced));
        }
    }

    #[test]
    fn a_line_that_keeps_its_boot_keeps_it_and_an_unsure_time_anchors_nothing() {
        let mut replayer = Replayer::new(BootId::from_u128(7));
        let boot = "0123456789abcdef0123456789abcdef";
        let text = format!(
            r#"{{"at":"2026-11-03T14:00:01Z","hub":"up","boot":"{boot}","mono_ms":5,"quality":"estimated"}}"#
        );
        let (anchor, packet) = replayer.packet(line(&text));
        assert_eq!(anchor, None);
        assert_eq!((packet.boot.to_string().as_str(), packet.mono.micros()), (boot, 5000));
    }
}
