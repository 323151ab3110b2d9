//! Each quantity has one definition, which decoders, payloads and exports share.

/// What a value measures.
#[derive(Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The field name that `rehabctl decode` prints and payloads use.
    pub name: &'static str,
    /// UCUM unit; `1` for plain numbers, empty for texts.
    pub ucum: &'static str,
    /// ISO/IEEE 11073-10101 reference id, where there is one.
    pub mdc: Option<&'static str>,
    /// LOINC code, where there is one.
    pub loinc: Option<&'static str>,
}

/// An IEEE 11073 number that is none (11073-20601, annex F).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// Not a number: the measurement failed.
    NaN,
    /// Not at this resolution.
    NRes,
    /// Plus infinity.
    PlusInfinity,
    /// Minus infinity.
    MinusInfinity,
    /// A code that the standard keeps for later.
    Reserved,
}

impl Special {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NaN => "NaN",
            Self::NRes => "NRes",
            Self::PlusInfinity => "+INF",
            Self::MinusInfinity => "-INF",
            Self::Reserved => "reserved",
        }
    }
}

/// A value as a person or a payload gets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A number in the quantity's unit.
    Number(f64),
    /// Several of them.
    Numbers(&'a [f64]),
    /// A word of a fixed list, or a text of the device.
    Text(&'a str),
    /// Yes or no.
    Bool(bool),
    /// The sensor says that it has no value.
    NotAvailable,
    /// The sensor sent an IEEE 11073 special value: no number, written as [`Special::as_str`].
    Special(Special),
    /// Several values: names of set bits, records of one packet.
    List(&'a [Value<'a>]),
    /// Values with names of their own, in order.
    Record(&'a [(&'static str, Value<'a>)]),
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $const:ident = $name:literal, $ucum:literal, $mdc:expr, $loinc:expr;)*) => {
        $($(#[$doc])* pub static $const: Quantity =
            Quantity { name: $name, ucum: $ucum, mdc: $mdc, loinc: $loinc };)*

        /// Every quantity, in the order of this file.
        pub static ALL: &[&Quantity] = &[$(&$const),*];
    };
}

quantities! {
    /// State of charge.
    BATTERY_PERCENT = "battery_percent", "%", Some("MDC_ATTR_VAL_BATT_CHARGE"), None;
    /// Heart rate of a strap or a machine.
    HEART_RATE_BPM = "heart_rate_bpm", "/min", Some("MDC_ECG_HEART_RATE"), Some("8867-4");
    /// Whether a strap feels the skin.
    SENSOR_CONTACT = "sensor_contact", "", None, None;
    /// Energy since the sensor's reset.
    ENERGY_EXPENDED_KJ = "energy_expended_kj", "kJ", None, None;
    /// Beat-to-beat intervals.
    RR_INTERVALS_MS = "rr_intervals_ms", "ms", Some("MDC_ECG_TIME_PD_RR_GL"), Some("8637-1");
    /// Running count of wheel revolutions.
    WHEEL_REVOLUTIONS = "wheel_revolutions", "1", None, None;
    /// When the wheel last completed a revolution, on the sensor's clock, which wraps.
    WHEEL_EVENT_TIME_S = "wheel_event_time_s", "s", None, None;
    /// Running count of crank revolutions.
    CRANK_REVOLUTIONS = "crank_revolutions", "1", None, None;
    /// When the crank last completed a revolution, on the sensor's clock, which wraps.
    CRANK_EVENT_TIME_S = "crank_event_time_s", "s", None, None;
    /// Whether more parts of the same machine sample follow.
    MORE_DATA = "more_data", "", None, None;
    /// Speed.
    SPEED_KMH = "speed_kmh", "km/h", Some("MDC_HF_SPEED"), None;
    /// Speed averaged over the machine's session.
    AVERAGE_SPEED_KMH = "average_speed_kmh", "km/h", None, None;
    /// Pedalling cadence.
    CADENCE_RPM = "cadence_rpm", "/min", Some("MDC_HF_CAD"), None;
    /// Pedalling cadence averaged over the machine's session.
    AVERAGE_CADENCE_RPM = "average_cadence_rpm", "/min", None, None;
    /// Distance of the machine's session.
    TOTAL_DISTANCE_M = "total_distance_m", "m", Some("MDC_HF_DISTANCE"), None;
    /// Resistance level as on the wire: what a level is differs from machine to machine.
    RESISTANCE_LEVEL_RAW = "resistance_level_raw", "1", Some("MDC_HF_RESISTANCE"), None;
    /// Mechanical power.
    POWER_W = "power_w", "W", Some("MDC_HF_POWER"), None;
    /// Mechanical power averaged over the machine's session.
    AVERAGE_POWER_W = "average_power_w", "W", None, None;
    /// Energy of the machine's session.
    TOTAL_ENERGY_KCAL = "total_energy_kcal", "kcal", Some("MDC_HF_ENERGY"), Some("41981-2");
    /// Energy in an hour at this intensity.
    ENERGY_PER_HOUR_KCAL = "energy_per_hour_kcal", "kcal/h", None, None;
    /// Energy in a minute at this intensity.
    ENERGY_PER_MINUTE_KCAL = "energy_per_minute_kcal", "kcal/min", None, None;
    /// Slope of the belt or track, uphill positive.
    INCLINATION_PERCENT = "inclination_percent", "%", Some("MDC_HF_INCL"), None;
    /// Angle of the belt or track.
    RAMP_ANGLE_DEG = "ramp_angle_deg", "deg", None, None;
    /// Height climbed in the machine's session.
    POSITIVE_ELEVATION_GAIN_M = "positive_elevation_gain_m", "m", Some("MDC_HF_ALT_GAIN"), None;
    /// Height descended in the machine's session.
    NEGATIVE_ELEVATION_GAIN_M = "negative_elevation_gain_m", "m", Some("MDC_HF_ALT_LOSS"), None;
    /// Time for 500 m at this speed.
    PACE_S_PER_500M = "pace_s_per_500m", "s", None, None;
    /// Time for 500 m, averaged.
    AVERAGE_PACE_S_PER_500M = "average_pace_s_per_500m", "s", None, None;
    /// Pace as FTMS 1.0 has it.
    PACE_KM_PER_MIN = "pace_km_per_min", "km/min", None, None;
    /// Pace as FTMS 1.0 has it, averaged.
    AVERAGE_PACE_KM_PER_MIN = "average_pace_km_per_min", "km/min", None, None;
    /// Force on a treadmill's belt.
    FORCE_ON_BELT_N = "force_on_belt_n", "N", None, None;
    /// Steps a minute.
    STEP_RATE_SPM = "step_rate_spm", "/min", None, None;
    /// Steps a minute, averaged.
    AVERAGE_STEP_RATE_SPM = "average_step_rate_spm", "/min", None, None;
    /// Strides of the machine's session.
    STRIDE_COUNT = "stride_count", "1", None, None;
    /// Steps of the machine's session.
    STEP_COUNT = "step_count", "1", Some("MDC_HF_STEPS"), Some("55423-8");
    /// Floors climbed in the machine's session.
    FLOORS = "floors", "1", None, None;
    /// Whether the pedals of a cross trainer turn forward.
    MOVEMENT_DIRECTION = "movement_direction", "", None, None;
    /// Strokes a minute, to the half.
    STROKE_RATE_SPM = "stroke_rate_spm", "/min", None, None;
    /// Strokes a minute, averaged.
    AVERAGE_STROKE_RATE_SPM = "average_stroke_rate_spm", "/min", None, None;
    /// Strokes of the machine's session.
    STROKE_COUNT = "stroke_count", "1", None, None;
    /// Metabolic equivalent.
    METABOLIC_EQUIVALENT = "metabolic_equivalent", "[MET]", None, None;
    /// Time since the machine's session began.
    ELAPSED_S = "elapsed_s", "s", None, Some("55411-3");
    /// Time until the machine's session ends.
    REMAINING_S = "remaining_s", "s", None, None;
}

impl serde::Serialize for Value<'_> {
    /// Whole numbers without a decimal point, "not available" as null, special values by name.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Number(number) => Plain(number).serialize(serializer),
            Self::Numbers(numbers) => serializer.collect_seq(numbers.iter().map(|number| Plain(*number))),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(flag) => serializer.serialize_bool(flag),
            Self::NotAvailable => serializer.serialize_none(),
            Self::Special(special) => serializer.serialize_str(special.as_str()),
            Self::List(list) => serializer.collect_seq(list),
            Self::Record(record) => serializer.collect_map(record.iter().map(|(name, value)| (name, value))),
        }
    }
}

struct Plain(f64);

impl serde::Serialize for Plain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 2^53: above it, not every whole number is a float.
        if self.0.fract() == 0.0 && self.0.abs() < 9_007_199_254_740_992.0 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}
