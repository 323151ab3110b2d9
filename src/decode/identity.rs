//! What makes a stored record the same record when it is sent again.

use super::characteristics as c;
use super::{DateTime, Segment};
use super::{Reading, decode, glucose};
use crate::types::CharUuid;

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

/// The identity of a record; `None` for live streams, for bytes that do not decode, and for records without a sequence
/// number or a device time: there an identical packet is a new reading.
#[must_use]
pub fn identity(characteristic: CharUuid, bytes: &[u8]) -> Option<Identity<'_>> {
    let own = |bytes| Identity { bytes, within: None };
    match characteristic {
        c::GLUCOSE => {
            decode(characteristic, bytes).ok()?;
            glucose::identity(bytes).map(own)
        }
        // Sequence numbers, with the whole payload.
        c::GLUCOSE_CONTEXT | c::GENERAL_ACTIVITY_SUMMARY | c::STEP_SUMMARY => {
            decode(characteristic, bytes).ok().map(|_| own(bytes))
        }
        c::CGM => {
            decode(characteristic, bytes).ok()?;
            Some(Identity { bytes, within: Some(c::CGM_SESSION_START) })
        }
        c::STORED_OBSERVATIONS => stored_observation(bytes).map(own),
        c::BLOOD_PRESSURE
        | c::ENHANCED_BLOOD_PRESSURE
        | c::WEIGHT
        | c::BODY_COMPOSITION
        | c::TEMPERATURE
        | c::PLX_SPOT_CHECK => has_time(characteristic, bytes).then_some(own(bytes)),
        _ => None,
    }
}

/// Whether identities hold within values of `characteristic` (see [`Identity::within`]), so that its last value is kept.
#[must_use]
pub const fn is_context(characteristic: CharUuid) -> bool {
    matches!(characteristic, c::CGM_SESSION_START)
}

/// The record number, with its segment's place where the observation is longer than a packet. Later segments carry no
/// number of their own and have no identity alone.
fn stored_observation(bytes: &[u8]) -> Option<&[u8]> {
    let segment = Segment::read(bytes).ok().filter(|segment| segment.first)?;
    segment.body.get(..4)
}

/// Whether the device's clock stands on a measurement that decodes.
fn has_time(characteristic: CharUuid, bytes: &[u8]) -> bool {
    let known = |time: Option<DateTime>| time.is_some_and(|time| time.is_known());
    match decode(characteristic, bytes) {
        Ok(Reading::BloodPressure(reading)) => reading.has_time(),
        Ok(Reading::Weight(reading)) => known(reading.time),
        Ok(Reading::BodyComposition(reading)) => known(reading.time),
        Ok(Reading::Temperature(reading)) => known(reading.time),
        Ok(Reading::Plx(reading)) => known(reading.time),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATED: [u8; 10] = [0x02, 0xB0, 0x36, 0xEA, 7, 5, 9, 3, 31, 27];

    #[test]
    fn a_weight_without_a_clock_has_no_identity_and_one_with_a_clock_has() {
        assert_eq!(identity(c::WEIGHT, &[0, 0xB0, 0x36]), None);
        assert_eq!(identity(c::WEIGHT, &DATED).unwrap().bytes, DATED);
        let mut unknown_year = DATED;
        unknown_year[3..5].fill(0);
        assert_eq!(identity(c::WEIGHT, &unknown_year), None);
    }

    #[test]
    fn a_glucose_record_is_its_number_and_times_whatever_else_it_says() {
        let first = [0x03, 42, 0, 0xE8, 7, 3, 15, 14, 30, 45, 0, 0, 0x78, 0xB0, 0x11];
        let mut again = first;
        again[14] = 0x12;
        assert_eq!(identity(c::GLUCOSE, &first), identity(c::GLUCOSE, &again));
        again[1] = 43;
        assert_ne!(identity(c::GLUCOSE, &first), identity(c::GLUCOSE, &again));
    }

    #[test]
    fn a_continuous_glucose_record_holds_only_within_its_session() {
        let found = identity(c::CGM, &[6, 0, 0x0C, 0x10, 6, 0]).unwrap();
        assert_eq!(found.within, Some(c::CGM_SESSION_START));
        assert!(is_context(c::CGM_SESSION_START));
    }

    #[test]
    fn live_streams_have_none() {
        for (characteristic, bytes) in [
            (c::HEART_RATE, &[0, 60][..]),
            (c::INDOOR_BIKE, &[0, 0, 0, 0]),
            (c::PLX_CONTINUOUS, &[0, 0x61, 0, 72, 0]),
        ] {
            assert_eq!(identity(characteristic, bytes), None);
        }
    }

    #[test]
    fn bytes_that_do_not_decode_have_none() {
        assert_eq!(identity(c::GLUCOSE, &[0xFF; 4]), None);
        assert_eq!(identity(c::BLOOD_PRESSURE, &[]), None);
    }
}
