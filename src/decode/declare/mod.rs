//! Declarative profiles: what a device sends, as a TOML file, for devices that no characteristic of the Bluetooth SIG
//! covers. `config/profiles/README.md` explains every key.

mod catalogue;
mod parse;
mod run;

#[cfg(test)]
mod tests;

pub use catalogue::Catalogue;
pub use run::Declared;

use super::{Class, DeviceClock, Quantity};
use crate::types::CharUuid;

/// One kind of device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceProfile {
    /// Its name for people.
    pub name: String,
    /// The GATT service that tells the device.
    pub service: CharUuid,
    /// What to write once the hub has subscribed, in order, so that it sends.
    pub commands: Vec<Command>,
    characteristics: Vec<Characteristic>,
}

impl DeviceProfile {
    /// The characteristics that it describes: what a source subscribes to.
    pub fn characteristics(&self) -> impl Iterator<Item = CharUuid> {
        self.characteristics.iter().map(|characteristic| characteristic.uuid)
    }
}

/// Bytes to write on connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it does, for logs.
    pub name: String,
    /// The characteristic to write.
    pub to: CharUuid,
    /// The bytes, at most 244: what fits one write at the MTU that BlueZ asks for.
    pub bytes: Vec<u8>,
    /// Whether the write waits for the device's response.
    pub response: bool,
}

/// What a value says about an exercise, so that adherence need not know the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A running count of repetitions that goes back to 0 after `modulus` (see [`super::Cumulative`]).
    Repetitions {
        /// Where it wraps.
        modulus: u64,
    },
    /// A running count of breaths, likewise.
    Breaths {
        /// Where it wraps.
        modulus: u64,
    },
    /// Which set a repetition belongs to.
    Set,
    /// Whether the device took the repetition for a good one.
    Valid,
    /// A force.
    Force,
    /// An angle of a joint.
    Angle,
    /// A pressure.
    Pressure,
    /// Whether the device is worn.
    Wear,
}

/// One characteristic of a device.
#[derive(Debug, Clone, PartialEq)]
struct Characteristic {
    uuid: CharUuid,
    /// `'static`, since [`super::Profile`] names standard and declared ones alike.
    name: &'static str,
    class: Class,
    clock: DeviceClock,
    /// Slots of the fields that must be there for a record to have an identity; empty for none.
    identity: Vec<usize>,
    steps: Vec<Step>,
}

/// One thing to read.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// Where it stands; `None` right behind the one before.
    at: Option<usize>,
    /// Whether it is there.
    when: Option<Condition>,
    /// Where its raw value is kept for later conditions.
    slot: Option<usize>,
    /// What it is shown as; `None` is read and not shown.
    quantity: Option<&'static Quantity>,
    body: Body,
}

#[derive(Debug, Clone, PartialEq)]
enum Body {
    Value(Form),
    Repeat(Times, Vec<Step>),
}

/// How often a record comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    /// As often as the packet holds it.
    Rest,
    Fixed(usize),
    /// As often as an earlier field says.
    Slot(usize),
}

/// How one value is read.
#[derive(Debug, Clone, PartialEq)]
struct Form {
    wire: Wire,
    big_endian: bool,
    /// Lowest and highest bit of what is taken out of an integer.
    bits: Option<(u32, u32)>,
    /// Raw value * `times` / `per` + `plus` = value.
    times: f64,
    per: f64,
    plus: f64,
    /// Raw values that stand for "not available".
    missing: Vec<i128>,
    /// Raw value 0, 1, 2, … as words.
    words: Vec<String>,
    meaning: Option<Meaning>,
}

/// What stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// Bytes and whether it is signed.
    Int(usize, bool),
    F32,
    F64,
    Sfloat,
    Float,
    DateTime,
    /// UTF-8, so many bytes.
    Text(Times),
    /// Not interpreted, so many bytes.
    Bytes(Times),
}

/// When a field is there: by an earlier field's raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Condition {
    slot: usize,
    test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    BitSet(u32),
    BitClear(u32),
    Is(i128),
    IsNot(i128),
}

impl Condition {
    fn holds(self, slots: &[Option<i128>]) -> bool {
        let Some(value) = slots.get(self.slot).copied().flatten() else { return false };
        match self.test {
            Test::BitSet(bit) => value >> bit & 1 == 1,
            Test::BitClear(bit) => value >> bit & 1 == 0,
            Test::Is(wanted) => value == wanted,
            Test::IsNot(unwanted) => value != unwanted,
        }
    }
}

/// The most named fields of a characteristic.
const MAX_SLOTS: usize = 32;
