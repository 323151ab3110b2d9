//! Training Status, 2AD3 (4.10): what a machine's program is doing.

use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, device_info, quantity};

/// Flag bits.
const STRING: u8 = 1 << 0;
const EXTENDED: u8 = 1 << 1;

/// One training status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingStatus<'a> {
    flags: u8,
    code: u8,
    text: Option<&'a str>,
}

pub(in crate::decode) fn decode(bytes: &[u8]) -> Result<TrainingStatus<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let [flags, code] = reader.array("training_status")?;
    let text = if flags & STRING == 0 { None } else { Some(device_info::text(reader.rest())?) };
    Ok(TrainingStatus { flags, code, text })
}

static NAMES: [&str; 16] = [
    "other",
    "idle",
    "warming_up",
    "low_intensity_interval",
    "high_intensity_interval",
    "recovery_interval",
    "isometric",
    "heart_rate_control",
    "fitness_test",
    "speed_outside_of_control_region_low",
    "speed_outside_of_control_region_high",
    "cool_down",
    "watt_control",
    "manual_mode",
    "pre_workout",
    "post_workout",
];

impl TrainingStatus<'_> {
    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let name = NAMES.get(usize::from(self.code));
        let name = name.map_or(Value::NotAvailable, |name| Value::Text(name));
        let code = Value::Number(self.code.into());
        visit(&quantity::TRAINING_STATUS, name);
        visit(&quantity::TRAINING_STATUS_CODE, code);
        if let Some(text) = self.text {
            visit(&quantity::TRAINING_STATUS_STRING, Value::Text(text));
            visit(&quantity::TRAINING_STATUS_STRING_CAMEL, Value::Text(text));
        }
        // The same under the names of the other half of the peers.
        visit(&quantity::KIND, Value::Text("training_status"));
        visit(&quantity::CODE, code);
        visit(&quantity::LABEL, name);
        visit(&quantity::FLAGS, Value::Number(self.flags.into()));
        visit(&quantity::STRING_PRESENT, Value::Bool(self.flags & STRING != 0));
        visit(&quantity::EXTENDED_STRING_PRESENT, Value::Bool(self.flags & EXTENDED != 0));
    }
}
