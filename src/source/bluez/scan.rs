//! Listening for sensors: one discovery at a time, and only while a sensor is wanted.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use bluer::{AdapterEvent, Device, DiscoveryFilter, DiscoveryTransport, ErrorKind};
use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::adapter::World;
use super::error::{BluezError, CALL_S, bounded};
use super::peer::random;
use super::recover::{Backoff, Fault};
use crate::journal::Chain;
use crate::types::Address;

/// One round of discovery. Sensors advertise at least every 2 s; a new round reports again what is still there.
const ROUND: Duration = Duration::from_secs(10);

/// Rounds after which a sensor is likely not about to come: from then on the radio rests more.
const EAGER_ROUNDS: u32 = 6;

/// How often, and after which pause, a discovery that still ends is waited for.
const QUIET_ATTEMPTS: u32 = 100;
const QUIET_PAUSE: Duration = Duration::from_millis(20);

/// Somebody wants to know when a sensor is there.
pub(super) struct Want {
    identity: Address,
    found: oneshot::Sender<Device>,
}

/// Waits until the sensor with this identity address is in reach, and for ever when it never is.
pub(super) async fn sight(wants: &mpsc::Sender<Want>, identity: Address) -> Device {
    loop {
        let (found, answer) = oneshot::channel();
        // The scanner outlives every peer; where either channel closes, the world is ending, and so is this wait.
        if wants.send(Want { identity, found }).await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Ok(device) = answer.await {
            return device;
        }
    }
}

/// Serves wants until `stop`.
pub(super) async fn run(world: &World<'_>, mut wants: mpsc::Receiver<Want>, stop: &CancellationToken) {
    let serve = async {
        let mut open: Vec<Want> = Vec::new();
        let mut backoff = Backoff::radio();
        let mut rounds = 0;
        loop {
            open.retain(|want| !want.found.is_closed());
            if open.is_empty() {
                let Some(want) = wants.recv().await else { return };
                open.push(want);
                rounds = 0;
            }
            if let Err(error) = round(world, &mut open, &mut wants, &mut rounds).await {
                tracing::debug!(error = %Chain(&error), "a round of discovery ended early");
                world.suspect(&error);
                tokio::time::sleep(backoff.next(random())).await;
                continue;
            }
            backoff.reset();
            if let Ok(want) = tokio::time::timeout(rest(rounds), wants.recv()).await {
                open.extend(want);
                rounds = 0;
            }
        }
    };
    stop.run_until_cancelled(serve).await;
}

/// The pause after a round. It also lets whoever was just found take the radio first.
const fn rest(rounds: u32) -> Duration {
    Duration::from_millis(if rounds < EAGER_ROUNDS { 300 } else { 5000 })
}

/// One discovery, from the radio's silence to its silence.
async fn round(
    world: &World<'_>,
    open: &mut Vec<Want>,
    wants: &mut mpsc::Receiver<Want>,
    rounds: &mut u32,
) -> Result<(), BluezError> {
    let _turn = world.radio.lock().await;
    quiet(world).await?;
    let found = listen(world, open, wants, rounds).await;
    // A connect while the discovery still ends would interrupt the kernel's scan: the next one hears nothing for 10 s.
    quiet(world).await?;
    if let Some((want, device)) = found? {
        // Whoever gave up in the meantime asks again.
        let _ = want.found.send(device);
    }
    Ok(())
}

/// Sets the filter for the next discovery, which bluer does only after the one before has ended.
async fn quiet(world: &World<'_>) -> Result<(), BluezError> {
    let mut attempts = 0;
    loop {
        let filter = DiscoveryFilter { transport: DiscoveryTransport::Le, ..DiscoveryFilter::default() };
        match bounded("ending discovery", CALL_S, world.adapter.set_discovery_filter(filter)).await {
            Err(BluezError::Call { source, .. })
                if source.kind == ErrorKind::DiscoveryActive && attempts < QUIET_ATTEMPTS =>
            {
                attempts += 1;
                tokio::time::sleep(QUIET_PAUSE).await;
            }
            other => return other,
        }
    }
}

/// Listens until a wanted sensor was found, another is wanted, or the round is over.
async fn listen(
    world: &World<'_>,
    open: &mut Vec<Want>,
    wants: &mut mpsc::Receiver<Want>,
    rounds: &mut u32,
) -> Result<Option<(Want, Device)>, BluezError> {
    let discovery =
        bounded("starting discovery", CALL_S, world.adapter.discover_devices_with_changes()).await;
    let mut events = pin!(discovery.inspect_err(|error| renew_if_stuck(world, error))?);
    let mut over = pin!(tokio::time::sleep(ROUND));
    let mut identities = HashMap::new();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(AdapterEvent::DeviceAdded(path)) => {
                    if let Some((index, device)) = wanted(world, path, open, &mut identities).await? {
                        *rounds = 0;
                        return Ok(Some((open.swap_remove(index), device)));
                    }
                }
                Some(_) => {}
                None => return Ok(None),
            },
            want = wants.recv() => {
                open.extend(want);
                *rounds = 0;
                return Ok(None);
            }
            () = &mut over => {
                *rounds = rounds.saturating_add(1);
                return Ok(None);
            }
        }
    }
}

/// bluetoothd still holds a discovery of this session that bluer does not know of: a start that timed out and was
/// served later. It can only be ended together with the session.
fn renew_if_stuck(world: &World<'_>, error: &BluezError) {
    if let BluezError::Call { source, .. } = error
        && source.kind == ErrorKind::InProgress
    {
        world.renew();
    }
}

/// Whether the device at `path` is one that somebody waits for, and really there: bluetoothd also lists every device
/// that it only remembers.
async fn wanted(
    world: &World<'_>,
    path: bluer::Address,
    open: &[Want],
    identities: &mut HashMap<bluer::Address, Address>,
) -> Result<Option<(usize, Device)>, BluezError> {
    let look = async {
        let device = world.device(path)?;
        let identity = match identities.get(&path) {
            Some(identity) => *identity,
            None => bounded("reading an address", CALL_S, device.remote_address())
                .await
                .map(|a| Address::new(a.0))?,
        };
        identities.insert(path, identity);
        let Some(index) = open.iter().position(|want| want.identity == identity) else { return Ok(None) };
        let heard = bounded("reading a signal strength", CALL_S, device.rssi()).await?.is_some();
        let there = heard || bounded("reading a link", CALL_S, device.is_connected()).await?;
        Ok(there.then_some((index, device)))
    };
    match look.await {
        Err(error) if BluezError::fault(&error) == Fault::Missing => Ok(None),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radio_rests_more_when_a_sensor_has_not_come_for_a_minute() {
        assert!(ROUND * EAGER_ROUNDS >= Duration::from_secs(60));
        assert!(rest(EAGER_ROUNDS) > rest(EAGER_ROUNDS - 1));
    }
}
