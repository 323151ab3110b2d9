//! The quantities that a packet carries, the hub's own records included.

use serde::Deserialize;

use crate::decode::{Catalogue, Device, Quantity, Value};
use crate::types::{HUB_STATE, HubState, PATIENT_REPORT, Packet};

/// Whether the hub listened.
static STATE: Quantity = Quantity { name: "hub_state", ucum: "", mdc: None, loinc: None };
/// What the patient was asked.
static PRO: Quantity = Quantity { name: "pro", ucum: "", mdc: None, loinc: None };
/// What the patient answered, on the scale of the question.
static ANSWER: Quantity = Quantity { name: "pro_value", ucum: "1", mdc: None, loinc: None };

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    pro: std::borrow::Cow<'a, str>,
    value: f64,
}

/// Shows every field of a packet to `visit`; `false` when nothing here understands it.
pub(super) fn fields(
    packet: &Packet,
    catalogue: &Catalogue,
    visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
) -> bool {
    match packet.characteristic {
        HUB_STATE => HubState::from_bytes(&packet.bytes).is_some_and(|state| {
            let word = match state {
                HubState::Down => "down",
                HubState::Up => "up",
                HubState::Alive => "alive",
            };
            visit(&STATE, Value::Text(word));
            true
        }),
        PATIENT_REPORT => serde_json::from_slice::<Report<'_>>(&packet.bytes).is_ok_and(|report| {
            visit(&PRO, Value::Text(&report.pro));
            visit(&ANSWER, Value::Number(report.value));
            true
        }),
        other => catalogue.decode(&Device::UNKNOWN, other, &packet.bytes).is_ok_and(|reading| {
            reading.fields(visit);
            true
        }),
    }
}
