//! What of the outbox comes next on one connection: documents as soon as there are any, readings in batches. Pure: the
//! time is an argument.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::backoff::Retry;
use super::payload::{Group, group};
use crate::clock::{Quality, Timeline};
use crate::store::{Document, DocumentKey};
use crate::types::{BootId, Logged, Mono, Seq};

/// Documents are read from the store so many at a time.
const DOCUMENTS: usize = 64;

/// Packets are read so many batches' worth at a time: with several sensors, whose packets interleave, batches are
/// still full, and what is read ahead stays small.
const READ_AHEAD: usize = 4;

/// When readings go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Readings per batch at most.
    pub(crate) batch: usize,
    /// The oldest waiting reading waits this long at most.
    pub(crate) batch_wait: Duration,
    /// Readings wait this long at most for the current boot to learn the time: its own since they were received, those
    /// of earlier boots that it would bound since it began.
    pub(crate) hold: Duration,
    /// The current boot.
    pub(crate) boot: BootId,
}

/// The lane of readings: read from the store, wait to be batched, planned.
#[derive(Debug)]
pub(crate) struct ReadingsLane {
    rules: Rules,
    next: Seq,
    reading: bool,
    /// Counts restarts, so that what was read for an earlier start is recognized.
    generation: u32,
    waiting: Vec<Logged>,
    /// When the oldest of them came.
    since: Mono,
    planned: VecDeque<Group>,
    pub(crate) retry: Retry,
}

impl ReadingsLane {
    /// From `next` on.
    pub(crate) fn new(rules: Rules, next: Seq) -> Self {
        Self {
            rules,
            next,
            reading: false,
            generation: 0,
            waiting: Vec::new(),
            since: Mono::default(),
            planned: VecDeque::new(),
            retry: Retry::default(),
        }
    }

    /// What to read from the store now, if anything: generation, first packet, how many. `last` is the last durable
    /// packet, `window` how many batches are worth having ready.
    pub(crate) fn next_read(&mut self, last: Seq, window: usize) -> Option<(u32, Seq, usize)> {
        let chunk = self.rules.batch.saturating_mul(READ_AHEAD);
        let wanted = !self.reading
            && !self.retry.blocked()
            && self.next <= last
            && self.planned.len() < window
            && self.waiting.len() < chunk;
        self.reading |= wanted;
        wanted.then_some((self.generation, self.next, chunk))
    }

    /// The store's answer.
    pub(crate) fn read(&mut self, generation: u32, from: Seq, last: Seq, packets: Vec<Logged>, now: Mono) {
        self.reading = false;
        if generation != self.generation {
            return;
        }
        // Nothing there although the log goes on: everything from here to its end was evicted.
        self.next = packets.last().map_or(last.next().max(from), |logged| logged.seq.next());
        if self.waiting.is_empty()
            && let Some(first) = packets.first()
        {
            let live = first.packet.boot == self.rules.boot && first.packet.mono <= now;
            self.since = if live { first.packet.mono } else { now };
        }
        self.waiting.extend(packets);
    }

    /// Turns what waited long enough, or fills a batch, into planned batches. Returns their first packets and the last
    /// packet that they hold.
    pub(crate) fn plan(&mut self, timeline: &Timeline, now: Mono) -> Option<(Vec<Seq>, Seq)> {
        let free = self.free(timeline, now);
        let due = free >= self.rules.batch || (free > 0 && self.patience(now) == 0);
        if !due {
            return None;
        }
        let rest = self.waiting.split_off(free);
        let ready = std::mem::replace(&mut self.waiting, rest);
        self.since = now;
        let upto = ready.last()?.seq;
        let groups = group(ready, timeline, self.rules.batch);
        let firsts = groups.iter().map(Group::first).collect();
        self.planned.extend(groups);
        Some((firsts, upto))
    }

    /// The next batch to send.
    pub(crate) fn pop(&mut self) -> Option<Group> {
        self.planned.pop_front()
    }

    /// Puts a batch back in front.
    pub(crate) fn push_front(&mut self, group: Group) {
        self.planned.push_front(group);
    }

    /// Starts again at `next`, since what was sent from there on was refused.
    pub(crate) fn restart(&mut self, next: Seq) {
        self.generation += 1;
        self.next = next;
        self.waiting.clear();
        self.planned.clear();
        self.retry.resume();
    }

    /// Microseconds until time alone makes something of what waits here; a pause after a refusal not counted.
    pub(crate) fn wake(&self, timeline: &Timeline, now: Mono) -> Option<u64> {
        let free = self.free(timeline, now);
        let full = (free > 0).then(|| self.patience(now));
        let held = self.waiting.get(free).and_then(|logged| self.held(logged, timeline, now));
        [full, held].into_iter().flatten().min()
    }

    fn patience(&self, now: Mono) -> u64 {
        micros(self.rules.batch_wait).saturating_sub(now.since(self.since))
    }

    /// How many of the waiting packets need not wait for a time. Those before them in the log go first in any case.
    fn free(&self, timeline: &Timeline, now: Mono) -> usize {
        if timeline.last_anchor(self.rules.boot).is_some() {
            return self.waiting.len();
        }
        let held = |logged: &Logged| self.held(logged, timeline, now).is_some();
        self.waiting.iter().position(held).unwrap_or(self.waiting.len())
    }

    /// For how many microseconds more a packet must wait while the current boot has no anchor; `None` when it may go.
    /// What an earlier boot received without a time waits too: the first anchor of this boot may bound it.
    fn held(&self, logged: &Logged, timeline: &Timeline, now: Mono) -> Option<u64> {
        let Rules { boot, hold, .. } = self.rules;
        let packet = &logged.packet;
        let waited = if packet.boot == boot {
            (packet.mono <= now).then(|| now.since(packet.mono))
        } else {
            let unknown = timeline.resolve(packet.boot, packet.mono).quality == Quality::Unknown;
            unknown.then(|| now.since(Mono::default()))
        };
        micros(hold).checked_sub(waited?).filter(|left| *left > 0)
    }
}

/// The lane of documents.
#[derive(Debug, Default)]
pub(crate) struct DocumentsLane {
    queue: VecDeque<Document>,
    reading: bool,
    /// The store's count of changes at the last read; `None` when it must be read again.
    seen: Option<u64>,
    /// Acknowledged, and not yet out of the store.
    leaving: HashSet<(DocumentKey, u32)>,
    /// Refused, or too large: not to be sent before the next attempt.
    aside: HashSet<(DocumentKey, u32)>,
    /// Nobody listens to any of them, so that the rest need not be tried now.
    unheard: bool,
    pub(crate) retry: Retry,
}

impl DocumentsLane {
    /// How many documents to read from the store now, if any, given its count of changes and how many are in flight.
    pub(crate) fn next_read(&mut self, changes: u64, in_flight: usize) -> Option<usize> {
        let wanted = !self.reading && !self.unheard && self.queue.is_empty() && self.seen != Some(changes);
        self.reading |= wanted;
        self.seen = if wanted { Some(changes) } else { self.seen };
        wanted.then(|| DOCUMENTS + in_flight + self.leaving.len() + self.aside.len())
    }

    /// The store's answer to a read of `asked`.
    pub(crate) fn read(&mut self, asked: usize, documents: Vec<Document>) {
        self.reading = false;
        if documents.len() >= asked {
            self.seen = None; // there may be more
        }
        self.queue.extend(documents);
    }

    /// The next document, unless `in_flight` has it.
    pub(crate) fn pop(&mut self, in_flight: impl Fn(&DocumentKey, u32) -> bool) -> Option<Document> {
        if self.unheard {
            return None;
        }
        while let Some(document) = self.queue.pop_front() {
            let id = (document.key.clone(), document.revision);
            if !in_flight(&id.0, id.1) && !self.leaving.contains(&id) && !self.aside.contains(&id) {
                return Some(document);
            }
        }
        None
    }

    /// Sets a revision aside until the next attempt.
    pub(crate) fn set_aside(&mut self, key: DocumentKey, revision: u32) {
        self.aside.insert((key, revision));
    }

    /// Puts a document back in front.
    pub(crate) fn push_front(&mut self, document: Document) {
        self.queue.push_front(document);
    }

    /// A revision was refused: it waits, and so do all others where the reason is that `nobody` listens. (An access
    /// list may refuse one kind and let the others through.)
    pub(crate) fn refused(&mut self, key: DocumentKey, revision: u32, nobody: bool, now: Mono, random: u32) {
        self.set_aside(key, revision);
        self.unheard |= nobody;
        self.retry.refused(now, random);
    }

    /// Tries everything again that was set aside.
    pub(crate) fn restart(&mut self) {
        self.aside.clear();
        self.queue.clear();
        self.unheard = false;
        self.seen = None;
        self.retry.resume();
    }

    /// A revision was acknowledged and is on its way out of the store.
    pub(crate) fn leaves(&mut self, key: DocumentKey, revision: u32) {
        self.leaving.insert((key, revision));
    }

    /// It is out.
    pub(crate) fn left(&mut self, key: DocumentKey, revision: u32) {
        self.leaving.remove(&(key, revision));
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
