//! The only place that spawns: makes the channels, starts the tasks, watches them, and stops them in order.
//!
//! ```text
//! source, pulse ──captured──► ingest ──requests──► store (its own thread) ──committed──► scorer, forward, ctl
//! ```
//!
//! Stop order: sources and control socket, then ingest (everything captured is durable), scorer (the last day is
//! scored), forward (what is in flight gets a grace period), store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::adherence::Plan;
use crate::clock::wall::Wall;
use crate::config::document::{Fault, Faults};
use crate::config::{Config, ConfigError, SourceConfig, profiles};
use crate::ctl::{self, CtlError, CtlParts, StatusParts};
use crate::decode::Catalogue;
use crate::forward::{self, ForwardParts, ForwardStatus};
use crate::ingest::{self, IngestParts, IngestStatus};
use crate::journal::{Chain, events};
use crate::scorer::{self, Now, ScorerParts, Scores};
use crate::source::bluez::{self, BluezParts, BluezStatus, PairRequest};
use crate::source::replay::{self, Feed};
use crate::source::{Captured, pulse};
use crate::store::{self, StoreError, StoreHandle};
use crate::types::UtcMicros;

/// From the sources to ingest. Room for a second of six fast sensors; when it is full, the radio waits.
const CAPTURED: usize = 512;

/// From everybody to the store. Small: whoever waits here holds the rest back.
const REQUESTS: usize = 64;

/// Pairing requests; there is one window at a time.
const PAIRINGS: usize = 1;

/// Fed batches under way; each is up to 256 lines.
const FEEDS: usize = 4;

/// How long what is in flight to the broker may take at a stop. All these together stay below the unit's
/// `TimeoutStopSec` (30 s).
const FORWARD_GRACE: Duration = Duration::from_secs(8);

/// How long the sources may take: bluetoothd needs 2 s to end a link, and more under load.
const CAPTURE_GRACE: Duration = Duration::from_secs(8);

/// How long any other task may take to stop.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// The hub cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Configuration or plan.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store needs a decision of a person.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The control socket.
    #[error(transparent)]
    Ctl(#[from] CtlError),
    /// A task ended that never should.
    #[error("the task {task} ended: {cause}; the hub stops in order, and systemd starts it again")]
    Task {
        /// Which one.
        task: &'static str,
        /// What it said.
        cause: String,
    },
}

/// The plan that a configuration names, checked against its sensors.
///
/// # Errors
/// When it cannot be read, or has faults.
pub fn load_plan(config: &Config) -> Result<Option<Plan>, ConfigError> {
    let Some(path) = &config.plan else { return Ok(None) };
    let plan = read_plan(path)?;
    let known: Vec<&str> = config.sensors.iter().map(|sensor| sensor.id.as_str()).collect();
    let unknown = plan.sensors().into_iter().filter(|sensor| !known.contains(&sensor.as_str()));
    let list: Vec<Fault> = unknown
        .map(|sensor| Fault {
            line: 1,
            column: 1,
            key: "item.sensor".into(),
            problem: format!("{sensor} is no sensor of hub.toml"),
            expected: format!("one of {}", known.join(", ")),
        })
        .collect();
    // a replayed capture may name sensors that this hub has never had
    if list.is_empty() || config.source == SourceConfig::Replay {
        Ok(Some(plan))
    } else {
        Err(ConfigError::Faulty(Faults { path: path.display().to_string(), list }))
    }
}

/// A plan by itself, whatever sensors there are.
///
/// # Errors
/// When it cannot be read, or has faults.
pub fn read_plan(path: &Path) -> Result<Plan, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::read(path, source))?;
    Plan::parse(&path.display().to_string(), &text).map_err(ConfigError::Faulty)
}

/// Every profile that can be used. A faulty one is named, and stops nothing: a strap must not go unheard because of a
/// dynamometer's file.
fn load_profiles(config: &Config) -> Arc<Catalogue> {
    let (catalogue, refused) = profiles::load(&config.profiles);
    for faults in refused {
        // one line a fault, so that each is an entry of the journal with its place
        for fault in faults.to_string().lines() {
            tracing::warn!(message_id = events::PROFILE_REFUSED, "this profile is not used: {fault}");
        }
    }
    Arc::new(catalogue)
}

/// What a running hub shows, and where it can be talked to from inside the process.
pub struct Running {
    /// Takes captures, where the source is `replay`.
    pub feed: Option<mpsc::Sender<Feed>>,
    /// Counters of what came in.
    pub ingest: watch::Receiver<IngestStatus>,
    /// The clinic link.
    pub forward: watch::Receiver<ForwardStatus>,
    /// How the patient stands.
    pub scores: watch::Receiver<Scores>,
    /// The log and the outbox.
    pub store: StoreHandle,
    tasks: Tasks,
    stop: Stop,
}

/// One token a stage; cancelled in the order of the fields.
#[derive(Default)]
struct Stop {
    capture: CancellationToken,
    score: CancellationToken,
    forward: CancellationToken,
    store: CancellationToken,
}

/// Every task with its name; what ends unasked stops the hub.
#[derive(Default)]
struct Tasks {
    set: JoinSet<(&'static str, Option<String>)>,
    running: Vec<&'static str>,
}

/// How a task ends.
trait Ending: Send {
    /// What went wrong, if anything did.
    fn cause(self) -> Option<String>;
}

impl Ending for () {
    fn cause(self) -> Option<String> {
        None
    }
}

impl Ending for Result<(), StoreError> {
    fn cause(self) -> Option<String> {
        self.err().map(|error| Chain(&error).to_string())
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one file that may spawn")]
impl Tasks {
    fn spawn<E: Ending>(&mut self, name: &'static str, task: impl Future<Output = E> + Send + 'static) {
        self.running.push(name);
        self.set.spawn(async move { (name, task.await.cause()) });
    }

    /// A task that blocks, on a thread of its own; timers and channels work in it as elsewhere.
    fn spawn_thread(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.running.push(name);
        let runtime = Handle::current();
        self.set.spawn_blocking(move || {
            runtime.block_on(task);
            (name, None)
        });
    }

    /// The next task to end, and why it did.
    async fn ended(&mut self) -> (&'static str, String) {
        match self.set.join_next().await {
            Some(Ok((name, cause))) => {
                self.running.retain(|running| *running != name);
                (name, cause.unwrap_or_else(|| "it has nothing left to do".into()))
            }
            // a panic; which task it was is lost, but the panic hook has said so
            Some(Err(error)) => ("unknown", error.to_string()),
            None => std::future::pending().await,
        }
    }

    /// Waits until none of `names` runs, at most for `grace`.
    async fn wait_for(&mut self, names: &[&str], grace: Duration) {
        let all = async {
            while self.running.iter().any(|running| names.contains(running)) {
                self.ended().await;
            }
        };
        if tokio::time::timeout(grace, all).await.is_err() {
            tracing::warn!(
                "{} did not stop within {} s; going on without it",
                names.join(", "),
                grace.as_secs()
            );
        }
    }
}

/// Starts a hub. When this returns, the store is open and every task runs.
///
/// # Errors
/// When the store or the control socket needs a person; nothing is left running then.
pub async fn start(config: Config, plan: Option<Plan>, wall: Wall) -> Result<Running, RunError> {
    let opened = store::open(&config.store, store::Options { now: Arc::new(move || trusted_now(wall)) })?;
    let listener = ctl::bind(&config.ctl_socket)?;
    let catalogue = load_profiles(&config);
    let (requests, requested) = mpsc::channel(REQUESTS);
    let (committed, commits) = watch::channel(opened.committed());
    let store = StoreHandle::new(requests, commits);
    let (captured_in, captured) = mpsc::channel(CAPTURED);
    let (ingest_in, ingest) = watch::channel(IngestStatus::default());
    let (forward_in, forward) = watch::channel(ForwardStatus::new(&config.forward));
    let (scores_in, scores) = watch::channel(Scores::default());
    let (bluez_in, bluez) = watch::channel(BluezStatus::starting(&config.sensors, wall.mono()));

    let stop = Stop::default();
    let mut tasks = Tasks::default();
    tasks.spawn_thread("store", store::serve(opened, requested, committed, stop.store.clone()));
    let stored = store.timeline().await.ok();
    let timeline_is_whole = stored.is_some();
    let (timeline_in, timeline) = watch::channel(Arc::new(stored.unwrap_or_default()));

    let parts = IngestParts {
        input: captured,
        catalogue: catalogue.clone(),
        store: store.clone(),
        timeline: timeline_in,
        timeline_is_whole,
        status: ingest_in,
    };
    tasks.spawn("ingest", ingest::run(parts));
    let Sources { now, pair, feed } =
        start_source(&config, catalogue.clone(), wall, captured_in, bluez_in, &stop.capture, &mut tasks);
    if let Some(plan) = plan {
        let parts =
            ScorerParts { plan, store: store.clone(), timeline: timeline.clone(), now, scores: scores_in };
        tasks.spawn("scorer", scorer::run(parts, stop.score.clone()));
    }
    let parts = ForwardParts {
        config: config.forward.clone(),
        hub: config.hub.clone(),
        catalogue,
        store: store.clone(),
        timeline: timeline.clone(),
        wall,
        status: forward_in,
        grace: FORWARD_GRACE,
    };
    tasks.spawn("forward", forward::run(parts, stop.forward.clone()));
    let parts = CtlParts {
        listener,
        status: StatusParts {
            hub: config.hub.id.clone(),
            wall,
            started: wall.mono(),
            store: store.clone(),
            timeline,
            ingest: ingest.clone(),
            bluez: matches!(config.source, SourceConfig::Bluez(_)).then_some(bluez),
            forward: forward.clone(),
            scores: scores.clone(),
        },
        pair,
        pairing_window: match &config.source {
            SourceConfig::Bluez(bluetooth) => bluetooth.pairing_window,
            SourceConfig::Replay => Duration::ZERO,
        },
        sensors: config.sensors.iter().map(|sensor| sensor.id.clone()).collect(),
        feed: feed.clone(),
    };
    tasks.spawn("ctl", ctl::serve(parts, stop.capture.clone()));
    tracing::info!(message_id = events::STARTED, hub = %config.hub.id, "the hub is up");
    Ok(Running { feed, ingest, forward, scores, store, tasks, stop })
}

/// What follows from where packets come from.
struct Sources {
    now: Now,
    /// Takes pairing requests, where there is a radio.
    pair: Option<mpsc::Sender<PairRequest>>,
    /// Takes captures, where there is none.
    feed: Option<mpsc::Sender<Feed>>,
}

fn start_source(
    config: &Config,
    catalogue: Arc<Catalogue>,
    wall: Wall,
    captured: mpsc::Sender<Captured>,
    status: watch::Sender<BluezStatus>,
    cancel: &CancellationToken,
    tasks: &mut Tasks,
) -> Sources {
    match &config.source {
        SourceConfig::Bluez(bluetooth) => {
            let (pair, pairing) = mpsc::channel(PAIRINGS);
            let radio = status.subscribe();
            let parts = BluezParts {
                config: bluetooth.clone(),
                sensors: config.sensors.clone(),
                catalogue,
                wall,
                out: captured.clone(),
                pairing,
                status,
            };
            tasks.spawn("bluez", bluez::run(parts, cancel.clone()));
            tasks.spawn("pulse", pulse::run(wall, radio, captured, cancel.clone()));
            Sources { now: Now::Wall(wall), pair: Some(pair), feed: None }
        }
        SourceConfig::Replay => {
            let (feed, feeds) = mpsc::channel(FEEDS);
            let cancel = cancel.clone();
            tasks.spawn("replay", async move {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = replay::run(feeds, captured) => {}
                }
            });
            Sources { now: Now::Newest, pair: None, feed: Some(feed) }
        }
    }
}

/// The time, while the kernel vouches for it: nothing is deleted by a clock that may be wrong.
fn trusted_now(wall: Wall) -> Option<UtcMicros> {
    wall.anchor().map(|anchor| anchor.utc)
}

impl Running {
    /// Waits until a task ends that never should.
    pub async fn failed(&mut self) -> RunError {
        let (task, cause) = self.tasks.ended().await;
        tracing::error!(message_id = events::TASK_FAILED, task, "the task {task} ended: {cause}; stopping");
        RunError::Task { task, cause }
    }

    /// Stops in order: everything captured is durable, scored, and sent as far as the broker takes it in time.
    pub async fn stop(self) {
        let Self { feed, store, mut tasks, stop, .. } = self;
        tracing::info!(message_id = events::STOPPING, "the hub stops");
        drop(feed);
        stop.capture.cancel();
        tasks.wait_for(&["bluez", "pulse", "replay", "ctl", "ingest"], CAPTURE_GRACE).await;
        stop.score.cancel();
        tasks.wait_for(&["scorer"], STOP_GRACE).await;
        stop.forward.cancel();
        tasks.wait_for(&["forward"], FORWARD_GRACE + Duration::from_secs(1)).await;
        drop(store);
        stop.store.cancel();
        tasks.wait_for(&["store"], STOP_GRACE).await;
    }
}

/// Runs a hub until `shutdown`, telling systemd when it is ready, that it is alive, and that it stops.
///
/// # Errors
/// When it cannot start, or a task ended that never should.
pub async fn until(
    shutdown: impl Future<Output = ()>,
    config: Config,
    plan: Option<Plan>,
    wall: Wall,
) -> Result<(), RunError> {
    let mut hub = start(config, plan, wall).await?;
    notify(sd_notify::NotifyState::Ready);
    let store = hub.store.clone();
    let result = tokio::select! {
        () = shutdown => Ok(()),
        error = hub.failed() => Err(error),
        () = watchdog(store) => Ok(()),
    };
    notify(sd_notify::NotifyState::Stopping);
    hub.stop().await;
    result
}

/// Feeds systemd's watchdog for as long as the store answers: what cannot keep a reading must not look alive.
async fn watchdog(store: StoreHandle) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(limit / 3);
    loop {
        ticks.tick().await;
        if tokio::time::timeout(limit / 3, store.stats()).await.is_ok_and(|stats| stats.is_ok()) {
            notify(sd_notify::NotifyState::Watchdog);
        }
    }
}

/// Without systemd there is nobody to tell, and nothing to do about it.
fn notify(state: sd_notify::NotifyState<'_>) {
    let _ = sd_notify::notify(&[state]);
}

/// A thread for a part that only knows how to block, such as the demo's broker. It ends with the process.
///
/// # Errors
/// When the system has no thread left.
#[allow(clippy::disallowed_methods, reason = "this is the one file that may spawn")]
pub fn background(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop)
}
