//! Devices that deviate from the specification: data, by manufacturer and model, not branches spread through decoders.

use super::characteristics as c;
use super::ftms::{Layout, Machine};
use crate::types::CharUuid;

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// These flags are not set although their fields are sent: told by the packet's length.
    FlagsMissing(u32),
    /// The flags promise more than fits one packet, and what does not fit is not sent.
    CutAtMtu,
    /// The raw resistance is the level that the machine shows.
    ResistanceIsLevel,
    /// Pulse and status are big-endian, and the user id is always sent.
    BigEndianTail,
    /// A payload of Xiaomi's own.
    MibfsPayload,
}

/// Which characteristics a quirk applies to.
#[derive(Debug)]
enum On {
    One(CharUuid),
    Machines,
}

/// One deviation of one kind of device.
#[derive(Debug)]
struct Quirk {
    /// Part of the manufacturer's name, any case; empty for any.
    manufacturer: &'static str,
    /// Part of the model's name, any case; empty for any.
    model: &'static str,
    on: On,
    effect: Effect,
}

static QUIRKS: [Quirk; 5] = [
    // Bit 2, instantaneous cadence, is 0 although its two bytes are there.
    Quirk {
        manufacturer: "life fitness",
        model: "",
        on: On::One(c::INDOOR_BIKE),
        effect: Effect::FlagsMissing(1 << 2),
    },
    Quirk {
        manufacturer: "life fitness",
        model: "",
        on: On::One(c::INDOOR_BIKE),
        effect: Effect::ResistanceIsLevel,
    },
    // Flags 0x00779E promise 39 bytes; 20 come.
    Quirk { manufacturer: "matrix", model: "", on: On::Machines, effect: Effect::CutAtMtu },
    Quirk {
        manufacturer: "beurer",
        model: "bm85",
        on: On::One(c::BLOOD_PRESSURE),
        effect: Effect::BigEndianTail,
    },
    Quirk {
        manufacturer: "",
        model: "mibfs",
        on: On::One(c::BODY_COMPOSITION),
        effect: Effect::MibfsPayload,
    },
];

/// What is known of a device beside the specification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// The byte layout of its fitness-machine packets; `None` chooses by length.
    pub layout: Option<Layout>,
    /// One bit a quirk of the table.
    quirks: u32,
}

impl Device {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { layout: None, quirks: 0 };

    /// A device by what Device Information (2A29, 2A24) or its advertised name say.
    #[must_use]
    pub fn of(manufacturer: &str, model: &str) -> Self {
        let (manufacturer, model) = (manufacturer.to_lowercase(), model.to_lowercase());
        let mut quirks = 0;
        for (index, quirk) in QUIRKS.iter().enumerate() {
            if manufacturer.contains(quirk.manufacturer) && model.contains(quirk.model) {
                quirks |= 1 << index;
            }
        }
        Self { layout: None, quirks }
    }

    /// Whether it follows the specification as far as is known.
    pub(super) const fn is_plain(&self) -> bool {
        self.quirks == 0
    }

    pub(super) fn has(&self, characteristic: CharUuid, effect: Effect) -> bool {
        self.effects(characteristic).any(|found| found == effect)
    }

    pub(super) fn effects(&self, characteristic: CharUuid) -> impl Iterator<Item = Effect> {
        // Most devices have none, and this is asked for every packet.
        let quirks = self.quirks;
        let active = QUIRKS.iter().enumerate().filter(move |(index, _)| quirks >> index & 1 == 1);
        active.filter(move |(_, quirk)| quirk.on.applies(characteristic)).map(|(_, quirk)| quirk.effect)
    }
}

impl On {
    fn applies(&self, characteristic: CharUuid) -> bool {
        match self {
            Self::One(one) => *one == characteristic,
            Self::Machines => Machine::of(characteristic).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quirk_belongs_to_its_maker_and_model_only() {
        let bm85 = Device::of("Beurer GmbH", "BM85");
        assert!(bm85.has(c::BLOOD_PRESSURE, Effect::BigEndianTail));
        assert!(!bm85.has(c::WEIGHT, Effect::BigEndianTail));
        assert_eq!(Device::of("Beurer GmbH", "BM54"), Device::UNKNOWN);
        assert_eq!(Device::of("", ""), Device::UNKNOWN);
    }
}
