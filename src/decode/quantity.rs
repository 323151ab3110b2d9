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

/// The quantity of a name, in the whole table.
#[must_use]
pub fn find(name: &str) -> Option<&'static Quantity> {
    ALL.iter().copied().find(|quantity| quantity.name == name)
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
    RESISTANCE_LEVEL_RAW = "resistance_level_raw", "1", Some("MDC_HF_RESIST"), None;
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
    INCLINATION_PERCENT = "inclination_percent", "%", Some("MDC_HF_INCLINE"), None;
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
    STEP_COUNT = "step_count", "1", None, Some("55423-8");
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
    /// When the device took the measurement, on its own clock, without a zone.
    TIMESTAMP = "timestamp", "", None, None;
    /// What the device knows of the moment, where it does not know all of it.
    TIMESTAMP_FIELDS = "timestamp_fields", "", None, None;
    /// The device's own date and time, without a zone.
    DATE_TIME = "date_time", "", None, None;
    /// What the device knows of its date and time, where it does not know all of it.
    DATE_TIME_FIELDS = "fields", "", None, None;
    /// 1 is Monday, 7 is Sunday, 0 unknown.
    DAY_OF_WEEK = "day_of_week", "1", None, None;
    /// Fractions of a second, 1/256 each.
    FRACTIONS256 = "fractions256", "1", None, None;
    /// Why the clock was last changed, as bits.
    ADJUST_REASON = "adjust_reason", "1", None, None;
    /// Offset from UTC without daylight saving.
    TIME_ZONE_MIN = "time_zone_min", "min", None, None;
    /// Daylight saving.
    DST_OFFSET_MIN = "dst_offset_min", "min", None, None;
    /// Systolic pressure.
    SYSTOLIC_MMHG = "systolic_mmhg", "mm[Hg]", Some("MDC_PRESS_BLD_NONINV_SYS"), Some("8480-6");
    /// Diastolic pressure.
    DIASTOLIC_MMHG = "diastolic_mmhg", "mm[Hg]", Some("MDC_PRESS_BLD_NONINV_DIA"), Some("8462-4");
    /// Mean arterial pressure.
    MEAN_ARTERIAL_PRESSURE_MMHG = "mean_arterial_pressure_mmhg", "mm[Hg]", Some("MDC_PRESS_BLD_NONINV_MEAN"), Some("8478-0");
    /// Systolic pressure.
    SYSTOLIC_KPA = "systolic_kpa", "kPa", Some("MDC_PRESS_BLD_NONINV_SYS"), Some("8480-6");
    /// Diastolic pressure.
    DIASTOLIC_KPA = "diastolic_kpa", "kPa", Some("MDC_PRESS_BLD_NONINV_DIA"), Some("8462-4");
    /// Mean arterial pressure.
    MEAN_ARTERIAL_PRESSURE_KPA = "mean_arterial_pressure_kpa", "kPa", Some("MDC_PRESS_BLD_NONINV_MEAN"), Some("8478-0");
    /// Pulse rate of a cuff or an oximeter.
    PULSE_RATE_BPM = "pulse_rate_bpm", "/min", Some("MDC_PULS_RATE"), Some("8867-4");
    /// Which of its users the device measured; 255 for an unknown one.
    USER_ID = "user_id", "1", None, None;
    /// Status bits of the measurement.
    MEASUREMENT_STATUS = "measurement_status", "1", None, None;
    /// The status bits that are set, by name.
    STATUS_NAMES = "status_names", "", None, None;
    /// Seconds since the start of the epoch year, on the device's clock.
    TIMESTAMP_S = "timestamp_s", "s", None, None;
    /// The same as the device shows it to its user.
    USER_FACING_TIME_S = "user_facing_time_s", "s", None, None;
    /// The year that seconds count from.
    EPOCH_YEAR = "epoch_year", "a", None, None;
    /// Body temperature.
    TEMPERATURE_C = "temperature_c", "Cel", Some("MDC_TEMP_BODY"), Some("8310-5");
    /// Body temperature.
    TEMPERATURE_F = "temperature_f", "[degF]", Some("MDC_TEMP_BODY"), Some("8310-5");
    /// Where the temperature was taken.
    TEMPERATURE_TYPE = "temperature_type", "", None, None;
    /// Body weight.
    WEIGHT_KG = "weight_kg", "kg", Some("MDC_MASS_BODY_ACTUAL"), Some("29463-7");
    /// Body weight.
    WEIGHT_LB = "weight_lb", "[lb_av]", Some("MDC_MASS_BODY_ACTUAL"), Some("29463-7");
    /// Body-mass index.
    BMI_KG_M2 = "bmi_kg_m2", "kg/m2", Some("MDC_RATIO_MASS_BODY_LEN_SQ"), Some("39156-5");
    /// Body height.
    HEIGHT_M = "height_m", "m", Some("MDC_LEN_BODY_ACTUAL"), Some("8302-2");
    /// Body height.
    HEIGHT_IN = "height_in", "[in_i]", Some("MDC_LEN_BODY_ACTUAL"), Some("8302-2");
    /// Body fat.
    BODY_FAT_PERCENT = "body_fat_percent", "%", Some("MDC_BODY_FAT"), Some("41982-0");
    /// Basal metabolism.
    BASAL_METABOLISM_KJ = "basal_metabolism_kj", "kJ", None, None;
    /// Muscle.
    MUSCLE_PERCENT = "muscle_percent", "%", None, None;
    /// Muscle mass.
    MUSCLE_MASS_KG = "muscle_mass_kg", "kg", None, None;
    /// Muscle mass.
    MUSCLE_MASS_LB = "muscle_mass_lb", "[lb_av]", None, None;
    /// Fat-free mass.
    FAT_FREE_MASS_KG = "fat_free_mass_kg", "kg", Some("MDC_MASS_BODY_FAT_FREE"), None;
    /// Fat-free mass.
    FAT_FREE_MASS_LB = "fat_free_mass_lb", "[lb_av]", Some("MDC_MASS_BODY_FAT_FREE"), None;
    /// Soft lean mass.
    SOFT_LEAN_MASS_KG = "soft_lean_mass_kg", "kg", Some("MDC_MASS_BODY_SOFT_LEAN"), None;
    /// Soft lean mass.
    SOFT_LEAN_MASS_LB = "soft_lean_mass_lb", "[lb_av]", Some("MDC_MASS_BODY_SOFT_LEAN"), None;
    /// Body water.
    BODY_WATER_MASS_KG = "body_water_mass_kg", "kg", Some("MDC_BODY_WATER"), None;
    /// Body water.
    BODY_WATER_MASS_LB = "body_water_mass_lb", "[lb_av]", Some("MDC_BODY_WATER"), None;
    /// Body impedance.
    IMPEDANCE_OHM = "impedance_ohm", "Ohm", None, None;
    /// The device's number of the record.
    SEQUENCE_NUMBER = "sequence_number", "1", None, None;
    /// When the record was made, on the device's clock, before the offset.
    BASE_TIME = "base_time", "", None, None;
    /// What the device knows of the base time, where it does not know all of it.
    BASE_TIME_FIELDS = "base_time_fields", "", None, None;
    /// What to add to the base time for the time that the user saw.
    TIME_OFFSET_MIN = "time_offset_min", "min", None, None;
    /// Glucose concentration as on the wire; meters differ in what they put there.
    GLUCOSE_KG_L_RAW = "glucose_kg_l_raw", "kg/L", Some("MDC_CONC_GLU_GEN"), None;
    /// Glucose concentration as on the wire; meters differ in what they put there.
    GLUCOSE_MOL_L_RAW = "glucose_mol_l_raw", "mol/L", Some("MDC_CONC_GLU_GEN"), None;
    /// The fluid, as the service numbers it: 1 capillary whole blood, ...
    GLUCOSE_TYPE = "glucose_type", "1", None, None;
    /// Where it was drawn, as the service numbers it: 1 finger, ...
    SAMPLE_LOCATION = "sample_location", "1", None, None;
    /// Status bits of the glucose sensor.
    SENSOR_STATUS = "sensor_status", "1", None, None;
    /// Whether a context with the same sequence number follows.
    CONTEXT_FOLLOWS = "context_follows", "", None, None;
    /// Which meal the carbohydrates belong to, as the service numbers it.
    CARBOHYDRATE_ID = "carbohydrate_id", "1", None, None;
    /// Carbohydrates, as on the wire.
    CARBOHYDRATE_KG_RAW = "carbohydrate_kg_raw", "kg", Some("MDC_CTXT_GLU_CARB"), None;
    /// Before or after which meal, as the service numbers it.
    MEAL = "meal", "1", Some("MDC_CTXT_GLU_MEAL"), None;
    /// Who measured, as the service numbers it.
    TESTER = "tester", "1", Some("MDC_CTXT_GLU_TESTER"), None;
    /// Health of the tester, as the service numbers it.
    TESTER_HEALTH = "tester_health", "1", Some("MDC_CTXT_GLU_HEALTH"), None;
    /// Exercise before the measurement.
    EXERCISE_DURATION_S = "exercise_duration_s", "s", Some("MDC_CTXT_GLU_EXERCISE"), None;
    /// How hard that exercise was.
    EXERCISE_INTENSITY_PERCENT = "exercise_intensity_percent", "%", None, None;
    /// Which medication, as the service numbers it.
    MEDICATION_ID = "medication_id", "1", None, None;
    /// How much of it.
    MEDICATION_KG = "medication_kg", "kg", Some("MDC_CTXT_MEDICATION"), None;
    /// How much of it.
    MEDICATION_L = "medication_l", "L", Some("MDC_CTXT_MEDICATION"), None;
    /// Glycated haemoglobin.
    HBA1C_PERCENT = "hba1c_percent", "%", Some("MDC_CONC_HBA1C"), Some("4548-4");
    /// What a control point or status says, by number.
    OP_CODE = "op_code", "1", None, None;
    /// The same by name.
    OP_NAME = "op_name", "", None, None;
    /// Operator of a record access answer.
    OPERATOR = "operator", "1", None, None;
    /// How many records match.
    NUMBER_OF_RECORDS = "number_of_records", "1", None, None;
    /// What was asked.
    REQUEST_OP_CODE = "request_op_code", "1", None, None;
    /// How it went, by number.
    RESULT_CODE = "result_code", "1", None, None;
    /// How it went, by name.
    RESULT = "result", "", None, None;
    /// The records of one packet.
    RECORDS = "records", "", None, None;
    /// Oxygen saturation.
    SPO2_PERCENT = "spo2_percent", "%", Some("MDC_PULS_OXIM_SAT_O2"), Some("59408-5");
    /// Oxygen saturation, fast averaging.
    SPO2_FAST_PERCENT = "spo2_fast_percent", "%", Some("MDC_PULS_OXIM_SAT_O2"), None;
    /// Oxygen saturation, slow averaging.
    SPO2_SLOW_PERCENT = "spo2_slow_percent", "%", Some("MDC_PULS_OXIM_SAT_O2"), None;
    /// Pulse rate, fast averaging.
    PULSE_RATE_FAST_BPM = "pulse_rate_fast_bpm", "/min", Some("MDC_PULS_OXIM_PULS_RATE"), None;
    /// Pulse rate, slow averaging.
    PULSE_RATE_SLOW_BPM = "pulse_rate_slow_bpm", "/min", Some("MDC_PULS_OXIM_PULS_RATE"), None;
    /// Perfusion.
    PULSE_AMPLITUDE_INDEX_PERCENT = "pulse_amplitude_index_percent", "%", Some("MDC_PULS_OXIM_PERF_REL"), Some("61006-3");
    /// The measurement status bits that are set, by name.
    MEASUREMENT_STATUS_NAMES = "measurement_status_names", "", None, None;
    /// Status bits of the oximeter.
    DEVICE_SENSOR_STATUS = "device_sensor_status", "1", Some("MDC_PULS_OXIM_DEV_STATUS"), None;
    /// The same by name.
    DEVICE_SENSOR_STATUS_NAMES = "device_sensor_status_names", "", None, None;
    /// Whether the oximeter's clock was never set.
    DEVICE_CLOCK_NOT_SET = "device_clock_not_set", "", None, None;
    /// Speed.
    SPEED_MPS = "speed_mps", "m/s", Some("MDC_HF_SPEED"), None;
    /// Steps a minute of a foot pod.
    CADENCE_SPM = "cadence_spm", "/min", Some("MDC_HF_CAD"), None;
    /// Stride length.
    STRIDE_LENGTH_M = "stride_length_m", "m", Some("MDC_HF_STRIDE"), None;
    /// Running rather than walking.
    RUNNING = "running", "", None, None;
    /// Share of one pedal in the power.
    PEDAL_POWER_BALANCE_PERCENT = "pedal_power_balance_percent", "%", None, None;
    /// Running sum of torque; it wraps.
    ACCUMULATED_TORQUE_NM = "accumulated_torque_nm", "N.m", None, None;
    /// Greatest force in a revolution.
    MAX_FORCE_N = "max_force_n", "N", None, None;
    /// Least force in a revolution.
    MIN_FORCE_N = "min_force_n", "N", None, None;
    /// Greatest torque in a revolution.
    MAX_TORQUE_NM = "max_torque_nm", "N.m", None, None;
    /// Least torque in a revolution.
    MIN_TORQUE_NM = "min_torque_nm", "N.m", None, None;
    /// Crank angle of the greatest force.
    MAX_ANGLE_DEG = "max_angle_deg", "deg", None, None;
    /// Crank angle of the least force.
    MIN_ANGLE_DEG = "min_angle_deg", "deg", None, None;
    /// Crank angle of the top dead spot.
    TOP_DEAD_SPOT_ANGLE_DEG = "top_dead_spot_angle_deg", "deg", None, None;
    /// Crank angle of the bottom dead spot.
    BOTTOM_DEAD_SPOT_ANGLE_DEG = "bottom_dead_spot_angle_deg", "deg", None, None;
    /// Energy since the meter's start; it wraps.
    ACCUMULATED_ENERGY_KJ = "accumulated_energy_kj", "kJ", None, None;
    /// Wheel speed between two packets, negative backwards.
    WHEEL_RPM = "wheel_rpm", "/min", None, None;
    /// The circumference that speed and distance were reckoned with.
    WHEEL_CIRCUMFERENCE_M = "wheel_circumference_m", "m", None, None;
    /// Distance between two packets.
    DISTANCE_DELTA_M = "distance_delta_m", "m", None, None;
    /// Wheel revolutions since the first packet.
    WHEEL_REVOLUTIONS_CUMULATIVE = "wheel_revolutions_cumulative", "1", None, None;
    /// Crank revolutions since the first packet.
    CRANK_REVOLUTIONS_CUMULATIVE = "crank_revolutions_cumulative", "1", None, None;
    /// Cadence between two packets, not averaged over more.
    CADENCE_RPM_STEPWISE = "cadence_rpm_stepwise", "/min", Some("MDC_HF_CAD"), None;
    /// A text of the device.
    TEXT = "text", "", None, None;
    /// Who assigned the vendor id: 1 Bluetooth SIG, 2 USB.
    VENDOR_ID_SOURCE = "vendor_id_source", "1", None, None;
    /// The vendor.
    VENDOR_ID = "vendor_id", "1", None, None;
    /// The product.
    PRODUCT_ID = "product_id", "1", None, None;
    /// Its version, binary-coded decimal.
    PRODUCT_VERSION = "product_version", "1", None, None;
    /// Where a heart-rate sensor sits.
    BODY_SENSOR_LOCATION = "body_sensor_location", "", None, None;
    /// A code as on the wire.
    CODE = "code", "1", None, None;
    /// What a machine measures, as bits.
    MACHINE_FEATURES = "machine_features", "1", None, None;
    /// What can be set on a machine, as bits.
    TARGET_SETTING_FEATURES = "target_setting_features", "1", None, None;
    /// The feature bits that are set, by name.
    SET_BITS = "set_bits", "", None, None;
    /// What a machine's program is doing.
    TRAINING_STATUS = "training_status", "", None, None;
    /// The same by number.
    TRAINING_STATUS_CODE = "training_status_code", "1", None, None;
    /// The machine's own words for it.
    TRAINING_STATUS_STRING = "training_status_string", "", None, None;
    /// The machine's own words for it, under its other name.
    TRAINING_STATUS_STRING_CAMEL = "trainingStatusString", "", None, None;
    /// What sort of message it is.
    KIND = "kind", "", None, None;
    /// A code by name.
    LABEL = "label", "", None, None;
    /// Flags as on the wire.
    FLAGS = "flags", "1", None, None;
    /// Whether a text follows.
    STRING_PRESENT = "stringPresent", "", None, None;
    /// Whether the text is to be read from elsewhere.
    EXTENDED_STRING_PRESENT = "extendedStringPresent", "", None, None;
    /// What was asked of a machine.
    REQUEST_OP_CODE_CAMEL = "requestOpCode", "1", None, None;
    /// How it went, by number.
    RESULT_CODE_CAMEL = "resultCode", "1", None, None;
    /// How it went, by name.
    RESULT_CODE_NAME = "resultCodeName", "", None, None;
    /// Whether it went well.
    SUCCESS = "success", "", None, None;
    /// What came with the answer.
    PARAMETER = "parameter", "", None, None;
    /// The parameter as on the wire.
    PARAMETER_HEX = "parameter_hex", "", None, None;
    /// What in a packet is not as the specification has it.
    ISSUES = "issues", "", None, None;
    /// Speed that a machine was set to.
    TARGET_SPEED_KMH = "target_speed_kmh", "km/h", None, None;
    /// Speed that a machine was set to, under its other name.
    SPEED_KPH_CAMEL = "speedKph", "km/h", None, None;
    /// Slope that a machine was set to.
    INCLINE_PERCENT_CAMEL = "inclinePercent", "%", None, None;
    /// Power that a machine was set to.
    POWER_W_CAMEL = "powerWatts", "W", None, None;
    /// Heart rate that a machine was set to.
    HEART_RATE_BPM_CAMEL = "heartRateBpm", "/min", None, None;
    /// Energy that a machine was set to.
    ENERGY_KCAL_CAMEL = "energyKcal", "kcal", None, None;
    /// Wind of a simulated ride.
    WIND_SPEED_MPS_CAMEL = "windSpeedMps", "m/s", None, None;
    /// Slope of a simulated ride.
    GRADE_PERCENT_CAMEL = "gradePercent", "%", None, None;
    /// Distance that a machine was set to.
    DISTANCE_M_CAMEL = "distanceM", "m", None, None;
    /// Wheel that a machine was set to.
    WHEEL_CIRCUMFERENCE_MM_CAMEL = "wheelCircumferenceMm", "mm", None, None;
    /// Cadence that a machine was set to.
    CADENCE_RPM_CAMEL = "cadenceRpm", "/min", None, None;
    /// Steps that a machine was set to.
    STEPS_CAMEL = "steps", "1", None, None;
    /// Strides that a machine was set to.
    STRIDES_CAMEL = "strides", "1", None, None;
    /// Time that a machine was set to.
    SECONDS_CAMEL = "seconds", "s", None, None;
    /// Rolling resistance of a simulated ride.
    CRR = "crr", "1", None, None;
    /// Wind resistance of a simulated ride.
    CW_KG_PER_M = "cwKgPerM", "kg/m", None, None;
    /// 1 stopped, 2 paused.
    CONTROL = "control", "1", None, None;
    /// Where a spin-down stands, by number.
    SPIN_DOWN_STATUS = "spinDownStatus", "1", None, None;
    /// Resistance level in the machine's own steps, where the model and so the scale is known.
    RESISTANCE_LEVEL = "resistance_level", "1", Some("MDC_HF_RESIST"), None;
    /// A machine's sample that was put together from several packets.
    SAMPLE = "sample", "", None, None;
    /// Segmentation header.
    HEADER = "header", "1", None, None;
    /// The session.
    SESSION_ID = "session_id", "1", None, None;
    /// The part of the session.
    SUB_SESSION_ID = "sub_session_id", "1", None, None;
    /// Time since the session began.
    RELATIVE_TIMESTAMP_S = "relative_timestamp_s", "s", None, None;
    /// The optional values of a physical activity record, as on the wire.
    ACTIVITY = "activity", "", None, None;
    /// Bytes that are not understood.
    REST_HEX = "rest_hex", "", None, None;
    /// Counter of a segment that belongs to a longer record.
    SEGMENT = "segment", "1", None, None;
    /// Whether a record begins with this segment.
    FIRST_SEGMENT = "first_segment", "", None, None;
    /// Whether a record ends with this segment.
    LAST_SEGMENT = "last_segment", "", None, None;
    /// The sensor's number of a stored record.
    RECORD_NUMBER = "record_number", "1", None, None;
    /// What form a health observation has.
    OBSERVATION_CLASS = "observation_class", "", None, None;
    /// What was observed, an MDC code with its partition.
    OBSERVATION_TYPE_MDC = "observation_type_mdc", "1", None, None;
    /// The sensor's number of the object.
    OBJECT_ID = "id", "1", None, None;
    /// When it was observed, milliseconds since 1970 of the sensor's own timeline.
    TIMESTAMP_MS = "timestamp_ms", "ms", None, None;
    /// A tick count where the sensor has no clock.
    TICK = "tick", "1", None, None;
    /// Whether the timeline is UTC rather than local time.
    TIME_UTC = "time_utc", "", None, None;
    /// What set the sensor's clock, by number.
    TIME_SOURCE = "time_source", "1", None, None;
    /// How long the observation lasted.
    DURATION_S = "duration_s", "s", None, None;
    /// Which of its patients the sensor observed.
    PATIENT = "patient", "1", None, None;
    /// Supplemental codes.
    SUPPLEMENTAL = "supplemental", "", None, None;
    /// Records that this one was derived from.
    DERIVED_FROM = "derived_from", "", None, None;
    /// Records that belong to this one.
    MEMBERS = "members", "", None, None;
    /// The unit, an MDC code of partition 4.
    UNIT_MDC = "unit_mdc", "1", None, None;
    /// The value, in the unit beside it.
    VALUE = "value", "1", None, None;
    /// The parts of a compound observation.
    COMPONENTS = "components", "", None, None;
    /// The observations of a bundle.
    OBSERVATIONS = "observations", "", None, None;
    /// Samples, oldest first.
    SAMPLES = "samples", "", None, None;
    /// Time between two samples.
    SAMPLE_PERIOD_S = "sample_period_s", "s", None, None;
    /// Further attributes, by code.
    TLVS = "tlvs", "", None, None;
    /// Which stream of a device a frame belongs to.
    MEASUREMENT = "measurement", "", None, None;
    /// The device's own clock, at the last sample of a frame.
    TIMESTAMP_NS = "timestamp_ns", "ns", None, None;
    /// The form of a frame.
    FRAME_TYPE = "frame_type", "1", None, None;
    /// Samples of an electrocardiogram.
    SAMPLES_UV = "samples_uv", "uV", Some("MDC_ECG_ELEC_POTL"), None;
    /// Samples of acceleration, three axes each, in thousandths of g.
    SAMPLES_MG = "samples_mg", "mg", None, None;
    /// Force.
    FORCE_N = "force_n", "N", None, None;
    /// Force, as weight.
    FORCE_KG = "force_kg", "kg", None, None;
    /// Angle of a joint.
    ANGLE_DEG = "angle_deg", "deg", None, None;
    /// Least angle of a movement.
    ANGLE_MIN_DEG = "angle_min_deg", "deg", None, None;
    /// Greatest angle of a movement.
    ANGLE_MAX_DEG = "angle_max_deg", "deg", None, None;
    /// Range of a movement.
    RANGE_DEG = "range_deg", "deg", None, None;
    /// Pressure of a breath.
    PRESSURE_CMH2O = "pressure_cmh2o", "cm[H2O]", None, None;
    /// Flow of a breath.
    FLOW_L_MIN = "flow_l_min", "L/min", None, None;
    /// Volume of a breath.
    VOLUME_ML = "volume_ml", "mL", None, None;
    /// Running count of repetitions.
    REPETITION_COUNT = "repetition_count", "1", Some("MDC_HF_REPETITION_COUNT"), None;
    /// Which set it is.
    SET_NUMBER = "set_number", "1", Some("MDC_HF_SET"), None;
    /// Whether the device took the repetition for a good one.
    REPETITION_VALID = "repetition_valid", "", None, None;
    /// Running count of breaths.
    BREATH_COUNT = "breath_count", "1", None, None;
    /// Whether the device is worn.
    WORN = "worn", "", None, None;
    /// Battery voltage.
    BATTERY_MV = "battery_mv", "mV", None, None;
    /// The device's own clock.
    DEVICE_TIME_MS = "device_time_ms", "ms", None, None;
    /// The device's own clock.
    DEVICE_TIME_US = "device_time_us", "us", None, None;
    /// Samples of acceleration, three axes each.
    ACCELERATION_M_S2 = "acceleration_m_s2", "m/s2", None, None;
    /// Samples of turning, three axes each.
    ANGULAR_RATE_DEG_S = "angular_rate_deg_s", "deg/s", None, None;
    /// Samples of the magnetic field, three axes each.
    MAGNETIC_UT = "magnetic_ut", "uT", None, None;
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
