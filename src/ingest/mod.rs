//! From a source to the store: class, dedupe, caps and counters. The packet itself goes on untouched.
//!
//! This task owns the timeline: it alone changes it, and everybody else watches it.

mod caps;
mod clock;
mod gate;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Timeline;
use crate::decode::Catalogue;
use crate::source::Captured;
use crate::store::{Receipt, StoreError, StoreHandle, Urgency};
use crate::types::{Packet, SensorId};
use clock::Clock;
use gate::Gate;

/// At most this many captures are taken out of the channel at once: one block's worth of a live stream.
const DRAIN: usize = 256;

/// Counts since the start, a sensor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SensorCounts {
    /// Handed to the store.
    pub packets: u64,
    /// Of these, not understood by any decoder: kept as they are.
    pub undecoded: u64,
    /// Stored measurements that the sensor sent again: not kept twice.
    pub repeats: u64,
    /// Over the cap: not kept.
    pub excess: u64,
}

/// What `rehabctl status` shows of this task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IngestStatus {
    /// By role.
    pub sensors: BTreeMap<SensorId, SensorCounts>,
}

/// What the task works with; `run.rs` makes it.
#[derive(Debug)]
pub struct IngestParts {
    /// From the source. Bounded; when the store is slow, the source waits.
    pub input: mpsc::Receiver<Captured>,
    /// What can be decoded, and what is known of it.
    pub catalogue: Arc<Catalogue>,
    /// Where packets go.
    pub store: StoreHandle,
    /// Starts as the store had it; this task is the only one that changes it.
    pub timeline: watch::Sender<Arc<Timeline>>,
    /// Whether the store could say what it had; if not, it is asked again.
    pub timeline_is_whole: bool,
    /// Counters.
    pub status: watch::Sender<IngestStatus>,
}

type Answer = Result<Receipt, StoreError>;
type Pending = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Runs until every source is gone and what they sent is durable.
///
/// # Errors
/// When the store is gone.
pub async fn run(parts: IngestParts) -> Result<(), StoreError> {
    let IngestParts { mut input, catalogue, store, timeline, status, timeline_is_whole } = parts;
    let mut ingest = Ingest {
        gate: Gate::new(catalogue, store.clone(), status),
        clock: Clock::new(store.clone(), timeline, timeline_is_whole),
        store,
        answers: FuturesUnordered::new(),
    };
    let mut captured = Vec::with_capacity(DRAIN);
    loop {
        tokio::select! {
            taken = input.recv_many(&mut captured, DRAIN) => {
                if taken == 0 {
                    break;
                }
                ingest.take(captured.drain(..)).await?;
            }
            Some(kept) = ingest.answers.next() => {
                if !kept {
                    ingest.gate.doubt();
                }
            }
        }
    }
    survive(ingest.store.flush().await)?;
    while ingest.answers.next().await.is_some() {}
    Ok(())
}

struct Ingest {
    store: StoreHandle,
    gate: Gate,
    clock: Clock,
    /// Appends that somebody waits for, or whose fate decides what is known.
    answers: FuturesUnordered<Pending>,
}

impl Ingest {
    /// Hands on what was captured, in its order; packets next to each other share an append.
    async fn take(&mut self, captured: impl Iterator<Item = Captured>) -> Result<(), StoreError> {
        let mut run: Vec<(Packet, Urgency)> = Vec::new();
        for item in captured {
            match item {
                Captured::Packet(packet) => run.extend(self.gate.admit(packet).await?),
                Captured::Batch(packets, reply) => {
                    self.append(std::mem::take(&mut run), None).await?;
                    let admitted = self.gate.admit_all(packets).await?;
                    self.append(admitted, Some(reply)).await?;
                }
                Captured::Anchor(anchor) => self.clock.set(anchor).await?,
            }
        }
        self.append(run, None).await
    }

    /// As urgently as the most urgent of them.
    async fn append(
        &mut self,
        packets: Vec<(Packet, Urgency)>,
        reply: Option<oneshot::Sender<Answer>>,
    ) -> Result<(), StoreError> {
        let Some(urgency) = packets.iter().map(|(_, urgency)| *urgency).max() else {
            return self.nothing_new(reply).await;
        };
        let packets: Vec<Packet> = packets.into_iter().map(|(packet, _)| packet).collect();
        self.clock.note_boots(&packets);
        let durable = self.store.append(packets, urgency).await?;
        if reply.is_some() || urgency == Urgency::AtOnce {
            self.answers.push(Box::pin(answer(durable, reply)));
        }
        Ok(())
    }

    /// All of a batch was known: it is durable as soon as what is under way is.
    async fn nothing_new(&mut self, reply: Option<oneshot::Sender<Answer>>) -> Result<(), StoreError> {
        let Some(reply) = reply else { return Ok(()) };
        let answer = self.store.flush().await.map(|()| {
            let committed = *self.store.committed().borrow();
            Receipt { epoch: committed.epoch, first: committed.last.next(), last: committed.last }
        });
        let _ = reply.send(answer); // whoever fed it may be gone
        Ok(())
    }
}

/// Waits until packets are durable and tells whoever fed them. Returns whether they are kept.
async fn answer(durable: oneshot::Receiver<Answer>, reply: Option<oneshot::Sender<Answer>>) -> bool {
    let answer = durable.await.unwrap_or(Err(StoreError::Stopped));
    let kept = !matches!(answer, Err(StoreError::Full { .. } | StoreError::TooLong { .. }));
    if let Some(reply) = reply {
        // whoever fed the batch may be gone; the packets are kept all the same
        let _ = reply.send(answer);
    }
    kept
}

/// A disk that refuses ends nothing: the store says so, keeps what it can and tries again. Only a store that is gone
/// ends this task.
fn survive<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Stopped) => Err(StoreError::Stopped),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
