//! Fitness Machine Control Point, 2AD9 (4.16): how a machine answers what was asked of it.

use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, quantity};

/// The op code of every answer.
const RESPONSE: u8 = 0x80;
/// The request with parameters in its answer, and the last request that is defined.
const SPIN_DOWN: u8 = 0x13;
const LAST_REQUEST: u8 = 0x14;
const SUCCESS: u8 = 1;

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlResponse {
    request: u8,
    result: u8,
    /// Target speeds of a spin-down, low and high, 0.01 km/h.
    spin_down: Option<[u16; 2]>,
}

pub(in crate::decode) fn decode(bytes: &[u8]) -> Result<ControlResponse, DecodeError> {
    let mut reader = Reader::new(bytes);
    let [op_code, request, result] = reader.array("result")?;
    let fault = |what, value: u8, range| Err(DecodeError::OutOfRange { what, value: value.into(), range });
    if op_code != RESPONSE {
        return fault("op_code", op_code, "128, a response");
    }
    if request > LAST_REQUEST {
        return fault("request_op_code", request, "0 to 20");
    }
    let carries = request == SPIN_DOWN && result == SUCCESS && !reader.rest().is_empty();
    let spin_down = if carries { Some([reader.u16("spin_down")?, reader.u16("spin_down")?]) } else { None };
    Ok(ControlResponse { request, result, spin_down })
}

impl ControlResponse {
    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        visit(&quantity::REQUEST_OP_CODE_CAMEL, Value::Number(self.request.into()));
        visit(&quantity::RESULT_CODE_CAMEL, Value::Number(self.result.into()));
        let known = match self.result {
            SUCCESS => Some("success"),
            2 => Some("not_supported"),
            3 => Some("invalid_parameter"),
            4 => Some("operation_failed"),
            5 => Some("control_not_permitted"),
            _ => None,
        };
        let unknown;
        let name = match known {
            Some(name) => name,
            None => {
                unknown = format!("unknown_0x{:02x}", self.result);
                &unknown
            }
        };
        visit(&quantity::RESULT_CODE_NAME, Value::Text(name));
        visit(&quantity::SUCCESS, Value::Bool(self.result == SUCCESS));
        let kph = |raw: u16| Value::Number(f64::from(raw) / 100.0);
        let kind = |kind| ("kind", Value::Text(kind));
        match self.spin_down {
            None => visit(&quantity::PARAMETER, Value::Record(&[kind("none")])),
            Some([low, high]) => visit(
                &quantity::PARAMETER,
                Value::Record(&[
                    kind("spin_down_speeds"),
                    ("targetSpeedLowKph", kph(low)),
                    ("targetSpeedHighKph", kph(high)),
                ]),
            ),
        }
        let reserved = [Value::Text("reserved_value")];
        visit(&quantity::ISSUES, Value::List(if known.is_some() { &[] } else { &reserved }));
    }
}
