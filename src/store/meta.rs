//! What the store knows about itself: schema, epoch, seal, cursors, boots and anchors.
//!
//! ```text
//! schema    version of all of this, u32
//! epoch     u64
//! floor     revisions of documents begin above it, u32
//! seal      0, or 1 and a sealed proof of the key
//! acked     the far side has every packet up to it, u64
//! next      no packet below this number may be written any more, u64: what retention removed keeps its numbers
//! boot NNNN 16-byte boot id and the latest monotonic time seen, u64; NNNN = order of appearance, u32
//! anch NNNNNNNN  boot id, mono u64, utc i64, uncertainty u64; N = order of arrival, u64
//! ```
//!
//! Big endian throughout.

use sled::{Batch, Tree};

use super::db::{Db, Failure, discard, guarded};
use super::open::OpenError;
use super::seal::{Guard, Nonce};
use crate::clock::{Anchor, Timeline};
use crate::types::{BootId, Epoch, Mono, Packet, Seq, UtcMicros};

/// The version of everything that the store writes. Raise it with every change, and migrate from the one before.
const SCHEMA: u32 = 1;

/// What the seal proves its key with.
const PROOF: &[u8] = b"rehab hub store";

/// Revisions that a store may give to one document before those of the next store begin.
const REVISIONS: u32 = 1 << 16;

/// The metadata, as it is on disk.
#[derive(Debug, Clone)]
pub(super) struct Meta {
    pub(super) epoch: Epoch,
    /// Revisions of documents begin above it, so that a new store cannot reuse a document's id.
    pub(super) floor: u32,
    pub(super) acked: Seq,
    /// At least 1.
    pub(super) next: Seq,
    pub(super) timeline: Timeline,
    /// Latest monotonic time on disk, in the order of the timeline's boots.
    boots: Vec<Mono>,
    anchors: u64,
}

/// Why metadata did not load.
#[derive(Debug)]
pub(super) enum MetaError {
    /// For the operator.
    Open(OpenError),
    /// For the store itself.
    Db(Failure),
}

impl<E: Into<Failure>> From<E> for MetaError {
    fn from(error: E) -> Self {
        Self::Db(error.into())
    }
}

impl Meta {
    /// Reads the metadata.
    pub(super) fn load(db: &Db, path: &std::path::Path, guard: &Guard) -> Result<Self, MetaError> {
        let schema = guarded(|| Ok(db.meta.get("schema")?))?.ok_or_else(|| missing("schema"))?;
        let found = u32::from_be_bytes(array(&schema)?);
        if found > SCHEMA {
            return Err(MetaError::Open(OpenError::NewerSchema {
                path: path.to_owned(),
                found,
                known: SCHEMA,
            }));
        }
        guarded(|| Ok(check_seal(&db.meta, path, guard)))??;
        let mut meta = guarded(|| {
            Ok(Self {
                epoch: Epoch::from_u64(number(&db.meta, "epoch")?.ok_or_else(|| missing("epoch"))?),
                floor: u32::from_be_bytes(array(&db.meta.get("floor")?.unwrap_or_default())?),
                acked: Seq::new(number(&db.meta, "acked")?.unwrap_or(0)),
                next: Seq::new(number(&db.meta, "next")?.unwrap_or(1)),
                timeline: Timeline::default(),
                boots: Vec::new(),
                anchors: 0,
            })
        })?;
        guarded(|| meta.load_timeline(&db.meta))?;
        Ok(meta)
    }

    fn load_timeline(&mut self, tree: &Tree) -> Result<(), Failure> {
        for row in tree.scan_prefix("boot") {
            let (_, value) = row?;
            let mut fields = Fields(&value);
            let (boot, last) = (BootId::from_u128(u128::from_be_bytes(fields.take()?)), fields.mono()?);
            self.timeline.saw(boot, last);
            self.boots.push(last);
        }
        for row in tree.scan_prefix("anch") {
            let (_, value) = row?;
            let mut fields = Fields(&value);
            let boot = BootId::from_u128(u128::from_be_bytes(fields.take()?));
            let (mono, utc) = (fields.mono()?, UtcMicros::from_micros(i64::from_be_bytes(fields.take()?)));
            let uncertainty_us = u64::from_be_bytes(fields.take()?);
            self.timeline.add(Anchor { boot, mono, utc, uncertainty_us });
            self.anchors += 1;
        }
        Ok(())
    }

    /// Notes how far each boot has come.
    pub(super) fn see(&mut self, packets: &[Packet]) {
        for run in packets.chunk_by(|a, b| a.boot == b.boot) {
            if let Some(last) = run.iter().max_by_key(|packet| packet.mono) {
                self.timeline.saw(last.boot, last.mono);
            }
        }
    }

    /// Takes over what the store knew of time before its database failed.
    pub(super) fn recall(&mut self, tree: &Tree, known: &Timeline) -> Result<(), Failure> {
        for (boot, last) in known.boots() {
            self.timeline.saw(boot, last);
            if let Some(anchor) = known.last_anchor(boot)
                && self.timeline.add(*anchor)
            {
                self.put_anchor(tree, anchor)?;
            }
        }
        Ok(())
    }

    /// Writes the boots that are not on disk yet; with `all`, also how long the others ran. A boot's end is written
    /// when the next one appears, with each anchor, and at a clean stop; after a power cut the last block has it.
    pub(super) fn put_boots(&mut self, tree: &Tree, all: bool) -> Result<(), Failure> {
        let known = self.boots.len();
        if !all && self.timeline.boots().count() == known {
            return Ok(());
        }
        let mut batch = Batch::default();
        for (index, (boot, last)) in self.timeline.boots().enumerate() {
            if self.boots.get(index) == Some(&last) {
                continue;
            }
            let value = [&boot.as_u128().to_be_bytes()[..], &last.micros().to_be_bytes()].concat();
            batch.insert(key(b"boot", &(index as u32).to_be_bytes()), value);
            match self.boots.get_mut(index) {
                Some(written) => *written = last,
                None => self.boots.push(last),
            }
        }
        guarded(|| Ok(tree.apply_batch(batch)?))
    }

    /// Writes an anchor that the timeline has already taken, and how long the boots ran.
    pub(super) fn put_anchor(&mut self, tree: &Tree, anchor: &Anchor) -> Result<(), Failure> {
        self.put_boots(tree, true)?;
        let value = [
            &anchor.boot.as_u128().to_be_bytes()[..],
            &anchor.mono.micros().to_be_bytes(),
            &anchor.utc.micros().to_be_bytes(),
            &anchor.uncertainty_us.to_be_bytes(),
        ];
        guarded(|| Ok(tree.insert(key(b"anch", &self.anchors.to_be_bytes()), value.concat()).map(drop)?))?;
        self.anchors += 1;
        Ok(())
    }

    /// Moves the acknowledgement cursor.
    pub(super) fn put_acked(&mut self, tree: &Tree, upto: Seq) -> Result<(), Failure> {
        guarded(|| Ok(tree.insert("acked", &upto.get().to_be_bytes()).map(drop)?))?;
        self.acked = upto;
        Ok(())
    }

    /// Notes that no number below `next` is free, before retention removes the rows that say so.
    pub(super) fn put_next(&mut self, tree: &Tree, next: Seq) -> Result<(), Failure> {
        guarded(|| Ok(tree.insert("next", &next.get().to_be_bytes()).map(drop)?))?;
        self.next = next;
        Ok(())
    }
}

/// Writes the metadata of a new store, durably, and closes it. `before` stores were there before it.
pub(super) fn create(db: Db, guard: &Guard, before: u32) -> Result<(), Failure> {
    let floor = before.saturating_mul(REVISIONS);
    let mut epoch = [0; 8];
    getrandom::fill(&mut epoch).map_err(|error| Failure::Unavailable(error.to_string()))?;
    // 0 stands for "no store yet".
    let epoch = u64::from_be_bytes(epoch).max(1);
    let mut seal = vec![u8::from(guard.is_sealed())];
    if guard.is_sealed() {
        guard.protect(PROOF, PROOF, &nonce()?, &mut seal);
    }
    let mut batch = Batch::default();
    batch.insert("schema", &SCHEMA.to_be_bytes());
    batch.insert("epoch", &epoch.to_be_bytes());
    batch.insert("floor", &floor.to_be_bytes());
    batch.insert("seal", seal);
    guarded(|| Ok(db.meta.apply_batch(batch)?))?;
    db.sync_new()?;
    discard(Some(db));
    Ok(())
}

fn check_seal(tree: &Tree, path: &std::path::Path, guard: &Guard) -> Result<(), MetaError> {
    let seal = tree.get("seal")?.ok_or_else(|| missing("seal"))?;
    let path = path.to_owned();
    match (seal.split_first(), guard.is_sealed()) {
        (Some((0, _)), false) => Ok(()),
        (Some((0, _)), true) => Err(MetaError::Open(OpenError::NotSealed { path })),
        (Some((1, _)), false) => Err(MetaError::Open(OpenError::Sealed { path })),
        (Some((1, proof)), true) => {
            let good = guard.reveal(PROOF, proof).is_ok();
            if good { Ok(()) } else { Err(MetaError::Open(OpenError::WrongKey { path })) }
        }
        _ => Err(missing("seal").into()),
    }
}

/// A fresh nonce.
pub(super) fn nonce() -> Result<Nonce, Failure> {
    let mut nonce = Nonce::default();
    getrandom::fill(&mut nonce).map_err(|error| Failure::Unavailable(error.to_string()))?;
    Ok(nonce)
}

fn missing(what: &str) -> Failure {
    Failure::Broken(format!("its metadata has no {what}, or a damaged one"))
}

fn key(prefix: &[u8; 4], place: &[u8]) -> Vec<u8> {
    [&prefix[..], place].concat()
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Failure> {
    bytes.try_into().map_err(|_| Failure::Broken("a number in its metadata has the wrong length".into()))
}

fn number(tree: &Tree, key: &str) -> Result<Option<u64>, Failure> {
    tree.get(key)?.map(|bytes| Ok(u64::from_be_bytes(array(&bytes)?))).transpose()
}

/// Takes a row apart.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (taken, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| Failure::Broken("a row of its metadata is cut short".into()))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn mono(&mut self) -> Result<Mono, Failure> {
        self.take().map(|bytes| Mono::from_micros(u64::from_be_bytes(bytes)))
    }
}
