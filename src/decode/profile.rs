//! What the hub must know of a characteristic beside its fields: how soon its packets must be durable, what makes a
//! record of it the same record, and how its clock is set.

use super::{BATTERY, CSC, HEART_RATE, Machine};
use crate::types::CharUuid;

/// How soon packets must be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A live stream: an identical packet is a new reading; durable within `store.commit_ms`.
    Live,
    /// A live stream of low density, or one that says little: durable within 60 s.
    Background,
    /// A stored measurement, which the sensor may send again: durable at once.
    Stored,
}

/// How a device's clock is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceClock {
    /// It has none that matters: hub time is what counts.
    None,
    /// By writing Current Time (2A2B) or Date Time (2A08), whichever the device has writable.
    CurrentTime,
}

/// What is known of a characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Its name for people: `Heart Rate Measurement`.
    pub name: &'static str,
    /// How soon its packets must be durable.
    pub class: Class,
    /// How the clock behind its times is set.
    pub clock: DeviceClock,
}

impl Profile {
    /// Whether an identical packet is a new reading.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !matches!(self.class, Class::Stored)
    }
}

/// What is known of `characteristic`. One that nothing here decodes is taken for a live stream: it is kept, never
/// compared, and no power cut costs more than `store.commit_ms` of it.
#[must_use]
pub fn profile(characteristic: CharUuid) -> Profile {
    known(characteristic).unwrap_or(Profile { name: "unknown", class: Class::Live, clock: DeviceClock::None })
}

/// Whether [`super::decode`] understands the characteristic, so that a source subscribes to it.
#[must_use]
pub fn is_known(characteristic: CharUuid) -> bool {
    known(characteristic).is_some()
}

fn known(characteristic: CharUuid) -> Option<Profile> {
    let live = |name| Some(Profile { name, class: Class::Live, clock: DeviceClock::None });
    if let Some(machine) = Machine::of(characteristic) {
        return live(machine.name());
    }
    match characteristic {
        HEART_RATE => live("Heart Rate Measurement"),
        CSC => live("CSC Measurement"),
        BATTERY => {
            Some(Profile { name: "Battery Level", class: Class::Background, clock: DeviceClock::None })
        }
        _ => None,
    }
}

/// What a re-sent copy of a stored record shares with the first, beside the hardware address and the characteristic.
/// It never contains hub time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The bytes to hash or compare: the fields that the profile names, or the whole payload.
    pub bytes: &'a [u8],
    /// The identity holds only within one value of this characteristic of the same sensor (a session's start time):
    /// put that value's bytes in front. While none was read, the record has no identity.
    pub within: Option<CharUuid>,
}

/// The identity of a record; `None` for live streams, and for records without a sequence number or a device time:
/// there an identical packet is a new reading.
#[must_use]
pub fn identity(_characteristic: CharUuid, _bytes: &[u8]) -> Option<Identity<'_>> {
    None
}
