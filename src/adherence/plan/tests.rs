use super::super::testing::{BIKE, HEAD, STRAP};
use super::*;

fn faults(text: &str) -> String {
    match Plan::parse("p.toml", text) {
        Ok(plan) => panic!("was taken: {plan:?}"),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn a_plan_is_read_with_its_defaults() {
    let plan = Plan::parse("p.toml", &format!("{HEAD}{BIKE}{STRAP}")).unwrap();
    assert_eq!((plan.version, plan.zone.name()), (1, "America/New_York"));
    assert_eq!((plan.met_percent, plan.min_active_ms, plan.rule_set), (80, 60_000, RuleSet::ByDate));
    let sensors: Vec<_> = plan.sensors().into_iter().map(SensorId::as_str).collect();
    assert_eq!(sensors, ["bike", "strap"]);
    let Kind::Minutes { target_ms, outside_milli, band, .. } = &plan.items[0].kind else { panic!() };
    assert_eq!((*target_ms, *outside_milli), (1_200_000, 500));
    assert_eq!(*band, Some(Band { measure: Measure::Cadence, low: 60.0, high: 80.0 }));
}

#[test]
fn everything_that_is_wrong_is_named_at_once_with_its_place() {
    let text = r#"version = 0
episode = "Mrs Smith"
time_zone = "America/New_Yrok"
period_anchor = "2026-02-30"
family = "musculoskeletal"
colour = "red"
require_power = ["rower"]

[[item]]
id = "bike"
kind = "minutes"
sensor = "bike"
target_min = 0
band = { cadence_rpm = [80, 60] }
weight = 0
schedule = { days = [] }

[[item]]
id = "bike2"
kind = "juggling"
sensor = "bike"
schedule = { days = ["mon"], as_needed = true }
"#;
    let found = faults(text);
    for expected in [
        "p.toml:1:11: version: 0 is out of range",
        "p.toml:2:11: episode: \"Mrs Smith\" is not a name",
        "p.toml:3:13: time_zone: \"America/New_Yrok\" is not a time zone of the IANA data base",
        "p.toml:4:17: period_anchor: \"2026-02-30\" is not a date",
        "p.toml:6:1: colour: unknown key",
        "p.toml:7:17: require_power: no item is measured by rower",
        "p.toml:13:14: item[0].target_min: is 0",
        "p.toml:14:24: item[0].band.cadence_rpm: is not a band",
        "p.toml:15:10: item[0].weight: is 0",
        "p.toml:16:21: item[0].schedule.days: an empty list leaves the item never due",
        "p.toml:20:8: item[1].kind: \"juggling\" is not known",
        "p.toml:22:12: item[1].schedule: says more than one thing",
    ] {
        assert!(found.contains(expected), "{expected:?} is not in\n{found}");
    }
    assert_eq!(found.lines().count(), 12, "{found}");
}

#[test]
fn missing_keys_are_named() {
    let found = faults("[[item]]\n");
    for key in ["version", "episode", "time_zone", "period_anchor", "family", "item[0].id", "item[0].kind"] {
        assert!(found.contains(&format!("{key}: missing")), "{key} is not in\n{found}");
    }
    assert!(faults(HEAD).contains("item: missing; expected at least one [[item]]"));
    assert!(faults(&format!("item = []\n{HEAD}")).contains("item: there is none"));
}

#[test]
fn items_that_would_count_the_same_time_twice_are_refused() {
    let twice = format!("{HEAD}{BIKE}{}", BIKE.replace("id = \"bike\"", "id = \"again\""));
    assert!(faults(&twice).contains("item[1].kind: counts the same as item bike"));
    assert!(faults(&format!("{HEAD}{BIKE}{BIKE}")).contains("item[1].id: bike is the id of another item"));
    let apart = twice.replacen("\"daily\"", "\"mon\"", 1).replace("\"daily\"", "\"tue\"");
    assert!(Plan::parse("p.toml", &apart).is_ok(), "other days");
    let bands = twice.replacen("[60, 80]", "[20, 59.5]", 1);
    assert!(Plan::parse("p.toml", &bands).is_ok(), "bands that do not overlap");
}

#[test]
fn a_sensor_has_room_for_four_bands() {
    let mut text = HEAD.to_owned();
    for index in 0..5 {
        let band = format!("[{}, {}]", 20 + index * 10, 25 + index * 10);
        text += &BIKE.replace("id = \"bike\"", &format!("id = \"b{index}\"")).replace("[60, 80]", &band);
    }
    assert!(faults(&text).contains("item[4].band: one band too many on this sensor"));
}

#[test]
fn a_reserved_sensor_and_an_excuse_for_a_day_off_are_refused() {
    let hub = format!("{HEAD}{}", BIKE.replace("sensor = \"bike\"", "sensor = \"hub\""));
    assert!(faults(&hub).contains("hub is reserved"));
    let off = BIKE.replace("[\"daily\"]", "[\"mon\"]") + "excused = [\"2026-11-03\"]\n";
    assert!(faults(&format!("{HEAD}{off}")).contains("the item is not due on 2026-11-03 anyway"));
}

#[test]
fn the_example_is_a_plan_and_its_sensors_are_those_of_the_example_config() {
    let plan = Plan::parse("plan.example.toml", include_str!("../../../config/plan.example.toml")).unwrap();
    let sensors: Vec<_> = plan.sensors().into_iter().map(SensorId::as_str).collect();
    assert_eq!(sensors, ["bike", "strap"]);
    let hub = include_str!("../../../config/hub.toml");
    assert!(sensors.iter().all(|sensor| hub.contains(&format!("id = \"{sensor}\""))), "{sensors:?}");
    assert_eq!((plan.items[0].weight_milli, plan.items[0].excused.len()), (2000, 1));
}

#[test]
fn a_kind_that_cannot_be_scored_is_refused_with_the_reason() {
    let reps = "[[item]]\nid = \"r\"\nkind = \"reps\"\nsensor = \"band\"\nsets = 3\nreps = 10\nschedule = { days = [\"daily\"] }\n";
    let found = faults(&format!("{HEAD}{reps}"));
    assert!(
        found.contains("item[0].kind: cannot be scored: no decoder of this hub yields repetitions"),
        "{found}"
    );
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn questions_are_asked_once_and_have_a_scale() {
    let pro = |questions: &str| {
        format!(
            "{HEAD}[[item]]\nid = \"p\"\nkind = \"pro\"\nquestions = {questions}\nschedule = {{ days = [\"daily\"] }}\n"
        )
    };
    assert!(Plan::parse("p.toml", &pro("[\"pain\", \"exertion\", \"function\"]")).is_ok());
    assert!(faults(&pro("[]")).contains("item[0].questions: there is none"));
    assert!(faults(&pro("[\"pain\", \"pain\"]")).contains("pain stands there twice"));
    assert!(faults(&pro("[\"sleep\"]")).contains("question: sleep is asked, but has no scale"));
    let sleep = pro("[\"sleep\"]") + "[[question]]\nid = \"sleep\"\nlow = 0\nhigh = 12\n";
    let plan = Plan::parse("p.toml", &sleep).unwrap();
    assert_eq!(plan.check_report("sleep", 12.0), Ok(()));
    assert!(plan.check_report("sleep", 12.1).is_err());
    assert!(plan.check_report("mood", 1.0).unwrap_err().to_string().contains("no question of the plan"));
    assert!(
        !plan.check_report("pain", 11.0).unwrap_err().to_string().contains("11"),
        "patient data in a message"
    );
}
