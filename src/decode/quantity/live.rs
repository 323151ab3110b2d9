//! Live streams: heart, wheel, crank, foot and machine.

quantities! {
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
}
