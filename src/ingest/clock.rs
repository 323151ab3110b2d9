//! Keeps the timeline: anchors come in, everybody else watches.

use std::sync::Arc;

use tokio::sync::watch;

use super::survive;
use crate::clock::{Anchor, Timeline};
use crate::journal::events;
use crate::store::{DocumentKey, DocumentKind, StoreError, StoreHandle};
use crate::types::Packet;

/// The timeline, which this task alone changes.
pub(super) struct Clock {
    store: StoreHandle,
    timeline: watch::Sender<Arc<Timeline>>,
    /// Anchors that the disk has not taken yet; the next one brings them along.
    unsaved: Vec<Anchor>,
    /// Whether the timeline has what earlier runs persisted: not, while the disk was away since the start.
    is_whole: bool,
}

impl Clock {
    /// From the timeline as it was persisted.
    pub(super) fn new(store: StoreHandle, timeline: watch::Sender<Arc<Timeline>>, is_whole: bool) -> Self {
        Self { store, timeline, unsaved: Vec::new(), is_whole }
    }

    /// A boot that the timeline does not know is the newest one.
    pub(super) fn note_boots(&self, packets: &[Packet]) {
        for boot in packets.chunk_by(|one, next| one.boot == next.boot) {
            let Some(Packet { boot, mono, .. }) = boot.last() else { continue };
            self.timeline.send_if_modified(|timeline| {
                let new = timeline.boots().last().is_none_or(|(last, _)| last != *boot);
                Arc::make_mut(timeline).saw(*boot, *mono);
                new
            });
        }
    }

    /// Asks the store again for what earlier runs persisted, if it could not say at the start.
    async fn complete(&mut self) -> Result<(), StoreError> {
        if !self.is_whole
            && let Some(earlier) = survive(self.store.timeline().await)?
        {
            self.timeline
                .send_modify(|timeline| *timeline = Arc::new(Timeline::clone(timeline).behind(earlier)));
            self.is_whole = true;
        }
        Ok(())
    }

    /// Takes an anchor; what it changes is told to everybody who resolves times, persisted, and announced to the clinic.
    pub(super) async fn set(&mut self, anchor: Anchor) -> Result<(), StoreError> {
        self.complete().await?;
        let first = self.timeline.borrow().last_anchor(anchor.boot).is_none();
        if self.timeline.send_if_modified(|timeline| Arc::make_mut(timeline).add(anchor)) {
            self.unsaved.push(anchor);
        }
        if first {
            tracing::info!(
                message_id = events::CLOCK_ANCHORED,
                boot = %anchor.boot,
                "the clock is synchronized: what was captured earlier in this boot has its true time now"
            );
        }
        while let Some(anchor) = self.unsaved.first().copied() {
            if survive(self.save(anchor).await)?.is_none() {
                break;
            }
            self.unsaved.remove(0);
        }
        Ok(())
    }

    async fn save(&self, anchor: Anchor) -> Result<(), StoreError> {
        self.store.put_anchor(anchor).await?;
        let epoch = self.store.committed().borrow().epoch;
        let key = DocumentKey { kind: DocumentKind::Time, key: format!("{epoch}-{}", anchor.boot) };
        let body = serde_json::json!({
            "epoch": epoch,
            "boot": anchor.boot,
            "mono_ms": anchor.mono.micros() as f64 / 1000.0,
            "utc": anchor.utc.to_string(),
            "uncertainty_ms": anchor.uncertainty_us as f64 / 1000.0,
        });
        self.store.put_document(key, body).await.map(|_revision| ())
    }
}
