//! Fitness Machine Status, 2ADA (4.17): what changed on a machine, by the app's hand or by the patient's.

use crate::decode::reader::Reader;
use crate::decode::{DecodeError, Quantity, Value, hex, quantity};

/// One change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineStatus<'a> {
    op_code: u8,
    parameter: &'a [u8],
}

pub(in crate::decode) fn decode(bytes: &[u8]) -> Result<MachineStatus<'_>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let op_code = reader.u8("op_code")?;
    let Some(shape) = shape(op_code) else {
        let range = "the op codes of the specification, 1 to 21 and 255";
        return Err(DecodeError::OutOfRange { what: "op_code", value: op_code.into(), range });
    };
    let parameter = reader.rest();
    let needed: usize = shape.fields.iter().map(|field| field.wire.len()).sum();
    if parameter.len() < needed {
        return Err(DecodeError::Truncated { what: "parameter", needed, had: parameter.len() });
    }
    Ok(MachineStatus { op_code, parameter })
}

/// A parameter's number on the wire.
#[derive(Debug, Clone, Copy)]
enum Wire {
    U8,
    U16,
    I16,
    U24,
}

impl Wire {
    const fn len(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U24 => 3,
        }
    }

    fn read(self, reader: &mut Reader<'_>, what: &'static str) -> Result<f64, DecodeError> {
        Ok(match self {
            Self::U8 => reader.u8(what)?.into(),
            Self::U16 => reader.u16(what)?.into(),
            Self::I16 => reader.u16(what)?.cast_signed().into(),
            Self::U24 => reader.u24(what)?.into(),
        })
    }
}

struct Field {
    quantity: &'static Quantity,
    wire: Wire,
    per_unit: f64,
}

/// What an op code is called and what follows it.
struct Shape {
    name: &'static str,
    kind: &'static str,
    fields: &'static [Field],
}

const fn plain(name: &'static str) -> Shape {
    Shape { name, kind: "none", fields: &[] }
}

macro_rules! shape {
    ($name:literal, $kind:literal, $($quantity:ident $wire:ident / $per_unit:literal),+) => {
        Shape {
            name: $name,
            kind: $kind,
            fields: &[$(Field { quantity: &quantity::$quantity, wire: Wire::$wire, per_unit: $per_unit }),+],
        }
    };
}

static SHAPES: [Shape; 20] = [
    plain("reset"),
    shape!("fitness_machine_stopped_or_paused_by_user", "stop_pause", CONTROL U8 / 1.0),
    plain("fitness_machine_stopped_by_safety_key"),
    plain("fitness_machine_started_or_resumed_by_user"),
    shape!("target_speed_changed", "speed", SPEED_KPH_CAMEL U16 / 100.0),
    shape!("target_incline_changed", "incline", INCLINE_PERCENT_CAMEL I16 / 10.0),
    shape!("target_resistance_level_changed", "resistance", RESISTANCE_LEVEL_RAW U8 / 1.0),
    shape!("target_power_changed", "power", POWER_W_CAMEL I16 / 1.0),
    shape!("target_heart_rate_changed", "heart_rate", HEART_RATE_BPM_CAMEL U8 / 1.0),
    shape!("targeted_expended_energy_changed", "energy", ENERGY_KCAL_CAMEL U16 / 1.0),
    shape!("targeted_number_of_steps_changed", "steps", STEPS_CAMEL U16 / 1.0),
    shape!("targeted_number_of_strides_changed", "strides", STRIDES_CAMEL U16 / 1.0),
    shape!("targeted_distance_changed", "distance", DISTANCE_M_CAMEL U24 / 1.0),
    shape!("targeted_training_time_changed", "time", SECONDS_CAMEL U16 / 1.0),
    plain("targeted_time_in_two_heart_rate_zones_changed"),
    plain("targeted_time_in_three_heart_rate_zones_changed"),
    plain("targeted_time_in_five_heart_rate_zones_changed"),
    shape!(
        "indoor_bike_simulation_parameters_changed",
        "simulation",
        WIND_SPEED_MPS_CAMEL I16 / 1000.0,
        GRADE_PERCENT_CAMEL I16 / 100.0,
        CRR U8 / 10000.0,
        CW_KG_PER_M U8 / 100.0
    ),
    shape!("wheel_circumference_changed", "wheel_circumference", WHEEL_CIRCUMFERENCE_MM_CAMEL U16 / 10.0),
    shape!("spin_down_status", "spin_down", SPIN_DOWN_STATUS U8 / 1.0),
];
static TARGETED_CADENCE: Shape = shape!("targeted_cadence_changed", "cadence", CADENCE_RPM_CAMEL U16 / 2.0);
static CONTROL_LOST: Shape = plain("control_permission_lost");

fn shape(op_code: u8) -> Option<&'static Shape> {
    match op_code {
        1..=20 => SHAPES.get(usize::from(op_code) - 1),
        21 => Some(&TARGETED_CADENCE),
        255 => Some(&CONTROL_LOST),
        _ => None,
    }
}

impl MachineStatus<'_> {
    pub(in crate::decode) fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        let Some(shape) = shape(self.op_code) else { return };
        visit(&quantity::OP_CODE, Value::Number(self.op_code.into()));
        visit(&quantity::OP_NAME, Value::Text(shape.name));
        visit(&quantity::PARAMETER_HEX, Value::Text(&hex(self.parameter)));
        visit(&quantity::CODE, Value::Number(self.op_code.into()));
        visit(&quantity::LABEL, Value::Text(shape.name));
        visit(&quantity::KIND, Value::Text(shape.kind));
        let mut reader = Reader::new(self.parameter);
        for field in shape.fields {
            let Ok(raw) = field.wire.read(&mut reader, field.quantity.name) else { return };
            visit(field.quantity, Value::Number(raw / field.per_unit));
            if shape.kind == "speed" {
                visit(&quantity::TARGET_SPEED_KMH, Value::Number(raw / field.per_unit));
            }
        }
        // 1 stop, 2 pause.
        if shape.kind == "stop_pause" && !matches!(self.parameter.first(), Some(1 | 2)) {
            visit(&quantity::ISSUES, Value::List(&[Value::Text("reserved_value")]));
        }
    }
}
