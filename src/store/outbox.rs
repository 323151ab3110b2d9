//! The documents lane: the newest revision of each document that the far side does not have.
//!
//! ```text
//! s <id>                state: revision u32, hash of the body (16 bytes), place in the lane u64 (0 = not in it), parts u16
//! w <place> <part>      one part of a waiting document: place u64, part u16
//! ```
//!
//! `id` is the hash of the document's key, so that rows are short and tell nothing. A state outlives its document's
//! acknowledgement: an equal body stays a no-op, and no revision is used twice. A document keeps its place when a newer
//! revision replaces it, so that one which changes all the time still gets its turn. Values are guarded like blocks. A
//! document is the length of its JSON (u32) and the JSON as a zstd frame, cut into parts that sled keeps in its file.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sled::{Batch, Tree};

use super::block::MAX_BLOCK;
use super::db::{Failure, guarded};
use super::handle::{Document, DocumentKey};
use super::meta::nonce;
use super::seal::Guard;

type Hash = [u8; 16];

/// The longest document as JSON, in bytes: parts are counted in 16 bits, and memory is bounded.
const MAX_DOCUMENT: usize = 16 * 1024 * 1024;

/// What is known of one document, waiting or not.
struct State {
    revision: u32,
    body: Hash,
    place: u64,
    parts: u16,
}

/// How a waiting document is written: with `&DocumentKey` and `&Value`, read with the things themselves.
#[derive(Serialize, Deserialize)]
struct Waiting<K, B> {
    key: K,
    revision: u32,
    body: B,
}

/// The lane's counters; its rows are in the tree.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outbox {
    /// Documents that wait.
    pub(super) waiting: u64,
    /// Counts changes since the store was opened.
    pub(super) changes: u64,
    /// The last place in the lane.
    last: u64,
}

impl Outbox {
    /// Counts what waits.
    pub(super) fn load(tree: &Tree) -> Result<Self, Failure> {
        let mut outbox = Self::default();
        guarded(|| {
            for row in tree.scan_prefix("w").keys() {
                let place = place_of(&row?)?;
                outbox.waiting += u64::from(place != outbox.last);
                outbox.last = place;
            }
            Ok(())
        })?;
        Ok(outbox)
    }

    /// Puts a body into the lane, unless it equals the newest one of its document. Returns its revision, and whether
    /// anything was written.
    pub(super) fn put(
        &mut self,
        tree: &Tree,
        guard: &Guard,
        floor: u32,
        key: &DocumentKey,
        body: &Value,
    ) -> Result<(u32, bool), Failure> {
        let id = id_of(key);
        let hash = hash(&[body.to_string().as_bytes()]);
        let before = State::read(tree, guard, &id)?;
        if let Some(state) = &before
            && state.body == hash
        {
            return Ok((state.revision, false));
        }
        let revision = before.as_ref().map_or(floor, |state| state.revision).saturating_add(1);
        let old = before.filter(|state| state.place > 0);
        let place = old.as_ref().map_or(self.last + 1, |state| state.place);
        let parts = pack(guard, place, &Waiting { key, revision, body })?;
        let state = State { revision, body: hash, place, parts: parts.len() as u16 };
        let mut batch = Batch::default();
        batch.insert(state_key(&id), state.write(guard, &id)?);
        for (part, bytes) in parts.iter().enumerate() {
            batch.insert(part_key(place, part as u16), bytes.as_slice());
        }
        for part in state.parts..old.as_ref().map_or(0, |old| old.parts) {
            batch.remove(part_key(place, part));
        }
        guarded(|| Ok(tree.apply_batch(batch)?))?;
        self.waiting += u64::from(old.is_none());
        self.last = self.last.max(place);
        self.changes += 1;
        Ok((revision, true))
    }

    /// Takes a document out of the lane when no newer revision than the acknowledged one waits. Returns whether
    /// anything was written.
    pub(super) fn acknowledge(
        &mut self,
        tree: &Tree,
        guard: &Guard,
        key: &DocumentKey,
        revision: u32,
    ) -> Result<bool, Failure> {
        let id = id_of(key);
        let Some(state) = State::read(tree, guard, &id)?.filter(|s| s.place > 0 && s.revision <= revision)
        else {
            return Ok(false);
        };
        let mut batch = Batch::default();
        for part in 0..state.parts {
            batch.remove(part_key(state.place, part));
        }
        batch.insert(state_key(&id), State { place: 0, parts: 0, ..state }.write(guard, &id)?);
        guarded(|| Ok(tree.apply_batch(batch)?))?;
        self.waiting = self.waiting.saturating_sub(1);
        self.changes += 1;
        Ok(true)
    }
}

/// The oldest `max` documents that wait, and the places of those that cannot be read.
pub(super) fn waiting(tree: &Tree, guard: &Guard, max: usize) -> Result<(Vec<Document>, Vec<u64>), Failure> {
    let (mut documents, mut damaged) = (Vec::new(), Vec::new());
    let mut from = 0;
    while documents.len() < max {
        let Some((place, bytes)) = guarded(|| gather(tree, from))? else { break };
        match unpack(guard, place, &bytes) {
            Some(Waiting { key, revision, body }) => documents.push(Document { key, revision, body }),
            None => damaged.push(place),
        }
        from = place + 1;
    }
    Ok((documents, damaged))
}

/// The first place from `from` on, with all its parts joined.
fn gather(tree: &Tree, from: u64) -> Result<Option<(u64, Vec<u8>)>, Failure> {
    let Some(first) = tree.range(part_key(from, 0)..[b'w' + 1].to_vec()).next() else { return Ok(None) };
    let place = place_of(&first?.0)?;
    let mut bytes = Vec::new();
    for row in tree.range(parts_of(place)) {
        bytes.extend_from_slice(&row?.1);
    }
    Ok(Some((place, bytes)))
}

impl State {
    fn read(tree: &Tree, guard: &Guard, id: &Hash) -> Result<Option<Self>, Failure> {
        let Some(bytes) = guarded(|| Ok(tree.get(state_key(id))?))? else { return Ok(None) };
        // One that is damaged counts as none: its document goes out once more.
        let Ok(plain) = guard.reveal(id, &bytes) else { return Ok(None) };
        let Ok(plain) = <&[u8; 30]>::try_from(&*plain) else { return Ok(None) };
        let [r0, r1, r2, r3, rest @ ..] = *plain;
        let (body, rest) = rest.split_at(16);
        let (place, parts) = rest.split_at(8);
        let field = || Failure::Broken("a document's state has the wrong length".into());
        Ok(Some(Self {
            revision: u32::from_be_bytes([r0, r1, r2, r3]),
            body: body.try_into().map_err(|_| field())?,
            place: u64::from_be_bytes(place.try_into().map_err(|_| field())?),
            parts: u16::from_be_bytes(parts.try_into().map_err(|_| field())?),
        }))
    }

    fn write(&self, guard: &Guard, id: &Hash) -> Result<Vec<u8>, Failure> {
        let plain = [
            &self.revision.to_be_bytes()[..],
            &self.body,
            &self.place.to_be_bytes(),
            &self.parts.to_be_bytes(),
        ];
        let mut out = Vec::new();
        guard.protect(id, &plain.concat(), &nonce()?, &mut out);
        Ok(out)
    }
}

/// A document as the parts that are written.
fn pack(
    guard: &Guard,
    place: u64,
    document: &Waiting<&DocumentKey, &Value>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let broken = |error: String| Failure::Broken(format!("a document cannot be written: {error}"));
    let json = serde_json::to_vec(document).map_err(|error| broken(error.to_string()))?;
    if json.len() > MAX_DOCUMENT {
        return Err(broken(format!("{} bytes are too many", json.len())));
    }
    let mut packed = (json.len() as u32).to_be_bytes().to_vec();
    packed.extend(zstd::bulk::compress(&json, 3).map_err(|error| broken(error.to_string()))?);
    let mut guarded = Vec::new();
    guard.protect(&place.to_be_bytes(), &packed, &nonce()?, &mut guarded);
    Ok(guarded.chunks(MAX_BLOCK).map(<[u8]>::to_vec).collect())
}

fn unpack(guard: &Guard, place: u64, bytes: &[u8]) -> Option<Waiting<DocumentKey, Value>> {
    let packed = guard.reveal(&place.to_be_bytes(), bytes).ok()?;
    let (length, packed) = packed.split_first_chunk()?;
    let length = (u32::from_be_bytes(*length) as usize).min(MAX_DOCUMENT);
    let json = zstd::bulk::decompress(packed, length).ok()?;
    serde_json::from_slice(&json).ok()
}

fn id_of(key: &DocumentKey) -> Hash {
    hash(&[key.kind.as_str().as_bytes(), b":", key.key.as_bytes()])
}

/// The first half of SHA-256.
fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = Hash::default();
    hash.copy_from_slice(&context.finish().as_ref()[..16]);
    hash
}

fn state_key(id: &Hash) -> Vec<u8> {
    [&b"s"[..], id].concat()
}

fn part_key(place: u64, part: u16) -> Vec<u8> {
    [&b"w"[..], &place.to_be_bytes(), &part.to_be_bytes()].concat()
}

fn parts_of(place: u64) -> RangeInclusive<Vec<u8>> {
    part_key(place, 0)..=part_key(place, u16::MAX)
}

fn place_of(key: &[u8]) -> Result<u64, Failure> {
    let place = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    place.ok_or_else(|| Failure::Broken("a document's place is malformed".into()))
}
