//! Measurements of the body, and the times that they carry.

quantities! {
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
}
