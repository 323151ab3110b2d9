//! Sessions: rule 2. All streams of one sensor that witness the same thing are one [`Track`]; its credited time,
//! overlapping time counted once, is cut into stretches of one local day each, which are joined over midnight again
//! when a session is asked for. So news in one day costs that day, and a session still belongs to the day it began.

use std::collections::BTreeMap;

use super::day::LocalDay;
use super::samples::{ACTIVE, Domain, Rule, Signal, TRACK_BANDS, band_bit};
use super::stream::{Run, SESSION_GAP_MS, Stream, Torn};
use crate::types::{Address, CharUuid, SensorId};

/// A bout pauses after so long without activity (rule 2).
const BOUT_GAP_MS: i64 = 60_000;
/// A heart rate that goes on for longer than this is no session but worn all day: it is split at midnight, as wear
/// time is (rule 1).
const WORN_MS: i64 = 6 * 3_600_000;

/// Activity without a pause of 10 min.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    /// When its first sample was received, in ms since the epoch.
    pub(super) start: i64,
    /// Where its last credited time ends.
    pub(super) end: i64,
    /// Credited time.
    pub(super) active_ms: i64,
    /// Of that, inside each of the sensor's bands.
    pub(super) in_band_ms: [i64; TRACK_BANDS],
    /// Stretches of activity with less than 60 s between them.
    pub(super) bouts: u32,
    /// The place of its first packet in the log.
    pub(super) first: u64,
}

impl Session {
    fn new(run: &Run) -> Self {
        Self {
            start: run.start,
            end: run.start,
            active_ms: 0,
            in_band_ms: [0; TRACK_BANDS],
            bouts: 1,
            first: run.seq,
        }
    }

    /// Adds credited time that begins after the end.
    fn add(&mut self, run: &Run) {
        self.bouts += u32::from(run.start - self.end >= BOUT_GAP_MS);
        let length = run.end - run.start;
        self.active_ms += length;
        for (index, sum) in self.in_band_ms.iter_mut().enumerate() {
            *sum += if run.mask & band_bit(index) != 0 { length } else { 0 };
        }
        self.end = run.end;
    }

    /// Adds a stretch that follows.
    fn join(&mut self, next: &Self) {
        let goes_on = next.start - self.end < BOUT_GAP_MS;
        self.bouts += next.bouts - u32::from(goes_on);
        self.active_ms += next.active_ms;
        for (sum, more) in self.in_band_ms.iter_mut().zip(next.in_band_ms) {
            *sum += more;
        }
        self.end = next.end;
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// One device's stream of one characteristic: another hardware in the same role starts anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StreamId {
    pub(super) characteristic: CharUuid,
    pub(super) address: Option<Address>,
    pub(super) signal: Signal,
}

/// What one sensor witnesses of one domain.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) sensor: SensorId,
    pub(super) domain: Domain,
    rule: Rule,
    streams: Vec<(StreamId, Stream)>,
    /// Stretches by the local day that they lie in, in order; a day without any has no entry.
    stretches: BTreeMap<LocalDay, Vec<Session>>,
}

impl Track {
    pub(super) fn new(sensor: SensorId, domain: Domain, rule: Rule) -> Self {
        Self { sensor, domain, rule, streams: Vec::new(), stretches: BTreeMap::new() }
    }

    /// Judges all samples by another rule the next time it settles.
    ///
    /// # Errors
    /// When some of them are gone.
    pub(super) fn set_rule(&mut self, rule: Rule) -> Result<(), Torn> {
        if self.rule == rule {
            return Ok(());
        }
        self.rule = rule;
        self.streams.iter_mut().try_for_each(|(_, stream)| stream.rejudge())
    }

    /// The stream with this id, made if there is none.
    pub(super) fn stream(&mut self, id: &StreamId) -> &mut Stream {
        let index = self.streams.iter().position(|(known, _)| known == id).unwrap_or_else(|| {
            self.streams.push((id.clone(), Stream::new(id.signal)));
            self.streams.len() - 1
        });
        &mut self.streams[index].1
    }

    /// Judges what is new. Returns the times whose credit may have changed.
    ///
    /// # Errors
    /// When samples that are gone would have to be judged again.
    pub(super) fn settle(&mut self) -> Result<Option<(i64, i64)>, Torn> {
        let mut range: Option<(i64, i64)> = None;
        for (_, stream) in &mut self.streams {
            if let Some((first, last)) = stream.settle(&self.rule)? {
                range = Some(range.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
            }
        }
        Ok(range)
    }

    /// Samples that are kept.
    pub(super) fn kept(&self) -> usize {
        self.streams.iter().map(|(_, stream)| stream.kept()).sum()
    }

    /// The UTC days whose samples could be let go.
    pub(super) fn thawed(&self) -> impl Iterator<Item = i64> {
        self.streams.iter().flat_map(|(_, stream)| stream.thawed())
    }

    /// Lets the samples of a UTC day go.
    pub(super) fn freeze(&mut self, day: i64) {
        self.streams.iter_mut().for_each(|(_, stream)| stream.freeze(day));
    }

    /// Derives the stretches of `day` anew, which lies from `from` to `to`.
    pub(super) fn derive(&mut self, day: LocalDay, from: i64, to: i64) {
        let mut stretches: Vec<Session> = Vec::new();
        self.covered(from, to, |run| {
            match stretches.last_mut() {
                Some(last) if run.start - last.end < SESSION_GAP_MS => last.add(run),
                _ => {
                    let mut next = Session::new(run);
                    next.add(run);
                    stretches.push(next);
                }
            };
        });
        if stretches.is_empty() {
            self.stretches.remove(&day);
        } else {
            self.stretches.insert(day, stretches);
        }
    }

    /// The sessions that began on `day`, however short.
    pub(super) fn sessions(&self, day: LocalDay) -> Vec<Session> {
        let Some(stretches) = self.stretches.get(&day) else { return Vec::new() };
        let skip = usize::from(self.continues(day));
        let mut sessions: Vec<Session> = stretches.iter().skip(skip).copied().collect();
        if let Some(last) = sessions.last_mut() {
            let mut next = day.next();
            while self.continues(next) {
                let Some(more) = self.stretches.get(&next) else { break };
                last.join(&more[0]);
                if more.len() > 1 {
                    break;
                }
                next = next.next();
            }
        }
        sessions
    }

    /// The day on which the session began that is under way when `day` begins; `day` itself where there is none.
    pub(super) fn chain_start(&self, day: LocalDay) -> LocalDay {
        let mut first = day;
        while self.touches(first) {
            first = first.previous();
            if self.stretches.get(&first).is_some_and(|stretches| stretches.len() > 1) {
                break;
            }
        }
        first
    }

    /// Whether the first session of `day` is the last one of the day before, going on.
    fn continues(&self, day: LocalDay) -> bool {
        if !self.touches(day) {
            return false;
        }
        if self.domain == Domain::Motion {
            return true;
        }
        let first = self.chain_start(day);
        let start = self.stretches.get(&first).and_then(|stretches| stretches.last()).map_or(0, |s| s.start);
        let mut last = day;
        while self.stretches.get(&last).is_some_and(|stretches| stretches.len() == 1)
            && self.touches(last.next())
        {
            last = last.next();
        }
        let end = self.stretches.get(&last).map_or(0, |stretches| stretches[0].end);
        end - start <= WORN_MS
    }

    /// Whether less than a session's gap lies between the last stretch of the day before and the first of `day`.
    fn touches(&self, day: LocalDay) -> bool {
        let before = self.stretches.get(&day.previous()).and_then(|stretches| stretches.last());
        let after = self.stretches.get(&day).and_then(|stretches| stretches.first());
        before.zip(after).is_some_and(|(before, after)| after.start - before.end < SESSION_GAP_MS)
    }

    /// The stretches of credited time in a band without a break, that overlap `from..to`.
    pub(super) fn in_band(&self, index: usize, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut stretches: Vec<(i64, i64)> = Vec::new();
        self.covered(from, to, |run| {
            if index >= TRACK_BANDS || run.mask & band_bit(index) == 0 {
                return;
            }
            match stretches.last_mut() {
                Some((_, end)) if *end == run.start => *end = run.end,
                _ => stretches.push((run.start, run.end)),
            }
        });
        stretches
    }

    /// Shows the time from `from` to `to` that is credited by at least one stream, in order and once: what several
    /// streams say of the same time is put together.
    fn covered(&self, from: i64, to: i64, mut visit: impl FnMut(&Run)) {
        let cut = |run: Run| Run { start: run.start.max(from), end: run.end.min(to), ..run };
        if let [(_, stream)] = &self.streams[..] {
            return stream.runs(from, to).map(cut).for_each(|run| visit(&run));
        }
        let mut runs: Vec<Run> =
            self.streams.iter().flat_map(|(_, stream)| stream.runs(from, to)).map(cut).collect();
        runs.sort_unstable_by_key(|run| (run.start, run.seq));
        let mut bounds: Vec<i64> = runs.iter().flat_map(|run| [run.start, run.end]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let mut open: Vec<Run> = Vec::new();
        let mut coming = runs.into_iter().peekable();
        for pair in bounds.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            open.retain(|run| run.end > start);
            while let Some(run) = coming.next_if(|run| run.start <= start) {
                open.push(run);
            }
            let mask = open.iter().fold(0, |mask, run| mask | run.mask);
            // the packet that the time is first credited to names a session that begins here
            if let Some(first) = open.iter().min_by_key(|run| (run.start, run.seq))
                && mask & ACTIVE != 0
            {
                visit(&Run { start, end, seq: first.seq, mask });
            }
        }
    }
}
