//! From nothing to a powered adapter, and back again: D-Bus, bluetoothd, adapter, power; then the world in which
//! sensors live, until something of it goes away.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bluer::{Adapter, AdapterEvent, AdapterProperty, Device, Session, SessionEvent};
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt};
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::error::{BluezError, CALL_S, bounded};
use super::peer::{Peer, random};
use super::recover::{Backoff, Fault, held};
use super::scan::Want;
use super::status::{AdapterState, Book};
use super::{BluezParts, PairRequest, pair, scan};
use crate::clock::wall::Wall;
use crate::config::{BluezConfig, SensorConfig};
use crate::decode::Catalogue;
use crate::source::Captured;
use crate::types::Address;

/// Seconds for the bus itself to take a connection.
const BUS_S: u64 = 5;

/// How often bluetoothd is asked whether it lives.
const PROBE: Duration = Duration::from_secs(10);

/// Peers and the pairing room that may want the radio at once, with room to spare; more would only wait.
const WANTS: usize = 64;

/// What sensors live in: one adapter of one session.
pub(super) struct World<'a> {
    pub(super) session: &'a Session,
    pub(super) adapter: Adapter,
    pub(super) config: &'a BluezConfig,
    pub(super) sensors: &'a [SensorConfig],
    pub(super) catalogue: &'a Catalogue,
    pub(super) wall: Wall,
    pub(super) out: &'a mpsc::Sender<Captured>,
    pub(super) book: &'a Book,
    /// Held by whoever connects, pairs or discovers: controllers do one of them at a time.
    pub(super) radio: Mutex<()>,
    /// From peers and the pairing room to the scanner.
    pub(super) wants: mpsc::Sender<Want>,
    /// Changes when a bond was made.
    pub(super) bonds: watch::Sender<()>,
    /// Asks for a probe now.
    pub(super) look: Notify,
    renew: AtomicBool,
}

impl World<'_> {
    /// The device object at an address that bluetoothd gave it.
    pub(super) fn device(&self, path: bluer::Address) -> Result<Device, BluezError> {
        self.adapter.device(path).map_err(|source| BluezError::Call { what: "naming a device", source })
    }

    /// The device with this identity address, where bluetoothd knows it. The object of a sensor with a private address
    /// keeps the name of the first one, so the name alone does not tell.
    pub(super) async fn find(&self, identity: Address) -> Result<Option<Device>, BluezError> {
        let exact = bluer::Address::new(identity.bytes());
        if let Some(device) = self.find_at(exact, identity).await? {
            return Ok(Some(device));
        }
        for path in bounded("listing devices", CALL_S, self.adapter.device_addresses()).await? {
            if let Some(device) = self.find_at(path, identity).await? {
                return Ok(Some(device));
            }
        }
        Ok(None)
    }

    async fn find_at(&self, path: bluer::Address, identity: Address) -> Result<Option<Device>, BluezError> {
        let device = self.device(path)?;
        match bounded("reading an address", CALL_S, device.remote_address()).await {
            Ok(address) => Ok((Address::new(address.0) == identity).then_some(device)),
            Err(error) if error.fault() == Fault::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An error that may mean more than one sensor: have a look.
    pub(super) fn suspect(&self, error: &BluezError) {
        if error.fault() != Fault::Other {
            self.look.notify_one();
        }
    }

    /// This session is stuck; a new one is needed.
    pub(super) fn renew(&self) {
        self.renew.store(true, Ordering::Relaxed);
        self.look.notify_one();
    }
}

/// Why a world ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The daemon stops.
    Cancelled,
    /// bluetoothd or the adapter went away or came anew; the session goes on.
    Adapter,
    /// D-Bus went away, or the session is stuck.
    Session,
}

/// Captures from the sensors of the configuration until `cancel`. It never fails: what is missing is reported in the
/// status and once in the log, and tried again.
pub async fn run(mut parts: BluezParts, cancel: CancellationToken) {
    let book = Book::new(parts.status.clone(), &parts.sensors, parts.wall);
    let mut backoff = Backoff::radio();
    while !cancel.is_cancelled() {
        let opened = cancel.run_until_cancelled(bounded("connecting to D-Bus", BUS_S, Session::new())).await;
        let Some(opened) = opened else { return };
        let ended = match opened {
            Ok(session) => with_session(&session, &mut parts, &book, &mut backoff, &cancel).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            book.radio_down(AdapterState::NoDbus, &error);
            let pause = backoff.next(random());
            wait(pause, futures_util::stream::pending(), &mut parts.pairing, &book, &cancel).await;
        }
    }
}

/// Everything that one D-Bus connection can carry.
///
/// # Errors
/// When D-Bus is gone.
async fn with_session(
    session: &Session,
    parts: &mut BluezParts,
    book: &Book,
    backoff: &mut Backoff,
    cancel: &CancellationToken,
) -> Result<(), BluezError> {
    let mut events = pin!(bounded("watching for adapters", BUS_S, session.events()).await?);
    loop {
        let opened = cancel.run_until_cancelled(open(session, &parts.config)).await;
        let Some(opened) = opened else { return Ok(()) };
        let pause = match opened {
            Ok(adapter) => {
                let began = parts.wall.mono();
                book.radio_ready(adapter.name());
                match live(session, adapter, events.as_mut(), parts, book, cancel).await {
                    End::Cancelled | End::Session => return Ok(()),
                    End::Adapter if held(parts.wall.mono().since(began)) => {
                        backoff.reset();
                        continue;
                    }
                    End::Adapter => backoff.next(random()),
                }
            }
            Err(error) if error.fault() == Fault::Bus => return Err(error),
            Err(error) => {
                book.radio_down(AdapterState::of_error(&error), &error);
                backoff.next(random())
            }
        };
        wait(pause, events.as_mut(), &mut parts.pairing, book, cancel).await;
        if cancel.is_cancelled() {
            return Ok(());
        }
    }
}

/// Waits until `pause` is over or an adapter came or went; pairing requests are refused meanwhile.
async fn wait(
    pause: Duration,
    events: impl Stream<Item = SessionEvent>,
    requests: &mut mpsc::Receiver<PairRequest>,
    book: &Book,
    cancel: &CancellationToken,
) {
    let mut over = pin!(tokio::time::sleep(pause));
    let mut events = pin!(events);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = &mut over => return,
            Some(_) = events.next() => return,
            Some(request) = requests.recv() => {
                pair::refuse(request, book.radio_remedy().unwrap_or_else(|| "it restarts; try again".into()));
            }
        }
    }
}

/// The configured adapter, or the default one; powered, and not bondable.
async fn open(session: &Session, config: &BluezConfig) -> Result<Adapter, BluezError> {
    let mut names = bounded("asking bluetoothd for adapters", CALL_S, session.adapter_names()).await?;
    names.sort();
    let chosen = match &config.adapter {
        Some(wanted) => names.iter().find(|name| *name == wanted),
        None => names.first(), // hci0 sorts first
    };
    let Some(name) = chosen else { return Err(BluezError::NoAdapter(config.adapter.clone())) };
    let adapter =
        session.adapter(name).map_err(|source| BluezError::Call { what: "naming the adapter", source })?;
    if !bounded("reading the adapter's power", CALL_S, adapter.is_powered()).await? {
        match bounded("switching the adapter on", CALL_S, adapter.set_powered(true)).await {
            Err(BluezError::Call { source, .. }) if Fault::of(&source) == Fault::Other => {
                return Err(BluezError::PoweredOff(source));
            }
            other => other?,
        }
    }
    bounded("ending bondable mode", CALL_S, adapter.set_pairable(false)).await?;
    Ok(adapter)
}

/// Runs everything that needs an adapter, until it goes away. Peers hand on what they had received before they end.
async fn live(
    session: &Session,
    adapter: Adapter,
    events: impl Stream<Item = SessionEvent>,
    parts: &mut BluezParts,
    book: &Book,
    cancel: &CancellationToken,
) -> End {
    let (wants, wanted) = mpsc::channel(WANTS);
    let world = World {
        session,
        adapter,
        config: &parts.config,
        sensors: &parts.sensors,
        catalogue: &parts.catalogue,
        wall: parts.wall,
        out: &parts.out,
        book,
        radio: Mutex::new(()),
        wants,
        bonds: watch::Sender::new(()),
        look: Notify::new(),
        renew: AtomicBool::new(false),
    };
    let stop = CancellationToken::new();
    let watch = async {
        let end = match cancel.run_until_cancelled(guard(&world, events)).await {
            None => End::Cancelled,
            Some(Ok(end)) => end,
            Some(Err(error)) if error.fault() == Fault::Bus => End::Session,
            Some(Err(_)) => End::Adapter,
        };
        stop.cancel();
        end
    };
    let peers: Vec<_> = world.sensors.iter().map(|sensor| Peer { sensor, world: &world }).collect();
    let (end, ..) = tokio::join!(
        watch,
        scan::run(&world, wanted, &stop),
        pair::run(&world, &mut parts.pairing, &stop),
        join_all(peers.iter().map(|peer| peer.run(&stop, cancel))),
    );
    end
}

/// Watches adapter, bluetoothd and D-Bus; returns when sensors cannot live here any longer.
async fn guard(world: &World<'_>, events: impl Stream<Item = SessionEvent>) -> Result<End, BluezError> {
    let mut events = pin!(events);
    let mut changes = pin!(bounded("watching the adapter", CALL_S, world.adapter.events()).await?);
    loop {
        tokio::select! {
            event = events.next() => match event {
                None => return Ok(End::Session),
                Some(SessionEvent::AdapterAdded(name) | SessionEvent::AdapterRemoved(name)) => {
                    if name == world.adapter.name() {
                        return Ok(End::Adapter);
                    }
                }
            },
            change = changes.next() => match change {
                None | Some(AdapterEvent::PropertyChanged(AdapterProperty::Powered(false))) => {
                    return Ok(End::Adapter);
                }
                Some(_) => {}
            },
            () = tokio::time::sleep(PROBE) => {
                if let Some(end) = probe(world).await? { return Ok(end) }
            }
            () = world.look.notified() => {
                if let Some(end) = probe(world).await? { return Ok(end) }
            }
        }
    }
}

/// Asks whether the adapter is still there and on.
async fn probe(world: &World<'_>) -> Result<Option<End>, BluezError> {
    if world.renew.load(Ordering::Relaxed) {
        return Ok(Some(End::Session));
    }
    match bounded("reading the adapter's power", BUS_S, world.adapter.is_powered()).await {
        Ok(true) => {
            world.book.radio_ready(world.adapter.name());
            Ok(None)
        }
        Ok(false) => Ok(Some(End::Adapter)),
        Err(error) if error.fault() == Fault::Silence => {
            world.book.radio_down(AdapterState::NotAnswering, &error);
            Ok(is_session_dead(world).await.then_some(End::Session))
        }
        Err(error) => Err(error),
    }
}

/// No answer: is it bluetoothd that is stopped, or this session's own connection that is dead? A second connection
/// tells. While bluetoothd is only stopped, subscriptions are kept: they go on when it does.
async fn is_session_dead(world: &World<'_>) -> bool {
    let Ok(second) = bounded("connecting to D-Bus", BUS_S, Session::new()).await else { return true };
    let Ok(adapter) = second.adapter(world.adapter.name()) else { return true };
    let silent = async |adapter: &Adapter| {
        let answer = bounded("reading the adapter's power", BUS_S, adapter.is_powered()).await;
        matches!(answer, Err(error) if error.fault() == Fault::Silence)
    };
    // The first is asked again, since bluetoothd may have gone on in between.
    !silent(&adapter).await && silent(&world.adapter).await
}
