//! The characteristics, by their Bluetooth assigned numbers.

use crate::types::{CharUuid, ParseError};

macro_rules! characteristics {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        $(
            #[doc = $text]
            pub const $name: CharUuid = CharUuid::sig($number);
        )*

        /// The assigned name of a characteristic that is decoded.
        pub(super) const fn name(characteristic: CharUuid) -> Option<&'static str> {
            match characteristic {
                $($name => Some($text),)*
                _ => None,
            }
        }

        /// Every characteristic that is decoded.
        pub const KNOWN: &[CharUuid] = &[$($name),*];
    };
}

characteristics! {
    DATE_TIME = 0x2A08, "Date Time";
    GLUCOSE = 0x2A18, "Glucose Measurement";
    BATTERY = 0x2A19, "Battery Level";
    TEMPERATURE = 0x2A1C, "Temperature Measurement";
    MODEL_NUMBER = 0x2A24, "Model Number String";
    SERIAL_NUMBER = 0x2A25, "Serial Number String";
    FIRMWARE_REVISION = 0x2A26, "Firmware Revision String";
    HARDWARE_REVISION = 0x2A27, "Hardware Revision String";
    SOFTWARE_REVISION = 0x2A28, "Software Revision String";
    MANUFACTURER_NAME = 0x2A29, "Manufacturer Name String";
    CURRENT_TIME = 0x2A2B, "Current Time";
    GLUCOSE_CONTEXT = 0x2A34, "Glucose Measurement Context";
    BLOOD_PRESSURE = 0x2A35, "Blood Pressure Measurement";
    HEART_RATE = 0x2A37, "Heart Rate Measurement";
    BODY_SENSOR_LOCATION = 0x2A38, "Body Sensor Location";
    PNP_ID = 0x2A50, "PnP ID";
    RECORD_ACCESS = 0x2A52, "Record Access Control Point";
    RUNNING = 0x2A53, "RSC Measurement";
    CSC = 0x2A5B, "CSC Measurement";
    PLX_SPOT_CHECK = 0x2A5E, "PLX Spot-Check Measurement";
    PLX_CONTINUOUS = 0x2A5F, "PLX Continuous Measurement";
    CYCLING_POWER = 0x2A63, "Cycling Power Measurement";
    BODY_COMPOSITION = 0x2A9C, "Body Composition Measurement";
    WEIGHT = 0x2A9D, "Weight Measurement";
    CGM = 0x2AA7, "CGM Measurement";
    CGM_SESSION_START = 0x2AAA, "CGM Session Start Time";
    MACHINE_FEATURE = 0x2ACC, "Fitness Machine Feature";
    TREADMILL = 0x2ACD, "Treadmill Data";
    CROSS_TRAINER = 0x2ACE, "Cross Trainer Data";
    STEP_CLIMBER = 0x2ACF, "Step Climber Data";
    STAIR_CLIMBER = 0x2AD0, "Stair Climber Data";
    ROWER = 0x2AD1, "Rower Data";
    INDOOR_BIKE = 0x2AD2, "Indoor Bike Data";
    TRAINING_STATUS = 0x2AD3, "Training Status";
    MACHINE_CONTROL = 0x2AD9, "Fitness Machine Control Point";
    MACHINE_STATUS = 0x2ADA, "Fitness Machine Status";
    ENHANCED_BLOOD_PRESSURE = 0x2B34, "Enhanced Blood Pressure Measurement";
    GENERAL_ACTIVITY = 0x2B3C, "General Activity Instantaneous Data";
    GENERAL_ACTIVITY_SUMMARY = 0x2B3D, "General Activity Summary Data";
    STEP_SUMMARY = 0x2B40, "Step Counter Activity Summary Data";
    ACTIVITY_SESSION = 0x2B44, "Physical Activity Current Session";
    LIVE_OBSERVATIONS = 0x2B8B, "Live Health Observations";
    STORED_OBSERVATIONS = 0x2BDD, "Stored Health Observations";
}

/// Not a characteristic: an SFLOAT by itself, for `rehabctl decode`.
pub const SFLOAT: CharUuid = CharUuid::from_u128(0x7265_6861_0010_4b1d_8a5e_6875_6273_7465);
/// Not a characteristic: a FLOAT by itself, for `rehabctl decode`.
pub const FLOAT: CharUuid = CharUuid::from_u128(0x7265_6861_0011_4b1d_8a5e_6875_6273_7465);
/// Not a characteristic: a health observation by the draft of 2021, whose sensors used UUIDs of their own.
pub const GHS_DRAFT: CharUuid = CharUuid::from_u128(0x7265_6861_0012_4b1d_8a5e_6875_6273_7465);
/// PMD Data of Polar's sensors.
pub const POLAR_PMD: CharUuid = CharUuid::from_u128(0xFB00_5C82_02E7_F387_1CAD_8ACD_2D8D_F0C8);

/// A characteristic by its number, its UUID, or a name that vectors and `rehabctl decode` use: `SFLOAT`, `FLOAT`, `PMD`,
/// `GHS-2021-draft`.
///
/// # Errors
/// When it is none of them.
pub fn by_name(text: &str) -> Result<CharUuid, ParseError> {
    match text {
        "SFLOAT" => Ok(SFLOAT),
        "FLOAT" => Ok(FLOAT),
        "PMD" => Ok(POLAR_PMD),
        "GHS-2021-draft" => Ok(GHS_DRAFT),
        other => other.parse(),
    }
}
