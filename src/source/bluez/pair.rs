//! Pairing: one sensor of the configuration, within a window that a person opened, and nothing else ever.
//!
//! Outside a window the hub has no agent and is not bondable, so a sensor that starts pairing by itself is refused.
//! The agent has no callbacks: the hub has neither keys nor a display, which makes it Just Works with LE Secure
//! Connections, and bluer rejects whatever else is asked.

use std::pin::pin;
use std::time::Duration;

use bluer::agent::Agent;
use bluer::{Device, ErrorKind};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::adapter::World;
use super::error::{BluezError, CALL_S, Cause, bounded};
use super::scan::sight;
use super::status::PairingWindow;
use super::{PairRequest, Paired};
use crate::config::{Bond, SensorConfig};
use crate::journal::{Chain, events};
use crate::types::{Mono, SensorId};

/// Seconds for the pairing itself: the kernel ends one after 30 s without progress.
const PAIR_S: u64 = 35;

/// Attempts within a window when the link fails under way.
const ATTEMPTS: u32 = 3;

/// Why a sensor was not paired.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// Not on the allow-list.
    #[error("no sensor {0} in the configuration; add it with its address, then restart rehab-hubd")]
    Unknown(SensorId),
    /// The configuration says that it cannot bond.
    #[error("sensor {0} has `bond = \"open\"`: it needs no pairing; remove that line if it can be bonded")]
    Open(SensorId),
    /// One window at a time.
    #[error(
        "a pairing window for {0} is open; wait until it closes, or end that `rehabctl pair` with Ctrl-C"
    )]
    Busy(SensorId),
    /// No radio.
    #[error("Bluetooth is not ready: {0}")]
    NotReady(String),
    /// It did not advertise.
    #[error(
        "sensor {sensor} was not seen within {seconds} s; wake it up near the hub, make sure that no phone is connected \
         to it, and compare its address with the configuration"
    )]
    NotSeen {
        /// Which.
        sensor: SensorId,
        /// How long the window was open.
        seconds: u64,
    },
    /// It was there, but pairing was not over in time.
    #[error("pairing with {0} was not finished when the window closed; try again")]
    Closed(SensorId),
    /// It said no.
    #[error(
        "sensor {sensor} refused to pair; put it into its pairing mode (see its manual) and try again; a sensor that \
         asks for a passkey or a comparison of numbers cannot be paired with this version"
    )]
    Refused {
        /// Which.
        sensor: SensorId,
        /// What bluetoothd said.
        #[source]
        source: Cause,
    },
    /// Something else failed.
    #[error("pairing with {sensor} failed; wake it up near the hub and run `rehabctl pair` again")]
    Failed {
        /// Which.
        sensor: SensorId,
        /// What.
        #[source]
        source: Cause,
    },
    /// Whoever asked went away, or the radio or the daemon did.
    #[error("the pairing window for {0} was closed before anything was paired; try again")]
    Withdrawn(SensorId),
}

/// Serves requests, one at a time, until `stop`.
pub(super) async fn run(
    world: &World<'_>,
    requests: &mut mpsc::Receiver<PairRequest>,
    stop: &CancellationToken,
) {
    loop {
        let request = tokio::select! {
            () = stop.cancelled() => return,
            request = requests.recv() => request,
        };
        let Some(mut request) = request else { return };
        let outcome = match window(world, &mut request, requests, stop).await {
            Ok(already) => Ok(Paired { sensor: request.sensor.clone(), already }),
            Err(error) => Err(error),
        };
        // Whoever asked may have gone; the bond is there all the same, and status tells.
        let _ = request.answer.send(outcome);
    }
}

/// Answers a request that comes while there is no radio.
pub(super) fn refuse(request: PairRequest, remedy: String) {
    let _ = request.answer.send(Err(PairError::NotReady(remedy)));
}

/// One window, from the check of the request to the refusal of everything again; says whether the sensor was bonded
/// before.
async fn window(
    world: &World<'_>,
    request: &mut PairRequest,
    others: &mut mpsc::Receiver<PairRequest>,
    stop: &CancellationToken,
) -> Result<bool, PairError> {
    let id = &request.sensor;
    let Some(sensor) = world.sensors.iter().find(|sensor| sensor.id == *id) else {
        return Err(PairError::Unknown(id.clone()));
    };
    if sensor.bond == Bond::Open {
        return Err(PairError::Open(id.clone()));
    }
    if let Some(remedy) = world.book.radio_remedy() {
        return Err(PairError::NotReady(remedy));
    }
    let length = request.window.min(world.config.pairing_window);
    let until = world.wall.mono().micros().saturating_add(length.as_micros() as u64);
    world.book.window(Some(PairingWindow { sensor: id.clone(), until: Mono::from_micros(until) }));
    tracing::info!(
        message_id = events::PAIRING_OPEN, sensor = %id, seconds = length.as_secs(),
        "Pairing window for {id} open for {} s", length.as_secs()
    );
    let mut seen = false;
    let outcome = {
        let mut attempt = pin!(attempt(world, sensor, &mut seen));
        let mut over = pin!(tokio::time::sleep(length));
        loop {
            tokio::select! {
                outcome = &mut attempt => break Some(outcome),
                () = &mut over => break None,
                () = request.answer.closed() => break Some(Err(PairError::Withdrawn(id.clone()))),
                () = stop.cancelled() => break Some(Err(PairError::Withdrawn(id.clone()))),
                Some(other) = others.recv() => {
                    let _ = other.answer.send(Err(PairError::Busy(id.clone())));
                }
            }
        }
    };
    let outcome = outcome.unwrap_or_else(|| Err(late(id, seen, length)));
    close(world).await;
    report(id, outcome.as_ref().err());
    if outcome.is_ok() {
        world.bonds.send_replace(());
    }
    outcome
}

fn report(id: &SensorId, failure: Option<&PairError>) {
    const ID: &str = events::PAIRING_CLOSED;
    match failure {
        None => {
            tracing::info!(message_id = ID, sensor = %id, outcome = "paired", "Pairing of {id}: paired");
        }
        Some(error) => {
            let error = Chain(error);
            tracing::warn!(message_id = ID, sensor = %id, outcome = "failed", "pairing of {id} failed: {error}");
        }
    }
}

fn late(id: &SensorId, seen: bool, length: Duration) -> PairError {
    let (sensor, seconds) = (id.clone(), length.as_secs());
    if seen { PairError::Closed(sensor) } else { PairError::NotSeen { sensor, seconds } }
}

/// Nothing pairs any more. The agent went when the attempt was dropped.
async fn close(world: &World<'_>) {
    world.book.window(None);
    if let Err(error) = bounded("ending bondable mode", CALL_S, world.adapter.set_pairable(false)).await {
        tracing::debug!(error = %Chain(&error), "the adapter may still be bondable; the next world corrects it");
        world.suspect(&error);
    }
}

async fn attempt(world: &World<'_>, sensor: &SensorConfig, seen: &mut bool) -> Result<bool, PairError> {
    let failed = |error: BluezError| PairError::Failed { sensor: sensor.id.clone(), source: error.into() };
    if let Some(device) = world.find(sensor.address).await.map_err(failed)?
        && bounded("reading the bond", CALL_S, device.is_paired()).await.map_err(failed)?
    {
        return Ok(true);
    }
    let agent = Agent { request_default: false, ..Agent::default() };
    let register = bounded("registering the pairing agent", CALL_S, world.session.register_agent(agent));
    let _agent = register.await.map_err(failed)?;
    let bondable = bounded("making the adapter bondable", CALL_S, world.adapter.set_pairable(true));
    bondable.await.map_err(failed)?;
    let mut attempts = 1;
    loop {
        let device = sight(&world.wants, sensor.address).await;
        *seen = true;
        let _turn = world.radio.lock().await;
        match pair(&device).await {
            Ok(()) => return Ok(false),
            Err(source) if is_refusal(&source) => {
                return Err(PairError::Refused { sensor: sensor.id.clone(), source: source.into() });
            }
            Err(source) if attempts == ATTEMPTS => return Err(failed(source)),
            Err(error) => {
                tracing::debug!(sensor = %sensor.id, error = %Chain(&error), "pairing failed, trying again");
                attempts += 1;
            }
        }
    }
}

/// Pairs straight away, which connects as needed; after a connect of our own, bluetoothd 5.66 makes the bond but never
/// answers.
async fn pair(device: &Device) -> Result<(), BluezError> {
    let error = match bounded("pairing", PAIR_S, device.pair()).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let exists = matches!(&error, BluezError::Call { source, .. } if source.kind == ErrorKind::AlreadyExists);
    let silent = matches!(error, BluezError::Timeout { .. });
    if exists || silent && bounded("reading the bond", CALL_S, device.is_paired()).await? {
        return Ok(());
    }
    // A refusal can leave the link up, and the sensor would start pairing again by itself.
    let _ = bounded("disconnecting", CALL_S, device.disconnect()).await;
    Err(error)
}

/// Whether the sensor itself said no, which no second attempt mends.
fn is_refusal(error: &BluezError) -> bool {
    let BluezError::Call { source, .. } = error else { return false };
    matches!(source.kind, ErrorKind::AuthenticationFailed | ErrorKind::AuthenticationRejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: ErrorKind) -> BluezError {
        BluezError::Call { what: "pairing", source: bluer::Error { kind, message: String::new() } }
    }

    #[test]
    fn a_refusal_ends_the_window_and_a_broken_link_does_not() {
        assert!(is_refusal(&call(ErrorKind::AuthenticationFailed)));
        assert!(is_refusal(&call(ErrorKind::AuthenticationRejected)));
        assert!(!is_refusal(&call(ErrorKind::ConnectionAttemptFailed)));
        assert!(!is_refusal(&BluezError::Timeout { what: "pairing", seconds: 1 }));
    }

    #[test]
    fn what_failed_within_a_window_is_not_said_to_be_tried_again() {
        let sensor: SensorId = "strap".parse().unwrap();
        let failed = |error: BluezError| {
            Chain(&PairError::Failed { sensor: sensor.clone(), source: error.into() }).to_string()
        };
        let head = "pairing with strap failed; wake it up near the hub and run `rehabctl pair` again";
        let cause = bluer::Error { kind: ErrorKind::ConnectionAttemptFailed, message: String::new() };
        assert_eq!(failed(call(ErrorKind::ConnectionAttemptFailed)), format!("{head}: {cause}"));
        let silence = BluezError::Timeout { what: "pairing", seconds: 35 };
        assert_eq!(failed(silence), format!("{head}: pairing: no answer within 35 s"));
        let source = call(ErrorKind::AuthenticationFailed).into();
        let refused = Chain(&PairError::Refused { sensor: sensor.clone(), source }).to_string();
        assert!(!refused.contains("the hub tries again"), "{refused}");
    }

    #[test]
    fn a_window_that_closes_says_whether_the_sensor_was_there_at_all() {
        let id: SensorId = "strap".parse().unwrap();
        let length = Duration::from_secs(60);
        assert!(matches!(late(&id, false, length), PairError::NotSeen { seconds: 60, .. }));
        assert!(matches!(late(&id, true, length), PairError::Closed(_)));
    }
}
