//! What devices say of themselves and of how they are used, and records whose content has codes of its own.

quantities! {
    /// State of charge.
    BATTERY_PERCENT = "battery_percent", "%", Some("MDC_ATTR_VAL_BATT_CHARGE"), None;
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
}
