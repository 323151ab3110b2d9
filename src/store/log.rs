//! The rows of the log: blocks, by the sequence number of their first packet.

use sled::Batch;

use super::block::{Block, Codec};
use super::db::{Db, Failure, guarded};
use super::handle::StoreError;
use super::meta::{Meta, nonce};
use crate::types::{Epoch, Logged, Packet, Seq};

/// Which packets the log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The first; `last.next()` when there is none.
    pub(super) first: Seq,
    /// The last that was ever written; 0 before the first.
    pub(super) last: Seq,
}

impl Span {
    /// Looks at the ends of the log; tells the timeline how far the last block reaches.
    pub(super) fn load(db: &Db, codec: &mut Codec, meta: &mut Meta) -> Result<Self, Failure> {
        let [front, back] = guarded(|| Ok([db.log.first()?, db.log.last()?]))?;
        let mut last = meta.next.get() - 1;
        if let Some((key, value)) = back {
            match read_block(codec, &key, &value) {
                Ok(block) => {
                    meta.see(&block.packets);
                    last = last.max(block.last().get());
                }
                // Its length is as unknown as its packets: their numbers stay unused.
                Err(_) => last = last.max(seq_of(&key)?.get() + u64::from(u16::MAX)),
            }
        }
        let reached = db.mark.read(meta.epoch).max(meta.acked);
        if reached.get() > last {
            let lost = reached.get() - last;
            return Err(Failure::Broken(format!("its log ends {lost} packets before what was durable")));
        }
        let first = match front {
            Some((key, _)) => seq_of(&key)?,
            None => Seq::new(last + 1),
        };
        Ok(Self { first, last: Seq::new(last) })
    }

    /// How many packets that is.
    pub(super) fn count(self) -> u64 {
        self.last.next().get().saturating_sub(self.first.get())
    }
}

/// Writes packets behind `last`; not durable before [`Db::sync`]. Returns the new last number.
pub(super) fn write(
    db: &Db,
    codec: &mut Codec,
    epoch: Epoch,
    last: Seq,
    packets: &[Packet],
) -> Result<Seq, Failure> {
    let mut batch = Batch::default();
    for (first, block) in codec.cut(epoch, last.next(), packets, nonce)? {
        batch.insert(&first.get().to_be_bytes(), block);
    }
    guarded(|| Ok(db.log.apply_batch(batch)?))?;
    Ok(Seq::new(last.get() + packets.len() as u64))
}

/// Removes every block behind `last`: what a failed commit may have left, which nobody was told of.
pub(super) fn truncate(db: &Db, last: Seq) -> Result<(), Failure> {
    guarded(|| {
        let mut batch = Batch::default();
        for key in db.log.range(last.next().get().to_be_bytes()..).keys() {
            batch.remove(key?);
        }
        Ok(db.log.apply_batch(batch)?)
    })
}

/// Reads the log with a cache of the last block, since readers come back for the rest of it.
#[derive(Default)]
pub(super) struct Readout {
    cached: Option<Block>,
    /// Damaged blocks met so far, by the number of their first packet.
    damaged: Vec<u64>,
}

impl Readout {
    /// Up to `max` packets of `span` from `from` on, in order. Damaged and missing blocks are left out and returned
    /// once each.
    pub(super) fn read(
        &mut self,
        db: &Db,
        codec: &mut Codec,
        span: Span,
        from: Seq,
        max: usize,
    ) -> Result<(Vec<Logged>, Vec<StoreError>), Failure> {
        let (mut packets, mut faults) = (Vec::new(), Vec::new());
        let last = span.last;
        let mut next = from.max(span.first);
        if let Some(block) = self.cached.as_ref().filter(|b| b.first <= from && from <= b.last()) {
            take(block, &mut next, last, max, &mut packets);
        }
        if packets.len() >= max || next > last {
            // Everything was in the cache.
            return Ok((packets, faults));
        }
        guarded(|| {
            let upto = |seq: Seq| ..=seq.get().to_be_bytes();
            let begin = db.log.range(upto(next)).next_back().transpose()?;
            let begin = begin.map_or(Ok(next), |(key, _)| seq_of(&key))?;
            for row in db.log.range(begin.get().to_be_bytes()..=last.get().to_be_bytes()) {
                let (key, value) = row?;
                let first = seq_of(&key)?;
                if first > next {
                    let missing = first.get() - next.get();
                    faults.extend(self.note(next, format!("{missing} packets are missing")));
                    next = first;
                }
                match read_block(codec, &key, &value) {
                    Ok(block) => {
                        take(&block, &mut next, last, max, &mut packets);
                        self.cached = Some(block);
                    }
                    Err(reason) => faults.extend(self.note(first, reason)),
                }
                if packets.len() >= max {
                    break;
                }
            }
            Ok(())
        })?;
        Ok((packets, faults))
    }

    /// The fault, where it was not met before.
    fn note(&mut self, block: Seq, reason: String) -> Option<StoreError> {
        let block = block.get();
        let new = !self.damaged.contains(&block);
        new.then(|| {
            self.damaged.push(block);
            StoreError::Damaged { block, reason }
        })
    }
}

/// Copies packets from `next` on, and moves it behind them.
fn take(block: &Block, next: &mut Seq, last: Seq, max: usize, packets: &mut Vec<Logged>) {
    let skip = next.get().saturating_sub(block.first.get()) as usize;
    for (seq, packet) in (block.first.get()..).zip(&block.packets).skip(skip) {
        if packets.len() >= max || seq > last.get() {
            break;
        }
        packets.push(Logged { seq: Seq::new(seq), packet: packet.clone() });
        *next = Seq::new(seq + 1);
    }
}

/// A row as a block; the reason where it is none, or not the one that belongs there.
pub(super) fn read_block(codec: &mut Codec, key: &[u8], value: &[u8]) -> Result<Block, String> {
    let (block, rest) = codec.decode(value).map_err(|error| error.to_string())?;
    if block.first.get().to_be_bytes() != key || !rest.is_empty() {
        return Err("it stands in another one's place".into());
    }
    Ok(block)
}

pub(super) fn seq_of(key: &[u8]) -> Result<Seq, Failure> {
    let seq = key.try_into().map(u64::from_be_bytes).map(Seq::new);
    seq.map_err(|_| Failure::Broken("a key of the log has the wrong length".into()))
}
