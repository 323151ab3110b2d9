//! Alerts: what a person at the clinic should look at. Each rule watches one thing and makes signals of it; one fold
//! turns signals into alerts, so that all of them have hysteresis, one reminder and an explicit clear. They are
//! computed from the log, like days: late data may move, add or take away one.

use serde::Serialize;

use super::day::LocalDay;
use super::engine::Engine;
use crate::types::UtcMicros;

/// An alert that is still up after so long is brought up once more.
const REMIND_AFTER_MS: i64 = 86_400_000;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertRule {
    /// Two due days in a row were missed.
    MissedDays,
    /// The mean score of seven days is below 50 %.
    LowAdherence,
    /// Pain of 7 or more.
    PainHigh,
    /// Pain 2 or more above the median of the seven days before.
    PainJump,
    /// Mean pain of three days 2 or more above that of the seven days before.
    PainTrend,
    /// Heart rate above the plan's limit for 30 s.
    HeartRateLimit,
    /// More than 70 % of the days left in the period are needed.
    ThresholdAtRisk,
    /// The period cannot reach its data-days any more.
    ThresholdUnreachable,
    /// Nothing came from a sensor for 48 h.
    SensorSilent,
    /// Nothing came from a sensor for 72 h.
    SensorSilentLong,
    /// A battery is at 20 % or below.
    BatteryLow,
    /// A battery is at 10 % or below.
    BatteryCritical,
}

impl AlertRule {
    /// The word that documents use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissedDays => "missed_days",
            Self::LowAdherence => "low_adherence",
            Self::PainHigh => "pain_high",
            Self::PainJump => "pain_jump",
            Self::PainTrend => "pain_trend",
            Self::HeartRateLimit => "heart_rate_limit",
            Self::ThresholdAtRisk => "threshold_at_risk",
            Self::ThresholdUnreachable => "threshold_unreachable",
            Self::SensorSilent => "sensor_silent",
            Self::SensorSilentLong => "sensor_silent_long",
            Self::BatteryLow => "battery_low",
            Self::BatteryCritical => "battery_critical",
        }
    }

    /// What it says, without any value of the patient's. None of it claims an emergency.
    const fn text(self) -> &'static str {
        match self {
            Self::MissedDays => "two due days in a row were missed; call the patient",
            Self::LowAdherence => "the mean score of the last seven days is below 50 %; review the plan",
            Self::PainHigh => "the patient reported pain of 7 or more; review",
            Self::PainJump => {
                "the reported pain is 2 or more above the median of the last seven days; review"
            }
            Self::PainTrend => "the mean pain of three days is 2 or more above the seven days before; review",
            Self::HeartRateLimit => "the heart rate was above the plan's limit for 30 s; review the session",
            Self::ThresholdAtRisk => "most of the days left are needed to reach the period's data-days",
            Self::ThresholdUnreachable => "the period cannot reach its data-days any more",
            Self::SensorSilent => {
                "nothing was received for 48 h; check that it is used, charged and in reach"
            }
            Self::SensorSilentLong => {
                "nothing was received for 72 h; check that it is used, charged and in reach"
            }
            Self::BatteryLow => "the battery is at 20 % or below; change or charge it",
            Self::BatteryCritical => "the battery is at 10 % or below; change or charge it now",
        }
    }
}

/// One alert, from when it was raised until it was cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Rule, subject and the day it was raised: the key of its document.
    pub key: String,
    /// The rule.
    pub rule: AlertRule,
    /// The sensor, the question or the period; the plan's episode where it is about all of it.
    pub subject: String,
    /// When the rule began to hold.
    #[serde(serialize_with = "super::report::as_text")]
    pub raised: UtcMicros,
    /// When it was brought up again, once, since it was still up.
    #[serde(serialize_with = "super::report::as_optional_text")]
    pub reminded: Option<UtcMicros>,
    /// When it no longer held, by its hysteresis; `None` while it is up.
    #[serde(serialize_with = "super::report::as_optional_text")]
    pub cleared: Option<UtcMicros>,
    /// What to do, in words.
    pub text: &'static str,
}

/// What a rule says at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// It holds.
    Raise,
    /// It is well past not holding.
    Clear,
    /// In between: whatever was, stays.
    Hold,
}

impl Signal {
    pub(super) const fn of(raise: bool, clear: bool) -> Self {
        match (raise, clear) {
            (true, _) => Self::Raise,
            (_, true) => Self::Clear,
            _ => Self::Hold,
        }
    }
}

/// A rule about one subject, and what it said when: in order of time, in ms.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) rule: AlertRule,
    pub(super) subject: String,
    pub(super) signals: Vec<(i64, Signal)>,
}

impl Engine {
    /// Every alert of the episode up to `now`, in the order they were raised.
    pub fn alerts(&mut self, now: UtcMicros) -> Vec<Alert> {
        self.settle();
        let day = |at: i64| self.history.day_of(at);
        let watches = [
            self.watch_adherence(now),
            self.watch_periods(now),
            self.watch_answers(now),
            self.watch_heart_rate(now),
            self.watch_sensors(now),
        ];
        let mut alerts: Vec<Alert> =
            watches.iter().flatten().flat_map(|watch| fold(watch, now.millis(), day)).collect();
        alerts.sort_by(|one, other| (one.raised, &one.key).cmp(&(other.raised, &other.key)));
        alerts
    }
}

/// At most one alert of a rule and subject is up at a time.
fn fold(watch: &Watch, now: i64, day: impl Fn(i64) -> LocalDay) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut raised = None;
    for (at, signal) in watch.signals.iter().take_while(|(at, _)| *at <= now) {
        match (signal, raised) {
            (Signal::Raise, None) => raised = Some(*at),
            (Signal::Clear, Some(since)) => {
                alerts.push(alert(watch, since, Some(*at), *at, &day));
                raised = None;
            }
            _ => {}
        }
    }
    alerts.extend(raised.map(|since| alert(watch, since, None, now, &day)));
    alerts
}

fn alert(
    watch: &Watch,
    raised: i64,
    cleared: Option<i64>,
    upto: i64,
    day: impl Fn(i64) -> LocalDay,
) -> Alert {
    let utc = |ms: i64| UtcMicros::from_micros(ms.saturating_mul(1000));
    let remind = raised + REMIND_AFTER_MS;
    Alert {
        key: format!("{}-{}-{}", watch.rule.as_str(), watch.subject, day(raised)),
        rule: watch.rule,
        subject: watch.subject.clone(),
        raised: utc(raised),
        reminded: (remind <= upto).then(|| utc(remind)),
        cleared: cleared.map(utc),
        text: watch.rule.text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: i64 = 3_600_000;

    fn folded(signals: &[(i64, Signal)], now: i64) -> Vec<(i64, Option<i64>, Option<i64>)> {
        let watch = Watch { rule: AlertRule::PainHigh, subject: "pain".into(), signals: signals.to_vec() };
        let zone = "UTC".parse().unwrap();
        let alerts = fold(&watch, now * H, |at| LocalDay::of_millis(at, zone));
        let hours = |time: UtcMicros| time.millis() / H;
        alerts.iter().map(|a| (hours(a.raised), a.reminded.map(hours), a.cleared.map(hours))).collect()
    }

    #[test]
    fn an_alert_is_raised_once_reminded_once_and_cleared_once() {
        use Signal::{Clear, Hold, Raise};
        let signals =
            [(0, Hold), (H, Raise), (2 * H, Raise), (3 * H, Hold), (40 * H, Clear), (50 * H, Raise)];
        assert_eq!(folded(&signals, 60), [(1, Some(25), Some(40)), (50, None, None)]);
        assert_eq!(folded(&signals, 30), [(1, Some(25), None)]);
        assert_eq!(folded(&signals, 24), [(1, None, None)]);
        assert_eq!(folded(&signals, 0), []);
    }
}
