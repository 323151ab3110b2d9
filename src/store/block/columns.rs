//! Packets as columns: what repeats is named once, what is alike stands together, so that zstd finds it.
//!
//! ```text
//! origins   count, then each: sensor (length, text), link and address flag, address (6 bytes, where flagged)
//! chars     count, then each: 16-bit number + 1, or 0 and 16 bytes
//! boots     count, then each: 16 bytes
//! streams   count, then each: index of origin, of characteristic, of boot
//! which     a packet: index of its stream; left out where there is one stream
//! mono      a packet: microseconds after the packet before (zigzag, wrapping)
//! lengths   a stream: length + 1 where all its packets have one length, else 0 and a length a packet
//! payloads  a stream: the first byte of each of its packets, then the second byte of each, …
//! ```
//!
//! Numbers are LEB128 unless a size is given; 16-byte ids are big endian.

use std::sync::Arc;

use super::BlockError;
use super::varint::{Reader, put, unzigzag, zigzag};
use crate::types::{Address, BootId, CharUuid, Link, Mono, Origin, Packet, SensorId};

/// In the link byte: an address follows.
const HAS_ADDRESS: u8 = 0x80;

/// What packets of one kind have in common: places in the dictionaries.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stream {
    origin: usize,
    characteristic: usize,
    boot: usize,
}

/// Appends the columns of `packets` to `out`.
pub(super) fn pack(packets: &[Packet], out: &mut Vec<u8>) {
    let mut origins: Vec<&Arc<Origin>> = Vec::new();
    let mut characteristics: Vec<CharUuid> = Vec::new();
    let mut boots: Vec<BootId> = Vec::new();
    let mut streams: Vec<Stream> = Vec::new();
    let mut which: Vec<usize> = Vec::with_capacity(packets.len());
    for packet in packets {
        let stream = Stream {
            origin: place(&mut origins, &packet.origin, |a, b| Arc::ptr_eq(a, b) || a == b),
            characteristic: place(&mut characteristics, packet.characteristic, |a, b| a == b),
            boot: place(&mut boots, packet.boot, |a, b| a == b),
        };
        which.push(place(&mut streams, stream, |a, b| a == b));
    }
    put_origins(&origins, out);
    put_count(out, characteristics.len());
    for characteristic in characteristics {
        put(out, characteristic.short().map_or(0, |short| u64::from(short) + 1));
        if characteristic.short().is_none() {
            out.extend(characteristic.as_u128().to_be_bytes());
        }
    }
    put_count(out, boots.len());
    boots.iter().for_each(|boot| out.extend(boot.as_u128().to_be_bytes()));
    put_count(out, streams.len());
    for stream in &streams {
        [stream.origin, stream.characteristic, stream.boot].iter().for_each(|index| put_count(out, *index));
    }
    if streams.len() > 1 {
        which.iter().for_each(|index| put_count(out, *index));
    }
    let mut before = 0;
    for packet in packets {
        put(out, zigzag(packet.mono.micros().wrapping_sub(before) as i64));
        before = packet.mono.micros();
    }
    let mut members: Vec<Vec<&[u8]>> = vec![Vec::new(); streams.len()];
    for (packet, stream) in packets.iter().zip(&which) {
        members[*stream].push(&packet.bytes);
    }
    members.iter().for_each(|payloads| put_lengths(payloads, out));
    members.iter().for_each(|payloads| put_payloads(payloads, out));
}

/// The packets of `columns`, of which there are `count`.
///
/// # Errors
/// When the bytes are not exactly the columns of so many packets.
pub(super) fn unpack(columns: &[u8], count: usize) -> Result<Vec<Packet>, BlockError> {
    let mut reader = Reader(columns);
    let origins = many(&mut reader, count, take_origin)?;
    let characteristics = many(&mut reader, count, take_characteristic)?;
    let boots = many(&mut reader, count, |r| Ok(BootId::from_u128(u128::from_be_bytes(r.array()?))))?;
    let streams = many(&mut reader, count, |r| {
        let mut index = |len: usize| r.index(len.checked_sub(1).ok_or(BlockError::Malformed("no entry"))?);
        let (origin, characteristic) = (index(origins.len())?, index(characteristics.len())?);
        Ok(Stream { origin, characteristic, boot: index(boots.len())? })
    })?;
    let last = streams.len().checked_sub(1).ok_or(BlockError::Malformed("no stream"))?;
    let mut which = vec![0; count];
    if last > 0 {
        for index in &mut which {
            *index = reader.index(last)?;
        }
    }
    let mut monos = Vec::with_capacity(count);
    let mut mono = 0u64;
    for _ in 0..count {
        mono = mono.wrapping_add(unzigzag(reader.number()?) as u64);
        monos.push(Mono::from_micros(mono));
    }
    let mut payloads = take_payloads(&mut reader, &which, streams.len())?;
    if !reader.0.is_empty() {
        return Err(BlockError::Malformed("something follows the last column"));
    }
    let mut packets = Vec::with_capacity(count);
    for (index, mono) in which.into_iter().zip(monos) {
        let stream = streams[index];
        packets.push(Packet {
            origin: Arc::clone(&origins[stream.origin]),
            characteristic: characteristics[stream.characteristic],
            boot: boots[stream.boot],
            mono,
            bytes: payloads[index].next().unwrap_or_default(),
        });
    }
    Ok(packets)
}

/// The place of `value` in the dictionary, the most recent entry tried first; added where it is new.
fn place<T>(dictionary: &mut Vec<T>, value: T, same: impl Fn(&T, &T) -> bool) -> usize {
    dictionary.iter().rposition(|entry| same(entry, &value)).unwrap_or_else(|| {
        dictionary.push(value);
        dictionary.len() - 1
    })
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    put(out, count as u64);
}

fn put_origins(origins: &[&Arc<Origin>], out: &mut Vec<u8>) {
    put_count(out, origins.len());
    for origin in origins {
        put_count(out, origin.sensor.as_str().len());
        out.extend(origin.sensor.as_str().as_bytes());
        let link = match origin.link {
            Link::None => 0,
            Link::Open => 1,
            Link::Bonded => 2,
        };
        out.push(link | if origin.address.is_some() { HAS_ADDRESS } else { 0 });
        out.extend(origin.address.map(Address::bytes).into_iter().flatten());
    }
}

fn put_lengths(payloads: &[&[u8]], out: &mut Vec<u8>) {
    let first = payloads.first().map_or(0, |p| p.len());
    if payloads.iter().all(|p| p.len() == first) {
        put_count(out, first + 1);
        return;
    }
    put_count(out, 0);
    payloads.iter().for_each(|p| put_count(out, p.len()));
}

fn put_payloads(payloads: &[&[u8]], out: &mut Vec<u8>) {
    let longest = payloads.iter().map(|p| p.len()).max().unwrap_or(0);
    for at in 0..longest {
        out.extend(payloads.iter().filter_map(|p| p.get(at)));
    }
}

/// A dictionary of at most `max` entries.
fn many<'b, T>(
    reader: &mut Reader<'b>,
    max: usize,
    mut take: impl FnMut(&mut Reader<'b>) -> Result<T, BlockError>,
) -> Result<Vec<T>, BlockError> {
    let count = reader.index(max)?;
    (0..count).map(|_| take(reader)).collect()
}

fn take_origin(reader: &mut Reader<'_>) -> Result<Arc<Origin>, BlockError> {
    let length = reader.index(32)?;
    let sensor: Option<SensorId> =
        std::str::from_utf8(reader.bytes(length)?).ok().and_then(|text| text.parse().ok());
    let flags = reader.byte()?;
    let link = match flags & !HAS_ADDRESS {
        0 => Link::None,
        1 => Link::Open,
        2 => Link::Bonded,
        _ => return Err(BlockError::Malformed("a link is unknown")),
    };
    let address = if flags & HAS_ADDRESS != 0 { Some(Address::new(reader.array()?)) } else { None };
    let sensor = sensor.ok_or(BlockError::Malformed("a sensor id is none"))?;
    Ok(Arc::new(Origin { sensor, address, link }))
}

fn take_characteristic(reader: &mut Reader<'_>) -> Result<CharUuid, BlockError> {
    match reader.index(0x1_0000)? {
        0 => Ok(CharUuid::from_u128(u128::from_be_bytes(reader.array()?))),
        short => Ok(CharUuid::sig((short - 1) as u16)),
    }
}

/// Each stream's payloads, in order.
fn take_payloads(
    reader: &mut Reader<'_>,
    which: &[usize],
    streams: usize,
) -> Result<Vec<impl Iterator<Item = Box<[u8]>> + use<>>, BlockError> {
    let mut counts = vec![0usize; streams];
    which.iter().for_each(|index| counts[*index] += 1);
    let mut lengths: Vec<Vec<usize>> = Vec::with_capacity(streams);
    for count in counts {
        // No column is longer than what is left: a length that promises more is refused before memory is taken.
        let longest = reader.0.len();
        lengths.push(match reader.index(longest + 1)? {
            0 => (0..count).map(|_| reader.index(longest)).collect::<Result<_, _>>()?,
            same => vec![same - 1; count],
        });
    }
    let promised = lengths.iter().flatten().try_fold(0usize, |sum, length| sum.checked_add(*length));
    if promised != Some(reader.0.len()) {
        return Err(BlockError::Malformed("payloads and lengths differ"));
    }
    let mut all = Vec::with_capacity(streams);
    for lengths in lengths {
        let mut payloads: Vec<Box<[u8]>> = lengths.iter().map(|n| vec![0; *n].into()).collect();
        for at in 0..lengths.iter().copied().max().unwrap_or(0) {
            for slot in payloads.iter_mut().filter_map(|p| p.get_mut(at)) {
                *slot = reader.byte()?;
            }
        }
        all.push(payloads.into_iter());
    }
    Ok(all)
}
