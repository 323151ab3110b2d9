//! The answer to `status`: one object, put together from what every task publishes.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock::Timeline;
use crate::clock::wall::Wall;
use crate::forward::ForwardStatus;
use crate::ingest::IngestStatus;
use crate::scorer::Scores;
use crate::source::bluez::BluezStatus;
use crate::store::StoreHandle;
use crate::types::{HubId, Mono};

/// Where the parts of the answer come from; `run.rs` makes it.
pub struct StatusParts {
    /// Who answers.
    pub hub: HubId,
    /// For "seconds ago", and for the clock's own state.
    pub wall: Wall,
    /// When the hub was started.
    pub started: Mono,
    /// Figures of the store.
    pub store: StoreHandle,
    /// Anchors.
    pub timeline: watch::Receiver<Arc<Timeline>>,
    /// Counters of what came in.
    pub ingest: watch::Receiver<IngestStatus>,
    /// The radio; `None` where the source is `replay`.
    pub bluez: Option<watch::Receiver<BluezStatus>>,
    /// The clinic link.
    pub forward: watch::Receiver<ForwardStatus>,
    /// How the patient stands.
    pub scores: watch::Receiver<Scores>,
}

impl StatusParts {
    /// What `rehabctl status --json` prints. `mono_us` is now, for reading the other monotonic times.
    pub(super) async fn snapshot(&self) -> Value {
        let now = self.wall.mono();
        let time = self.timeline.borrow().resolve(self.wall.boot(), now);
        let store = match self.store.stats().await {
            Ok(stats) => json!(stats),
            Err(error) => json!({"trouble": error.to_string()}),
        };
        json!({
            "hub": self.hub,
            "version": env!("CARGO_PKG_VERSION"),
            "mono_us": now,
            "uptime_s": now.since(self.started) / 1_000_000,
            "clock": {
                "utc": time.utc.map(|utc| utc.to_string()),
                "quality": time.quality,
                "uncertainty_ms": time.utc.map(|_| time.uncertainty_us / 1000),
            },
            "bluetooth": self.bluez.as_ref().map(|status| json!(*status.borrow())),
            "ingest": *self.ingest.borrow(),
            "store": store,
            "forward": *self.forward.borrow(),
            "today": self.scores.borrow().today,
            "period": self.scores.borrow().period,
        })
    }
}
