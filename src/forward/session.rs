//! What happens on one connection: the store's side of it and the broker's, tied by what is in flight.

mod rows;
mod send;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Packet};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::watch;

use super::fault::Fault;
use super::inflight::Inflight;
use super::lanes::{DocumentsLane, ReadingsLane, Rules};
use super::payload::StatusData;
use super::topics::{Kind, Topics};
use super::{ForwardParts, Memory, now};
use crate::clock::Timeline;
use crate::store::{Committed, Document, DocumentKey, StoreError};
use crate::types::{Epoch, Logged, Mono, Seq, UtcMicros};

/// A connection that lasted this long counts as a good one: the next pause is short again.
const GOOD_US: u64 = 60_000_000;

/// What the store answered.
#[derive(Debug)]
enum Done {
    Readings {
        generation: u32,
        from: Seq,
        last: Seq,
        packets: Result<Vec<Logged>, StoreError>,
    },
    Documents {
        asked: usize,
        documents: Result<Vec<Document>, StoreError>,
    },
    Cursor(Seq, Result<(), StoreError>),
    Left(DocumentKey, u32, Result<(), StoreError>),
    /// The gap document for a packet that can never be sent is durable.
    Gap(Seq, Result<u32, StoreError>),
}

/// Something that happened beside the network.
#[derive(Debug)]
pub(super) enum Step {
    Store(Box<StoreAnswer>),
    Changed,
}

/// An answer of the store, for [`Session::take`].
#[derive(Debug)]
pub(super) struct StoreAnswer(Done);

/// Whether there is a document that nothing else may accompany.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alone {
    No,
    /// It waits for the others to be answered.
    Waiting,
    /// It is on its way.
    Sent,
}

/// How far stopping has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Nothing new is sent; acknowledgements are awaited until then.
    Draining(Mono),
    /// `offline` is under way, until then.
    Leaving(Mono),
    Over,
}

pub(super) struct Session<'a> {
    parts: &'a ForwardParts,
    memory: &'a mut Memory,
    client: AsyncClient,
    topics: Topics,
    /// Names this connection in ids of `status`.
    key: String,
    status: StatusState,
    inflight: Inflight,
    /// The largest packet that the broker takes.
    limit: usize,
    epoch: Epoch,
    readings: ReadingsLane,
    documents: DocumentsLane,
    jobs: FuturesUnordered<BoxFuture<'static, Done>>,
    committed: watch::Receiver<Committed>,
    timeline: watch::Receiver<Arc<Timeline>>,
    /// A place of the cursor that the store does not know yet, and whether it is being told.
    cursor: Option<Seq>,
    storing: bool,
    began: Mono,
    heard: Mono,
    silence: Duration,
    refused: Option<u16>,
    alone: Alone,
    phase: Phase,
}

/// The retained status on this connection.
#[derive(Debug)]
struct StatusState {
    revision: u32,
    due: bool,
    dead_letters: u64,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        parts: &'a ForwardParts,
        memory: &'a mut Memory,
        client: AsyncClient,
        key: String,
        connack: &ConnAck,
        silence: Duration,
    ) -> Self {
        let committed = parts.store.committed();
        let Committed { epoch, acked, .. } = *committed.borrow();
        let properties = connack.properties.as_ref();
        let inflight = Inflight::new(parts.config.window, properties.and_then(|p| p.receive_max), acked);
        let rules = Rules {
            batch: parts.config.batch,
            batch_wait: parts.config.batch_wait,
            hold: parts.config.hold_unsynced,
            boot: parts.wall.boot(),
        };
        let began = parts.wall.mono();
        memory.budget.begin();
        memory.reporter.connected(now(parts), inflight.window());
        memory.reporter.acked(acked);
        Self {
            topics: Topics::new(&parts.hub),
            client,
            key,
            status: StatusState { revision: 0, due: true, dead_letters: memory.reporter.dead_letters() },
            inflight,
            limit: properties.and_then(|p| p.max_packet_size).map_or(usize::MAX, |max| max as usize),
            epoch,
            readings: ReadingsLane::new(rules, acked.next()),
            documents: DocumentsLane::default(),
            jobs: FuturesUnordered::new(),
            committed,
            timeline: parts.timeline.clone(),
            cursor: None,
            storing: false,
            began,
            heard: began,
            silence,
            refused: None,
            alone: Alone::No,
            phase: Phase::Running,
            parts,
            memory,
        }
    }

    /// Waits for the store, for new rows, or for a time that becomes known. Dropping it loses nothing.
    pub(super) async fn step(&mut self) -> Result<Step, Fault> {
        tokio::select! {
            Some(done) = self.jobs.next() => Ok(Step::Store(Box::new(StoreAnswer(done)))),
            changed = self.committed.changed() => match changed {
                Ok(()) => Ok(Step::Changed),
                Err(_) => Err(StoreError::Stopped.into()),
            },
            Ok(()) = self.timeline.changed() => Ok(Step::Changed),
        }
    }

    /// Whatever can be done now, without waiting: restarts, reads, batches, publishes.
    pub(super) fn pump(&mut self) -> Result<(), Fault> {
        if self.committed.borrow().epoch != self.epoch {
            return Err(Fault::OtherStore);
        }
        let mono = self.parts.wall.mono();
        self.store_cursor();
        match self.phase {
            Phase::Running => {
                self.restart(mono);
                self.read();
                self.plan(mono);
                self.send_status()?;
                while self.has_room() && (self.send_document()? || self.send_readings()?) {}
            }
            Phase::Draining(until) if self.is_idle() => self.say_goodbye(until)?,
            Phase::Draining(_) | Phase::Leaving(_) | Phase::Over => {}
        }
        self.memory.reporter.outstanding(self.inflight.outstanding());
        Ok(())
    }

    /// Takes in what [`Self::step`] brought.
    pub(super) fn take(&mut self, step: Step) -> Result<(), Fault> {
        let Step::Store(answer) = step else { return Ok(()) };
        match answer.0 {
            Done::Readings { generation, from, last, packets } => {
                self.readings.read(generation, from, last, packets?, self.parts.wall.mono());
            }
            Done::Documents { asked, documents } => self.documents.read(asked, documents?),
            Done::Cursor(upto, stored) => {
                stored?;
                self.storing = false;
                self.memory.reporter.acked(upto);
            }
            Done::Left(key, revision, left) => {
                left?;
                self.documents.left(key, revision);
            }
            Done::Gap(first, durable) => {
                durable?;
                self.cursor = self.inflight.close(first).or(self.cursor);
            }
        }
        Ok(())
    }

    /// Takes in what happened on the network.
    pub(super) fn event(&mut self, event: Event) -> Result<(), Fault> {
        self.refused = None;
        match event {
            Event::Outgoing(Outgoing::Publish(pkid)) => self.inflight.outgoing(pkid)?,
            Event::Outgoing(Outgoing::Disconnect) => self.phase = Phase::Over,
            Event::Outgoing(_) => {}
            Event::Incoming(packet) => {
                self.heard = self.parts.wall.mono();
                if let Packet::PubAck(puback) = packet {
                    self.ack(&puback)?;
                }
            }
        }
        Ok(())
    }

    /// Time went by.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        let mono = self.parts.wall.mono();
        if mono.since(self.heard) >= micros(self.silence) {
            return Err(Fault::Silent(self.silence.as_secs()));
        }
        if let Phase::Draining(until) | Phase::Leaving(until) = self.phase
            && mono >= until
        {
            self.phase = Phase::Over;
        }
        Ok(())
    }

    /// How long until [`Self::check`] or [`Self::pump`] has something to do, if nothing else happens.
    pub(super) fn wake(&self) -> Duration {
        let mono = self.parts.wall.mono();
        let silent = micros(self.silence).saturating_sub(mono.since(self.heard));
        let own = match self.phase {
            Phase::Running => {
                let lane = self.readings.wake(&self.timeline.borrow(), mono);
                let pause = self.readings.retry.remaining(mono);
                let pause = pause.filter(|_| self.inflight.readings_outstanding() == 0);
                [lane, pause, self.documents.retry.remaining(mono)].into_iter().flatten().min()
            }
            Phase::Draining(until) | Phase::Leaving(until) => Some(until.since(mono)),
            Phase::Over => Some(0),
        };
        Duration::from_micros(own.unwrap_or(silent).min(silent))
    }

    /// Sends nothing new from now on.
    pub(super) fn stop(&mut self) {
        let until = self.parts.wall.mono().micros().saturating_add(micros(self.parts.grace));
        self.phase = Phase::Draining(Mono::from_micros(until));
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.phase != Phase::Running
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The packet id of a publish that the last event refused.
    pub(super) fn just_refused(&self) -> Option<u16> {
        self.refused
    }

    /// The connection is gone.
    pub(super) fn ended(self, fault: Option<&Fault>) {
        let mono = self.parts.wall.mono();
        if mono.since(self.began) > GOOD_US {
            self.memory.progress = true;
        }
        let Some(fault) = fault else { return };
        if fault.is_silence() && self.inflight.outstanding() > 0 {
            self.memory.budget.lost();
        }
        if fault.may_be_over_content() {
            let documents =
                self.inflight.documents().map(|(key, revision)| (key.clone(), revision)).collect();
            if let Some(kind) = self.memory.doubts.lost(documents, self.alone == Alone::Sent, mono) {
                self.memory.reporter.hung_up(Kind::Document(kind));
            }
        }
    }

    fn has_room(&self) -> bool {
        let alone = self.alone == Alone::No || self.inflight.outstanding() == 0;
        alone && self.inflight.has_room(&self.memory.budget)
    }

    fn is_idle(&self) -> bool {
        self.inflight.outstanding() == 0 && self.jobs.is_empty() && self.cursor.is_none()
    }

    fn job(&mut self, job: impl Future<Output = Done> + Send + 'static) {
        self.jobs.push(job.boxed());
    }
}

/// What the retained status says.
pub(super) fn status_data(
    parts: &ForwardParts,
    online: bool,
    time: Option<UtcMicros>,
    dead_letters: u64,
) -> StatusData {
    let Committed { epoch, last, acked, .. } = *parts.store.committed().borrow();
    StatusData { online, version: env!("CARGO_PKG_VERSION").into(), time, epoch, last, acked, dead_letters }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
