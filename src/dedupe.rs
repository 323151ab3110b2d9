//! Record identity: a stored measurement that a sensor sends again is kept once. Pure.
//!
//! An identity is the hardware, the characteristic, and the fields that the profile names; hub time is no part of
//! it. Live streams have none: there an identical packet is a new reading, and nothing here looks at it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;

use ring::digest::{Context, SHA256};

use crate::types::{Address, CharUuid, Origin, SensorId};

/// How many identities are remembered a device and characteristic; more than any sensor of today can store.
const REMEMBERED: usize = 4096;

/// The version of the rules below, hashed into every id: a change of the rules changes every id.
const RULES: u8 = 1;

/// Names a record wherever it travels: equal for two copies of one record, whichever hub fetched them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordId([u8; 16]);

impl RecordId {
    /// From the identifying fields, as the profile gives them, unambiguous among records of one characteristic.
    #[must_use]
    pub fn new(origin: &Origin, characteristic: CharUuid, fields: &[u8]) -> Self {
        let mut hash = Context::new(&SHA256);
        hash.update(&[RULES]);
        match Device::of(origin) {
            Device::Hardware(address) => hash.update(&address.bytes()),
            Device::Role(sensor) => hash.update(sensor.as_str().as_bytes()),
        }
        hash.update(&characteristic.as_u128().to_be_bytes());
        hash.update(fields);
        let digest = hash.finish();
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_ref()[..16]);
        Self(id)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The records seen lately, a bounded number for each device and characteristic.
#[derive(Debug, Default)]
pub struct Seen {
    streams: HashMap<(Device, CharUuid), Recent>,
}

/// The hardware; for a replayed capture, which keeps none, the role.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Device {
    Hardware(Address),
    Role(SensorId),
}

impl Device {
    fn of(origin: &Origin) -> Self {
        origin.address.map_or_else(|| Self::Role(origin.sensor.clone()), Self::Hardware)
    }
}

#[derive(Debug, Default)]
struct Recent {
    ids: HashSet<RecordId>,
    order: VecDeque<RecordId>,
}

impl Seen {
    /// Notes a record. Returns whether it is new; a repeat is noted as the most recent, so that a record which the
    /// sensor goes on sending is never forgotten.
    pub fn insert(&mut self, origin: &Origin, characteristic: CharUuid, id: RecordId) -> bool {
        let recent = self.streams.entry((Device::of(origin), characteristic)).or_default();
        if !recent.ids.insert(id) {
            if let Some(place) = recent.order.iter().rposition(|known| *known == id) {
                recent.order.remove(place);
            }
            recent.order.push_back(id);
            return false;
        }
        recent.order.push_back(id);
        if recent.order.len() > REMEMBERED
            && let Some(oldest) = recent.order.pop_front()
        {
            recent.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Link;

    const GLUCOSE: CharUuid = CharUuid::sig(0x2A18);

    fn meter(last: u8) -> Origin {
        let address = crate::types::Address::new([0xC0, 0, 0, 0, 0, last]);
        Origin { sensor: "meter".parse().unwrap(), address: Some(address), link: Link::Bonded }
    }

    #[test]
    fn a_record_sent_again_is_known_and_another_devices_is_not() {
        let mut seen = Seen::default();
        let id = |origin: &Origin, fields: &[u8]| RecordId::new(origin, GLUCOSE, fields);
        let (mine, other) = (meter(1), meter(2));
        assert!(seen.insert(&mine, GLUCOSE, id(&mine, b"1")));
        assert!(!seen.insert(&mine, GLUCOSE, id(&mine, b"1")));
        assert!(seen.insert(&mine, GLUCOSE, id(&mine, b"2")));
        assert!(seen.insert(&other, GLUCOSE, id(&other, b"1")));
    }

    #[test]
    fn a_record_that_keeps_coming_is_never_forgotten_and_memory_stays_bounded() {
        let mut seen = Seen::default();
        let origin = meter(1);
        let id = |n: usize| RecordId::new(&origin, GLUCOSE, &n.to_be_bytes());
        assert!(seen.insert(&origin, GLUCOSE, id(0)));
        for n in 1..3 * REMEMBERED {
            assert!(seen.insert(&origin, GLUCOSE, id(n)));
            if n % 1000 == 0 {
                assert!(!seen.insert(&origin, GLUCOSE, id(0)), "forgotten after {n}");
            }
        }
        assert!(seen.streams.values().all(|recent| recent.ids.len() <= REMEMBERED));
        assert!(seen.insert(&origin, GLUCOSE, id(1)), "the oldest should have made room");
    }

    #[test]
    fn the_id_is_the_same_on_every_hub_and_for_every_role() {
        let moved = Origin { sensor: "spare".parse().unwrap(), link: Link::Open, ..meter(1) };
        let fields = b"17";
        let id = RecordId::new(&meter(1), GLUCOSE, fields);
        assert_eq!(id, RecordId::new(&moved, GLUCOSE, fields));
        assert_ne!(id, RecordId::new(&meter(1), CharUuid::sig(0x2A34), fields));
        assert_eq!(id.to_string().len(), 32);
    }
}
