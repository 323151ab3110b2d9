//! Bytes to measures. Pure: no I/O, no clock, no allocation on the hot path.
//!
//! [`decode`] reads one packet by its characteristic alone; [`decode_as`] also by what is known of the device; a
//! [`Decoder`] reads the packets of one connection in order, and so turns counters into motion and parts into wholes.

mod battery;
mod bits;
mod blood_pressure;
mod body_composition;
mod cgm;
pub mod characteristics;
mod counter;
mod csc;
mod cycling_power;
mod datetime;
mod declare;
mod decoder;
mod device_info;
mod error;
mod ftms;
mod ghs;
mod glucose;
mod heart_rate;
mod identity;
mod ieee11073;
mod mibfs;
mod physical_activity;
mod plx;
mod profile;
pub mod quantity;
mod quirk;
mod racp;
mod reader;
mod reading;
mod running;
mod temperature;
mod weight;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;

pub use blood_pressure::BloodPressure;
pub use body_composition::BodyComposition;
pub use cgm::{Cgm, CgmRecord, CgmSessionStart};
pub use characteristics::{BATTERY, CSC, HEART_RATE, INDOOR_BIKE, KNOWN, by_name};
pub use counter::{CscReader, Cumulative, Motion};
pub use csc::{Crank, Csc, Wheel};
pub use cycling_power::CyclingPower;
pub use datetime::{CurrentTime, DateTime};
pub use declare::{Catalogue, Command, Declared, DeviceProfile, Meaning};
pub use decoder::Decoder;
pub use device_info::PnpId;
pub use error::DecodeError;
pub use ftms::{
    ControlResponse, Features, Layout, Machine, MachineStatus, Sample, SampleJoin, TrainingStatus,
};
pub use ghs::{DraftObservation, Observation, Segment};
pub use glucose::{Glucose, GlucoseContext, GlucoseJoin, GlucoseRecord};
pub use heart_rate::{Contact, HeartRate};
pub use identity::{Identity, identity, is_context};
pub use ieee11073::Float;
pub use mibfs::Mibfs;
pub use physical_activity::{Activity, CurrentSession};
pub use plx::Plx;
pub use profile::{Class, DeviceClock, Profile, is_known, profile};
pub use quantity::{Quantity, Special, Value};
pub use quirk::Device;
pub use racp::RecordAccess;
pub use reading::{Reading, decode, decode_as};
pub use running::Running;
pub use temperature::Temperature;
pub use weight::Weight;

/// Bytes as lower-case hex digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
