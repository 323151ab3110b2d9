//! The rules of alerts: what each of them looks at, when it is raised and when it is cleared.

use super::alerts::{AlertRule, Signal, Watch};
use super::day::LocalDay;
use super::engine::Engine;
use super::evidence::Outlook;
use super::judge::days_to;
use super::plan::{Band, Measure};
use super::report::Status;
use super::samples::Domain;
use super::share::Share;
use crate::types::{SensorId, UtcMicros};

/// Missed due days in a row.
const MISSED_RUN: u32 = 2;
/// Days of the running mean.
const MEAN_DAYS: usize = 7;
/// The running mean raises below this …
const MEAN_RAISE_PERCENT: u8 = 50;
/// … and clears from this on.
const MEAN_CLEAR_PERCENT: u8 = 60;
/// Answers are compared only where there are so many on either side.
const MIN_VALUES: usize = 3;
/// Pain, in thousandths.
const PAIN_RAISE: i64 = 7000;
const PAIN_CLEAR: i64 = 5000;
const RISE_RAISE: i64 = 2000;
const RISE_CLEAR: i64 = 1000;
/// The heart rate is above the limit for so long …
const OVER_MS: i64 = 30_000;
/// … and clears once it was not for so long.
const NOT_OVER_MS: i64 = 60_000;
/// Silence that is reported, and that is reported again.
pub(super) const SILENT_MS: i64 = 48 * 3_600_000;
const SILENT_LONG_MS: i64 = 72 * 3_600_000;
/// Battery levels, in percent, with what clears them.
const BATTERY: [(AlertRule, u8, u8); 2] =
    [(AlertRule::BatteryLow, 20, 30), (AlertRule::BatteryCritical, 10, 20)];

impl Engine {
    /// Missed days, and the mean of seven days; judged as each day ends.
    pub(super) fn watch_adherence(&self, now: UtcMicros) -> Vec<Watch> {
        let (mut missed, mut low) = (Vec::new(), Vec::new());
        let mut run = 0;
        let mut scores: Vec<Option<Share>> = Vec::new();
        for day in self.days_over(now) {
            let (score, status) = self.outcome(day, now);
            let end = self.history.end(day);
            match status {
                Status::Missed => run += 1,
                Status::NotDue | Status::NoData | Status::Open => {}
                Status::Met | Status::Partial => run = 0,
            }
            missed.push((end, Signal::of(run >= MISSED_RUN, run == 0)));
            scores.push(score);
            if let Some(window) = scores.last_chunk::<MEAN_DAYS>()
                && let Some(mean) = Share::mean(window.iter().flatten().map(|share| (1, *share)))
            {
                let signal = Signal::of(!mean.reaches(MEAN_RAISE_PERCENT), mean.reaches(MEAN_CLEAR_PERCENT));
                low.push((end, signal));
            }
        }
        let subject = self.plan().episode.to_string();
        vec![
            Watch { rule: AlertRule::MissedDays, subject: subject.clone(), signals: missed },
            Watch { rule: AlertRule::LowAdherence, subject, signals: low },
        ]
    }

    /// The outlook of each period; judged as each day ends.
    pub(super) fn watch_periods(&self, now: UtcMicros) -> Vec<Watch> {
        let mut watches = Vec::new();
        let days: Vec<LocalDay> = self.days_over(now).collect();
        for (number, start) in (1u32..).zip(self.period_starts(now)) {
            let outlooks = self.outlooks(start, &days);
            let signals = |raise: Outlook| {
                let signal = |(end, outlook, clear): &(i64, Outlook, bool)| {
                    (*end, Signal::of(*outlook == raise, *clear || *outlook == Outlook::Unreachable))
                };
                outlooks.iter().map(signal).collect()
            };
            for (rule, raise) in [
                (AlertRule::ThresholdAtRisk, Outlook::AtRisk),
                (AlertRule::ThresholdUnreachable, Outlook::Unreachable),
            ] {
                watches.push(Watch { rule, subject: format!("period-{number}"), signals: signals(raise) });
            }
        }
        watches
    }

    /// Pain, at each answer.
    pub(super) fn watch_answers(&self, now: UtcMicros) -> Vec<Watch> {
        let pain: Vec<(i64, i64)> = self
            .answers
            .within(i64::MIN, now.millis().saturating_add(1))
            .filter(|(_, question, _)| question.as_str() == "pain")
            .map(|(at, _, milli)| (at, milli))
            .collect();
        let (mut high, mut jump, mut trend) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (at, value)) in pain.iter().enumerate() {
            high.push((*at, Signal::of(*value >= PAIN_RAISE, *value <= PAIN_CLEAR)));
            let day = self.history.day_of(*at);
            let between = |from: LocalDay, to: i64| -> Vec<i64> {
                let from = self.history.start(from);
                pain[..=index]
                    .iter()
                    .filter(|(at, _)| from <= *at && *at < to)
                    .map(|(_, value)| *value)
                    .collect()
            };
            if let Some(median) = median(between(day.minus(7), *at)) {
                jump.push((*at, rise(value - median)));
            }
            let recent = mean(&between(day.minus(2), at + 1));
            let before = mean(&between(day.minus(9), self.history.start(day.minus(2))));
            if let Some((recent, before)) = recent.zip(before) {
                trend.push((*at, rise(recent - before)));
            }
        }
        [(AlertRule::PainHigh, high), (AlertRule::PainJump, jump), (AlertRule::PainTrend, trend)]
            .into_iter()
            .map(|(rule, signals)| Watch { rule, subject: "pain".into(), signals })
            .collect()
    }

    /// Heart rates above the plan's limit.
    pub(super) fn watch_heart_rate(&self, now: UtcMicros) -> Vec<Watch> {
        let Some(band) = self.plan().heart_limit() else { return Vec::new() };
        let hearts = self.tracks.iter().filter(|track| track.domain == Domain::Heart);
        let watches = hearts.filter_map(|track| {
            let index = self.history.bands(&track.sensor).iter().position(|known| *known == band)?;
            let from = self.history.start(self.first_day()?);
            let mut signals = Vec::new();
            let mut cleared_from = i64::MIN;
            for (start, end) in track.in_band(index, from, now.millis()) {
                if end - start < OVER_MS {
                    continue;
                }
                if cleared_from < start && cleared_from > i64::MIN {
                    signals.push((cleared_from, Signal::Clear));
                }
                signals.push((start + OVER_MS, Signal::Raise));
                cleared_from = end + NOT_OVER_MS;
            }
            signals.push((cleared_from, Signal::Clear));
            Some(Watch { rule: AlertRule::HeartRateLimit, subject: track.sensor.to_string(), signals })
        });
        watches.collect()
    }

    /// Silence and batteries of the plan's sensors.
    pub(super) fn watch_sensors(&self, now: UtcMicros) -> Vec<Watch> {
        let mut watches = Vec::new();
        for sensor in self.plan().sensors() {
            for (rule, limit) in
                [(AlertRule::SensorSilent, SILENT_MS), (AlertRule::SensorSilentLong, SILENT_LONG_MS)]
            {
                let mut signals = Vec::new();
                for (last, next) in self.presence.gaps(sensor, limit, now.millis()) {
                    if let Some(since) = self.listening.reaches(last, next.unwrap_or(now.millis()), limit) {
                        signals.push((since, Signal::Raise));
                        signals.extend(next.map(|next| (next, Signal::Clear)));
                    }
                }
                watches.push(Watch { rule, subject: sensor.to_string(), signals });
            }
            for (rule, raise, clear) in BATTERY {
                let levels = self.presence.battery(sensor);
                let signals = levels
                    .map(|(at, percent)| (at, Signal::of(percent <= raise, percent >= clear)))
                    .collect();
                watches.push(Watch { rule, subject: sensor.to_string(), signals });
            }
        }
        watches
    }

    /// Whether something was known to be wrong with a sensor when `day` began (rule 9): it had been silent for so long
    /// that it was reported, or its battery was all but empty. What becomes known later in the day does not excuse it:
    /// else silence would explain itself before two days could be missed.
    pub(super) fn is_faulty(&self, sensor: &SensorId, day: LocalDay) -> bool {
        let start = self.history.start(day);
        let silent = self.presence.last_heard(sensor, start).is_some_and(|last| {
            start - last >= SILENT_MS && self.listening.listened(last, start) >= SILENT_MS
        });
        let [_, (_, empty, _)] = BATTERY;
        let level = self.presence.battery(sensor).take_while(|(at, _)| *at < start).last();
        silent || level.is_some_and(|(_, percent)| percent <= empty)
    }

    /// The days that have ended, from the first on which anything was received.
    fn days_over(&self, now: UtcMicros) -> impl Iterator<Item = LocalDay> {
        let today = self.today(now);
        let first = self.first_day().unwrap_or(today);
        days_to(first, today.previous())
    }
}

impl super::Plan {
    /// What is above the plan's limit of the heart rate, as a band.
    pub(super) fn heart_limit(&self) -> Option<Band> {
        let limit = self.heart_rate_limit?;
        Some(Band { measure: Measure::HeartRate, low: f64::from(limit) + 1.0, high: f64::from(u16::MAX) })
    }
}

fn rise(by: i64) -> Signal {
    Signal::of(by >= RISE_RAISE, by < RISE_CLEAR)
}

/// `None` of too few.
fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        few if few < MIN_VALUES => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(i64::midpoint(values[middle - 1], values[middle])),
    }
}

/// `None` of too few.
fn mean(values: &[i64]) -> Option<i64> {
    let enough = values.len() >= MIN_VALUES;
    enough.then(|| values.iter().sum::<i64>() / values.len() as i64)
}
