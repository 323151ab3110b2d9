use std::convert::Infallible;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::store::seal::tests::sealed;
use crate::types::{Address, BootId, CharUuid, Link, Mono, Origin, SensorId};

fn codec(guard: Guard) -> Codec {
    Codec::new(guard).unwrap()
}

fn cut(codec: &mut Codec, packets: &[Packet]) -> Vec<(Seq, Vec<u8>)> {
    let nonce = || Ok::<_, Infallible>([9; 24]);
    codec.cut(Epoch::from_u64(0xABCD), Seq::new(1), packets, nonce).unwrap()
}

fn origin(sensor: &str, address: Option<[u8; 6]>, link: Link) -> Arc<Origin> {
    let sensor: SensorId = sensor.parse().unwrap();
    Arc::new(Origin { sensor, address: address.map(Address::new), link })
}

fn any_origin() -> impl Strategy<Value = Arc<Origin>> {
    let link = prop_oneof![Just(Link::Bonded), Just(Link::Open), Just(Link::None)];
    ("[a-z0-9][a-z0-9_-]{0,31}", any::<Option<[u8; 6]>>(), link).prop_map(|(s, a, l)| origin(&s, a, l))
}

/// Packets as varied as the types allow, out of few or many origins, characteristics and boots.
fn any_packets() -> impl Strategy<Value = Vec<Packet>> {
    let characteristic =
        prop_oneof![any::<u16>().prop_map(CharUuid::sig), any::<u128>().prop_map(CharUuid::from_u128)];
    let bytes = prop_oneof![8 => prop::collection::vec(any::<u8>(), 0..24), 1 => prop::collection::vec(any::<u8>(), 0..=512)];
    (
        prop::collection::vec(any_origin(), 1..4),
        prop::collection::vec(characteristic, 1..4),
        prop::collection::vec(any::<u128>(), 1..3),
        prop::collection::vec((any::<[prop::sample::Index; 3]>(), any::<u64>(), bytes), 1..200),
    )
        .prop_map(|(origins, characteristics, boots, packets)| {
            let build = |([o, c, b], mono, bytes): ([prop::sample::Index; 3], u64, Vec<u8>)| Packet {
                origin: Arc::clone(o.get(&origins)),
                characteristic: *c.get(&characteristics),
                boot: BootId::from_u128(*b.get(&boots)),
                mono: Mono::from_micros(mono),
                bytes: bytes.into(),
            };
            packets.into_iter().map(build).collect()
        })
}

/// A strap and a bike at one packet a second each, as they really look.
pub(in crate::store) fn session(count: u64) -> Vec<Packet> {
    let origins = ["strap", "bike"].map(|s| origin(s, Some([0xC0, 1, 2, 3, 4, 5]), Link::Bonded));
    let build = |i: u64| {
        let bike = i % 2 == 1;
        // splitmix64 stands for the jitter of the radio and the wandering of the values.
        let noise = i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let noise = (noise ^ (noise >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let noise = (noise ^ (noise >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 33;
        let short = if bike { 0x2AD2 } else { 0x2A37 };
        let bytes: Vec<u8> = if bike {
            vec![
                0x44,
                0x02,
                (noise % 60) as u8,
                9,
                120 + (noise % 8) as u8,
                0,
                80 + (noise % 5) as u8,
                0,
                110,
            ]
        } else {
            vec![0x10, 110 + (noise % 6) as u8, (noise >> 3) as u8, 2]
        };
        Packet {
            origin: Arc::clone(&origins[usize::from(bike)]),
            characteristic: CharUuid::sig(short),
            boot: BootId::from_u128(77),
            mono: Mono::from_micros(1_000_000_000 + i * 500_000 + noise % 30_000),
            bytes: bytes.into(),
        }
    };
    (0..count).map(build).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packets_come_back_in_order_with_their_numbers_from_blocks_within_the_limit(
        packets in any_packets(), seal: bool
    ) {
        let mut codec = codec(if seal { sealed(1) } else { Guard::Checksum });
        let mut back = Vec::new();
        for (first, bytes) in cut(&mut codec, &packets) {
            prop_assert!(bytes.len() <= MAX_BLOCK, "a block of {} bytes", bytes.len());
            let (block, rest) = codec.decode(&bytes).unwrap();
            prop_assert!(rest.is_empty());
            prop_assert_eq!(block.epoch, Epoch::from_u64(0xABCD));
            prop_assert_eq!(block.first, first);
            prop_assert_eq!(first.get(), back.len() as u64 + 1);
            back.extend(block.packets);
        }
        prop_assert_eq!(back, packets);
    }

    #[test]
    fn any_changed_byte_is_noticed_and_any_cut_is_an_error(
        packets in any_packets(), seal: bool, at: prop::sample::Index, bits in 1u8..
    ) {
        let mut codec = codec(if seal { sealed(1) } else { Guard::Checksum });
        let (_, bytes) = cut(&mut codec, &packets).swap_remove(0);
        let at = at.index(bytes.len());
        prop_assert!(codec.decode(&bytes[..at]).is_err());
        let mut bad = bytes;
        bad[at] ^= bits;
        prop_assert!(codec.decode(&bad).is_err());
    }

    #[test]
    fn arbitrary_columns_under_a_good_checksum_never_panic(
        columns in prop::collection::vec(any::<u8>(), 0..400), count in 1usize..300
    ) {
        let _ = columns::unpack(&columns, count);
    }

    #[test]
    fn blocks_are_found_in_a_bare_file_by_their_magic(
        before in prop::collection::vec(any::<u8>(), 0..300),
        between in prop::collection::vec(prop::sample::select(MAGIC.to_vec()), 0..300),
        seal: bool,
    ) {
        let mut codec = codec(if seal { sealed(1) } else { Guard::Checksum });
        let packets = session(300);
        let blocks = cut(&mut codec, &packets);
        let mut file = before;
        for (_, block) in &blocks {
            file.extend(block);
            file.extend(&between);
        }
        let begins = file.windows(MAGIC.len()).enumerate().filter(|(_, w)| *w == MAGIC).map(|(at, _)| at);
        let found: Vec<_> = begins.filter_map(|at| codec.decode(&file[at..]).ok()).collect();
        let found: Vec<Packet> = found.into_iter().flat_map(|(block, _)| block.packets).collect();
        prop_assert_eq!(found, packets);
    }
}

#[test]
fn the_longest_value_with_the_longest_names_fits_whatever_its_bytes() {
    let mut noise = 1u32;
    let bytes: Box<[u8]> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    })
    .take(MAX_VALUE)
    .collect();
    let packet = Packet {
        origin: origin(&"s".repeat(32), Some([255; 6]), Link::Bonded),
        characteristic: CharUuid::from_u128(u128::MAX),
        boot: BootId::from_u128(u128::MAX),
        mono: Mono::from_micros(u64::MAX >> 1),
        bytes,
    };
    let mut codec = codec(sealed(1));
    let blocks = cut(&mut codec, &[packet.clone(), packet]);
    let longest = blocks.iter().map(|(_, block)| block.len()).max().unwrap();
    assert_eq!(blocks.len(), 2);
    assert!((600..=MAX_BLOCK).contains(&longest), "{longest} bytes");
}

#[test]
fn two_hundred_fifty_six_packets_of_a_session_take_less_than_a_third_of_their_plain_size() {
    let packets = session(256);
    let plain: usize = packets.iter().map(|p| p.bytes.len() + 8 + 16 + 6 + 4 + 2).sum();
    let blocks = cut(&mut codec(Guard::Checksum), &packets);
    let packed: usize = blocks.iter().map(|(_, b)| b.len()).sum();
    println!("bytes a packet: {:.2} in {} blocks", packed as f64 / 256.0, blocks.len());
    assert!(packed * 3 < plain, "{packed} of {plain} bytes");
}

#[test]
fn a_block_is_opened_only_under_the_sealing_it_was_written_with() {
    let packets = session(3);
    let (_, plain) = cut(&mut codec(Guard::Checksum), &packets).swap_remove(0);
    let (_, closed) = cut(&mut codec(sealed(1)), &packets).swap_remove(0);
    assert_eq!(codec(sealed(1)).decode(&plain).unwrap_err(), BlockError::Sealing(false));
    assert_eq!(codec(Guard::Checksum).decode(&closed).unwrap_err(), BlockError::Sealing(true));
    assert_eq!(codec(sealed(2)).decode(&closed).unwrap_err(), BlockError::Guard(GuardError::Seal));
}
