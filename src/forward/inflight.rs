//! What was handed to one connection and is not acknowledged yet. Pure: no socket, no clock, no store.
//!
//! rumqttc's `publish()` gives no packet id, so the order in which records were handed over is the only tie: each
//! is pushed on a FIFO, `Outgoing::Publish(pkid)` pops the oldest into a map, and `PubAck(pkid)` takes it out again
//! and says what becomes of the row. All of it is dropped with the connection; the store knows where to go on.

use std::collections::{BTreeSet, HashMap, VecDeque};

use rumqttc::v5::mqttbytes::v5::PubAckReason;

use super::budget::Budget;
use crate::store::DocumentKey;
use crate::types::{Mono, Seq};

/// What a publish stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Record {
    /// The retained status.
    Status,
    /// A revision of a document.
    Document(DocumentKey, u32),
    /// A batch of so many readings, by the first of them.
    Readings(Seq, usize),
}

/// What an acknowledgement means for the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The status is out.
    Status,
    /// The far side has this revision: it may leave the outbox.
    Document(DocumentKey, u32),
    /// The far side has a batch of so many readings. `Some`: so has it everything up to here, and the cursor may follow.
    Readings(usize, Option<Seq>),
    /// Nobody has it: the row stays, and a person has to know why.
    Kept(Record, PubAckReason),
}

/// Broker and client no longer agree about what is in flight; only a new connection mends that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("packet id {0} does not belong to what is in flight")]
pub(crate) struct OutOfStep(pub(crate) u16);

#[derive(Debug)]
struct Handed {
    record: Record,
    bytes: usize,
    at: Mono,
}

/// The records of one connection between hand-over and acknowledgement.
#[derive(Debug)]
pub(crate) struct Inflight {
    window: usize,
    bytes: usize,
    queued: VecDeque<Handed>,
    sent: HashMap<u16, Handed>,
    cursor: Cursor,
}

impl Inflight {
    /// For a connection whose CONNACK allows `receive_max` publishes at once (65535 where it says nothing), with a
    /// cap of our own, to a store that is acknowledged up to `acked`.
    pub(crate) fn new(own_cap: u16, receive_max: Option<u16>, acked: Seq) -> Self {
        let window = own_cap.min(receive_max.unwrap_or(u16::MAX)).max(1);
        Self {
            window: usize::from(window),
            bytes: 0,
            queued: VecDeque::new(),
            sent: HashMap::new(),
            cursor: Cursor { acked, taken: acked, open: BTreeSet::new() },
        }
    }

    /// Publishes in flight at most.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// Publishes handed over and not answered yet.
    pub(crate) fn outstanding(&self) -> usize {
        self.queued.len() + self.sent.len()
    }

    /// Batches of readings among them.
    pub(crate) fn readings_outstanding(&self) -> usize {
        let all = self.queued.iter().chain(self.sent.values());
        all.filter(|handed| matches!(handed.record, Record::Readings(..))).count()
    }

    /// Documents among them.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&DocumentKey, u32)> {
        self.queued.iter().chain(self.sent.values()).filter_map(|handed| match &handed.record {
            Record::Document(key, revision) => Some((key, *revision)),
            _ => None,
        })
    }

    /// Whether this revision is on its way.
    pub(crate) fn carries(&self, key: &DocumentKey, revision: u32) -> bool {
        self.documents().any(|(k, r)| k == key && r == revision)
    }

    /// Whether one more may be handed over.
    pub(crate) fn has_room(&self, budget: &Budget) -> bool {
        self.outstanding() < self.window && budget.has_room(self.bytes)
    }

    /// Notes batches, by their first packets, that together with the ones before hold every packet up to `upto`.
    /// The cursor waits for each of them.
    pub(crate) fn plan(&mut self, firsts: impl IntoIterator<Item = Seq>, upto: Seq) {
        self.cursor.open.extend(firsts);
        self.cursor.taken = self.cursor.taken.max(upto);
    }

    /// Notes what was just given to rumqttc, in the order in which it was given.
    pub(crate) fn hand(&mut self, record: Record, bytes: usize, at: Mono) {
        self.bytes += bytes;
        self.queued.push_back(Handed { record, bytes, at });
    }

    /// `Outgoing::Publish(pkid)`: the oldest one not yet sent has this packet id.
    pub(crate) fn outgoing(&mut self, pkid: u16) -> Result<(), OutOfStep> {
        if self.sent.contains_key(&pkid) {
            return Err(OutOfStep(pkid));
        }
        let handed = self.queued.pop_front().ok_or(OutOfStep(pkid))?;
        self.sent.insert(pkid, handed);
        Ok(())
    }

    /// `PubAck(pkid)`: what becomes of the row.
    pub(crate) fn ack(
        &mut self,
        pkid: u16,
        reason: PubAckReason,
        now: Mono,
        budget: &mut Budget,
    ) -> Result<Verdict, OutOfStep> {
        let Handed { record, bytes, at } = self.sent.remove(&pkid).ok_or(OutOfStep(pkid))?;
        self.bytes -= bytes;
        budget.answered(bytes, now.since(at));
        Ok(match (record, reason) {
            // Success of a broker with `forward.ack = "broker"`. With the clinic's own acknowledgement these arms
            // only free the window; `cmd/ack` then decides about the rows.
            (Record::Document(key, revision), PubAckReason::Success) => Verdict::Document(key, revision),
            (Record::Readings(first, count), PubAckReason::Success) => {
                Verdict::Readings(count, self.close(first))
            }
            // Retained, so the broker itself keeps it for whoever comes.
            (Record::Status, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) => Verdict::Status,
            (record, reason) => Verdict::Kept(record, reason),
        })
    }

    /// Counts a batch as done without an acknowledgement: what it held can never be sent, and a document says so.
    /// `Some` when the cursor may follow.
    pub(crate) fn close(&mut self, first: Seq) -> Option<Seq> {
        self.cursor.close(first)
    }

    /// Forgets the batches that were refused, so that readings start again after what is acknowledged. To be called
    /// when none of them is outstanding; returns the first packet to send.
    pub(crate) fn restart_readings(&mut self) -> Seq {
        self.cursor.open.clear();
        self.cursor.taken = self.cursor.acked;
        self.cursor.acked.next()
    }
}

/// Batches are acknowledged in any order; the store's cursor is one number. It follows the gapless part.
#[derive(Debug)]
struct Cursor {
    acked: Seq,
    /// Every packet up to here is in a batch that was planned.
    taken: Seq,
    /// First packets of the batches that nobody has yet. A batch holds nothing before its first packet, so that
    /// whatever stands before the smallest of these is there.
    open: BTreeSet<Seq>,
}

impl Cursor {
    fn close(&mut self, first: Seq) -> Option<Seq> {
        self.open.remove(&first);
        let upto = self.open.first().map_or(self.taken, |open| Seq::new(open.get().saturating_sub(1)));
        let moved = upto > self.acked;
        self.acked = self.acked.max(upto);
        moved.then_some(self.acked)
    }
}

#[cfg(test)]
mod tests;
