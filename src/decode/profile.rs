//! What the hub must know of a characteristic beside its fields: how soon its packets must be durable, what makes a
//! record of it the same record, and how its clock is set.

use super::characteristics as c;
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
    /// By writing Current Elapsed Time (2BF2).
    ElapsedTime,
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
    let name = c::name(characteristic)?;
    let (class, clock) = match characteristic {
        c::BLOOD_PRESSURE
        | c::ENHANCED_BLOOD_PRESSURE
        | c::WEIGHT
        | c::BODY_COMPOSITION
        | c::TEMPERATURE
        | c::GLUCOSE
        | c::GLUCOSE_CONTEXT
        | c::CGM
        | c::PLX_SPOT_CHECK => (Class::Stored, DeviceClock::CurrentTime),
        c::STORED_OBSERVATIONS => (Class::Stored, DeviceClock::ElapsedTime),
        c::GENERAL_ACTIVITY_SUMMARY | c::STEP_SUMMARY => (Class::Stored, DeviceClock::None),
        c::GENERAL_ACTIVITY | c::ACTIVITY_SESSION => (Class::Background, DeviceClock::None),
        other if is_about_the_device(other) => (Class::Background, DeviceClock::None),
        _ => (Class::Live, DeviceClock::None),
    };
    Some(Profile { name, class, clock })
}

/// Values that are read once a connection, or change seldom.
const fn is_about_the_device(characteristic: CharUuid) -> bool {
    matches!(
        characteristic,
        c::BATTERY
            | c::MODEL_NUMBER
            | c::SERIAL_NUMBER
            | c::FIRMWARE_REVISION
            | c::HARDWARE_REVISION
            | c::SOFTWARE_REVISION
            | c::MANUFACTURER_NAME
            | c::PNP_ID
            | c::BODY_SENSOR_LOCATION
            | c::MACHINE_FEATURE
            | c::CURRENT_TIME
            | c::DATE_TIME
            | c::RECORD_ACCESS
            | c::CGM_SESSION_START
    )
}
