//! From a source to the store: class, dedupe, caps and counters. The packet itself goes on untouched.
//!
//! This task owns the timeline: it alone changes it, and everybody else watches it.

mod caps;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Anchor, Timeline};
use crate::decode;
use crate::dedupe::{RecordId, Seen};
use crate::journal::events;
use crate::source::Captured;
use crate::store::{DocumentKey, DocumentKind, Receipt, StoreError, StoreHandle, Urgency};
use crate::types::{BootId, CharUuid, HUB_STATE, Mono, PATIENT_REPORT, Packet, SensorId, Seq};
use caps::Caps;

/// At most this many captures are taken out of the channel at once: one block's worth of a live stream.
const DRAIN: usize = 256;

/// Garbage and floods are logged at most this often a sensor (one minute).
const LOG_EVERY_US: u64 = 60_000_000;

/// How many packets are read at once while the index of identities is rebuilt.
const REBUILD_CHUNK: usize = 4096;

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
    /// Where packets go.
    pub store: StoreHandle,
    /// Starts as the store had it; this task is the only one that changes it.
    pub timeline: watch::Sender<Arc<Timeline>>,
    /// Counters.
    pub status: watch::Sender<IngestStatus>,
}

type Waiting = (oneshot::Receiver<Result<Receipt, StoreError>>, oneshot::Sender<Result<Receipt, StoreError>>);

/// Runs until every source is gone and what they sent is durable.
///
/// # Errors
/// When the store is gone.
pub async fn run(parts: IngestParts) -> Result<(), StoreError> {
    let IngestParts { mut input, store, timeline, status } = parts;
    let mut gate =
        Gate { store: store.clone(), status, seen: None, contexts: Contexts::new(), sensors: HashMap::new() };
    let mut answers = FuturesUnordered::new();
    let mut captured = Vec::with_capacity(DRAIN);
    loop {
        tokio::select! {
            taken = input.recv_many(&mut captured, DRAIN) => {
                if taken == 0 {
                    break;
                }
                let mut run: Vec<(Packet, Urgency)> = Vec::new();
                for item in captured.drain(..) {
                    match item {
                        Captured::Packet(packet) => run.extend(gate.admit(packet).await?),
                        Captured::Batch(packets, reply) => {
                            append(&store, std::mem::take(&mut run), &timeline).await?;
                            let admitted = gate.admit_all(packets).await?;
                            if let Some(durable) = append(&store, admitted, &timeline).await? {
                                answers.push(answer((durable, reply)));
                            } else {
                                // all of them were known: durable already
                                store.flush().await?;
                                let committed = *store.committed().borrow();
                                let (epoch, last) = (committed.epoch, committed.last);
                                let _ = reply.send(Ok(Receipt { epoch, first: last.next(), last }));
                            }
                        }
                        Captured::Anchor(anchor) => anchored(&store, &timeline, anchor).await?,
                    }
                }
                append(&store, run, &timeline).await?;
            }
            Some(()) = answers.next() => {}
        }
    }
    store.flush().await?;
    while answers.next().await.is_some() {}
    Ok(())
}

async fn answer((durable, reply): Waiting) {
    // whoever fed the batch may be gone; the packets are kept all the same
    let _ = reply.send(durable.await.unwrap_or(Err(StoreError::Stopped)));
}

/// Hands packets on in their order, as urgently as the most urgent of them.
async fn append(
    store: &StoreHandle,
    packets: Vec<(Packet, Urgency)>,
    timeline: &watch::Sender<Arc<Timeline>>,
) -> Result<Option<oneshot::Receiver<Result<Receipt, StoreError>>>, StoreError> {
    let Some(urgency) = packets.iter().map(|(_, urgency)| *urgency).max() else { return Ok(None) };
    let packets: Vec<Packet> = packets.into_iter().map(|(packet, _)| packet).collect();
    note_boots(timeline, &packets);
    store.append(packets, urgency).await.map(Some)
}

/// A boot that the timeline does not know is the newest one.
fn note_boots(timeline: &watch::Sender<Arc<Timeline>>, packets: &[Packet]) {
    let Some(Packet { boot, mono, .. }) = packets.last() else { return };
    timeline.send_if_modified(|timeline| {
        let new = timeline.boots().last().is_none_or(|(last, _)| last != *boot);
        Arc::make_mut(timeline).saw(*boot, *mono);
        new
    });
}

/// Takes an anchor; what it changes is persisted, announced to the clinic and to everybody who resolves times.
async fn anchored(
    store: &StoreHandle,
    timeline: &watch::Sender<Arc<Timeline>>,
    anchor: Anchor,
) -> Result<(), StoreError> {
    let first = timeline.borrow().last_anchor(anchor.boot).is_none();
    let changed = timeline.send_if_modified(|timeline| Arc::make_mut(timeline).add(anchor));
    if !changed {
        return Ok(());
    }
    if first {
        tracing::info!(
            message_id = events::CLOCK_ANCHORED,
            boot = %anchor.boot,
            "the clock is synchronized: what was captured earlier in this boot has its true time now"
        );
    }
    store.put_anchor(anchor).await?;
    let epoch = store.committed().borrow().epoch;
    let key = DocumentKey { kind: DocumentKind::Time, key: format!("{epoch}-{}", anchor.boot) };
    let body = serde_json::json!({
        "epoch": epoch,
        "boot": anchor.boot,
        "mono_ms": anchor.mono.micros() as f64 / 1000.0,
        "utc": anchor.utc.to_string(),
        "uncertainty_ms": anchor.uncertainty_us as f64 / 1000.0,
    });
    store.put_document(key, body).await.map(|_revision| ())
}

/// What is known of one sensor while packets pass.
#[derive(Debug)]
struct Gauge {
    caps: Caps,
    garbage_logged: Option<(BootId, Mono)>,
    flood_logged: Option<(BootId, Mono)>,
}

/// Decides which packets pass, and counts.
struct Gate {
    store: StoreHandle,
    status: watch::Sender<IngestStatus>,
    /// Rebuilt from the log when the first record with an identity arrives; live streams never need it.
    seen: Option<Seen>,
    contexts: Contexts,
    sensors: HashMap<SensorId, Gauge>,
}

impl Gate {
    async fn admit_all(&mut self, packets: Vec<Packet>) -> Result<Vec<(Packet, Urgency)>, StoreError> {
        let mut admitted = Vec::with_capacity(packets.len());
        for packet in packets {
            admitted.extend(self.admit(packet).await?);
        }
        Ok(admitted)
    }

    async fn admit(&mut self, packet: Packet) -> Result<Option<(Packet, Urgency)>, StoreError> {
        if matches!(packet.characteristic, HUB_STATE | PATIENT_REPORT) {
            let urgency =
                if packet.characteristic == PATIENT_REPORT { Urgency::AtOnce } else { Urgency::Background };
            return Ok(Some((packet, urgency)));
        }
        let gauge = self.sensors.entry(packet.origin.sensor.clone()).or_insert_with(|| Gauge {
            caps: Caps::new(packet.boot, packet.mono),
            garbage_logged: None,
            flood_logged: None,
        });
        if !gauge.caps.admit(packet.boot, packet.mono, packet.bytes.len()) {
            if due(&mut gauge.flood_logged, &packet) {
                tracing::warn!(
                    message_id = events::FLOOD,
                    sensor = %packet.origin.sensor,
                    "the sensor sends more than {} packets or {} bytes a second; the excess is dropped and counted",
                    caps::PACKETS_PER_S,
                    caps::BYTES_PER_S
                );
            }
            self.count(&packet, |counts| counts.excess += 1);
            return Ok(None);
        }
        let undecoded = decode::decode(packet.characteristic, &packet.bytes).err();
        if let Some(error) = &undecoded
            && due(&mut gauge.garbage_logged, &packet)
        {
            tracing::warn!(
                message_id = events::GARBAGE,
                sensor = %packet.origin.sensor,
                characteristic = %packet.characteristic,
                "cannot decode a packet ({error}); it is kept and forwarded as it is"
            );
        }
        if self.is_repeat(&packet).await? {
            self.count(&packet, |counts| counts.repeats += 1);
            return Ok(None);
        }
        self.count(&packet, |counts| {
            counts.packets += 1;
            counts.undecoded += u64::from(undecoded.is_some());
        });
        let urgency = urgency(decode::profile(packet.characteristic).class);
        Ok(Some((packet, urgency)))
    }

    async fn is_repeat(&mut self, packet: &Packet) -> Result<bool, StoreError> {
        let Some(id) = identity(packet, &mut self.contexts) else { return Ok(false) };
        let seen = match &mut self.seen {
            Some(seen) => seen,
            None => self.seen.insert(rebuild(&self.store, &mut self.contexts).await?),
        };
        Ok(!seen.insert(&packet.origin, packet.characteristic, id))
    }

    fn count(&self, packet: &Packet, change: impl FnOnce(&mut SensorCounts)) {
        self.status.send_modify(|status| match status.sensors.get_mut(&packet.origin.sensor) {
            Some(counts) => change(counts),
            None => change(status.sensors.entry(packet.origin.sensor.clone()).or_default()),
        });
    }
}

fn urgency(class: decode::Class) -> Urgency {
    match class {
        decode::Class::Live => Urgency::Live,
        decode::Class::Background => Urgency::Background,
        decode::Class::Stored => Urgency::AtOnce,
    }
}

/// Values that identities hold within, such as the start of the session that a record's offset counts from.
type Contexts = HashMap<(SensorId, CharUuid), Box<[u8]>>;

fn identity(packet: &Packet, contexts: &mut Contexts) -> Option<RecordId> {
    let Packet { origin, characteristic, bytes, .. } = packet;
    if !decode::profile(*characteristic).is_live() {
        contexts.insert((origin.sensor.clone(), *characteristic), bytes.clone());
    }
    let identity = decode::identity(*characteristic, bytes)?;
    let mut fields = Vec::new();
    if let Some(context) = identity.within {
        fields.extend_from_slice(contexts.get(&(origin.sensor.clone(), context))?);
    }
    fields.extend_from_slice(identity.bytes);
    Some(RecordId::new(origin, *characteristic, &fields))
}

/// Reads every identity that the log holds. What was appended before is made durable first, else it would be missed.
async fn rebuild(store: &StoreHandle, contexts: &mut Contexts) -> Result<Seen, StoreError> {
    store.flush().await?;
    let mut seen = Seen::default();
    let mut from = Seq::new(1);
    loop {
        let chunk = store.read(from, REBUILD_CHUNK).await?;
        let Some(last) = chunk.last() else { return Ok(seen) };
        from = last.seq.next();
        for logged in &chunk {
            if let Some(id) = identity(&logged.packet, contexts) {
                seen.insert(&logged.packet.origin, logged.packet.characteristic, id);
            }
        }
    }
}

/// Whether something may be logged again; notes that it is.
fn due(last: &mut Option<(BootId, Mono)>, packet: &Packet) -> bool {
    let due = last.is_none_or(|(boot, mono)| boot != packet.boot || packet.mono.since(mono) >= LOG_EVERY_US);
    if due {
        *last = Some((packet.boot, packet.mono));
    }
    due
}

#[cfg(test)]
mod tests;
