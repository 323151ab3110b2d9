//! The store's side: which rows come next, and what becomes of those that were answered.

use rumqttc::v5::mqttbytes::v5::{PubAck, PubAckReason};

use super::{Alone, Done, Phase, Session};
use crate::forward::fault::Fault;
use crate::forward::inflight::{OutOfStep, Record, Verdict};
use crate::forward::random;
use crate::forward::topics::Kind;
use crate::store::Committed;
use crate::types::Mono;

impl Session<'_> {
    /// What the broker's answer means for the row.
    pub(super) fn ack(&mut self, puback: &PubAck) -> Result<(), Fault> {
        let mono = self.parts.wall.mono();
        let verdict = self.inflight.ack(puback.pkid, puback.reason, mono, &mut self.memory.budget)?;
        if let Verdict::Document(key, revision) | Verdict::Kept(Record::Document(key, revision), _) = &verdict
        {
            self.memory.doubts.answered(key, *revision);
            self.alone = Alone::No;
        }
        match verdict {
            Verdict::Status => {
                self.memory.reporter.clear(Kind::Status);
                if let Phase::Leaving(_) = self.phase {
                    self.client.try_disconnect().map_err(|_| OutOfStep(puback.pkid))?;
                }
            }
            Verdict::Document(key, revision) => {
                self.memory.progress = true;
                self.memory.reporter.delivered(Kind::Document(key.kind), 0);
                self.documents.retry.delivered();
                self.documents.leaves(key.clone(), revision);
                let store = self.parts.store.clone();
                self.job(async move {
                    let left = store.ack_document(key.clone(), revision).await;
                    Done::Left(key, revision, left)
                });
            }
            Verdict::Readings(count, cursor) => {
                self.memory.progress = true;
                self.memory.reporter.delivered(Kind::Readings, count);
                self.readings.retry.delivered();
                self.cursor = cursor.or(self.cursor);
            }
            Verdict::Kept(record, reason) => {
                self.refused = Some(puback.pkid);
                self.keep(record, reason, mono);
            }
        }
        Ok(())
    }

    fn keep(&mut self, record: Record, reason: PubAckReason, mono: Mono) {
        let kind = match record {
            Record::Status => Kind::Status,
            Record::Readings(..) => {
                self.readings.retry.refused(mono, random());
                Kind::Readings
            }
            Record::Document(key, revision) => {
                let kind = Kind::Document(key.kind);
                let nobody = reason == PubAckReason::NoMatchingSubscribers;
                self.documents.refused(key, revision, nobody, mono, random());
                kind
            }
        };
        self.memory.reporter.refused(kind, reason);
    }

    /// Ends the pauses that are over.
    pub(super) fn restart(&mut self, mono: Mono) {
        if self.readings.retry.remaining(mono) == Some(0) && self.inflight.readings_outstanding() == 0 {
            let next = self.inflight.restart_readings();
            self.readings.restart(next);
        }
        if self.documents.retry.remaining(mono) == Some(0) {
            self.documents.restart();
        }
    }

    /// Asks the store for what comes next.
    pub(super) fn read(&mut self) {
        let Committed { last, documents: changes, .. } = *self.committed.borrow();
        if let Some((generation, from, max)) = self.readings.next_read(last, self.inflight.window()) {
            let store = self.parts.store.clone();
            self.job(async move {
                let packets = store.read(from, max).await;
                Done::Readings { generation, from, last, packets }
            });
        }
        if let Some(asked) = self.documents.next_read(changes, self.inflight.outstanding()) {
            let store = self.parts.store.clone();
            self.job(async move { Done::Documents { asked, documents: store.documents(asked).await } });
        }
    }

    /// Makes batches of what waited long enough.
    pub(super) fn plan(&mut self, mono: Mono) {
        let timeline = self.timeline.borrow().clone();
        if let Some((firsts, upto)) = self.readings.plan(&timeline, mono) {
            self.inflight.plan(firsts, upto);
        }
    }

    /// Tells the store how far the far side is; one request at a time, always with the newest place.
    pub(super) fn store_cursor(&mut self) {
        if !self.storing
            && let Some(upto) = self.cursor.take()
        {
            self.storing = true;
            let (store, epoch) = (self.parts.store.clone(), self.epoch);
            self.job(async move { Done::Cursor(upto, store.ack_readings(epoch, upto).await) });
        }
    }
}
