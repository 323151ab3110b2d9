//! The samples of one characteristic of one device, and the time that they credit.
//!
//! Samples are kept in chunks of one UTC day, 12 bytes each, as sent; judging and crediting happen when somebody asks
//! ([`Stream::settle`]). Samples that come in order extend the runs of their chunk by what is new; one that comes late
//! makes its chunk be sorted and folded again, so that the outcome depends on the samples and not on their order. A
//! run is time credited without a break to samples that were judged alike: a steady ride is one run.
//!
//! Chunks of long ago can be frozen ([`Stream::freeze`]): their runs stay, their samples go, but for the last minute.
//! A sample that comes late for a frozen chunk cannot be credited exactly; it is refused ([`Torn`]), and whoever
//! observes must hold that day and observe the whole log again.

use std::collections::{BTreeMap, BTreeSet};

use super::samples::{ACTIVE, Domain, Judge, Mask, Rule, Signal, Value};

const DAY_MS: i64 = 86_400_000;

/// A sample of a machine credits at most this much (rule 2).
pub(super) const CREDIT_MS: i64 = 5000;
/// The last one of a machine's samples credits at most this much (rule 2).
const LAST_CREDIT_MS: i64 = 1000;
/// A heart rate credits the time to the next one, if that is not later (rule 5).
const HEART_CREDIT_MS: i64 = 10_000;
/// So long without activity, and a new session starts (rule 2).
pub(super) const SESSION_GAP_MS: i64 = 600_000;
/// A sample has no influence on what is credited later than this after it.
const INFLUENCE_MS: i64 = Judge::MEMORY_MS + HEART_CREDIT_MS;

/// Credited time: `start..end` in ms since the epoch, how its samples were judged, and the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) seq: u64,
    pub(super) mask: Mask,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stored {
    /// In ms since the chunk's start.
    at: u32,
    value: Value,
    /// Above the chunk's base.
    seq: u32,
}

/// As [`Run`], in ms since the chunk's start.
#[derive(Debug, Clone, Copy)]
struct ShortRun {
    start: u32,
    end: u32,
    seq: u32,
    mask: Mask,
}

#[derive(Debug, Default)]
struct Chunk {
    base: u64,
    samples: Vec<Stored>,
    /// So many of them are in order and judged; the last one's credit is still open.
    folded: usize,
    sorted: bool,
    judge: Judge,
    last_mask: Mask,
    runs: Vec<ShortRun>,
    /// Once frozen: where its first sample was.
    frozen: Option<u32>,
}

/// A frozen chunk, by its UTC day, would have to be folded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Torn(pub(super) i64);

/// What one sensor's device sends of one characteristic.
#[derive(Debug)]
pub(super) struct Stream {
    signal: Signal,
    chunks: BTreeMap<i64, Chunk>,
    unsettled: BTreeSet<i64>,
    /// The times of the first and last sample since it was settled.
    news: Option<(i64, i64)>,
    /// Samples that are kept.
    kept: usize,
}

impl Stream {
    pub(super) fn new(signal: Signal) -> Self {
        Self { signal, chunks: BTreeMap::new(), unsettled: BTreeSet::new(), news: None, kept: 0 }
    }

    /// Takes a sample, in any order.
    ///
    /// # Errors
    /// When it lies before the end of a frozen chunk.
    pub(super) fn push(&mut self, at: i64, value: Value, seq: u64) -> Result<(), Torn> {
        let day = at.div_euclid(DAY_MS);
        let chunk = self.chunks.entry(day).or_insert_with(|| Chunk {
            // half of the offsets lie below: an earlier packet may turn out to belong to this day, too
            base: seq.saturating_sub(1 << 31),
            sorted: true,
            ..Chunk::default()
        });
        let stored = Stored {
            at: at.rem_euclid(DAY_MS) as u32,
            value,
            seq: u32::try_from(seq.saturating_sub(chunk.base)).unwrap_or(u32::MAX),
        };
        let in_order = chunk.samples.last().is_none_or(|last| *last <= stored);
        if !in_order && chunk.frozen.is_some() {
            return Err(Torn(day));
        }
        chunk.sorted &= in_order;
        chunk.samples.push(stored);
        self.kept += 1;
        self.unsettled.insert(day);
        self.news = Some(self.news.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        Ok(())
    }

    /// Forgets how samples were judged: the rule has changed.
    ///
    /// # Errors
    /// When a chunk is frozen.
    pub(super) fn rejudge(&mut self) -> Result<(), Torn> {
        for (day, chunk) in &mut self.chunks {
            if chunk.frozen.is_some() {
                return Err(Torn(*day));
            }
            chunk.forget();
            self.unsettled.insert(*day);
        }
        let first = self.chunks.first_key_value().map(|(day, _)| day * DAY_MS);
        let last = self.chunks.last_key_value().map(|(day, _)| (day + 1) * DAY_MS);
        self.news = first.zip(last);
        Ok(())
    }

    /// Samples that are kept.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// The UTC days, all but the newest, whose chunks are not frozen yet.
    pub(super) fn thawed(&self) -> impl Iterator<Item = i64> {
        let newest = self.chunks.last_key_value().map(|(day, _)| *day);
        let thawed = self.chunks.iter().filter(|(_, chunk)| chunk.frozen.is_none()).map(|(day, _)| *day);
        thawed.filter(move |day| Some(*day) != newest)
    }

    /// Lets the samples of a settled UTC day go.
    pub(super) fn freeze(&mut self, day: i64) {
        if let Some(chunk) = self.chunks.get_mut(&day) {
            let before = chunk.samples.len();
            chunk.freeze();
            self.kept -= before - chunk.samples.len();
        }
    }

    /// Judges and credits what is new. Returns the range of times whose credit may have changed.
    ///
    /// # Errors
    /// When a frozen chunk would have to be judged again, since the end of the one before it changed.
    pub(super) fn settle(&mut self, rule: &Rule) -> Result<Option<(i64, i64)>, Torn> {
        let mut torn = Ok(());
        while let Some(day) = self.unsettled.pop_first() {
            let Some(mut chunk) = self.chunks.remove(&day) else { continue };
            let start = day * DAY_MS;
            chunk.sort();
            if chunk.folded == 0 {
                chunk.judge = self.judge_before(day, start + chunk.first_at(), rule);
            }
            chunk.fold(self.signal, rule, start);
            let reaches_over = chunk.last_at() > DAY_MS - Judge::MEMORY_MS;
            self.chunks.insert(day, chunk);
            if let Some(next) = self.chunks.get_mut(&(day + 1))
                && reaches_over
                && next.folded > 0
            {
                if next.frozen.is_some() {
                    torn = Err(Torn(day + 1));
                    continue;
                }
                next.forget();
                self.unsettled.insert(day + 1);
            }
        }
        torn?;
        // the sample before the first one may be as far away as a session's gap, and credits differently now
        let news = self.news.take();
        Ok(news.map(|(first, last)| (first - SESSION_GAP_MS - CREDIT_MS, last + INFLUENCE_MS)))
    }

    /// Credited time that overlaps `from..to`, in order, without overlap; only what was settled.
    pub(super) fn runs(&self, from: i64, to: i64) -> impl Iterator<Item = Run> + '_ {
        let first_chunk = (from - HEART_CREDIT_MS).div_euclid(DAY_MS);
        let last_chunk = to.div_euclid(DAY_MS);
        self.chunks
            .range(first_chunk..=last_chunk)
            .flat_map(move |(day, chunk)| {
                let start = day * DAY_MS;
                let place = chunk.runs.partition_point(|run| start + i64::from(run.end) <= from);
                let inner = chunk.runs[place..].iter().map(move |run| chunk.long(run, start));
                inner.chain(self.tail(*day, chunk))
            })
            .skip_while(move |run| run.end <= from)
            .take_while(move |run| run.start < to)
    }

    /// What a chunk's last sample credits, which the next chunk's first decides.
    fn tail(&self, day: i64, chunk: &Chunk) -> Option<Run> {
        let last = chunk.samples.last()?;
        let start = day * DAY_MS + i64::from(last.at);
        let next = self.chunks.range(day + 1..).next().map(|(day, next)| day * DAY_MS + next.first_at());
        let credit = credit(self.signal, start, next, || chunk.judge.median_interval());
        let seq = chunk.base + u64::from(last.seq);
        let run = Run { start, end: start + credit, seq, mask: chunk.last_mask };
        (run.mask & ACTIVE != 0 && credit > 0).then_some(run)
    }

    /// A judge that has seen the end of the day before.
    fn judge_before(&self, day: i64, first: i64, rule: &Rule) -> Judge {
        let mut judge = Judge::default();
        if let Some(before) = self.chunks.get(&(day - 1)) {
            let start = (day - 1) * DAY_MS;
            let recent = |stored: &Stored| start + i64::from(stored.at) < first - Judge::MEMORY_MS;
            let place = before.samples.partition_point(recent);
            for stored in &before.samples[place..] {
                judge.mask(rule, self.signal, start + i64::from(stored.at), stored.value);
            }
        }
        judge
    }
}

impl Chunk {
    fn first_at(&self) -> i64 {
        if let Some(first) = self.frozen {
            return first.into();
        }
        let first = if self.sorted { self.samples.first() } else { self.samples.iter().min() };
        first.map_or(0, |stored| stored.at).into()
    }

    fn last_at(&self) -> i64 {
        self.samples.last().map_or(0, |stored| stored.at).into()
    }

    fn forget(&mut self) {
        self.folded = 0;
        self.runs.clear();
    }

    /// Keeps what the next chunk needs to be judged.
    fn freeze(&mut self) {
        if self.frozen.is_some() || self.folded < self.samples.len() {
            return;
        }
        self.frozen = Some(self.first_at() as u32);
        let recent = self.last_at() - Judge::MEMORY_MS;
        let gone = self.samples.partition_point(|stored| i64::from(stored.at) < recent);
        self.samples.drain(..gone);
        self.samples.shrink_to_fit();
        self.folded = self.samples.len();
        self.runs.shrink_to_fit();
    }

    fn sort(&mut self) {
        if !self.sorted {
            self.samples.sort_unstable();
            self.sorted = true;
            self.forget();
        }
    }

    fn fold(&mut self, signal: Signal, rule: &Rule, start: i64) {
        for index in self.folded..self.samples.len() {
            let Stored { at, value, .. } = self.samples[index];
            if index > 0 && self.last_mask & ACTIVE != 0 {
                self.credit(signal, index - 1, at);
            }
            self.last_mask = self.judge.mask(rule, signal, start + i64::from(at), value);
        }
        self.folded = self.samples.len();
    }

    /// Credits the sample at `index`, now that the next one is known to be at `next`.
    fn credit(&mut self, signal: Signal, index: usize, next: u32) {
        let Stored { at, seq, .. } = self.samples[index];
        let credit = credit(signal, at.into(), Some(next.into()), || self.judge.median_interval());
        if credit == 0 {
            return;
        }
        let (mask, end) = (self.last_mask, at + credit as u32);
        match self.runs.last_mut() {
            Some(run) if run.end == at && run.mask == mask => run.end = end,
            _ => self.runs.push(ShortRun { start: at, end, seq, mask }),
        }
    }

    fn long(&self, run: &ShortRun, start: i64) -> Run {
        Run {
            start: start + i64::from(run.start),
            end: start + i64::from(run.end),
            seq: self.base + u64::from(run.seq),
            mask: run.mask,
        }
    }
}

/// What a sample at `at` credits. The last one of a machine's stream before a new session, or of all, credits the
/// median interval: whether it was the last does not depend on whether the patient comes back next week.
fn credit(signal: Signal, at: i64, next: Option<i64>, median: impl FnOnce() -> i64) -> i64 {
    let wait = next.map(|next| next - at);
    if signal.domain() == Domain::Heart {
        return wait.filter(|wait| *wait <= HEART_CREDIT_MS).unwrap_or(0);
    }
    match wait {
        Some(wait) if wait < SESSION_GAP_MS => wait.min(CREDIT_MS),
        _ => {
            let alone = median().min(LAST_CREDIT_MS);
            let same_session = wait.is_some_and(|wait| wait - alone < SESSION_GAP_MS);
            if same_session { CREDIT_MS } else { alone }
        }
    }
}
