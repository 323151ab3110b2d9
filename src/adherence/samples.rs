//! From a packet to the few bits that adherence keeps of it. The only file here that knows the decoders.

use crate::decode::{BATTERY, Class, Contact, Crank, Csc, CscReader, Machine, Reading, decode, profile};
use crate::types::{CharUuid, Mono};

use super::plan::{Band, Measure};

/// What a sample's value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Beats a minute, with contact.
    Heart,
    /// Cadence and power of a machine.
    Pedals,
    /// A crank's running count and event time.
    Crank,
    /// Speed of a treadmill's belt.
    Belt,
}

/// What a stream is a witness of: a machine in use, or a heart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Domain {
    Motion,
    Heart,
}

impl Signal {
    pub(super) const fn domain(self) -> Domain {
        match self {
            Self::Heart => Domain::Heart,
            Self::Pedals | Self::Crank | Self::Belt => Domain::Motion,
        }
    }
}

/// A value as it was sent, in 32 bits, so that a sample can be judged again when one from before it comes late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value(u32);

const NO_CADENCE: u16 = u16::MAX;
const NO_POWER: i16 = i16::MIN;

impl Value {
    const fn pair(low: u16, high: u16) -> Self {
        Self(low as u32 | (high as u32) << 16)
    }

    const fn low(self) -> u16 {
        self.0 as u16
    }

    const fn high(self) -> u16 {
        (self.0 >> 16) as u16
    }
}

/// What a packet says about activity; `None` where it says nothing about it, or cannot be decoded.
pub(super) fn sample(characteristic: CharUuid, bytes: &[u8]) -> Option<(Signal, Value)> {
    match decode(characteristic, bytes).ok()? {
        Reading::HeartRate(heart) => {
            let felt = heart.bpm > 0 && heart.contact != Contact::NotDetected;
            Some((Signal::Heart, Value::pair(heart.bpm, felt.into())))
        }
        Reading::Csc(csc) => {
            csc.crank.map(|crank| (Signal::Crank, Value::pair(crank.revolutions, crank.event_time)))
        }
        reading => {
            let machine = reading.machine()?;
            if machine.machine() == Machine::Treadmill {
                let speed = machine.speed_kmh()?;
                return Some((Signal::Belt, Value::pair((speed * 100.0).round() as u16, 0)));
            }
            let (cadence, power) = (machine.cadence_rpm(), machine.power_w());
            if cadence.is_none() && power.is_none() {
                return None;
            }
            let cadence = cadence.map_or(NO_CADENCE, |rpm| (rpm * 2.0).round() as u16);
            let power = power.unwrap_or(NO_POWER);
            Some((Signal::Pedals, Value::pair(cadence, power.cast_unsigned())))
        }
    }
}

/// The battery level in percent, where the packet says it.
pub(super) fn battery(characteristic: CharUuid, bytes: &[u8]) -> Option<u8> {
    if characteristic != BATTERY {
        return None;
    }
    match decode(characteristic, bytes) {
        Ok(Reading::Battery(percent)) => Some(percent),
        _ => None,
    }
}

/// Whether packets of this characteristic are measurements that the device stores: each makes a data-day.
pub(super) fn is_stored(characteristic: CharUuid) -> bool {
    profile(characteristic).class == Class::Stored
}

/// Bit of a mask: the sample shows activity, or a heart rate with contact.
pub(super) const ACTIVE: Mask = 1;

/// How a sample was judged: [`ACTIVE`], and a bit for each of its sensor's bands that it lies in.
pub(super) type Mask = u32;

/// Bands that one sensor may have over all versions of the plan; what is beyond counts as outside.
pub(super) const TRACK_BANDS: usize = 16;

/// The bit of the sensor's band with this index.
pub(super) const fn band_bit(index: usize) -> Mask {
    1 << (index + 1)
}

/// How the samples of one sensor are judged: what counts as activity (rule 2), and the bands of its items.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rule {
    /// Whether a motor turns the pedals, so that only power is activity, from which time in ms on; in order.
    pub(super) require_power: Vec<(i64, bool)>,
    /// Those past [`TRACK_BANDS`] are not looked at.
    pub(super) bands: Vec<Band>,
}

impl Rule {
    fn requires_power(&self, at: i64) -> bool {
        self.require_power.iter().rev().find(|(from, _)| *from <= at).is_some_and(|(_, required)| *required)
    }
}

const MIN_CADENCE_RPM: f64 = 20.0;
const MIN_POWER_W: f64 = 10.0;
const MIN_SPEED_KMH: f64 = 0.5;

/// A machine may spread one sample over several packets: what one of them does not carry is taken from one before it,
/// if it is not older than this.
const SPREAD_MS: i64 = 2000;

/// A crank that turns at the least cadence that counts passes its sensor every 3 s: until then no news is no news.
const CRANK_HOLD_MS: i64 = 3000;

/// The median interval of a stream is taken over at most this many intervals before a sample.
const MEDIAN_OVER: usize = 31;

/// What judging and crediting a sample needs to know of those before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Judge {
    cadence: Option<(i64, f64)>,
    power: Option<(i64, f64)>,
    crank: CscReader,
    /// The latest times at which samples came, as a ring; `count` of them were written to it.
    times: [i64; MEDIAN_OVER + 1],
    count: usize,
}

impl Judge {
    /// Samples older than this, seen from the next one, have no influence on how it is judged or credited.
    pub(super) const MEMORY_MS: i64 = 60_000;

    /// The mask of the next sample of a stream, which was received at `at` (ms since the epoch).
    pub(super) fn mask(&mut self, rule: &Rule, signal: Signal, at: i64, value: Value) -> Mask {
        self.note(at);
        match signal {
            Signal::Heart if value.high() == 0 => 0,
            Signal::Heart => ACTIVE | in_bands(rule, Measure::HeartRate, Some(value.low().into())),
            Signal::Belt if f64::from(value.low()) / 100.0 >= MIN_SPEED_KMH => ACTIVE,
            Signal::Belt => 0,
            Signal::Pedals => {
                if value.low() != NO_CADENCE {
                    self.cadence = Some((at, f64::from(value.low()) / 2.0));
                }
                let power = value.high().cast_signed();
                if power != NO_POWER {
                    self.power = Some((at, power.into()));
                }
                self.pedals(rule, at, SPREAD_MS)
            }
            Signal::Crank => {
                let crank = Crank { revolutions: value.low(), event_time: value.high() };
                let mono = Mono::from_micros(at.max(0).unsigned_abs().saturating_mul(1000));
                let motion = self.crank.observe(&Csc { wheel: None, crank: Some(crank) }, Some(mono));
                if let Some(rpm) = motion.cadence_rpm {
                    self.cadence = Some((at, rpm));
                }
                self.pedals(rule, at, CRANK_HOLD_MS)
            }
        }
    }

    /// The median interval between the latest samples in ms; 0 while there was only one.
    pub(super) fn median_interval(&self) -> i64 {
        let known = self.count.min(MEDIAN_OVER + 1);
        let mut intervals = [0; MEDIAN_OVER];
        let mut found = 0;
        for back in 1..known {
            let [later, earlier] =
                [back - 1, back].map(|back| self.times[(self.count - 1 - back) % self.times.len()]);
            let newest = self.times[(self.count - 1) % self.times.len()];
            if newest - earlier > Self::MEMORY_MS {
                break;
            }
            intervals[found] = later - earlier;
            found += 1;
        }
        let known = &mut intervals[..found];
        known.sort_unstable();
        known.get(found / 2).copied().unwrap_or(0)
    }

    /// Samples of one instant are one: between them there is no interval.
    fn note(&mut self, at: i64) {
        let newest = self.count.checked_sub(1).map(|index| self.times[index % self.times.len()]);
        if newest != Some(at) {
            self.times[self.count % (MEDIAN_OVER + 1)] = at;
            self.count += 1;
        }
    }

    fn pedals(&self, rule: &Rule, at: i64, hold_ms: i64) -> Mask {
        let fresh = |known: Option<(i64, f64)>| known.filter(|(then, _)| at - then < hold_ms).map(|(_, v)| v);
        let (cadence, power) = (fresh(self.cadence), fresh(self.power));
        let turned = !rule.requires_power(at) && cadence.is_some_and(|rpm| rpm >= MIN_CADENCE_RPM);
        if !turned && power.is_none_or(|watts| watts < MIN_POWER_W) {
            return 0;
        }
        ACTIVE | in_bands(rule, Measure::Cadence, cadence) | in_bands(rule, Measure::Power, power)
    }
}

fn in_bands(rule: &Rule, measure: Measure, value: Option<f64>) -> Mask {
    let Some(value) = value else { return 0 };
    let inside = rule
        .bands
        .iter()
        .take(TRACK_BANDS)
        .enumerate()
        .filter(|(_, b)| b.measure == measure && b.contains(value));
    inside.fold(0, |mask, (index, _)| mask | band_bit(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{CSC, HEART_RATE, INDOOR_BIKE};

    fn masks(rule: &Rule, packets: &[(i64, CharUuid, &[u8])]) -> Vec<Mask> {
        let mut judge = Judge::default();
        let judged = packets.iter().filter_map(|(at, characteristic, bytes)| {
            let (signal, value) = sample(*characteristic, bytes)?;
            Some(judge.mask(rule, signal, *at, value))
        });
        judged.collect()
    }

    fn band(measure: Measure, low: f64, high: f64) -> Rule {
        Rule { require_power: Vec::new(), bands: vec![Band { measure, low, high }] }
    }

    /// Speed, cadence in half revolutions, power.
    fn bike(cadence: u16, power: i16) -> [u8; 8] {
        let [c, p] = [cadence.to_le_bytes(), power.to_le_bytes()];
        [0x44, 0x00, 0, 0, c[0], c[1], p[0], p[1]]
    }

    #[test]
    fn cadence_from_20_or_power_from_10_is_activity() {
        let rule = Rule::default();
        for (cadence, power, active) in [(40, 0, 1), (39, 0, 0), (0, 10, 1), (0, 9, 0), (0, -50, 0)] {
            assert_eq!(
                masks(&rule, &[(0, INDOOR_BIKE, &bike(cadence, power))]),
                [active],
                "{cadence} {power}"
            );
        }
    }

    #[test]
    fn where_power_is_required_turning_pedals_alone_are_not_activity() {
        let rule = Rule { require_power: vec![(i64::MIN, false), (0, true)], bands: Vec::new() };
        let packets = [(0, INDOOR_BIKE, &bike(120, 0)[..]), (1000, INDOOR_BIKE, &bike(120, 30))];
        assert_eq!(masks(&rule, &packets), [0, 1]);
    }

    #[test]
    fn both_ends_of_a_band_are_inside() {
        let rule = band(Measure::Cadence, 60.0, 80.0);
        for (cadence, mask) in [(119, 1), (120, 3), (160, 3), (161, 1)] {
            assert_eq!(masks(&rule, &[(0, INDOOR_BIKE, &bike(cadence, 0))]), [mask], "{cadence}");
        }
    }

    #[test]
    fn a_sample_spread_over_two_packets_is_judged_as_one() {
        // cadence 70 in one packet that says more data, speed and power 5 W in the next
        let parts: [(i64, CharUuid, &[u8]); 2] =
            [(0, INDOOR_BIKE, &[0x05, 0x00, 140, 0]), (20, INDOOR_BIKE, &[0x40, 0x00, 0, 0, 5, 0])];
        assert_eq!(masks(&band(Measure::Cadence, 60.0, 80.0), &parts), [3, 3]);
    }

    #[test]
    fn a_heart_rate_without_contact_or_of_zero_is_none() {
        let rule = band(Measure::HeartRate, 100.0, 120.0);
        let packets: [(i64, CharUuid, &[u8]); 5] = [
            (0, HEART_RATE, &[0x06, 110]),
            (1, HEART_RATE, &[0x04, 110]),
            (2, HEART_RATE, &[0x00, 110]),
            (3, HEART_RATE, &[0x00, 0]),
            (4, HEART_RATE, &[0x06, 121]),
        ];
        assert_eq!(masks(&rule, &packets), [3, 0, 3, 0, 1]);
    }

    #[test]
    fn a_crank_is_active_between_its_events_and_idle_once_it_has_stopped_for_3_s() {
        let csc = |revolutions: u16, time: u16| {
            let [r, t] = [revolutions.to_le_bytes(), time.to_le_bytes()];
            [0x02, r[0], r[1], t[0], t[1]]
        };
        // 30 rpm: a new event in every second packet; then it stops
        let frames =
            [csc(0, 0), csc(1, 2048), csc(1, 2048), csc(2, 4096), csc(2, 4096), csc(2, 4096), csc(2, 4096)];
        let packets: Vec<(i64, CharUuid, &[u8])> =
            frames.iter().enumerate().map(|(i, f)| (i as i64 * 1000, CSC, &f[..])).collect();
        assert_eq!(masks(&Rule::default(), &packets), [0, 1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn a_treadmill_is_in_use_from_half_a_kilometre_an_hour() {
        let belt = CharUuid::sig(0x2ACD);
        let packets: [(i64, CharUuid, &[u8]); 2] = [(0, belt, &[0, 0, 49, 0]), (1, belt, &[0, 0, 50, 0])];
        assert_eq!(masks(&Rule::default(), &packets), [0, 1]);
    }

    #[test]
    fn what_says_nothing_about_activity_is_no_sample() {
        assert_eq!(sample(INDOOR_BIKE, &[0x00, 0x00, 10, 0]), None, "speed of a free-running wheel");
        assert_eq!(sample(INDOOR_BIKE, &[0x44]), None, "truncated");
        assert_eq!(sample(crate::decode::BATTERY, &[55]), None);
    }
}
