//! What goes onto the wire, and what cannot.

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};

use super::{Alone, Done, Phase, Session, status_data};
use crate::forward::doubts::Judgement;
use crate::forward::fault::Fault;
use crate::forward::inflight::{OutOfStep, Record};
use crate::forward::now;
use crate::forward::payload::{self, CONTENT_TYPE, Group};
use crate::forward::topics::Kind;
use crate::store::{DocumentKey, DocumentKind};
use crate::types::{Logged, Mono, Seq};

/// A packet id, which rumqttc does not count before it has given one, and the rest of the longest length field.
const PKID_AND_LENGTH: usize = 2 + 3;

fn properties() -> PublishProperties {
    PublishProperties {
        payload_format_indicator: Some(1),
        content_type: Some(CONTENT_TYPE.into()),
        ..PublishProperties::default()
    }
}

impl Session<'_> {
    pub(super) fn send_status(&mut self) -> Result<(), Fault> {
        let dead = self.memory.reporter.dead_letters();
        if !(self.status.due || dead != self.status.dead_letters) || !self.has_room() {
            return Ok(());
        }
        (self.status.due, self.status.dead_letters) = (false, dead);
        self.publish_status(true).map(|_| ())
    }

    /// `false` when it does not fit.
    fn publish_status(&mut self, online: bool) -> Result<bool, Fault> {
        self.status.revision += 1;
        let data = status_data(self.parts, online, now(self.parts), self.memory.reporter.dead_letters());
        let bytes = payload::status(&self.parts.hub.id, &self.key, self.status.revision, data);
        let fits = self.size(Kind::Status, bytes.len()) <= self.limit;
        if fits {
            self.publish(Kind::Status, Record::Status, bytes)?;
        }
        Ok(fits)
    }

    /// Everything is answered: say that the hub leaves, then leave. Where even that does not fit, the connection is
    /// dropped, and the broker publishes the last will.
    pub(super) fn say_goodbye(&mut self, until: Mono) -> Result<(), Fault> {
        self.phase = if self.publish_status(false)? { Phase::Leaving(until) } else { Phase::Over };
        Ok(())
    }

    /// Sends the next document; `false` when there is none.
    pub(super) fn send_document(&mut self) -> Result<bool, Fault> {
        if self.documents.retry.probing() && self.inflight.documents().next().is_some() {
            return Ok(false);
        }
        let mono = self.parts.wall.mono();
        while let Some(document) = self.documents.pop(|key, revision| self.inflight.carries(key, revision)) {
            let (key, revision) = (document.key.clone(), document.revision);
            let alone = match self.memory.doubts.judge(&key, revision, mono) {
                Judgement::Wait(until) => {
                    self.documents.set_aside(key, revision);
                    self.documents.retry.wait(until);
                    continue;
                }
                Judgement::Alone if self.inflight.outstanding() > 0 => {
                    self.documents.push_front(document);
                    self.alone = Alone::Waiting;
                    return Ok(true);
                }
                judgement => judgement == Judgement::Alone,
            };
            let kind = Kind::Document(document.key.kind);
            let bytes = payload::document(&self.parts.hub.id, &document);
            let size = self.size(kind, bytes.len());
            if size <= self.limit {
                self.publish(kind, Record::Document(key, revision), bytes)?;
                self.alone = if alone { Alone::Sent } else { Alone::No };
                return Ok(true);
            }
            let id = (key, revision);
            self.documents.set_aside(id.0.clone(), id.1);
            if self.memory.too_large.get(&id) != Some(&self.limit) {
                let what = format!("document {}, revision {},", id.0, id.1);
                self.memory.reporter.too_large(kind, &what, size, self.limit);
                self.memory.too_large.insert(id, self.limit);
            }
        }
        Ok(false)
    }

    /// Sends the next batch of readings; `false` when there is none.
    pub(super) fn send_readings(&mut self) -> Result<bool, Fault> {
        let retry = &self.readings.retry;
        if retry.blocked() || (retry.probing() && self.inflight.readings_outstanding() > 0) {
            return Ok(false);
        }
        while let Some(batch) = self.readings.pop() {
            let bytes =
                batch.encode(&self.parts.hub.id, self.epoch, &self.parts.catalogue, self.parts.config.raw);
            let size = self.size(Kind::Readings, bytes.len());
            let wish =
                if batch.len() > 1 { self.memory.budget.message().min(self.limit) } else { self.limit };
            if size <= wish {
                let record = Record::Readings(batch.first(), batch.len());
                self.publish(Kind::Readings, record, bytes)?;
                return Ok(true);
            }
            match batch.split() {
                Ok((first, second)) => {
                    self.inflight.plan([second.first()], Seq::default());
                    self.readings.push_front(second);
                    self.readings.push_front(first);
                }
                Err(single) => self.bury(&single, size),
            }
        }
        Ok(false)
    }

    /// A packet that can never be sent: it stays in the log, a document tells the clinic, and the cursor goes on once
    /// that document is durable.
    fn bury(&mut self, single: &Group, size: usize) {
        let Logged { seq, packet } = single.head();
        let (seq, epoch) = (*seq, self.epoch);
        let what = format!("packet {} of {}", seq.get(), packet.origin.sensor);
        self.memory.reporter.too_large(Kind::Readings, &what, size, self.limit);
        let key = DocumentKey { kind: DocumentKind::Gap, key: format!("too-large:{epoch}:{}", seq.get()) };
        let body = serde_json::json!({
            "reason": "too_large",
            "epoch": epoch,
            "sensor": packet.origin.sensor,
            "first": seq,
            "last": seq,
            "count": 1,
            "boot": packet.boot,
            "mono0_ms": payload::Millis::from_micros(i64::try_from(packet.mono.micros()).unwrap_or(i64::MAX)),
            "char": packet.characteristic,
        });
        let store = self.parts.store.clone();
        self.job(async move { Done::Gap(seq, store.put_document(key, body).await) });
    }

    fn publish(&mut self, kind: Kind, record: Record, bytes: Vec<u8>) -> Result<(), Fault> {
        let size = bytes.len();
        let topic = self.topics.of(kind);
        self.client
            .try_publish_with_properties(topic, QoS::AtLeastOnce, kind.retained(), bytes, properties())
            .map_err(|_| OutOfStep(0))?;
        self.inflight.hand(record, size, self.parts.wall.mono());
        Ok(())
    }

    /// The size of a publish on the wire, at most 3 bytes too large.
    fn size(&self, kind: Kind, payload: usize) -> usize {
        let empty = Publish::new(self.topics.of(kind), QoS::AtLeastOnce, Vec::new(), Some(properties()));
        empty.size() + payload + PKID_AND_LENGTH
    }
}
