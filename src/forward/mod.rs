//! To the clinic: the outbox over MQTT 5, at least once on the wire, exactly once by id at the far side.
//!
//! Every connection is a new client that starts again from the store. A row leaves the outbox when the far side has
//! acknowledged it; whatever else happens, it stays and is sent again.

mod backoff;
mod budget;
mod connection;
mod doubts;
mod fault;
mod inflight;
mod lanes;
pub mod payload;
mod rfc3339;
mod session;
mod status;
mod tls;
pub mod topics;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::clock::Timeline;
use crate::clock::wall::Wall;
use crate::config::{ForwardConfig, HubConfig};
use crate::decode::Catalogue;
use crate::store::{DocumentKey, StoreHandle};
use crate::types::UtcMicros;

use budget::Budget;
use doubts::Doubts;
use status::Reporter;
pub use status::{Alarm, AlarmKind, ForwardStatus, LinkState};

/// What the forwarder works with.
#[derive(Debug)]
pub struct ForwardParts {
    /// Where to.
    pub config: ForwardConfig,
    /// In whose name.
    pub hub: HubConfig,
    /// What batches show as columns.
    pub catalogue: Arc<Catalogue>,
    /// What is to be sent, and where acknowledgements go.
    pub store: StoreHandle,
    /// When things were.
    pub timeline: watch::Receiver<Arc<Timeline>>,
    /// The time since boot: pauses, ages.
    pub wall: Wall,
    /// Where the state is shown.
    pub status: watch::Sender<ForwardStatus>,
    /// On cancellation, acknowledgements that are still under way are awaited this long, the retained `offline`
    /// included.
    pub grace: Duration,
}

/// What outlives connections.
#[derive(Debug)]
struct Memory {
    reporter: Reporter,
    budget: Budget,
    /// Documents that did not fit, with the limit that they did not fit.
    too_large: HashMap<(DocumentKey, u32), usize>,
    doubts: Doubts,
    /// Whether the current connection brought anything over.
    progress: bool,
}

/// Forwards until `cancel` fires or the store is gone.
pub async fn run(parts: ForwardParts, cancel: CancellationToken) {
    let reporter = Reporter::new(parts.status.clone());
    let mut memory = Memory {
        reporter,
        budget: Budget::default(),
        too_large: HashMap::new(),
        doubts: Doubts::default(),
        progress: false,
    };
    let mut attempt = 0;
    while !cancel.is_cancelled() {
        memory.reporter.connecting(now(&parts));
        let Err(fault) = connection::run(&parts, &mut memory, &cancel).await else { break };
        if fault.is_final() {
            break;
        }
        if std::mem::take(&mut memory.progress) {
            attempt = 0;
        }
        let pause = backoff::pause(attempt, random());
        attempt += 1;
        memory.reporter.lost(&fault, pause, now(&parts), parts.wall.mono());
        tokio::select! {
            () = cancel.cancelled() => {}
            () = sleep(pause) => {}
        }
    }
    memory.reporter.stopped(now(&parts));
}

/// The time, as far as the hub knows it.
fn now(parts: &ForwardParts) -> Option<UtcMicros> {
    parts.timeline.borrow().resolve(parts.wall.boot(), parts.wall.mono()).utc
}

/// For jitter only: where the system has no random numbers, the middle will do.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}
