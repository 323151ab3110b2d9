//! One sensor of the configuration: found, connected, read, and connected again, for as long as there is a radio.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bluer::{Device, ErrorKind};
use futures_util::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use super::adapter::World;
use super::error::{BluezError, CALL_S, bounded};
use super::gatt::{self, Heard, Values};
use super::recover::{Backoff, Fault, held};
use super::scan::sight;
use super::status::SensorState;
use crate::config::{Bond, SensorConfig};
use crate::decode::BATTERY;
use crate::journal::Chain;
use crate::source::Captured;
use crate::types::{CharUuid, Link, Origin, Packet};

/// Seconds for a connection: the kernel itself gives up after 20.
const CONNECT_S: u64 = 30;

/// Seconds to end a link on the way out: bluetoothd itself takes 2 before it lets go.
const DISCONNECT_S: u64 = 4;

/// How often the link is asked for: bluetoothd's own word for it can get lost with bluetoothd.
const POLL: Duration = Duration::from_secs(5);

/// How often a sensor without a bond is looked at: somebody may have paired it by other means.
const BOND_POLL: Duration = Duration::from_secs(15);

/// After a link's end, values that were received before it may still be on their way to the hub for this long.
const DRAIN: Duration = Duration::from_millis(200);

/// And no longer than this in all: when the hub stops, the link may be up, and its sensor goes on sending.
const DRAIN_MOST: Duration = Duration::from_secs(1);

/// One sensor within one world.
pub(super) struct Peer<'a> {
    pub(super) sensor: &'a SensorConfig,
    pub(super) world: &'a World<'a>,
}

/// How a turn with a sensor ended.
enum Turn {
    /// The world ends.
    Stopped,
    /// It has no bond.
    NotBonded,
    /// The link ended after it had delivered; for how many microseconds it was up.
    Lost(u64),
}

impl Peer<'_> {
    /// Looks after the sensor until `stop`; when `leave` is cancelled too, ends its link.
    pub(super) async fn run(&self, stop: &CancellationToken, leave: &CancellationToken) {
        let mut backoff = Backoff::sensor();
        let mut bonds = self.world.bonds.subscribe();
        loop {
            bonds.mark_unchanged();
            let pause = match self.turn(stop, leave).await {
                Ok(Turn::Stopped) => break,
                Ok(Turn::Lost(_)) if stop.is_cancelled() => {
                    self.world.book.lost(&self.sensor.id);
                    break;
                }
                Ok(Turn::NotBonded) => {
                    self.world.book.not_bonded(&self.sensor.id);
                    backoff.reset();
                    BOND_POLL
                }
                Ok(Turn::Lost(micros)) => {
                    self.world.book.lost(&self.sensor.id);
                    self.world.look.notify_one();
                    if held(micros) {
                        backoff.reset();
                        continue;
                    }
                    backoff.next(random())
                }
                Err(error) => {
                    self.world.book.failed(&self.sensor.id, &error);
                    self.world.suspect(&error);
                    backoff.next(random())
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
                _ = bonds.changed() => {}
            }
        }
        if leave.is_cancelled() {
            self.leave().await;
        }
    }

    async fn turn(&self, stop: &CancellationToken, leave: &CancellationToken) -> Result<Turn, BluezError> {
        let ready = async {
            let Some(device) = self.reach().await? else { return Ok(None) };
            Ok(Some((gatt::subscribe(&device, self.world.catalogue).await?, device)))
        };
        match stop.run_until_cancelled(ready).await {
            None => Ok(Turn::Stopped),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) => Ok(Turn::NotBonded),
            Some(Ok(Some((values, device)))) => Ok(self.stream(values, &device, stop, leave).await),
        }
    }

    /// A connected device, waiting for it as long as it takes; `None` when the bond that it must have is missing.
    async fn reach(&self) -> Result<Option<Device>, BluezError> {
        let SensorConfig { id, address, bond } = self.sensor;
        let known = self.world.find(*address).await?;
        if *bond == Bond::Required && !self.bonded(known.as_ref()).await? {
            return Ok(None);
        }
        if let Some(device) = known
            && bounded("reading the link", CALL_S, device.is_connected()).await?
        {
            self.world.book.state(id, SensorState::Connecting);
            return Ok(Some(device));
        }
        self.world.book.state(id, SensorState::Searching);
        let device = sight(&self.world.wants, *address).await;
        self.world.book.state(id, SensorState::Connecting);
        {
            let _turn = self.world.radio.lock().await;
            self.connect(&device).await?;
        }
        // A bond can be removed while the hub waits, and an open link of such a sensor is worth nothing.
        if *bond == Bond::Required && !self.bonded(Some(&device)).await? {
            return Ok(None);
        }
        Ok(Some(device))
    }

    async fn bonded(&self, device: Option<&Device>) -> Result<bool, BluezError> {
        let Some(device) = device else { return Ok(false) };
        match bounded("reading the bond", CALL_S, device.is_paired()).await {
            Err(error) if error.fault() == Fault::Missing => Ok(false),
            other => other,
        }
    }

    async fn connect(&self, device: &Device) -> Result<(), BluezError> {
        match bounded("connecting", CONNECT_S, device.connect()).await {
            Err(BluezError::Call { source, .. }) if source.kind == ErrorKind::AlreadyConnected => Ok(()),
            Err(BluezError::Call { source, .. }) if source.message.contains("abort-by-local") => {
                Err(BluezError::BrokenOff(source))
            }
            Err(error @ BluezError::Timeout { .. }) => {
                // Otherwise bluetoothd would go on trying, and be busy at the next attempt.
                let _ = bounded("giving up connecting", DISCONNECT_S, device.disconnect()).await;
                self.world.suspect(&error);
                Err(BluezError::NoLink(None))
            }
            Err(BluezError::Call { source, .. }) if Fault::of(&source) == Fault::Other => {
                Err(BluezError::NoLink(Some(source)))
            }
            other => other,
        }
    }

    /// Hands on values until the link ends or `stop`.
    async fn stream(
        &self,
        mut values: Values,
        device: &Device,
        stop: &CancellationToken,
        leave: &CancellationToken,
    ) -> Turn {
        let link = match self.sensor.bond {
            Bond::Required => Link::Bonded,
            Bond::Open => Link::Open,
        };
        let SensorConfig { id, address, .. } = self.sensor;
        let origin = Arc::new(Origin { sensor: id.clone(), address: Some(*address), link });
        self.world.book.streaming(id, values.count, values.refused.as_ref());
        let since = self.world.wall.mono();
        let mut gone = pin!(self.gone(device));
        let stopped = loop {
            tokio::select! {
                heard = values.heard.next() => match heard {
                    Some(Heard::Value(uuid, bytes)) => self.deliver(&origin, uuid, bytes).await,
                    Some(Heard::End) | None => break false,
                },
                () = &mut gone => break false,
                () = stop.cancelled() => break true,
            }
        };
        let mut over = pin!(tokio::time::sleep(DRAIN_MOST));
        while let Some(heard) = rest(&mut values.heard, over.as_mut()).await {
            if let Heard::Value(uuid, bytes) = heard {
                self.deliver(&origin, uuid, bytes).await;
            }
        }
        if stopped && leave.is_cancelled() {
            Turn::Stopped
        } else {
            Turn::Lost(self.world.wall.mono().since(since))
        }
    }

    /// Returns when the device is not connected any more. Silence proves nothing: a stopped bluetoothd still holds
    /// the link, and delivers what came meanwhile when it goes on. A sensor that it does not know has no link either:
    /// it forgets one only after disconnecting it.
    async fn gone(&self, device: &Device) {
        loop {
            tokio::time::sleep(POLL).await;
            match bounded("reading the link", CALL_S, device.is_connected()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.world.suspect(&error);
                    if error.fault() != Fault::Silence {
                        return;
                    }
                }
            }
        }
    }

    async fn deliver(&self, origin: &Arc<Origin>, characteristic: CharUuid, bytes: Vec<u8>) {
        let mono = self.world.wall.mono();
        let battery = match *bytes.as_slice() {
            [percent] if characteristic == BATTERY => Some(percent),
            _ => None,
        };
        let boot = self.world.wall.boot();
        let packet = Packet {
            origin: Arc::clone(origin),
            characteristic,
            boot,
            mono,
            bytes: bytes.into_boxed_slice(),
        };
        // The receiver is gone only when the whole daemon ends.
        if self.world.out.send(Captured::Packet(packet)).await.is_ok() {
            self.world.book.packet(&self.sensor.id, mono, battery);
        }
    }

    /// Ends the link, so that the sensor may sleep while nobody listens.
    async fn leave(&self) {
        let leave = async {
            let Some(device) = self.world.find(self.sensor.address).await? else { return Ok(()) };
            if bounded("reading the link", DISCONNECT_S, device.is_connected()).await? {
                bounded("disconnecting", DISCONNECT_S, device.disconnect()).await?;
            }
            Ok::<(), BluezError>(())
        };
        if let Err(error) = leave.await {
            tracing::debug!(sensor = %self.sensor.id, error = %Chain(&error), "the link was left as it is");
        }
    }
}

/// What comes next of the rest after a link's end; `None` after [`DRAIN`] without anything, and when it is `over`.
async fn rest(
    heard: &mut (impl Stream<Item = Heard> + Unpin),
    over: Pin<&mut impl Future<Output = ()>>,
) -> Option<Heard> {
    tokio::select! {
        biased;
        () = over => None,
        next = tokio::time::timeout(DRAIN, heard.next()) => next.ok().flatten(),
    }
}

/// Any number: spreads attempts in time.
pub(super) fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn a_sensor_that_goes_on_sending_does_not_keep_the_hub_from_stopping() {
        let sending = stream::repeat(()).then(async |()| {
            tokio::task::yield_now().await; // as a socket does, lets the timer be looked at
            Heard::Value(BATTERY, vec![80])
        });
        let mut sending = sending.boxed();
        let mut over = pin!(tokio::time::sleep(Duration::from_millis(20)));
        let mut count = 0;
        while rest(&mut sending, over.as_mut()).await.is_some() {
            count += 1;
        }
        assert!(count > 0, "nothing was taken");
    }

    #[tokio::test]
    async fn what_was_on_its_way_when_the_link_ended_is_taken_and_a_silence_ends_it() {
        let values = stream::iter([Heard::End, Heard::Value(BATTERY, vec![80])]);
        let mut heard = values.chain(stream::pending());
        let mut over = pin!(std::future::pending());
        assert!(matches!(rest(&mut heard, over.as_mut()).await, Some(Heard::End)));
        assert!(matches!(rest(&mut heard, over.as_mut()).await, Some(Heard::Value(..))));
        assert!(rest(&mut heard, over.as_mut()).await.is_none());
    }
}
