//! What the devices of declared profiles send.

quantities! {
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
