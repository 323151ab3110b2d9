//! The store task: answers requests, and decides when to commit.
//!
//! Requests are taken in groups. Whatever a group changes is made durable by one commit at its end, when one of them
//! asks for that, and goes along with a later commit otherwise; only then are they answered. Reads are answered after
//! the commit, so they see durable things only.

use std::time::Duration;

use tokio::select;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::handle::{Committed, Receipt, Request, StoreError, Urgency};
use super::keeper::Keeper;
use super::open::Opened;
use crate::types::Seq;

/// Requests answered together at most.
const GROUP: usize = 256;

/// With so many packets waiting, live streams are committed before their time.
const LIVE_PACKETS: usize = 256;

/// Whatever its urgency, no more than this waits in memory: what a wearable sends in a minute fits.
const ANY_PACKETS: usize = 4096;

/// The longest that packets of a background stream wait.
const BACKGROUND: Duration = Duration::from_secs(60);

/// The first pause before a failed database is opened again; doubled each time.
const RETRY: Duration = Duration::from_secs(1);

/// The longest such pause.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// How often old packets are removed.
const RETENTION: Duration = Duration::from_secs(3600);

/// Between two parts of a removal, so that requests get their turn.
const RETENTION_PART: Duration = Duration::from_millis(50);

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Who is told of the next commit, and what.
enum Waiting {
    Append { begin: usize, count: usize, reply: Reply<Receipt> },
    Revision(u32, Reply<u32>),
    Done(Reply<()>),
}

/// Serves the store until `cancel`, or until every sender of `requests` is gone; then commits what waits, answers
/// everyone and returns. Owns the receiver of `requests` and the sender of `committed`, which gets the new state after
/// every commit. It blocks its thread while it works on the disk, so `run.rs` gives it one of its own.
///
/// A disk that refuses does not end it: packets stay in memory up to a bound, their senders get
/// [`StoreError::Disk`], and the database is opened again after a pause.
pub async fn serve(
    opened: Opened,
    mut requests: mpsc::Receiver<Request>,
    committed: watch::Sender<Committed>,
    cancel: CancellationToken,
) {
    let mut task = Task::new(opened.keeper, committed);
    let mut group = Vec::with_capacity(GROUP);
    let mut retention = tokio::time::interval(RETENTION);
    retention.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        select! {
            biased;
            () = cancel.cancelled() => break,
            () = at(task.commit_at) => task.commit(),
            () = at(task.retry_at) => task.retry(),
            _ = retention.tick() => if task.retire() {
                retention.reset_after(RETENTION_PART);
            },
            count = requests.recv_many(&mut group, GROUP) => {
                if count == 0 {
                    break;
                }
                task.group(group.drain(..));
            }
        }
    }
    requests.close();
    while requests.recv_many(&mut group, GROUP).await > 0 {
        task.group(group.drain(..));
    }
    task.finish();
}

/// Waits for an instant; for ever when there is none.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// That long from now.
fn after(pause: Duration) -> Instant {
    tokio::time::sleep(pause).deadline()
}

struct Task {
    keeper: Keeper,
    committed: watch::Sender<Committed>,
    /// What was published last.
    published: Committed,
    waiting: Vec<Waiting>,
    /// When what waits has to be durable.
    commit_at: Option<Instant>,
    /// When a failed database is opened again.
    retry_at: Option<Instant>,
    pause: Duration,
    /// Packets of live streams that wait.
    live: usize,
}

impl Task {
    fn new(keeper: Keeper, committed: watch::Sender<Committed>) -> Self {
        let mut task = Self {
            published: keeper.committed(),
            keeper,
            committed,
            waiting: Vec::new(),
            commit_at: None,
            retry_at: None,
            pause: RETRY,
            live: 0,
        };
        task.settle();
        task
    }

    /// Answers a group of requests: changes, a commit where one is due, then reads.
    fn group(&mut self, requests: impl Iterator<Item = Request>) {
        let mut reads = Vec::new();
        let mut now = false;
        for request in requests {
            match request {
                Request::Append(packets, urgency, reply) => {
                    now |= self.append(packets, urgency, reply);
                }
                Request::Flush(reply) => {
                    now = true;
                    self.waiting.push(Waiting::Done(reply));
                }
                Request::AckReadings(epoch, upto, reply) => {
                    let done = self.keeper.ack_readings(epoch, upto);
                    now |= self.wait(done, reply, |(), reply| Waiting::Done(reply));
                }
                Request::PutDocument(key, body, reply) => {
                    let done = self.keeper.put_document(&key, &body);
                    now |= self.wait(done, reply, Waiting::Revision);
                }
                Request::AckDocument(key, revision, reply) => {
                    let done = self.keeper.ack_document(&key, revision);
                    now |= self.wait(done, reply, |(), reply| Waiting::Done(reply));
                }
                Request::PutAnchor(anchor, reply) => {
                    let done = self.keeper.put_anchor(&anchor);
                    now |= self.wait(done, reply, |(), reply| Waiting::Done(reply));
                }
                read => reads.push(read),
            }
        }
        if now || self.live >= LIVE_PACKETS || self.keeper.pending() >= ANY_PACKETS {
            self.commit();
        }
        reads.into_iter().for_each(|read| self.read(read));
        self.settle();
    }

    /// Takes packets in; says whether they have to be committed at once.
    fn append(
        &mut self,
        packets: Vec<crate::types::Packet>,
        urgency: Urgency,
        reply: Reply<Receipt>,
    ) -> bool {
        let count = packets.len();
        let begin = match self.keeper.append(packets) {
            Ok(begin) => begin,
            Err(error) => {
                let _ = reply.send(Err(error));
                return false;
            }
        };
        self.waiting.push(Waiting::Append { begin, count, reply });
        let pause = match urgency {
            Urgency::AtOnce => return true,
            Urgency::Live => {
                self.live += count;
                self.keeper.commit_pause()
            }
            Urgency::Background => BACKGROUND,
        };
        let due = after(pause);
        self.commit_at = Some(self.commit_at.map_or(due, |at| at.min(due)));
        false
    }

    /// Lets a change wait for the commit at the end of its group; a failed one is answered.
    fn wait<T>(
        &mut self,
        done: Result<T, StoreError>,
        reply: Reply<T>,
        waiting: impl FnOnce(T, Reply<T>) -> Waiting,
    ) -> bool {
        match done {
            Ok(done) => {
                self.waiting.push(waiting(done, reply));
                true
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                false
            }
        }
    }

    /// Commits everything that waits, and answers it.
    fn commit(&mut self) {
        let result = self.keeper.commit();
        self.commit_at = None;
        self.live = 0;
        // Receivers that nobody waits at are fine.
        for waiting in self.waiting.drain(..) {
            let _ = match waiting {
                Waiting::Append { begin, count, reply } => {
                    let part = |receipt: Receipt| {
                        let first = receipt.first.get() + begin as u64;
                        let last = Seq::new(first + count as u64 - 1);
                        Receipt { first: Seq::new(first), last, ..receipt }
                    };
                    reply.send(result.clone().map(part)).map_err(drop)
                }
                Waiting::Revision(revision, reply) => {
                    reply.send(result.clone().map(|_| revision)).map_err(drop)
                }
                Waiting::Done(reply) => reply.send(result.clone().map(drop)).map_err(drop),
            };
        }
        self.settle();
    }

    fn read(&mut self, request: Request) {
        let _ = match request {
            Request::Read(from, max, reply) => reply.send(self.keeper.read(from, max)).map_err(drop),
            Request::Documents(max, reply) => reply.send(self.keeper.documents(max)).map_err(drop),
            Request::Timeline(reply) => reply.send(self.keeper.timeline()).map_err(drop),
            Request::Stats(reply) => reply.send(Ok(self.keeper.stats())).map_err(drop),
            _ => Ok(()),
        };
    }

    /// Opens a failed database again, and writes what waited for it.
    fn retry(&mut self) {
        self.retry_at = None;
        if self.keeper.reopen() {
            self.commit();
        } else {
            self.pause = (self.pause * 2).min(RETRY_MAX);
        }
        self.settle();
    }

    /// Removes a part of what is too old; says whether there is more.
    fn retire(&mut self) -> bool {
        let more = self.keeper.retire().unwrap_or(false);
        self.settle();
        more
    }

    /// Publishes what became durable, and plans to open the database again where it failed.
    fn settle(&mut self) {
        if self.keeper.is_open() {
            self.pause = RETRY;
        } else if self.retry_at.is_none() {
            self.retry_at = Some(after(self.pause));
        }
        // Sending waits for whoever looks at the state, so it is done only where there is something to say.
        let now = self.keeper.committed();
        if now != self.published {
            self.published = now;
            self.committed.send_replace(now);
        }
    }

    fn finish(&mut self) {
        if !self.keeper.is_open() {
            self.keeper.reopen();
        }
        self.commit();
        if let Err(error) = self.keeper.close() {
            let lost = self.keeper.pending();
            tracing::error!("stopping with {lost} packets that could not be written: {error}");
        }
    }
}
