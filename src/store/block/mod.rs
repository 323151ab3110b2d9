//! The codec of a block: many packets in one guarded value. Pure: nonces are drawn by the caller.
//!
//! ```text
//!  0  magic       F5 'R' 'H' 'B'
//!  4  version     1
//!  5  flags       1 = sealed, 2 = the body is a zstd frame
//!  6  count       packets, u16
//!  8  epoch       u64
//! 16  first       sequence number of the first packet, u64; the others follow without a gap
//! 24  length      bytes that follow this header, u16
//! 26  unpacked    bytes of the columns before zstd, u16
//! 28  guard and body: crc32 over header and body, or nonce, ciphertext and tag with the header as associated data
//! ```
//!
//! Little endian. The header names its length and the guard covers it, so blocks are found in a bare file by looking
//! for the magic: what a broken database file still holds can be salvaged without the database.
//!
//! # Size
//! sled keeps a page of over a quarter segment in a file of its own, which it never syncs: a power cut would lose
//! it. A leaf splits when it holds over 16 values, and a merge can bring it to 20 for a moment, so [`MAX_BLOCK`] times
//! 20, keys and page header included, must stay below a quarter segment. Measured, with 8 packets a commit as in a
//! session of four sensors: 64 KiB segments with blocks of 768 bytes write 12 KB a commit, 256 KiB with 3072 bytes
//! 37 KB, since sled rewrites whole pages. The larger ones gain 15 % of space when a million packets wait (11 MB
//! instead of 13) and are faster only where nothing is slow (over 300 000 packets/s either way). A commit that costs a
//! third wears the card a third.

mod columns;
mod varint;

use crate::store::seal::{Guard, GuardError, Nonce, OVERHEAD};
use crate::types::{Epoch, Packet, Seq};

const MAGIC: [u8; 4] = [0xF5, b'R', b'H', b'B'];
const VERSION: u8 = 1;
const HEADER: usize = 28;
const SEALED: u8 = 1;
const ZSTD: u8 = 2;

/// The longest encoded block, in bytes.
pub(super) const MAX_BLOCK: usize = 768;

/// The longest value of a characteristic, in bytes (Core 5.4, Vol 3, Part F, 3.2.9); longer ones are refused.
pub(super) const MAX_VALUE: usize = 512;

/// The columns of one packet at their longest: dictionaries (1 + 1 + 32 + 1 + 6, 1 + 1 + 16, 1 + 16, 1 + 3), mono
/// (10), length (2), value. So a packet always fits into a block of its own, whatever zstd makes of it.
const MAX_COLUMNS_OF_ONE: usize = 41 + 18 + 17 + 4 + 10 + 2 + MAX_VALUE;
const _: () = assert!(HEADER + OVERHEAD + MAX_COLUMNS_OF_ONE <= MAX_BLOCK);

/// Columns longer than this are never tried; they would not shrink into [`MAX_BLOCK`], and their length must fit.
const MAX_COLUMNS: usize = 16 * 1024;

/// Packets that a block may hold at most.
const MAX_COUNT: usize = 4096;

/// Level 1 is within a few percent of level 3 on blocks this short, at twice the speed.
const LEVEL: i32 = 1;

/// Bytes are not a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BlockError {
    /// It ends early.
    #[error("it is cut short")]
    Short,
    /// No block begins here.
    #[error("it does not begin as a block")]
    Magic,
    /// A later version of the hub wrote it.
    #[error("it has the unknown version {0}")]
    Version(u8),
    /// It is sealed and the store is not, or the other way round.
    #[error("it is {}sealed, unlike the store", if *.0 { "" } else { "not " })]
    Sealing(bool),
    /// The guard found it changed.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// It was written wrongly: the guard found it whole.
    #[error("{0}")]
    Malformed(&'static str),
}

/// A decoded block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The store that its numbers belong to.
    pub(super) epoch: Epoch,
    /// The place of the first packet.
    pub(super) first: Seq,
    /// Never empty.
    pub(super) packets: Vec<Packet>,
}

impl Block {
    /// The place of the last packet.
    pub(super) fn last(&self) -> Seq {
        Seq::new(self.first.get() + self.packets.len() as u64 - 1)
    }
}

/// What a header says.
struct Header {
    flags: u8,
    count: usize,
    epoch: Epoch,
    first: Seq,
    length: usize,
    unpacked: usize,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8; HEADER], &[u8]), BlockError> {
        let (raw, rest) = bytes.split_first_chunk::<HEADER>().ok_or(BlockError::Short)?;
        let mut reader = varint::Reader(raw);
        if reader.array()? != MAGIC {
            return Err(BlockError::Magic);
        }
        let version = reader.byte()?;
        if version != VERSION {
            return Err(BlockError::Version(version));
        }
        let header = Self {
            flags: reader.byte()?,
            count: u16::from_le_bytes(reader.array()?).into(),
            epoch: Epoch::from_u64(u64::from_le_bytes(reader.array()?)),
            first: Seq::new(u64::from_le_bytes(reader.array()?)),
            length: u16::from_le_bytes(reader.array()?).into(),
            unpacked: u16::from_le_bytes(reader.array()?).into(),
        };
        Ok((header, raw, rest))
    }
}

/// Encodes and decodes blocks, keeping zstd's contexts.
pub(super) struct Codec {
    guard: Guard,
    zstd: zstd::bulk::Compressor<'static>,
    unzstd: zstd::bulk::Decompressor<'static>,
    columns: Vec<u8>,
    packed: Vec<u8>,
    /// Packets that the last full block held: the first guess for the next one.
    guess: usize,
}

impl Codec {
    /// A codec that guards blocks so.
    ///
    /// # Errors
    /// When there is no memory for zstd's contexts.
    pub(super) fn new(guard: Guard) -> std::io::Result<Self> {
        Ok(Self {
            guard,
            zstd: zstd::bulk::Compressor::new(LEVEL)?,
            unzstd: zstd::bulk::Decompressor::new()?,
            columns: Vec::new(),
            packed: Vec::new(),
            guess: MAX_COUNT,
        })
    }

    /// How everything of this store is guarded.
    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Cuts `packets` into blocks of at most [`MAX_BLOCK`] bytes, in order; the first packet gets the number `first`.
    /// No value may be longer than [`MAX_VALUE`].
    pub(super) fn cut<E>(
        &mut self,
        epoch: Epoch,
        first: Seq,
        mut packets: &[Packet],
        mut nonce: impl FnMut() -> Result<Nonce, E>,
    ) -> Result<Vec<(Seq, Vec<u8>)>, E> {
        let mut blocks = Vec::new();
        let mut seq = first;
        while !packets.is_empty() {
            let whole = packets.len().min(MAX_COUNT);
            let mut take = whole.min(self.guess.max(1));
            let block = loop {
                match self.encode(epoch, seq, &packets[..take], &nonce()?) {
                    Ok(block) => break block,
                    Err(length) => take = shrink(take, length),
                }
            };
            if take < packets.len() {
                // The next one may be a little larger, so that a short guess mends itself.
                self.guess = take + take.div_ceil(16);
            }
            blocks.push((seq, block));
            seq = Seq::new(seq.get() + take as u64);
            packets = &packets[take..];
        }
        Ok(blocks)
    }

    /// One block, or the length that was too long.
    fn encode(
        &mut self,
        epoch: Epoch,
        first: Seq,
        packets: &[Packet],
        nonce: &Nonce,
    ) -> Result<Vec<u8>, usize> {
        self.columns.clear();
        columns::pack(packets, &mut self.columns);
        let unpacked = self.columns.len();
        if unpacked > MAX_COLUMNS && packets.len() > 1 {
            return Err(MAX_BLOCK.max(unpacked / 4));
        }
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(unpacked));
        let smaller = self.zstd.compress_to_buffer(&self.columns, &mut self.packed).is_ok()
            && self.packed.len() < unpacked;
        let body = if smaller { &self.packed } else { &self.columns };
        let length = body.len() + self.guard.overhead();
        if HEADER + length > MAX_BLOCK && packets.len() > 1 {
            return Err(HEADER + length);
        }
        let mut block = Vec::with_capacity(HEADER + length);
        block.extend(MAGIC);
        let sealed = if self.guard.is_sealed() { SEALED } else { 0 };
        block.extend([VERSION, sealed | if smaller { ZSTD } else { 0 }]);
        block.extend((packets.len() as u16).to_le_bytes());
        block.extend(epoch.as_u64().to_le_bytes());
        block.extend(first.get().to_le_bytes());
        block.extend((length as u16).to_le_bytes());
        block.extend((unpacked as u16).to_le_bytes());
        let header: Vec<u8> = block.clone();
        self.guard.protect(&header, body, nonce, &mut block);
        Ok(block)
    }

    /// The block that `bytes` begin with, and what follows it.
    ///
    /// # Errors
    /// When they do not begin with a whole, unchanged block.
    pub(super) fn decode<'b>(&mut self, bytes: &'b [u8]) -> Result<(Block, &'b [u8]), BlockError> {
        let (header, raw, rest) = Header::parse(bytes)?;
        let (guarded, rest) = rest.split_at_checked(header.length).ok_or(BlockError::Short)?;
        let sealed = header.flags & SEALED != 0;
        if sealed != self.guard.is_sealed() {
            return Err(BlockError::Sealing(sealed));
        }
        let body = self.guard.reveal(raw, guarded)?;
        let columns = if header.flags & ZSTD == 0 {
            &*body
        } else {
            self.columns.clear();
            self.columns.reserve(header.unpacked);
            self.unzstd
                .decompress_to_buffer(&body, &mut self.columns)
                .map_err(|_| BlockError::Malformed("zstd cannot unpack it"))?;
            &self.columns
        };
        if columns.len() != header.unpacked || header.count == 0 {
            return Err(BlockError::Malformed("it holds less or more than it says"));
        }
        let packets = columns::unpack(columns, header.count)?;
        Ok((Block { epoch: header.epoch, first: header.first, packets }, rest))
    }
}

/// A smaller number of packets after `take` of them made `length` bytes; at least one less.
fn shrink(take: usize, length: usize) -> usize {
    let fitting = take * MAX_BLOCK / length;
    (fitting - fitting / 16).clamp(1, take - 1)
}

#[cfg(test)]
pub(super) mod tests;
