//! Counters to cadence, speed and distance: the stateful reader of CSC and Cycling Power.

use super::csc::{CRANK_TICKS, Crank, Csc, Wheel};
use super::{CyclingPower, Quantity, Value, quantity};
use crate::types::Mono;

/// A crank above this did not turn: the device restarted and counts from anew.
const MAX_CRANK_RPM: f64 = 400.0;
/// A wheel above this did not turn, likewise: 60 revolutions a second are 450 km/h on a bicycle.
const MAX_WHEEL_RPM: f64 = 3600.0;
/// Event times wrap after 64 s (crank) and 32 or 64 s (wheel): after a longer silence a difference of times says
/// nothing, a difference of counts still does.
const MAX_SILENCE_US: u64 = 30_000_000;

/// The counters of one packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counters {
    pub(super) wheel: Option<Wheel>,
    pub(super) crank: Option<Crank>,
    pub(super) wheel_ticks_per_s: f64,
}

/// What one packet says beside the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Motion {
    /// Crank cadence. `None`: nothing is known, as in a first or a repeated frame; never a made-up 0.
    pub cadence_rpm: Option<f64>,
    /// Wheel speed in revolutions, likewise; negative backwards.
    pub wheel_rpm: Option<f64>,
    /// Speed over ground, where the circumference is known.
    pub speed_mps: Option<f64>,
    /// Distance since the packet before, where the circumference is known.
    pub distance_delta_m: Option<f64>,
    /// Crank revolutions since this connection's first packet.
    pub crank_revolutions: u64,
    /// Wheel revolutions since this connection's first packet.
    pub wheel_revolutions: i64,
}

/// Turns the counters of one sensor's packets, in order, into motion. Counts and times wrap independently. Make a new
/// one for each connection: what a sensor did between two of them is not known.
#[derive(Debug, Clone, Default)]
pub struct CscReader {
    circumference_m: Option<f64>,
    wheel: Option<Wheel>,
    crank: Option<Crank>,
    last: Option<Mono>,
    wheel_total: i64,
    crank_total: u64,
}

impl CscReader {
    /// A reader at the start of a connection. `circumference_m`: the wheel's, in metres, for speed and distance.
    #[must_use]
    pub fn new(circumference_m: Option<f64>) -> Self {
        Self { circumference_m, ..Self::default() }
    }

    /// Takes the next CSC packet. `at`: when it was received; without it the packets are taken to follow closely.
    pub fn observe(&mut self, csc: &Csc, at: Option<Mono>) -> Motion {
        self.step(csc.counters(), at)
    }

    /// The wheel's circumference, where it is known.
    pub(super) const fn circumference_m(&self) -> Option<f64> {
        self.circumference_m
    }

    /// Takes the next packet of a power meter.
    pub fn observe_power(&mut self, power: &CyclingPower, at: Option<Mono>) -> Motion {
        self.step(power.counters(), at)
    }

    pub(super) fn step(&mut self, now: Counters, at: Option<Mono>) -> Motion {
        // Seconds, where they are too many for the event times.
        let silence = self.last.zip(at).map(|(last, at)| at.since(last)).filter(|us| *us > MAX_SILENCE_US);
        let silence = silence.map(|us| us as f64 / 1e6);
        self.last = at.or(self.last);
        let mut motion = Motion::default();
        if let Some(wheel) = now.wheel {
            self.wheel(wheel, now.wheel_ticks_per_s, silence, &mut motion);
        }
        if let Some(crank) = now.crank {
            self.crank(crank, silence, &mut motion);
        }
        motion.wheel_revolutions = self.wheel_total;
        motion.crank_revolutions = self.crank_total;
        motion
    }

    fn crank(&mut self, now: Crank, silence: Option<f64>, motion: &mut Motion) {
        let Some(before) = self.crank.replace(now) else { return };
        let turned = now.revolutions.wrapping_sub(before.revolutions);
        let ticks = now.event_time.wrapping_sub(before.event_time);
        let seconds = silence.unwrap_or(f64::from(ticks) / CRANK_TICKS);
        let rpm = f64::from(turned) * 60.0 / seconds;
        if seconds > 0.0 && rpm <= MAX_CRANK_RPM {
            self.crank_total += u64::from(turned);
            motion.cadence_rpm = silence.is_none().then_some(rpm);
        }
    }

    fn wheel(&mut self, now: Wheel, ticks_per_s: f64, silence: Option<f64>, motion: &mut Motion) {
        let Some(before) = self.wheel.replace(now) else { return };
        // As signed: the count goes down when the wheel turns backwards.
        let turned = now.revolutions.wrapping_sub(before.revolutions).cast_signed();
        let ticks = now.event_time.wrapping_sub(before.event_time);
        let seconds = silence.unwrap_or(f64::from(ticks) / ticks_per_s);
        let rpm = f64::from(turned) * 60.0 / seconds;
        if seconds <= 0.0 || rpm.abs() > MAX_WHEEL_RPM {
            return;
        }
        self.wheel_total += i64::from(turned);
        motion.distance_delta_m = self.circumference_m.map(|m| m * f64::from(turned));
        if silence.is_none() {
            motion.wheel_rpm = Some(rpm);
            motion.speed_mps = motion.distance_delta_m.map(|m| m / seconds);
        }
    }
}

/// A running count that the device keeps over more than one connection (repetitions, breaths, steps), summed up.
#[derive(Debug, Clone)]
pub struct Cumulative {
    /// The count goes back to 0 after this many.
    modulus: u64,
    last: Option<u64>,
    reconnected: bool,
    total: u64,
}

impl Cumulative {
    /// A sum that starts with the first count seen. `modulus`: where the device's counter wraps, 256 for one byte.
    #[must_use]
    pub const fn new(modulus: u64) -> Self {
        Self { modulus, last: None, reconnected: false, total: 0 }
    }

    /// The sensor connected again: it may have counted on meanwhile, or begun anew.
    pub const fn reconnected(&mut self) {
        self.reconnected = true;
    }

    /// Takes the next count; yields how many are new. Within a connection a lower count is a wrap when the step across
    /// it is less than half the range, else a restart from 0. After a reconnect a lower count is a restart: what a
    /// device counts over a wrap while it is away cannot be told from that.
    pub fn observe(&mut self, count: u64) -> u64 {
        let after_reconnect = std::mem::take(&mut self.reconnected);
        let Some(last) = self.last.replace(count) else { return 0 };
        let new = if count >= last {
            count - last
        } else {
            let across = self.modulus.saturating_sub(last).saturating_add(count);
            if !after_reconnect && across < self.modulus / 2 { across } else { count }
        };
        self.total = self.total.saturating_add(new);
        new
    }

    /// All that was new since the first count.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }
}

impl Motion {
    /// Shows what the packet says beside the one before it; what is not known is there as "not available".
    pub(super) fn fields(
        &self,
        counters: &Counters,
        circumference_m: Option<f64>,
        visit: &mut dyn FnMut(&'static Quantity, Value<'_>),
    ) {
        let known = |value: Option<f64>| value.map_or(Value::NotAvailable, Value::Number);
        if counters.wheel.is_some() {
            visit(&quantity::WHEEL_RPM, known(self.wheel_rpm));
            visit(&quantity::WHEEL_REVOLUTIONS_CUMULATIVE, Value::Number(self.wheel_revolutions as f64));
            if let Some(metres) = circumference_m {
                visit(&quantity::WHEEL_CIRCUMFERENCE_M, Value::Number(metres));
                visit(&quantity::SPEED_MPS, known(self.speed_mps));
                visit(&quantity::DISTANCE_DELTA_M, known(self.distance_delta_m));
            }
        }
        if counters.crank.is_some() {
            visit(&quantity::CADENCE_RPM, known(self.cadence_rpm));
            visit(&quantity::CADENCE_RPM_STEPWISE, known(self.cadence_rpm));
            visit(&quantity::CRANK_REVOLUTIONS_CUMULATIVE, Value::Number(self.crank_revolutions as f64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crank(revolutions: u16, event_time: u16) -> Csc {
        Csc { wheel: None, crank: Some(Crank { revolutions, event_time }) }
    }

    #[test]
    fn count_and_time_wrap_independently() {
        let mut reader = CscReader::new(None);
        for (revolutions, time, expected) in
            [(65534, 64000, None), (65535, 65024, Some(60.0)), (0, 512, Some(60.0)), (1, 1536, Some(60.0))]
        {
            assert_eq!(reader.observe(&crank(revolutions, time), None).cadence_rpm, expected);
        }
    }

    #[test]
    fn a_repeated_frame_is_no_movement_information() {
        let mut reader = CscReader::new(None);
        reader.observe(&crank(10, 1024), None);
        assert_eq!(reader.observe(&crank(11, 2048), None).cadence_rpm, Some(60.0));
        assert_eq!(reader.observe(&crank(11, 2048), None).cadence_rpm, None);
    }

    #[test]
    fn a_restarted_sensor_does_not_add_revolutions() {
        let mut reader = CscReader::new(None);
        reader.observe(&crank(5000, 1024), None);
        let after = reader.observe(&crank(3, 2048), None);
        assert_eq!((after.cadence_rpm, after.crank_revolutions), (None, 0));
    }

    #[test]
    fn after_a_silence_longer_than_the_clock_wraps_the_count_counts_and_the_time_does_not() {
        let mut reader = CscReader::new(None);
        reader.observe(&crank(10, 1024), Some(Mono::from_micros(0)));
        let after = reader.observe(&crank(70, 2048), Some(Mono::from_micros(65_000_000)));
        assert_eq!((after.cadence_rpm, after.crank_revolutions), (None, 60));
        let restarted = reader.observe(&crank(3, 1024), Some(Mono::from_micros(130_000_000)));
        assert_eq!(restarted.crank_revolutions, 60);
    }

    #[test]
    fn a_wheel_that_turns_back_counts_down() {
        let mut reader = CscReader::new(Some(2.0));
        let wheel =
            |revolutions, event_time| Csc { wheel: Some(Wheel { revolutions, event_time }), crank: None };
        reader.observe(&wheel(100, 0), None);
        let back = reader.observe(&wheel(98, 1024), None);
        assert_eq!((back.wheel_revolutions, back.speed_mps), (-2, Some(-4.0)));
    }

    #[test]
    fn a_count_that_the_device_keeps_goes_on_over_wraps_reconnects_and_restarts() {
        let mut reps = Cumulative::new(256);
        let steps: [(u64, u64); 4] = [(250, 0), (255, 5), (3, 4), (3, 0)];
        for (count, new) in steps {
            assert_eq!(reps.observe(count), new, "{count}");
        }
        reps.reconnected();
        assert_eq!(reps.observe(10), 7, "counted on while away");
        reps.reconnected();
        assert_eq!(reps.observe(2), 2, "began anew");
        assert_eq!(reps.observe(1), 1, "restarted within the connection");
        assert_eq!(reps.total(), 19);
    }
}
