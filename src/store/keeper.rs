//! The store's state and what can be done with it, without channels: everything but waiting.

use super::block::{Codec, MAX_VALUE};
use super::db::{Db, Failure, discard};
use super::handle::{Committed, Document, DocumentKey, Receipt, StoreError, StoreStats};
use super::log::{self, Readout, Span};
use super::meta::Meta;
use super::open::{LoadError, Loaded, OpenError, Options, load, load_after_quarantine};
use super::outbox::{self, Outbox};
use super::retention;
use crate::clock::{Anchor, Timeline};
use crate::config::StoreConfig;
use crate::journal::events;
use crate::types::{Epoch, Logged, Packet, Seq};

/// Packets that wait for the disk at most: some hours of four sensors, and a few megabytes.
const MAX_PENDING: usize = 32 * 1024;

/// When the database breaks so often within an hour, although it opens, it is quarantined.
const PATIENCE: u32 = 3;

/// When the card does not give the database back so often in a row, for ten minutes at the pauses of `task`, it is
/// quarantined: a new one lands on other sectors.
const UNREADABLE: u32 = 15;

const DAY_US: i64 = 86_400_000_000;

/// The store while its database is open.
struct Running {
    db: Db,
    meta: Meta,
    span: Span,
    outbox: Outbox,
    /// Something was written that is not durable yet.
    dirty: bool,
}

/// Owns the database, and what waits for it.
pub(super) struct Keeper {
    config: StoreConfig,
    options: Options,
    codec: Codec,
    running: Option<Running>,
    /// What was durable when the database was last open.
    committed: Committed,
    /// Packets that wait for a commit, in order; they follow the last durable one.
    pending: Vec<Packet>,
    /// Packets refused since nothing could be written and `pending` was full.
    refused: u64,
    readout: Readout,
    /// The timeline when the database failed: what a new one, or an older one, may not know.
    timeline: Timeline,
    /// Why the database is not open.
    down: Option<String>,
    /// The trouble that was logged last, until something could be written again.
    logged: Option<String>,
    /// What happened to the store before, which somebody should know.
    noted: Option<String>,
    /// How often in a row the card did not give back the database.
    unreadable: u32,
    /// How often within an hour sled failed over its own files.
    broken: u32,
}

impl Keeper {
    pub(super) fn new(config: StoreConfig, options: Options, codec: Codec) -> Self {
        let zero = Seq::new(0);
        let epoch = Epoch::from_u64(0);
        Self {
            config,
            options,
            codec,
            running: None,
            committed: Committed { epoch, first: zero.next(), last: zero, acked: zero, documents: 0 },
            pending: Vec::new(),
            refused: 0,
            readout: Readout::default(),
            timeline: Timeline::default(),
            down: None,
            logged: None,
            noted: None,
            unreadable: 0,
            broken: 0,
        }
    }

    /// Opens the database; where there is none, one is made if `create` says so.
    ///
    /// # Errors
    /// What only the operator can mend. Where trying again may help, [`Keeper::trouble`] tells.
    pub(super) fn open(&mut self, create: bool) -> Result<(), OpenError> {
        let path = &self.config.path;
        let loaded = if self.broken >= PATIENCE || self.unreadable >= UNREADABLE {
            load_after_quarantine(path, &mut self.codec, self.down.clone().unwrap_or_default())
        } else {
            load(path, &mut self.codec, create)
        };
        match loaded {
            Ok(loaded) => {
                if let Err(failure) = self.adopt(loaded) {
                    self.fail(failure);
                }
                Ok(())
            }
            Err(LoadError::Later(failure)) => {
                self.unreadable += u32::from(matches!(failure, Failure::Unreadable(_)));
                self.complain(failure.cause());
                self.down = Some(failure.cause().to_owned());
                Ok(())
            }
            Err(LoadError::Open(error)) => {
                self.down = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Tries again after a failure. Returns whether the database is open.
    pub(super) fn reopen(&mut self) -> bool {
        // Where a store was, a missing one means a missing disk: only a store that never opened is made.
        let create = self.committed.epoch == Epoch::from_u64(0);
        if self.running.is_none()
            && let Err(error) = self.open(create)
        {
            self.complain(&error.to_string());
        }
        self.running.is_some()
    }

    fn adopt(&mut self, loaded: Loaded) -> Result<(), Failure> {
        let Loaded { db, mut meta, mut span, mut outbox, quarantined } = loaded;
        if let Some((aside, reason)) = quarantined {
            self.broken = 0;
            self.noted = Some(format!(
                "a damaged store ({reason}) was moved to {} and a new one begun; send that folder to support",
                aside.display()
            ));
        }
        self.unreadable = 0;
        let same = meta.epoch == self.committed.epoch;
        if same && span.last > self.committed.last {
            // A commit failed: how much of it is on the disk is unknown, and its packets still wait. Write them anew.
            log::truncate(&db, self.committed.last)?;
            db.sync()?;
            span.last = self.committed.last;
        }
        span.last = if same { span.last.max(self.committed.last) } else { span.last };
        meta.recall(&db.meta, &self.timeline)?;
        outbox.changes += self.committed.documents + 1;
        self.readout = Readout::default();
        self.down = None;
        tracing::info!(
            epoch = %meta.epoch,
            last = span.last.get(),
            acked = meta.acked.get(),
            documents = outbox.waiting,
            "store open"
        );
        self.running = Some(Running { db, meta, span, outbox, dirty: false });
        self.note_committed();
        Ok(())
    }

    /// Where the log stands, as far as it is durable.
    pub(super) fn committed(&self) -> Committed {
        self.committed
    }

    /// What is wrong, and what to do.
    pub(super) fn trouble(&self) -> Option<String> {
        let down = self.down.as_ref().map(|cause| disk("write", cause).to_string());
        let refused = (self.refused > 0)
            .then(|| format!("{} packets could not be kept while the disk refused to write", self.refused));
        let parts: Vec<String> = [down, refused, self.noted.clone()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// How long packets of live streams may wait.
    pub(super) fn commit_pause(&self) -> std::time::Duration {
        self.config.commit
    }

    /// How many packets wait for a commit.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether the database is open.
    pub(super) fn is_open(&self) -> bool {
        self.running.is_some()
    }

    /// Takes packets in; they wait for the next commit. Returns where in that commit they begin.
    pub(super) fn append(&mut self, packets: Vec<Packet>) -> Result<usize, StoreError> {
        if let Some(packet) = packets.iter().find(|packet| packet.bytes.len() > MAX_VALUE) {
            return Err(StoreError::TooLong { bytes: packet.bytes.len() });
        }
        let begin = self.pending.len();
        if let Some(cause) = &self.down
            && begin + packets.len() > MAX_PENDING
        {
            self.refused += packets.len() as u64;
            return Err(StoreError::Full { packets: packets.len(), cause: cause.clone() });
        }
        self.pending.extend(packets);
        Ok(begin)
    }

    /// Makes everything taken in so far durable. Returns the receipt of the packets among it.
    pub(super) fn commit(&mut self) -> Result<Receipt, StoreError> {
        self.attempt("write", |running, keeper| {
            let Running { db, meta, span, .. } = running;
            let mut last = span.last;
            if !keeper.pending.is_empty() {
                meta.see(&keeper.pending);
                meta.put_boots(&db.meta, false)?;
                last = log::write(db, &mut keeper.codec, meta.epoch, last, &keeper.pending)?;
                running.dirty = true;
            }
            if running.dirty {
                db.sync()?;
                running.dirty = false;
                if keeper.logged.take().is_some() {
                    tracing::info!(message_id = events::STORE_RECOVERED, "the store writes again");
                }
            }
            let receipt = Receipt { epoch: meta.epoch, first: span.last.next(), last };
            span.last = last;
            keeper.pending.clear();
            keeper.pending.shrink_to(MAX_PENDING / 16);
            Ok(receipt)
        })
    }

    /// Writes how long the boots ran, for a clean stop.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        self.attempt("write", |running, _| {
            running.meta.put_boots(&running.db.meta, true)?;
            running.dirty = true;
            Ok(())
        })?;
        self.commit().map(drop)
    }

    /// Moves the cursor, not durable before the next commit.
    pub(super) fn ack_readings(&mut self, epoch: Epoch, upto: Seq) -> Result<(), StoreError> {
        self.attempt("move the cursor", |running, _| {
            let upto = upto.min(running.span.last);
            if epoch == running.meta.epoch && upto > running.meta.acked {
                running.meta.put_acked(&running.db.meta, upto)?;
                running.dirty = true;
            }
            Ok(())
        })
    }

    /// Puts a document into the outbox, not durable before the next commit.
    pub(super) fn put_document(
        &mut self,
        key: &DocumentKey,
        body: &serde_json::Value,
    ) -> Result<u32, StoreError> {
        self.attempt("keep a document", |running, keeper| {
            let Running { db, meta, outbox, .. } = running;
            let (revision, written) =
                outbox.put(&db.documents, keeper.codec.guard(), meta.floor, key, body)?;
            running.dirty |= written;
            Ok(revision)
        })
    }

    /// Takes a document out of the outbox, not durable before the next commit.
    pub(super) fn ack_document(&mut self, key: &DocumentKey, revision: u32) -> Result<(), StoreError> {
        self.attempt("acknowledge a document", |running, keeper| {
            let Running { db, outbox, .. } = running;
            let written = outbox.acknowledge(&db.documents, keeper.codec.guard(), key, revision)?;
            running.dirty |= written;
            Ok(())
        })
    }

    /// Keeps an anchor if it says something new, not durable before the next commit.
    pub(super) fn put_anchor(&mut self, anchor: &Anchor) -> Result<(), StoreError> {
        self.attempt("keep an anchor", |running, _| {
            let Running { db, meta, .. } = running;
            if meta.timeline.add(*anchor) {
                meta.put_anchor(&db.meta, anchor)?;
                running.dirty = true;
            }
            Ok(())
        })
    }

    /// Durable packets.
    pub(super) fn read(&mut self, from: Seq, max: usize) -> Result<Vec<Logged>, StoreError> {
        let Committed { first, last, .. } = self.committed;
        let (packets, faults) = self.attempt("read the log", |running, keeper| {
            keeper.readout.read(&running.db, &mut keeper.codec, Span { first, last }, from, max)
        })?;
        for fault in faults {
            tracing::error!("part of the log cannot be read: {fault}");
            self.noted = Some(fault.to_string());
        }
        Ok(packets)
    }

    /// Documents that wait.
    pub(super) fn documents(&mut self, max: usize) -> Result<Vec<Document>, StoreError> {
        let (documents, damaged) = self.attempt("read documents", |running, keeper| {
            outbox::waiting(&running.db.documents, keeper.codec.guard(), max)
        })?;
        if !damaged.is_empty() {
            let fault =
                format!("{} documents in the outbox are damaged; send the store to support", damaged.len());
            if self.noted.as_ref() != Some(&fault) {
                tracing::error!("{fault}; they are skipped");
                self.noted = Some(fault);
            }
        }
        Ok(documents)
    }

    /// The timeline.
    pub(super) fn timeline(&mut self) -> Result<Timeline, StoreError> {
        self.attempt("read the timeline", |running, _| Ok(running.meta.timeline.clone()))
    }

    /// Figures; known also while the disk is unavailable.
    pub(super) fn stats(&self) -> StoreStats {
        let Committed { epoch, first, last, acked, .. } = self.committed;
        StoreStats {
            epoch,
            last,
            acked,
            packets: Span { first, last }.count(),
            documents: self.running.as_ref().map_or(0, |running| running.outbox.waiting),
            disk_bytes: self.running.as_ref().map_or(0, |running| running.db.disk_bytes()),
            trouble: self.trouble(),
        }
    }

    /// Called hourly: removes some of what is acknowledged and older than the configuration keeps. Returns whether there
    /// may be more.
    pub(super) fn retire(&mut self) -> Result<bool, StoreError> {
        self.broken = 0;
        let Some(now) = (self.options.now)() else { return Ok(false) };
        let before = now.plus(-DAY_US * i64::from(self.config.keep_days));
        self.attempt("remove old packets", |running, keeper| {
            let Running { db, meta, span, dirty, .. } = running;
            let more = retention::retire(db, &mut keeper.codec, meta, span, before)?;
            // It was durable at once, and everything before it too.
            *dirty &= more.is_none();
            Ok(more.unwrap_or(false))
        })
    }

    /// Runs `work` on the open database. A failure closes it: whatever was not durable is undone or written anew when
    /// it opens again.
    fn attempt<T>(
        &mut self,
        operation: &'static str,
        work: impl FnOnce(&mut Running, &mut Self) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let Some(mut running) = self.running.take() else {
            return Err(disk(operation, self.down.as_deref().unwrap_or("it is not open")));
        };
        let result = work(&mut running, self);
        self.running = Some(running);
        match result {
            Ok(done) => {
                self.note_committed();
                Ok(done)
            }
            Err(failure) => {
                let error = disk(operation, failure.cause());
                self.fail(failure);
                Err(error)
            }
        }
    }

    /// Logs what is wrong once, however often it is met.
    fn complain(&mut self, cause: &str) {
        if self.logged.as_deref() == Some(cause) {
            return;
        }
        tracing::error!(
            message_id = events::STORE_TROUBLE,
            "the store cannot write: {cause}; free space or replace the card, the hub keeps trying"
        );
        self.logged = Some(cause.to_owned());
    }

    fn fail(&mut self, failure: Failure) {
        self.complain(failure.cause());
        self.broken += u32::from(matches!(failure, Failure::Broken(_)));
        self.down = Some(failure.cause().to_owned());
        if let Some(running) = self.running.take() {
            self.timeline = running.meta.timeline;
            discard(Some(running.db));
        }
    }

    /// Takes over what is durable now.
    fn note_committed(&mut self) {
        let Some(running) = self.running.as_ref().filter(|running| !running.dirty) else { return };
        let Running { db, meta, span, outbox, .. } = running;
        if span.last != self.committed.last {
            db.mark.write(meta.epoch, span.last);
        }
        self.committed = Committed {
            epoch: meta.epoch,
            first: span.first,
            last: span.last,
            acked: meta.acked,
            documents: outbox.changes,
        };
    }
}

fn disk(operation: &'static str, cause: &str) -> StoreError {
    StoreError::Disk { operation, cause: cause.to_owned() }
}
