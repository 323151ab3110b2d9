//! The worked cases of the specification, by their numbers, from packets.

use super::testing::{BIKE, Capture, HEAD, STRAP, day, minutes, percent, plan, utc};
use super::{Engine, Status, plan::Schedule};
use crate::types::HubState;

fn bike_plan() -> String {
    format!("{HEAD}{BIKE}")
}

/// 16 min of riding, 10 of them in the band.
fn case_1() -> Capture {
    Capture::default()
        .bike("2026-11-03T15:00:00Z", 180, 50)
        .bike("2026-11-03T15:03:00Z", 600, 70)
        .bike("2026-11-03T15:13:00Z", 180, 90)
        .bike("2026-11-03T15:16:00Z", 5, 0)
}

#[test]
fn case_1_time_outside_of_the_band_counts_half() {
    let report = case_1().report(&bike_plan(), "2026-11-03");
    assert_eq!(percent(report.score), Some(65.0));
    assert_eq!(minutes(&report.items[0]), (16.0, 10.0));
    assert_eq!((report.items[0].done, report.items[0].target), (13.0, 20.0));
    assert_eq!(report.status, Status::Partial);
}

#[test]
fn case_1_strict_time_outside_of_the_band_does_not_count() {
    let strict = bike_plan().replace("schedule", "outside = 0\nschedule");
    assert_eq!(percent(case_1().report(&strict, "2026-11-03").score), Some(50.0));
    let unlimited = bike_plan().replace("band = { cadence_rpm = [60, 80] }", "");
    let report = case_1().report(&unlimited, "2026-11-03");
    assert_eq!(percent(report.score), Some(80.0));
    assert_eq!((report.status, report.items[0].in_band_ms), (Status::Met, 960_000));
}

#[test]
fn case_2_more_than_prescribed_is_100_and_the_uncapped_figure_is_kept() {
    let ride =
        Capture::default().bike("2026-11-03T15:00:00Z", 26 * 60, 70).bike("2026-11-03T15:26:00Z", 1, 0);
    let report = ride.report(&bike_plan(), "2026-11-03");
    assert_eq!(percent(report.score), Some(100.0));
    assert_eq!(percent(report.items[0].raw_score), Some(130.0));
}

#[test]
fn case_7_heart_rate_in_below_and_above_the_zone() {
    let strap = Capture::default()
        .strap("2026-11-03T15:00:00Z", 240, 90)
        .strap("2026-11-03T15:04:00Z", 1080, 110)
        .strap("2026-11-03T15:22:00Z", 481, 130);
    let report = strap.report(&format!("{HEAD}{STRAP}"), "2026-11-03");
    assert_eq!(percent(report.score), Some(60.0));
    assert_eq!(minutes(&report.items[0]), (30.0, 18.0));
    assert_eq!(report.items[0].sessions.len(), 1);
}

#[test]
fn a_heart_rate_credits_up_to_10_s_and_nothing_across_a_longer_gap() {
    let mut strap = Capture::default();
    for at in ["15:00:00Z", "15:00:10Z", "15:00:20.001Z", "15:00:30Z", "15:01:30Z", "15:01:39Z"] {
        let at = format!("2026-11-03T{at}");
        strap = strap.strap(&at, 1, 110);
    }
    let plan = format!("{HEAD}[thresholds]\nmin_active_s = 0\n{STRAP}");
    let report = strap.report(&plan, "2026-11-03");
    assert_eq!(report.items[0].active_ms, 10_000 + 9_999 + 9_000);
}

#[test]
fn case_12_a_ride_on_a_rest_day_has_no_score_and_makes_a_data_day() {
    let rest = bike_plan().replace("\"daily\"", "\"mon\", \"wed\"");
    let ride = Capture::default().bike("2026-11-03T15:00:00Z", 900, 70).bike("2026-11-03T15:15:00Z", 1, 0);
    let report = ride.report(&rest, "2026-11-03");
    assert_eq!((report.score, report.status, report.data_day), (None, Status::NotDue, true));
    assert_eq!(report.items[0].active_ms, 900_000);
    assert_eq!((report.items[0].due, report.items[0].raw_score), (false, None));
}

#[test]
fn excused_days_and_items_as_needed_are_never_due() {
    let ride = Capture::default().bike("2026-11-03T15:00:00Z", 900, 70);
    for schedule in [
        "schedule = { days = [\"daily\"] }\nexcused = [\"2026-11-03\"]",
        "schedule = { as_needed = true }",
        "schedule = { times_per_week = 3 }",
    ] {
        let text = bike_plan().replace("schedule = { days = [\"daily\"] }", schedule);
        let report = ride.report(&text, "2026-11-03");
        assert_eq!((report.score, report.status), (None, Status::NotDue), "{schedule}");
    }
    assert_eq!(plan(&bike_plan()).items[0].schedule, Schedule::Days(week()));
}

fn week() -> Vec<chrono::Weekday> {
    (0..7).map(|index| chrono::Weekday::try_from(index).unwrap()).collect()
}

#[test]
fn case_15_a_ride_over_midnight_belongs_to_the_day_it_began() {
    let ride = Capture::default().bike("2026-11-04T04:50:00Z", 1800, 70).bike("2026-11-04T05:20:00Z", 1, 0);
    let mut engine = ride.engine(&bike_plan());
    let now = utc("2026-11-06T12:00:00Z");
    let [first, second] = ["2026-11-03", "2026-11-04"].map(|date| engine.report(day(date), now));
    assert_eq!((first.items[0].active_ms, first.data_day), (1_800_000, true));
    assert_eq!((second.items[0].active_ms, second.data_day), (0, false));
    assert_eq!(first.items[0].sessions.len(), 1);
    assert_eq!(first.items[0].sessions[0].bouts, 1);
    assert_eq!(engine.periods(now)[0].data_days, 1);
}

#[test]
fn a_heart_rate_during_a_ride_over_midnight_belongs_to_the_ride_s_day() {
    let strap_first =
        Capture::default().strap("2026-11-04T04:49:00Z", 2000, 110).bike("2026-11-04T04:50:00Z", 1800, 70);
    let strap_later =
        Capture::default().bike("2026-11-04T04:50:00Z", 1800, 70).strap("2026-11-04T05:00:01Z", 1500, 110);
    for capture in [strap_first, strap_later] {
        let mut engine = capture.engine(&format!("{HEAD}{BIKE}{STRAP}"));
        let now = utc("2026-11-06T12:00:00Z");
        let [first, second] = ["2026-11-03", "2026-11-04"].map(|date| engine.report(day(date), now));
        assert_eq!((first.data_day, second.data_day), (true, false));
        assert!(first.items[1].active_ms >= 1_499_000, "{}", first.items[1].active_ms);
        assert_eq!(second.items[1].active_ms, 0);
    }
}

#[test]
fn a_heart_rate_worn_all_day_is_split_at_midnight() {
    let worn = Capture::default().strap("2026-11-03T22:00:00Z", 10 * 3600, 110);
    let mut engine = worn.engine(&format!("{HEAD}{STRAP}"));
    let now = utc("2026-11-06T12:00:00Z");
    let active = ["2026-11-03", "2026-11-04"].map(|date| engine.report(day(date), now).items[0].active_ms);
    assert_eq!(active, [7 * 3_600_000, 3 * 3_600_000 - 1000]);
}

#[test]
fn case_16_two_rides_in_the_repeated_hour_are_one_data_day() {
    let rides =
        Capture::default().bike("2026-11-01T05:30:00Z", 300, 70).bike("2026-11-01T06:30:00Z", 300, 70);
    let text = bike_plan().replace("2026-11-03", "2026-11-01");
    let mut engine = rides.engine(&text);
    let now = utc("2026-11-05T12:00:00Z");
    let report = engine.report(day("2026-11-01"), now);
    assert_eq!(report.items[0].sessions.len(), 2);
    assert_eq!((report.start, report.end), (utc("2026-11-01T04:00:00Z"), utc("2026-11-02T05:00:00Z")));
    assert_eq!(engine.periods(now)[0].data_days, 1);
}

#[test]
fn case_17_a_period_lasts_30_days() {
    let mut engine = Capture::default().engine(&bike_plan());
    let periods = engine.periods(utc("2026-12-03T12:00:00Z"));
    assert_eq!((periods[0].start, periods[0].end), (day("2026-11-03"), day("2026-12-02")));
    assert_eq!((periods[1].number, periods[1].start), (2, day("2026-12-03")));
    assert_eq!(engine.periods(utc("2026-11-02T12:00:00Z")), []);
}

#[test]
fn case_20_a_stop_of_4_min_is_a_pause_and_one_of_11_min_ends_the_session() {
    for (idle_packets, second, sessions) in
        [(true, "15:09:00Z", 1), (true, "15:16:00Z", 2), (false, "15:16:00Z", 2)]
    {
        let second = format!("2026-11-03T{second}");
        let mut rides = Capture::default().bike("2026-11-03T15:00:00Z", 300, 70);
        if idle_packets {
            rides = rides.bike("2026-11-03T15:05:00Z", 60, 0);
        }
        let end = utc(&second).plus(300_000_000).to_string();
        let report = rides.bike(&second, 300, 70).bike(&end, 1, 0).report(&bike_plan(), "2026-11-03");
        let item = &report.items[0];
        assert_eq!((item.sessions.len(), item.active_ms), (sessions, 600_000), "{idle_packets} {second}");
        assert_eq!(item.sessions.iter().map(|session| session.bouts).sum::<u32>(), 2);
    }
}

#[test]
fn a_bike_that_goes_silent_is_credited_5_s_beyond_its_last_packet_while_the_session_goes_on() {
    let rides =
        Capture::default().bike("2026-11-03T15:00:00Z", 300, 70).bike("2026-11-03T15:09:00Z", 300, 70);
    let report = rides.report(&bike_plan(), "2026-11-03");
    assert_eq!(report.items[0].active_ms, (299 + 5 + 299 + 1) * 1000);
}

#[test]
fn ten_minutes_without_activity_to_the_millisecond_start_a_new_session() {
    // the last sample of the first ride credits its second, up to 15:05:00.000
    for (second, sessions) in [("15:14:59.999Z", 1), ("15:15:00.000Z", 2)] {
        for idle in [0, 120] {
            let rides = Capture::default()
                .bike("2026-11-03T15:00:00Z", 300, 70)
                .bike("2026-11-03T15:05:00Z", idle, 0)
                .bike(&format!("2026-11-03T{second}"), 300, 70);
            let report = rides.report(&bike_plan(), "2026-11-03");
            assert_eq!(report.items[0].sessions.len(), sessions, "{second} after {idle} s of idle packets");
        }
    }
}

#[test]
fn case_21_a_spin_of_45_s_is_no_session_no_adherence_and_no_data_day() {
    let spin = Capture::default().bike("2026-11-03T15:00:00Z", 45, 70).bike("2026-11-03T15:00:45Z", 100, 0);
    let report = spin.report(&bike_plan(), "2026-11-03");
    assert_eq!(report.items[0].sessions, []);
    assert_eq!((percent(report.score), report.status), (Some(0.0), Status::Missed));
    assert!(!report.data_day);
    let minute = Capture::default().bike("2026-11-03T15:00:00Z", 60, 70).bike("2026-11-03T15:01:00Z", 1, 0);
    assert!(minute.report(&bike_plan(), "2026-11-03").data_day, "60 s are a session");
}

#[test]
fn case_22_a_hub_that_was_down_heard_nothing_and_one_that_was_up_heard_silence() {
    let down = Capture::default()
        .hub("2026-11-03T10:00:00Z", HubState::Down)
        .hub("2026-11-03T23:00:00Z", HubState::Up);
    let report = down.report(&bike_plan(), "2026-11-03");
    assert_eq!((report.status, report.score), (Status::NoData, None));
    assert_eq!((report.items[0].status, report.items[0].due), (Status::NoData, true));
    assert_eq!(Capture::default().report(&bike_plan(), "2026-11-03").status, Status::Missed);
}

#[test]
fn idle_packets_of_a_switched_on_bike_make_a_day_missed_even_if_the_hub_was_down_for_long() {
    let capture = Capture::default()
        .hub("2026-11-03T10:00:00Z", HubState::Down)
        .hub("2026-11-03T23:00:00Z", HubState::Up)
        .bike("2026-11-03T23:30:00Z", 60, 0);
    let report = capture.report(&bike_plan(), "2026-11-03");
    assert_eq!((report.status, report.data_day), (Status::Missed, false));
}

#[test]
fn an_item_that_was_not_heard_leaves_the_weights() {
    let capture = Capture::default()
        .hub("2026-11-03T10:00:00Z", HubState::Down)
        .hub("2026-11-03T23:00:00Z", HubState::Up)
        .bike("2026-11-03T23:30:00Z", 600, 70)
        .bike("2026-11-03T23:40:00Z", 1, 0);
    let report = capture.report(&format!("{HEAD}{BIKE}{STRAP}"), "2026-11-03");
    assert_eq!((percent(report.score), report.items[1].status), (Some(50.0), Status::NoData));
}

#[test]
fn a_day_that_is_not_over_is_open_until_something_was_done() {
    let mut engine = Capture::default().engine(&bike_plan());
    let (noon, midnight) = (utc("2026-11-03T17:00:00Z"), utc("2026-11-04T05:00:00Z"));
    assert_eq!(engine.report(day("2026-11-03"), noon).status, Status::Open);
    assert_eq!(engine.report(day("2026-11-03"), midnight).status, Status::Missed);
}

#[test]
fn weights_count() {
    let heavy = format!("{HEAD}{BIKE}weight = 3\n{STRAP}");
    let report = Capture::default()
        .bike("2026-11-03T15:00:00Z", 1200, 70)
        .bike("2026-11-03T15:20:00Z", 1, 0)
        .report(&heavy, "2026-11-03");
    assert_eq!(percent(report.score), Some(75.0));
}

#[test]
fn a_minute_of_heart_rate_with_contact_makes_a_data_day_and_a_battery_level_does_not() {
    let plan = bike_plan();
    let almost = Capture::default().strap("2026-11-03T15:00:00Z", 60, 80);
    assert!(!almost.report(&plan, "2026-11-03").data_day, "59 s");
    assert!(Capture::default().strap("2026-11-03T15:00:00Z", 61, 80).report(&plan, "2026-11-03").data_day);
    let mut battery = Capture::default();
    battery.push(utc("2026-11-03T15:00:00Z"), "strap", crate::decode::BATTERY, &[80]);
    assert!(!battery.report(&plan, "2026-11-03").data_day);
    let pain = Capture::default().pro("2026-11-03T20:00:00Z", "pain", 4);
    assert!(pain.report(&plan, "2026-11-03").data_day);
}

const PRO: &str = r#"
[[item]]
id = "ask"
kind = "pro"
questions = ["pain", "exertion"]
schedule = { days = ["daily"] }
"#;

#[test]
fn case_10_one_of_two_questions_answered_is_half_whatever_the_answer() {
    let plan = format!("{HEAD}{PRO}");
    for value in [0, 10] {
        let capture = Capture::default()
            .pro("2026-11-03T20:00:00Z", "pain", value)
            .pro("2026-11-03T21:00:00Z", "pain", value)
            .pro("2026-11-03T22:00:00Z", "exertion", 99)
            .pro("2026-11-04T20:00:00Z", "exertion", 5);
        let report = capture.report(&plan, "2026-11-03");
        assert_eq!((percent(report.score), report.status), (Some(50.0), Status::Partial));
        assert_eq!(
            (report.items[0].done, report.items[0].target, report.items[0].unit),
            (1.0, 2.0, "answers")
        );
        assert_eq!(capture.engine(&plan).set_aside().refused_reports, 1);
    }
}

/// Without the repetitions: case 1 with weight 2 and a questionnaire with weight 1 are (130 + 100) / 3.
#[test]
fn case_11_in_part_items_are_weighted() {
    let plan = format!("{HEAD}{BIKE}weight = 2\n{PRO}");
    let capture = case_1().pro("2026-11-03T20:00:00Z", "pain", 4).pro("2026-11-03T20:00:00Z", "exertion", 4);
    let report = capture.report(&plan, "2026-11-03");
    assert_eq!((percent(report.score), report.status), (Some(76.7), Status::Partial));
}

#[test]
fn a_new_plan_applies_from_the_next_midnight_or_at_once_to_the_whole_day() {
    let newer = bike_plan().replace("version = 1", "version = 2").replace("[60, 80]", "[40, 60]");
    for (immediate, second_day) in [(false, 50.0), (true, 100.0)] {
        let rides = Capture::default()
            .bike("2026-11-03T15:00:00Z", 1200, 50)
            .bike("2026-11-03T15:20:00Z", 1, 0)
            .bike("2026-11-04T15:00:00Z", 1200, 50)
            .bike("2026-11-04T15:20:00Z", 1, 0)
            .bike("2026-11-05T15:00:00Z", 1200, 50)
            .bike("2026-11-05T15:20:00Z", 1, 0);
        let mut engine = rides.engine(&bike_plan());
        engine.changed_days(utc("2026-11-05T20:00:00Z"));
        engine.adopt(plan(&newer), utc("2026-11-04T22:00:00Z"), immediate).unwrap();
        let now = utc("2026-11-06T12:00:00Z");
        let scores: Vec<_> = engine.reports(now)[..3].iter().map(|day| percent(day.score)).collect();
        assert_eq!(scores, [Some(50.0), Some(second_day), Some(100.0)]);
        let changed: Vec<u32> = engine.changed_days(now).iter().map(|day| day.revision).collect();
        assert_eq!(changed, if immediate { vec![2, 2, 1] } else { vec![2, 1] });
    }
}

#[test]
fn a_plan_that_is_not_newer_or_moves_the_anchor_is_refused() {
    let mut engine = Capture::default().engine(&bike_plan());
    let at = utc("2026-11-04T22:00:00Z");
    let again = engine.adopt(plan(&bike_plan()), at, false).unwrap_err();
    assert!(again.to_string().contains("version 1 is not above version 1"));
    let moved = bike_plan().replace("version = 1", "version = 2").replace("2026-11-03", "2026-11-04");
    assert!(engine.adopt(plan(&moved), at, false).unwrap_err().to_string().contains("keep it"));
    let next_episode = moved.replace("ep-1", "ep-2");
    assert!(engine.adopt(plan(&next_episode), at, false).is_ok());
}

#[test]
fn when_the_zone_changes_the_old_day_ends_at_its_old_midnight() {
    let west = bike_plan().replace("version = 1", "version = 2").replace("New_York", "Los_Angeles");
    let mut engine = Capture::default().engine(&bike_plan());
    engine.adopt(plan(&west), utc("2026-11-04T22:00:00Z"), false).unwrap();
    let now = utc("2026-11-09T12:00:00Z");
    let [old, new] = ["2026-11-04", "2026-11-05"].map(|date| engine.report(day(date), now));
    assert_eq!((old.end, new.start), (utc("2026-11-05T05:00:00Z"), utc("2026-11-05T05:00:00Z")));
    assert_eq!(new.end, utc("2026-11-06T08:00:00Z"), "27 h long");
}

#[test]
fn a_late_packet_for_a_day_whose_samples_were_let_go_asks_for_the_log_again_and_is_exact_then() {
    let mut capture = Capture::default();
    for day in 3..8 {
        capture = capture.bike(&format!("2026-11-{day:02}T15:00:00Z"), 600, 70);
    }
    let now = utc("2026-11-09T00:00:00Z");
    let late = Capture::default().bike("2026-11-03T15:05:00.500Z", 1, 0);
    capture.packets.extend(late.packets);
    let mut engine = Engine::with_samples(plan(&bike_plan()), 1000);
    let observe = |engine: &mut Engine| {
        for (logged, time) in &capture.packets {
            engine.observe(logged, *time);
            if logged.seq.get() % 600 == 0 {
                engine.changed_days(now);
            }
        }
    };
    observe(&mut engine);
    assert!(engine.needs_replay());
    engine.reset();
    observe(&mut engine);
    assert!(!engine.needs_replay());
    let first = engine.report(day("2026-11-03"), now);
    assert_eq!(first.items[0].active_ms, 599_500, "the idle sample takes half a second");
    let items = |engine: &mut Engine| -> Vec<_> {
        engine.reports(now).into_iter().map(|report| (report.day, report.data_day, report.items)).collect()
    };
    assert_eq!(items(&mut engine), items(&mut capture.engine(&bike_plan())));
}
