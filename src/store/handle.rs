//! What the rest of the hub can ask of the store task.

use std::fmt;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Anchor, Timeline};
use crate::types::{Epoch, Logged, Packet, Seq};

/// How soon a packet must be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Streams whose profile says `background`: within 60 s.
    Background,
    /// Live streams: within `store.commit_ms`, or with 256 packets.
    Live,
    /// Whatever carries an identity, and patient reports: at once.
    AtOnce,
}

/// The kinds of documents; also the topic's last level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// Something is wrong, or right again.
    Alert,
    /// Adherence of one local day.
    Day,
    /// One session of exercise.
    Session,
    /// What was lost without being sent.
    Gap,
    /// A patient report.
    Report,
    /// One entry of the audit trail.
    Audit,
    /// One supply period.
    Period,
    /// An anchor that re-times readings sent before.
    Time,
}

impl DocumentKind {
    /// The name in topics and ids.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Day => "day",
            Self::Session => "session",
            Self::Gap => "gap",
            Self::Report => "report",
            Self::Audit => "audit",
            Self::Period => "period",
            Self::Time => "time",
        }
    }
}

/// What a document is about; stable over its revisions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentKey {
    /// Its kind.
    pub kind: DocumentKind,
    /// The day, the session's sensor and first packet, …: unique within the kind.
    pub key: String,
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.key)
    }
}

/// One revision of a document in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is about.
    pub key: DocumentKey,
    /// 1, 2, 3, …; a newer one replaces an older one that was not sent yet.
    pub revision: u32,
    /// The `data` of its `CloudEvent`.
    pub body: serde_json::Value,
}

/// Where the log stands; published after every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The store's epoch.
    pub epoch: Epoch,
    /// The first packet still in the log; `last.next()` when it is empty.
    pub first: Seq,
    /// The last durable packet; `Seq::new(0)` before the first.
    pub last: Seq,
    /// Every packet up to here was acknowledged by the far side.
    pub acked: Seq,
    /// Counts changes of the documents lane, so that whoever waits for documents sees them.
    pub documents: u64,
}

/// Where the packets of one append ended up; sent once they are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The log they are in.
    pub epoch: Epoch,
    /// The first of them.
    pub first: Seq,
    /// The last of them; before `first` when there were none.
    pub last: Seq,
}

/// Figures for `rehabctl status` and `queue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStats {
    /// The store's epoch.
    pub epoch: Epoch,
    /// The last durable packet.
    pub last: Seq,
    /// Acknowledged up to here.
    pub acked: Seq,
    /// Packets in the log.
    pub packets: u64,
    /// Documents waiting.
    pub documents: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// What is wrong with the store, and what to do; `None` when nothing is.
    pub trouble: Option<String>,
}

/// The store cannot do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store task has ended: the hub is stopping.
    #[error("the store has stopped; the hub is shutting down")]
    Stopped,
    /// The disk refuses. Packets of an append that is answered so are kept in memory and written as soon as the disk
    /// lets it: they must not be appended again, and nobody may be told that they are safe.
    #[error("the store cannot {operation}: {cause}; free space or replace the card, the hub keeps trying")]
    Disk {
        /// What was attempted.
        operation: &'static str,
        /// What the system said.
        cause: String,
    },
    /// The disk refuses to write, and too much waits for it already: these packets were not kept.
    #[error(
        "{packets} packets were not kept, too many wait for the disk ({cause}); free space or replace the card"
    )]
    Full {
        /// How many of this append.
        packets: usize,
        /// What the system said.
        cause: String,
    },
    /// A value that no characteristic can have: nothing of its append was kept.
    #[error(
        "a value of {bytes} bytes is longer than any characteristic's (512); it was not kept, mend its source"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Something in the log cannot be read back.
    #[error("block {block} of the log is damaged ({reason}); it is skipped and kept for salvage")]
    Damaged {
        /// The sequence number of its first packet.
        block: u64,
        /// What does not fit.
        reason: String,
    },
}

/// A request to the store task, with where its answer goes.
#[derive(Debug)]
pub enum Request {
    /// Keep packets, in this order; answered when they are durable.
    Append(Vec<Packet>, Urgency, oneshot::Sender<Result<Receipt, StoreError>>),
    /// Commit what waits, now.
    Flush(oneshot::Sender<Result<(), StoreError>>),
    /// Durable packets from a place on, at most so many, in order; gaps where packets were evicted or are damaged.
    Read(Seq, usize, oneshot::Sender<Result<Vec<Logged>, StoreError>>),
    /// The far side has every packet up to this one of this epoch.
    AckReadings(Epoch, Seq, oneshot::Sender<Result<(), StoreError>>),
    /// A document's newest body. Equal to the last one: nothing happens. Answered with the revision when durable.
    PutDocument(DocumentKey, serde_json::Value, oneshot::Sender<Result<u32, StoreError>>),
    /// Documents that wait, oldest first, at most so many.
    Documents(usize, oneshot::Sender<Result<Vec<Document>, StoreError>>),
    /// The far side has this revision.
    AckDocument(DocumentKey, u32, oneshot::Sender<Result<(), StoreError>>),
    /// Keep an anchor.
    PutAnchor(Anchor, oneshot::Sender<Result<(), StoreError>>),
    /// The timeline as it was persisted: every boot that the log knows, and their anchors.
    Timeline(oneshot::Sender<Result<Timeline, StoreError>>),
    /// Figures.
    Stats(oneshot::Sender<Result<StoreStats, StoreError>>),
}

/// Talks to the store task. Cheap to clone; sends into one bounded channel, whose receiver the task owns. When the
/// channel is full the caller waits: backpressure reaches the radio, not the heap.
#[derive(Debug, Clone)]
pub struct StoreHandle {
    requests: mpsc::Sender<Request>,
    committed: watch::Receiver<Committed>,
}

impl StoreHandle {
    /// From the two channels that `run.rs` made.
    #[must_use]
    pub fn new(requests: mpsc::Sender<Request>, committed: watch::Receiver<Committed>) -> Self {
        Self { requests, committed }
    }

    /// Where the log stands, now and after each commit. Copy what `borrow` shows: held over an `await`, it stops the
    /// store.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<Committed> {
        self.committed.clone()
    }

    /// Hands packets to the store. The returned receiver answers once they are durable; dropping it is fine.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the store task is gone.
    pub async fn append(
        &self,
        packets: Vec<Packet>,
        urgency: Urgency,
    ) -> Result<oneshot::Receiver<Result<Receipt, StoreError>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request::Append(packets, urgency, reply))
            .await
            .map_err(|_| StoreError::Stopped)?;
        Ok(answer)
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ask(Request::Flush).await
    }

    /// Up to `max` packets from `from` on.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn read(&self, from: Seq, max: usize) -> Result<Vec<Logged>, StoreError> {
        self.ask(|reply| Request::Read(from, max, reply)).await
    }

    /// Moves the acknowledgement cursor; an older place or another epoch changes nothing.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn ack_readings(&self, epoch: Epoch, upto: Seq) -> Result<(), StoreError> {
        self.ask(|reply| Request::AckReadings(epoch, upto, reply)).await
    }

    /// Puts a document's newest body into the outbox, unless it equals the last one. Returns its revision.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn put_document(&self, key: DocumentKey, body: serde_json::Value) -> Result<u32, StoreError> {
        self.ask(|reply| Request::PutDocument(key, body, reply)).await
    }

    /// Up to `max` documents that wait, oldest first.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn documents(&self, max: usize) -> Result<Vec<Document>, StoreError> {
        self.ask(|reply| Request::Documents(max, reply)).await
    }

    /// Takes a revision out of the outbox; a newer one that waits stays.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn ack_document(&self, key: DocumentKey, revision: u32) -> Result<(), StoreError> {
        self.ask(|reply| Request::AckDocument(key, revision, reply)).await
    }

    /// Persists an anchor.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn put_anchor(&self, anchor: Anchor) -> Result<(), StoreError> {
        self.ask(|reply| Request::PutAnchor(anchor, reply)).await
    }

    /// The persisted timeline.
    ///
    /// # Errors
    /// When the disk refuses, or the task is gone.
    pub async fn timeline(&self) -> Result<Timeline, StoreError> {
        self.ask(Request::Timeline).await
    }

    /// Figures.
    ///
    /// # Errors
    /// When the task is gone.
    pub async fn stats(&self) -> Result<StoreStats, StoreError> {
        self.ask(Request::Stats).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Request,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }
}
