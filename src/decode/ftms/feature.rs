//! Fitness Machine Feature, 2ACC (4.3): what a machine measures and what can be set.

use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, quantity};

/// The two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    machine: u32,
    targets: u32,
}

/// Exactly eight bytes.
pub(in crate::decode) fn decode(bytes: &[u8]) -> Result<Features, DecodeError> {
    let mut reader = Reader::new(bytes);
    let machine = reader.u32("machine_features")?;
    let targets = reader.u32("target_setting_features")?;
    reader.end()?;
    Ok(Features { machine, targets })
}

static MACHINE: [&str; 17] = [
    "averageSpeedSupported",
    "cadenceSupported",
    "totalDistanceSupported",
    "inclinationSupported",
    "elevationGainSupported",
    "paceSupported",
    "stepCountSupported",
    "resistanceLevelSupported",
    "strideCountSupported",
    "expendedEnergySupported",
    "heartRateMeasurementSupported",
    "metabolicEquivalentSupported",
    "elapsedTimeSupported",
    "remainingTimeSupported",
    "powerMeasurementSupported",
    "forceOnBeltSupported",
    "userDataRetentionSupported",
];

static TARGETS: [&str; 17] = [
    "speedTargetSettingSupported",
    "inclinationTargetSettingSupported",
    "resistanceTargetSettingSupported",
    "powerTargetSettingSupported",
    "heartRateTargetSettingSupported",
    "targetedExpendedEnergySupported",
    "targetedStepNumberSupported",
    "targetedStrideNumberSupported",
    "targetedDistanceSupported",
    "targetedTrainingTimeSupported",
    "targetedTimeTwoHRZonesSupported",
    "targetedTimeThreeHRZonesSupported",
    "targetedTimeFiveHRZonesSupported",
    "indoorBikeSimulationSupported",
    "wheelCircumferenceSupported",
    "spinDownControlSupported",
    "targetedCadenceSupported",
];

/// What training apps call three of the targets.
const MODES: [(u32, &str); 3] =
    [(1 << 3, "supportsERG"), (1 << 13, "supportsSIM"), (1 << 2, "supportsResistance")];

impl Features {
    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::MACHINE_FEATURES, Value::Number(self.machine.into()));
        visit(&quantity::TARGET_SETTING_FEATURES, Value::Number(self.targets.into()));
        let mut names = Vec::new();
        for (word, table) in [(self.machine, &MACHINE), (self.targets, &TARGETS)] {
            let set = table.iter().enumerate().filter(|(bit, _)| word >> bit & 1 == 1);
            names.extend(set.map(|(_, name)| Value::Text(name)));
        }
        let modes = MODES.iter().filter(|(mask, _)| self.targets & mask != 0);
        names.extend(modes.map(|(_, name)| Value::Text(name)));
        visit(&quantity::SET_BITS, Value::List(&names));
    }
}
