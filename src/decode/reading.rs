//! One decoded packet, and the way from bytes to it.

use super::characteristics as c;
use super::ieee11073::Float;
use super::physical_activity::Kind as ActivityKind;
use super::plx::Kind as PlxKind;
use super::quirk::{Device, Effect};
use super::reader::Reader;
use super::{
    Activity, BloodPressure, BodyComposition, Cgm, CgmSessionStart, ControlResponse, Csc, CurrentSession,
    CurrentTime, CyclingPower, DateTime, Declared, DecodeError, Features, Glucose, GlucoseContext, HeartRate,
    Machine, MachineStatus, Mibfs, Observation, Plx, PnpId, Quantity, RecordAccess, Running, Sample, Segment,
    Temperature, TrainingStatus, Value, Weight,
};
use super::{
    battery, blood_pressure, body_composition, cgm, csc, cycling_power, datetime, device_info, ftms, ghs,
    glucose, heart_rate, mibfs, physical_activity, plx, quantity, racp, running, temperature, weight,
};
use crate::types::CharUuid;

/// One decoded packet.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading<'a> {
    /// 2A37.
    HeartRate(HeartRate<'a>),
    /// 2ACD.
    Treadmill(Sample),
    /// 2ACE.
    CrossTrainer(Sample),
    /// 2ACF.
    StepClimber(Sample),
    /// 2AD0.
    StairClimber(Sample),
    /// 2AD1.
    Rower(Sample),
    /// 2AD2.
    IndoorBike(Sample),
    /// 2A5B.
    Csc(Csc),
    /// 2A19, percent.
    Battery(u8),
    /// 2A63.
    CyclingPower(CyclingPower),
    /// 2A53.
    Running(Running),
    /// 2A35 and 2B34.
    BloodPressure(BloodPressure),
    /// 2A9D.
    Weight(Weight),
    /// 2A9C.
    BodyComposition(BodyComposition),
    /// 2A9C of a scale that puts its own payload there.
    Mibfs(Mibfs),
    /// 2A1C.
    Temperature(Temperature),
    /// 2A18.
    Glucose(Glucose),
    /// 2A34.
    GlucoseContext(GlucoseContext),
    /// 2A52.
    RecordAccess(RecordAccess),
    /// 2AA7.
    Cgm(Cgm<'a>),
    /// 2AAA.
    CgmSessionStart(CgmSessionStart),
    /// 2A5E and 2A5F.
    Plx(Plx),
    /// 2A2B.
    CurrentTime(CurrentTime),
    /// 2A08.
    DateTime(DateTime),
    /// 2A24 to 2A29.
    Text(&'a str),
    /// 2A50.
    PnpId(PnpId),
    /// 2A38, the code.
    BodySensorLocation(u8),
    /// 2ACC.
    Features(Features),
    /// 2AD3.
    TrainingStatus(TrainingStatus<'a>),
    /// 2AD9.
    ControlResponse(ControlResponse),
    /// 2ADA.
    MachineStatus(MachineStatus<'a>),
    /// 2B3C, 2B3D and 2B40.
    Activity(Activity<'a>),
    /// 2B44.
    ActivitySession(CurrentSession<'a>),
    /// 2B8B and 2BDD, an observation in one segment.
    Observation(Box<Observation<'a>>),
    /// 2B8B and 2BDD, a part of an observation.
    Segment(Segment<'a>),
    /// A part of an observation by the draft of 2021.
    DraftSegment(Segment<'a>),
    /// What a declared profile describes.
    Declared(Declared<'a>),
    /// A number by itself, in one of the formats of IEEE 11073.
    Number(Float),
}

/// Decodes one packet by the specification.
///
/// # Errors
/// When the bytes are not a value of `characteristic`, or nothing here knows it.
pub fn decode(characteristic: CharUuid, bytes: &[u8]) -> Result<Reading<'_>, DecodeError> {
    decode_as(&Device::UNKNOWN, characteristic, bytes)
}

/// Decodes one packet of a device of which something is known.
///
/// # Errors
/// When the bytes are not a value of `characteristic`, or nothing here knows it.
pub fn decode_as<'a>(
    device: &Device,
    characteristic: CharUuid,
    bytes: &'a [u8],
) -> Result<Reading<'a>, DecodeError> {
    if let Some(machine) = Machine::of(characteristic) {
        return machine.decode_as(bytes, device).map(Reading::from);
    }
    match characteristic {
        c::HEART_RATE => heart_rate::decode(bytes).map(Reading::HeartRate),
        c::CSC => csc::decode(bytes).map(Reading::Csc),
        c::CYCLING_POWER => cycling_power::decode(bytes).map(Reading::CyclingPower),
        c::RUNNING => running::decode(bytes).map(Reading::Running),
        c::BATTERY => battery::decode(bytes).map(Reading::Battery),
        c::TRAINING_STATUS => ftms::training(bytes).map(Reading::TrainingStatus),
        c::MACHINE_STATUS => ftms::status(bytes).map(Reading::MachineStatus),
        c::MACHINE_CONTROL => ftms::control(bytes).map(Reading::ControlResponse),
        c::MACHINE_FEATURE => ftms::features(bytes).map(Reading::Features),
        _ => health(device, characteristic, bytes),
    }
}

/// Stored measurements, and what surrounds them.
fn health<'a>(
    device: &Device,
    characteristic: CharUuid,
    bytes: &'a [u8],
) -> Result<Reading<'a>, DecodeError> {
    match characteristic {
        c::BLOOD_PRESSURE => {
            let deviation = blood_pressure::Deviation {
                big_endian_tail: device.has(characteristic, Effect::BigEndianTail),
            };
            blood_pressure::decode(bytes, deviation).map(Reading::BloodPressure)
        }
        c::ENHANCED_BLOOD_PRESSURE => blood_pressure::decode_enhanced(bytes).map(Reading::BloodPressure),
        c::WEIGHT => weight::decode(bytes).map(Reading::Weight),
        c::BODY_COMPOSITION if device.has(characteristic, Effect::MibfsPayload) => {
            mibfs::decode(bytes).map(Reading::Mibfs)
        }
        c::BODY_COMPOSITION => body_composition::decode(bytes).map(Reading::BodyComposition),
        c::TEMPERATURE => temperature::decode(bytes).map(Reading::Temperature),
        c::GLUCOSE => glucose::decode(bytes).map(Reading::Glucose),
        c::GLUCOSE_CONTEXT => glucose::decode_context(bytes).map(Reading::GlucoseContext),
        c::RECORD_ACCESS => racp::decode(bytes).map(Reading::RecordAccess),
        c::CGM => cgm::decode(bytes).map(Reading::Cgm),
        c::CGM_SESSION_START => cgm::decode_start(bytes).map(Reading::CgmSessionStart),
        c::PLX_SPOT_CHECK => plx::decode(bytes, PlxKind::SpotCheck).map(Reading::Plx),
        c::PLX_CONTINUOUS => plx::decode(bytes, PlxKind::Continuous).map(Reading::Plx),
        c::GENERAL_ACTIVITY => activity(bytes, ActivityKind::Instantaneous),
        c::GENERAL_ACTIVITY_SUMMARY => activity(bytes, ActivityKind::Summary),
        c::STEP_SUMMARY => activity(bytes, ActivityKind::Steps),
        c::ACTIVITY_SESSION => physical_activity::decode_session(bytes).map(Reading::ActivitySession),
        c::LIVE_OBSERVATIONS => observation(bytes, false),
        c::STORED_OBSERVATIONS => observation(bytes, true),
        _ => about_the_device(characteristic, bytes),
    }
}

fn about_the_device(characteristic: CharUuid, bytes: &[u8]) -> Result<Reading<'_>, DecodeError> {
    match characteristic {
        c::MODEL_NUMBER
        | c::SERIAL_NUMBER
        | c::FIRMWARE_REVISION
        | c::HARDWARE_REVISION
        | c::SOFTWARE_REVISION
        | c::MANUFACTURER_NAME => device_info::text(bytes).map(Reading::Text),
        c::PNP_ID => device_info::pnp_id(bytes).map(Reading::PnpId),
        c::BODY_SENSOR_LOCATION => device_info::location(bytes).map(Reading::BodySensorLocation),
        c::CURRENT_TIME => datetime::decode_current(bytes).map(Reading::CurrentTime),
        c::DATE_TIME => datetime::decode(bytes).map(Reading::DateTime),
        c::GHS_DRAFT => Segment::read(bytes).map(Reading::DraftSegment),
        c::SFLOAT => Reader::new(bytes).sfloat("value").map(Reading::Number),
        c::FLOAT => Reader::new(bytes).float("value").map(Reading::Number),
        other => Err(DecodeError::Unknown(other)),
    }
}

fn activity(bytes: &[u8], kind: ActivityKind) -> Result<Reading<'_>, DecodeError> {
    physical_activity::decode(bytes, kind).map(Reading::Activity)
}

fn observation(bytes: &[u8], stored: bool) -> Result<Reading<'_>, DecodeError> {
    let segment = Segment::read(bytes)?;
    if segment.is_whole() {
        ghs::decode(segment.body, stored).map(|whole| Reading::Observation(Box::new(whole)))
    } else {
        Ok(Reading::Segment(segment))
    }
}

impl From<Sample> for Reading<'_> {
    fn from(sample: Sample) -> Self {
        match sample.machine() {
            Machine::Treadmill => Self::Treadmill(sample),
            Machine::CrossTrainer => Self::CrossTrainer(sample),
            Machine::StepClimber => Self::StepClimber(sample),
            Machine::StairClimber => Self::StairClimber(sample),
            Machine::Rower => Self::Rower(sample),
            Machine::IndoorBike => Self::IndoorBike(sample),
        }
    }
}

impl Reading<'_> {
    /// The sample of a fitness machine, whichever kind.
    #[must_use]
    pub const fn machine(&self) -> Option<&Sample> {
        match self {
            Self::Treadmill(sample)
            | Self::CrossTrainer(sample)
            | Self::StepClimber(sample)
            | Self::StairClimber(sample)
            | Self::Rower(sample)
            | Self::IndoorBike(sample) => Some(sample),
            _ => None,
        }
    }

    /// Shows every field that the packet carried, in the order of the specification.
    pub fn fields(&self, visit: &mut dyn FnMut(&'static Quantity, Value<'_>)) {
        match self {
            Self::HeartRate(reading) => reading.fields(visit),
            Self::Treadmill(sample)
            | Self::CrossTrainer(sample)
            | Self::StepClimber(sample)
            | Self::StairClimber(sample)
            | Self::Rower(sample)
            | Self::IndoorBike(sample) => sample.fields(visit),
            Self::Csc(reading) => reading.fields(visit),
            Self::Battery(percent) => {
                visit(&quantity::BATTERY_PERCENT, Value::Number(f64::from(*percent)));
            }
            Self::CyclingPower(reading) => reading.fields(visit),
            Self::Running(reading) => reading.fields(visit),
            Self::BloodPressure(reading) => reading.fields(visit),
            Self::Weight(reading) => reading.fields(visit),
            Self::BodyComposition(reading) => reading.fields(visit),
            Self::Mibfs(reading) => reading.fields(visit),
            Self::Temperature(reading) => reading.fields(visit),
            Self::Glucose(reading) => reading.fields(visit),
            Self::GlucoseContext(reading) => reading.fields(visit),
            Self::RecordAccess(reading) => reading.fields(visit),
            Self::Cgm(reading) => reading.fields(visit),
            Self::CgmSessionStart(reading) => reading.fields(visit),
            Self::Plx(reading) => reading.fields(visit),
            Self::CurrentTime(reading) => reading.fields(visit),
            Self::DateTime(time) => {
                time.field(&quantity::DATE_TIME, &quantity::DATE_TIME_FIELDS, visit);
            }
            Self::Text(text) => visit(&quantity::TEXT, Value::Text(text)),
            Self::PnpId(reading) => reading.fields(visit),
            Self::BodySensorLocation(code) => device_info::location_fields(*code, visit),
            Self::Features(reading) => reading.fields(visit),
            Self::TrainingStatus(reading) => reading.fields(visit),
            Self::ControlResponse(reading) => reading.fields(visit),
            Self::MachineStatus(reading) => reading.fields(visit),
            Self::Activity(reading) => reading.fields(visit),
            Self::ActivitySession(reading) => reading.fields(visit),
            Self::Observation(reading) => reading.fields(visit),
            Self::Segment(segment) | Self::DraftSegment(segment) => segment.fields(visit),
            Self::Declared(reading) => reading.fields(visit),
            Self::Number(float) => visit(&quantity::VALUE, float.value()),
        }
    }
}
