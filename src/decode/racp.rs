//! Record Access Control Point, 2A52: what the device answers (Glucose Service 1.0, 3.4).

use super::reader::Reader;
use super::{DecodeError, Quantity, Value, quantity};

const NUMBER_OF_RECORDS: u8 = 5;
const RESPONSE: u8 = 6;

/// An answer of the device; requests are what the hub writes and never arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordAccess {
    /// How many records match.
    NumberOfRecords(u32),
    /// How a request went.
    Response {
        /// The request's op code.
        request: u8,
        /// Its result, 1 = success.
        result: u8,
    },
}

pub(super) fn decode(bytes: &[u8]) -> Result<RecordAccess, DecodeError> {
    let mut reader = Reader::new(bytes);
    let op_code = reader.u8("op_code")?;
    let operator = reader.u8("operator")?;
    let fault = |what, value: u8, range| DecodeError::OutOfRange { what, value: value.into(), range };
    if !matches!(op_code, NUMBER_OF_RECORDS | RESPONSE) {
        return Err(fault("op_code", op_code, "5 and 6, the answers of a device"));
    }
    if operator != 0 {
        return Err(fault("operator", operator, "0, the only one of an answer"));
    }
    if op_code == RESPONSE {
        let [request, result] = reader.array("result")?;
        return Ok(RecordAccess::Response { request, result });
    }
    // Glucose and CGM answer with 16 bits, GHS with 32.
    let rest = reader.rest().len();
    let count =
        if rest == 2 { reader.u16("number_of_records")?.into() } else { reader.u32("number_of_records")? };
    Ok(RecordAccess::NumberOfRecords(count))
}

const fn result_name(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "success",
        2 => "op_code_not_supported",
        3 => "invalid_operator",
        4 => "operator_not_supported",
        5 => "invalid_operand",
        6 => "no_records_found",
        7 => "abort_unsuccessful",
        8 => "procedure_not_completed",
        9 => "operand_not_supported",
        10 => "server_busy",
        _ => return None,
    })
}

impl RecordAccess {
    pub(super) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let op_code = if matches!(self, Self::Response { .. }) { RESPONSE } else { NUMBER_OF_RECORDS };
        visit(&quantity::OP_CODE, Value::Number(op_code.into()));
        visit(&quantity::OPERATOR, Value::Number(0.0));
        match *self {
            Self::NumberOfRecords(count) => visit(&quantity::NUMBER_OF_RECORDS, Value::Number(count.into())),
            Self::Response { request, result } => {
                visit(&quantity::REQUEST_OP_CODE, Value::Number(request.into()));
                visit(&quantity::RESULT_CODE, Value::Number(result.into()));
                visit(&quantity::RESULT, result_name(result).map_or(Value::NotAvailable, Value::Text));
            }
        }
    }
}
