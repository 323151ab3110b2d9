//! Which packets pass: caps, decoders, identity; and the counters of all that.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::caps::{self, Caps};
use super::{IngestStatus, SensorCounts, survive};
use crate::decode::{Catalogue, Class, Device, is_context};
use crate::dedupe::{RecordId, Seen};
use crate::journal::events;
use crate::store::{StoreError, StoreHandle, Urgency};
use crate::types::{BootId, CharUuid, Epoch, HUB_STATE, Link, Mono, PATIENT_REPORT, Packet, SensorId, Seq};

/// Garbage and floods are logged at most this often a sensor (one minute).
const LOG_EVERY_US: u64 = 60_000_000;

/// How many packets are read at once while the index of identities is rebuilt.
const REBUILD_CHUNK: usize = 4096;

/// What is known of one sensor while packets pass.
#[derive(Debug)]
struct Gauge {
    caps: Caps,
    garbage_logged: Option<(BootId, Mono)>,
    flood_logged: Option<(BootId, Mono)>,
}

/// Decides which packets pass, and counts.
pub(super) struct Gate {
    catalogue: Arc<Catalogue>,
    store: StoreHandle,
    status: watch::Sender<IngestStatus>,
    /// Rebuilt from the log when the first record with an identity arrives; live streams never need it.
    seen: Option<(Epoch, Seen)>,
    contexts: Contexts,
    sensors: HashMap<SensorId, Gauge>,
}

impl Gate {
    /// Before the first packet.
    pub(super) fn new(
        catalogue: Arc<Catalogue>,
        store: StoreHandle,
        status: watch::Sender<IngestStatus>,
    ) -> Self {
        Self { catalogue, store, status, seen: None, contexts: Contexts::new(), sensors: HashMap::new() }
    }

    /// Looks into the log again before the next record is judged: one that was not kept must not be taken for known
    /// when it is sent again.
    pub(super) fn doubt(&mut self) {
        self.seen = None;
    }

    pub(super) async fn admit_all(
        &mut self,
        packets: Vec<Packet>,
    ) -> Result<Vec<(Packet, Urgency)>, StoreError> {
        let mut admitted = Vec::with_capacity(packets.len());
        for packet in packets {
            admitted.extend(self.admit(packet).await?);
        }
        Ok(admitted)
    }

    pub(super) async fn admit(&mut self, packet: Packet) -> Result<Option<(Packet, Urgency)>, StoreError> {
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
        // a capture is not a radio that junk could come through, and it may be fed at any speed and in any order
        if packet.origin.link != Link::None && !gauge.caps.admit(packet.boot, packet.mono, packet.bytes.len())
        {
            if due(&mut gauge.flood_logged, &packet) {
                tracing::warn!(
                    message_id = events::FLOOD,
                    sensor = %packet.origin.sensor,
                    "{} sends more than {} packets or {} bytes a second for long; the excess is dropped and counted, restart it",
                    packet.origin.sensor,
                    caps::PACKETS_PER_S,
                    caps::BYTES_PER_S
                );
            }
            self.count(&packet, |counts| counts.excess += 1);
            return Ok(None);
        }
        let undecoded = self.catalogue.decode(&Device::UNKNOWN, packet.characteristic, &packet.bytes).err();
        if let Some(error) = &undecoded
            && due(&mut gauge.garbage_logged, &packet)
        {
            tracing::warn!(
                message_id = events::GARBAGE,
                sensor = %packet.origin.sensor,
                characteristic = %packet.characteristic,
                "cannot decode a value of {} from {}: {}; it is kept and forwarded as it is",
                packet.characteristic,
                packet.origin.sensor,
                error.kind()
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
        let urgency = urgency(self.catalogue.profile(packet.characteristic).class);
        Ok(Some((packet, urgency)))
    }

    async fn is_repeat(&mut self, packet: &Packet) -> Result<bool, StoreError> {
        let Some(id) = identity(&self.catalogue, packet, &mut self.contexts) else { return Ok(false) };
        // a store that was replaced by a new one has forgotten what the old one had, and may be given it again
        let epoch = self.store.committed().borrow().epoch;
        if self.seen.as_ref().is_none_or(|(known, _)| *known != epoch)
            && let Some((seen, contexts)) = survive(rebuild(&self.catalogue, &self.store).await)?
        {
            self.seen = Some((epoch, seen));
            for (name, value) in contexts {
                self.contexts.entry(name).or_insert(value); // what came since is newer
            }
        }
        // a log that cannot be read cannot tell: the record is kept, and its `rid` lets the clinic drop a copy
        let known = |(_, seen): &mut (Epoch, Seen)| !seen.insert(&packet.origin, packet.characteristic, id);
        Ok(self.seen.as_mut().is_some_and(known))
    }

    fn count(&self, packet: &Packet, change: impl FnOnce(&mut SensorCounts)) {
        self.status.send_modify(|status| match status.sensors.get_mut(&packet.origin.sensor) {
            Some(counts) => change(counts),
            None => change(status.sensors.entry(packet.origin.sensor.clone()).or_default()),
        });
    }
}

fn urgency(class: Class) -> Urgency {
    match class {
        Class::Live => Urgency::Live,
        Class::Background => Urgency::Background,
        Class::Stored => Urgency::AtOnce,
    }
}

/// Values that identities hold within, such as the start of the session that a record's offset counts from.
type Contexts = HashMap<(SensorId, CharUuid), Box<[u8]>>;

fn identity(catalogue: &Catalogue, packet: &Packet, contexts: &mut Contexts) -> Option<RecordId> {
    let Packet { origin, characteristic, bytes, .. } = packet;
    if is_context(*characteristic) {
        contexts.insert((origin.sensor.clone(), *characteristic), bytes.clone());
    }
    let identity = catalogue.identity(*characteristic, bytes)?;
    let mut fields = Vec::new();
    if let Some(context) = identity.within {
        fields.extend_from_slice(contexts.get(&(origin.sensor.clone(), context))?);
    }
    fields.extend_from_slice(identity.bytes);
    Some(RecordId::new(origin, *characteristic, &fields))
}

/// Reads every identity that the log holds. What was appended before is made durable first, else it would be missed.
async fn rebuild(catalogue: &Catalogue, store: &StoreHandle) -> Result<(Seen, Contexts), StoreError> {
    store.flush().await?;
    let (mut seen, mut contexts) = (Seen::default(), Contexts::new());
    let mut from = Seq::new(1);
    loop {
        let chunk = store.read(from, REBUILD_CHUNK).await?;
        let Some(last) = chunk.last() else { return Ok((seen, contexts)) };
        from = last.seq.next();
        for logged in &chunk {
            if let Some(id) = identity(catalogue, &logged.packet, &mut contexts) {
                seen.insert(&logged.packet.origin, logged.packet.characteristic, id);
            }
        }
    }
}

/// Whether something may be logged again; notes that it is.
pub(super) fn due(last: &mut Option<(BootId, Mono)>, packet: &Packet) -> bool {
    let due = last.is_none_or(|(boot, mono)| boot != packet.boot || packet.mono.since(mono) >= LOG_EVERY_US);
    if due {
        *last = Some((packet.boot, packet.mono));
    }
    due
}
