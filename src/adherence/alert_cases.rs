//! The rules of alerts, from packets.

use super::testing::{BIKE, Capture, HEAD, STRAP, day, percent, utc};
use super::{Alert, AlertRule, Status};
use crate::decode::BATTERY;
use crate::types::HubState;

fn bike() -> String {
    format!("{HEAD}{BIKE}")
}

/// Rides of so many minutes on the days from 2026-11-03 on; idle packets on the days without.
fn rides(minutes: &[i64]) -> Capture {
    let mut capture = Capture::default();
    for (index, minutes) in minutes.iter().enumerate() {
        let date = day("2026-11-03").plus(index as u32);
        let [begin, end] = [0, *minutes].map(|minute| format!("{date}T15:{minute:02}:00Z"));
        capture = capture.bike(&begin, minutes * 60, 70).bike(&end, 1, 0);
    }
    capture
}

/// Rule, when it was raised and cleared; those of `rules` only.
fn alerts(
    capture: &Capture,
    plan: &str,
    now: &str,
    rules: &[AlertRule],
) -> Vec<(AlertRule, String, Option<String>)> {
    let found = capture.engine(plan).alerts(utc(now)).into_iter();
    let found = found.filter(|alert| rules.contains(&alert.rule));
    let shown = |alert: Alert| {
        (alert.rule, alert.raised.to_string(), alert.cleared.map(|cleared| cleared.to_string()))
    };
    found.map(shown).collect()
}

#[test]
fn two_missed_due_days_in_a_row_raise_and_the_next_day_with_activity_clears() {
    let rules = [AlertRule::MissedDays];
    let found = alerts(&rides(&[20, 0, 0, 0, 20]), &bike(), "2026-11-09T00:00:00Z", &rules);
    let [raised, cleared] = ["2026-11-06T05:00:00.000Z", "2026-11-08T05:00:00.000Z"].map(str::to_owned);
    assert_eq!(found, [(AlertRule::MissedDays, raised, Some(cleared))]);
    assert_eq!(alerts(&rides(&[20, 0, 20, 0, 20]), &bike(), "2026-11-09T00:00:00Z", &rules), []);
    let seldom = bike().replace("\"daily\"", "\"tue\", \"thu\", \"sat\"");
    let found = alerts(&rides(&[20, 0, 0, 0, 0, 20]), &seldom, "2026-11-08T12:00:00Z", &rules);
    assert_eq!(found.len(), 1, "rest days do not break a run: {found:?}");
}

#[test]
fn days_without_data_are_not_missed_days() {
    let deaf =
        rides(&[20]).hub("2026-11-04T05:00:00Z", HubState::Down).hub("2026-11-06T05:00:00Z", HubState::Up);
    assert_eq!(alerts(&deaf, &bike(), "2026-11-07T00:00:00Z", &[AlertRule::MissedDays]), []);
}

#[test]
fn a_mean_below_half_over_seven_days_raises_and_clears_from_60_percent_on() {
    let rules = [AlertRule::LowAdherence];
    let found = alerts(&rides(&[9, 9, 9, 9, 9, 9, 9, 12, 20, 20]), &bike(), "2026-11-14T00:00:00Z", &rules);
    let [raised, cleared] = ["2026-11-10T05:00:00.000Z", "2026-11-13T05:00:00.000Z"].map(str::to_owned);
    assert_eq!(found, [(AlertRule::LowAdherence, raised, Some(cleared))]);
    assert_eq!(alerts(&rides(&[10; 8]), &bike(), "2026-11-14T00:00:00Z", &[]), []);
    assert_eq!(alerts(&rides(&[10, 10, 10, 10, 10, 10, 10]), &bike(), "2026-11-10T06:00:00Z", &rules), []);
}

fn pains(values: &[i64]) -> Capture {
    let days = values.iter().enumerate();
    days.fold(Capture::default(), |capture, (index, value)| {
        capture.pro(&format!("{}T20:00:00Z", day("2026-11-03").plus(index as u32)), "pain", *value)
    })
}

#[test]
fn pain_of_7_raises_and_clears_at_5() {
    let found = alerts(&pains(&[6, 7, 6, 5]), &bike(), "2026-11-09T00:00:00Z", &[AlertRule::PainHigh]);
    let [raised, cleared] = ["2026-11-04T20:00:00.000Z", "2026-11-06T20:00:00.000Z"].map(str::to_owned);
    assert_eq!(found, [(AlertRule::PainHigh, raised, Some(cleared))]);
}

#[test]
fn pain_2_above_the_median_of_seven_days_raises_if_there_are_three_answers() {
    let rules = [AlertRule::PainJump];
    assert_eq!(alerts(&pains(&[1, 1, 3]), &bike(), "2026-11-09T00:00:00Z", &rules), []);
    let found = alerts(&pains(&[1, 1, 2, 3, 1]), &bike(), "2026-11-09T00:00:00Z", &rules);
    let [raised, cleared] = ["2026-11-06T20:00:00.000Z", "2026-11-07T20:00:00.000Z"].map(str::to_owned);
    assert_eq!(found, [(AlertRule::PainJump, raised, Some(cleared))]);
}

#[test]
fn three_days_of_pain_2_above_the_seven_before_are_a_trend() {
    let rules = [AlertRule::PainTrend];
    let found = alerts(&pains(&[1, 1, 1, 1, 3, 3, 3]), &bike(), "2026-11-19T00:00:00Z", &rules);
    assert_eq!(found, [(AlertRule::PainTrend, "2026-11-09T20:00:00.000Z".to_owned(), None)]);
    assert_eq!(alerts(&pains(&[1, 1, 3, 3, 3]), &bike(), "2026-11-19T00:00:00Z", &rules), [], "two before");
}

#[test]
fn case_7_the_limit_of_the_heart_rate_is_watched() {
    let limited = format!("{HEAD}{STRAP}[limits]\nheart_rate_bpm = 129\n");
    let rules = [AlertRule::HeartRateLimit];
    let strap = |over: i64| {
        Capture::default()
            .strap("2026-11-03T15:00:00Z", 1320, 110)
            .strap("2026-11-03T15:22:00Z", over, 130)
            .strap(&utc("2026-11-03T15:22:00Z").plus(over * 1_000_000).to_string(), 300, 129)
    };
    let found = alerts(&strap(480), &limited, "2026-11-04T00:00:00Z", &rules);
    let [raised, cleared] = ["2026-11-03T15:22:30.000Z", "2026-11-03T15:31:00.000Z"].map(str::to_owned);
    assert_eq!(found, [(AlertRule::HeartRateLimit, raised, Some(cleared))]);
    assert_eq!(alerts(&strap(29), &limited, "2026-11-04T00:00:00Z", &rules), []);
    assert_eq!(alerts(&strap(480), &format!("{HEAD}{STRAP}"), "2026-11-04T00:00:00Z", &rules), []);
}

#[test]
fn heart_rates_that_exceed_the_limit_again_within_a_minute_are_one_alert() {
    let limited = format!("{HEAD}{STRAP}[limits]\nheart_rate_bpm = 129\n");
    let strap = Capture::default()
        .strap("2026-11-03T15:00:00Z", 40, 140)
        .strap("2026-11-03T15:00:40Z", 30, 120)
        .strap("2026-11-03T15:01:10Z", 40, 140)
        .strap("2026-11-03T15:01:50Z", 300, 120);
    let found = alerts(&strap, &limited, "2026-11-04T00:00:00Z", &[AlertRule::HeartRateLimit]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_period_at_risk_is_reported_then_as_unreachable_and_both_end_with_it() {
    let strict = format!("{HEAD}rule_set = \"2025\"\n{BIKE}");
    let rules = [AlertRule::ThresholdAtRisk, AlertRule::ThresholdUnreachable];
    let found = alerts(&rides(&[20]), &strict, "2026-12-04T00:00:00Z", &rules);
    let [risk, unreachable, end] =
        ["2026-11-12T05:00:00.000Z", "2026-11-19T05:00:00.000Z", "2026-12-03T05:00:00.000Z"]
            .map(str::to_owned);
    let expected = [
        (AlertRule::ThresholdAtRisk, risk, Some(unreachable.clone())),
        (AlertRule::ThresholdUnreachable, unreachable, None),
    ];
    assert_eq!(found, expected, "{end}");
}

#[test]
fn a_silent_sensor_is_reported_after_48_and_72_hours_in_which_the_hub_listened() {
    let rules = [AlertRule::SensorSilent, AlertRule::SensorSilentLong];
    let found = alerts(&rides(&[20, 0, 0, 0]), &bike(), "2026-11-10T00:00:00Z", &rules);
    let raised: Vec<&str> = found.iter().map(|(_, raised, _)| raised.as_str()).collect();
    assert_eq!(raised, ["2026-11-08T15:15:00.000Z", "2026-11-09T15:15:00.000Z"]);
    let deaf = rides(&[20]).hub("2026-11-03T16:00:00Z", HubState::Down);
    assert_eq!(alerts(&deaf, &bike(), "2026-11-10T00:00:00Z", &rules), []);
    let back = rides(&[20, 0, 0, 0]).bike("2026-11-08T18:00:00Z", 1, 0);
    let found = alerts(&back, &bike(), "2026-11-10T00:00:00Z", &rules);
    assert_eq!(found[0].2.as_deref(), Some("2026-11-08T18:00:00.000Z"));
}

#[test]
fn a_sensor_that_was_reported_silent_makes_days_without_data_and_not_missed_ones() {
    let mut engine = rides(&[20]).engine(&bike());
    let reports = engine.reports(utc("2026-11-08T12:00:00Z"));
    let statuses: Vec<Status> = reports.iter().map(|report| report.status).collect();
    let expected =
        [Status::Met, Status::Missed, Status::Missed, Status::NoData, Status::NoData, Status::Open];
    assert_eq!(statuses, expected);
    assert_eq!(percent(reports[3].score), None);
}

#[test]
fn batteries_are_reported_at_20_and_10_percent_and_an_empty_one_explains_silence() {
    let mut capture = rides(&[20]);
    for (at, percent) in [("08:00", 25), ("12:00", 20), ("16:00", 10), ("20:00", 25)] {
        capture.push(utc(&format!("2026-11-03T{at}:00Z")), "bike", BATTERY, &[percent]);
    }
    let rules = [AlertRule::BatteryLow, AlertRule::BatteryCritical];
    let found = alerts(&capture, &bike(), "2026-11-04T00:00:00Z", &rules);
    let [low, critical, charged] =
        ["2026-11-03T12:00:00.000Z", "2026-11-03T16:00:00.000Z", "2026-11-03T20:00:00.000Z"]
            .map(str::to_owned);
    let expected =
        [(AlertRule::BatteryLow, low, None), (AlertRule::BatteryCritical, critical, Some(charged))];
    assert_eq!(found, expected);
    capture.push(utc("2026-11-03T21:00:00Z"), "bike", BATTERY, &[8]);
    assert_eq!(capture.report(&bike(), "2026-11-04").status, Status::NoData);
}

#[test]
fn alerts_serialize_with_their_times_as_text_and_without_values() {
    let alert = pains(&[8]).engine(&bike()).alerts(utc("2026-11-05T20:00:00Z")).swap_remove(0);
    let json = serde_json::to_string(&alert).unwrap();
    assert_eq!(
        json,
        r#"{"key":"pain_high-pain-2026-11-03","rule":"pain_high","subject":"pain","raised":"2026-11-03T20:00:00.000Z","reminded":"2026-11-04T20:00:00.000Z","cleared":null,"text":"the patient reported pain of 7 or more; review"}"#
    );
}
