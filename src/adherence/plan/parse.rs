//! Reads a plan document; every fault at once, with line and column.

use std::collections::BTreeSet;

use super::{Band, Family, Item, Kind, MAX_BANDS, Measure, NAME, Name, Plan, Question, RuleSet, Schedule};
use crate::adherence::day::LocalDay;
use crate::config::document::{Faults, Section, read};
use crate::types::SensorId;

const DATE: &str = "a date in quotes, \"2026-11-03\"";
const ZONE: &str = "an IANA time zone, \"America/New_York\"";
const SENSOR: &str = "the id of a sensor in hub.toml";
const QUESTIONS: &str = "a list of questions: pain, exertion, function, or the id of a [[question]]";
const BAND: &str = "[low, high], low not above high";
const KINDS: [(&str, Word); 6] = [
    ("minutes", Word::Minutes),
    ("hr_zone", Word::HrZone),
    ("pro", Word::Pro),
    ("reps", Word::Undecoded("repetitions")),
    ("breaths", Word::Undecoded("breaths")),
    ("wear", Word::Undecoded("wear time")),
];

#[derive(Clone, Copy)]
enum Word {
    Minutes,
    HrZone,
    Pro,
    /// No decoder yields what it counts: taking it would score nothing for ever.
    Undecoded(&'static str),
}

impl Plan {
    /// Reads a plan from TOML `text`; `path` is only named in faults. Whether its sensors exist is checked against
    /// `hub.toml` by whoever has both: see [`Plan::sensors`].
    ///
    /// # Errors
    /// All faults at once, each with line, column and what was expected.
    pub fn parse(path: &str, text: &str) -> Result<Self, Faults> {
        read(path, text, plan)
    }
}

fn plan(root: &mut Section<'_, '_>) -> Option<Plan> {
    for (key, expected) in [
        ("version", "a whole number from 1 on"),
        ("episode", NAME),
        ("time_zone", ZONE),
        ("period_anchor", DATE),
        ("family", "the family of RTM codes"),
        ("item", "at least one [[item]]"),
    ] {
        root.require(key, expected);
    }
    let version = root.integer("version", 1..=i64::from(u32::MAX));
    let episode = root.parsed::<Name>("episode", NAME);
    let order = root.parsed::<Name>("order", NAME);
    let zone = root.parsed("time_zone", ZONE);
    let period_anchor = root.parsed("period_anchor", DATE);
    let family = root.choice(
        "family",
        &[
            ("respiratory", Family::Respiratory),
            ("musculoskeletal", Family::Musculoskeletal),
            ("cognitive_behavioural", Family::CognitiveBehavioural),
        ],
    );
    let rule_set = root.choice(
        "rule_set",
        &[("by_date", RuleSet::ByDate), ("2025", RuleSet::Year2025), ("2026", RuleSet::Year2026)],
    );
    let thresholds = Thresholds::read(root);
    let heart_rate_limit = limits(root);
    let motorised = require_power(root);
    let questions = questions(root);
    let items = items(root);
    let needed: BTreeSet<_> = items.iter().filter_map(|item| item.kind.sensor()).collect();
    if let Some(stray) = motorised.iter().find(|sensor| !needed.contains(sensor)) {
        root.fault("require_power", format!("no item is measured by {stray}"), "sensors that items name");
    }
    let plan = Plan {
        version: u32::try_from(version?).ok()?,
        episode: episode?,
        order,
        zone: zone?,
        period_anchor: period_anchor?,
        family: family?,
        rule_set: rule_set.unwrap_or(RuleSet::ByDate),
        met_percent: thresholds.met_percent,
        min_active_ms: thresholds.min_active_ms,
        require_power: motorised,
        heart_rate_limit,
        questions,
        items,
    };
    let asked = plan.items.iter().filter_map(|item| match &item.kind {
        Kind::Pro { questions } => Some(questions),
        _ => None,
    });
    for question in asked.flatten().filter(|question| plan.scale(question.as_str()).is_none()) {
        root.fault("question", format!("{question} is asked, but has no scale"), "a [[question]] for it");
    }
    Some(plan)
}

struct Thresholds {
    met_percent: u8,
    min_active_ms: i64,
}

impl Thresholds {
    fn read(root: &mut Section<'_, '_>) -> Self {
        let mut read = Self { met_percent: 80, min_active_ms: 60_000 };
        if let Some(mut section) = root.section("thresholds") {
            if let Some(percent) = section.integer("met_percent", 1..=100) {
                read.met_percent = percent as u8;
            }
            if let Some(seconds) = section.integer("min_active_s", 0..=3600) {
                read.min_active_ms = seconds * 1000;
            }
            section.finish();
        }
        read
    }
}

fn limits(root: &mut Section<'_, '_>) -> Option<u16> {
    let mut section = root.section("limits")?;
    let limit = section.integer("heart_rate_bpm", 30..=250);
    section.note("spo2_percent");
    if section.has("spo2_percent") {
        let problem = "cannot be watched: no decoder of this hub yields oxygen saturation";
        section.fault("spo2_percent", problem, "heart_rate_bpm only");
    }
    section.finish();
    limit.map(|limit| limit as u16)
}

fn require_power(root: &mut Section<'_, '_>) -> BTreeSet<SensorId> {
    let mut sensors = BTreeSet::new();
    for text in root.texts("require_power", "a list of sensor ids").unwrap_or_default() {
        match text.parse::<SensorId>() {
            Ok(sensor) => {
                sensors.insert(sensor);
            }
            Err(error) => root.fault("require_power", error.to_string(), "a list of sensor ids"),
        }
    }
    sensors
}

fn items(root: &mut Section<'_, '_>) -> Vec<Item> {
    let mut items = Vec::new();
    let sections = root.sections("item");
    if sections.is_empty() && root.has("item") {
        root.fault("item", "there is none", "at least one [[item]]");
    }
    for mut section in sections {
        if let Some(item) = item(&mut section) {
            items.iter().for_each(|other| compare(&section, &item, other));
            limit_bands(&section, &item, &items);
            items.push(item);
        }
        section.finish();
    }
    items
}

fn item(section: &mut Section<'_, '_>) -> Option<Item> {
    section.require("id", NAME);
    section.require("kind", "what is counted");
    let id = section.parsed::<Name>("id", NAME);
    let word = section.choice("kind", &KINDS);
    let schedule = Schedule::read(section);
    let weight = section.number("weight", 0.0..=1000.0);
    let weight_milli = (weight.unwrap_or(1.0) * 1000.0).round() as u32;
    if weight_milli == 0 {
        section.fault("weight", "is 0: the item would never count", "a number above 0");
    }
    let excused = excused(section, schedule.as_ref());
    let kind = word.and_then(|word| match word {
        Word::Minutes => minutes(section),
        Word::HrZone => hr_zone(section),
        Word::Pro => pro(section),
        Word::Undecoded(what) => {
            let problem = format!("cannot be scored: no decoder of this hub yields {what}");
            section.fault("kind", problem, "one of \"minutes\", \"hr_zone\", \"pro\"");
            None
        }
    });
    if matches!(word, None | Some(Word::Undecoded(_))) {
        // which keys belong there depends on the kind: naming them unknown would mislead
        for key in ["sensor", "target_min", "band", "outside", "questions", "sets", "reps", "breaths"] {
            section.note(key);
        }
    }
    let allow_makeup = section.flag("allow_makeup").unwrap_or(false);
    Some(Item { id: id?, kind: kind?, schedule: schedule?, weight_milli, allow_makeup, excused })
}

fn minutes(section: &mut Section<'_, '_>) -> Option<Kind> {
    let sensor = sensor(section);
    let target_ms = target(section);
    let band = band(section, &[("cadence_rpm", Measure::Cadence), ("power_w", Measure::Power)]);
    let outside = section.number("outside", 0.0..=1.0);
    if section.has("outside") && !section.has("band") {
        section.fault("outside", "there is no band that time could be outside of", "a band as well");
    }
    let outside_milli = (outside.unwrap_or(0.5) * 1000.0).round() as u16;
    Some(Kind::Minutes { sensor: sensor?, target_ms: target_ms?, band: band.ok()?, outside_milli })
}

fn hr_zone(section: &mut Section<'_, '_>) -> Option<Kind> {
    let sensor = sensor(section);
    let target_ms = target(section);
    section.require("band", "{ hr_bpm = [low, high] }");
    let band = band(section, &[("hr_bpm", Measure::HeartRate)]);
    Some(Kind::HrZone { sensor: sensor?, target_ms: target_ms?, band: band.ok()?? })
}

fn pro(section: &mut Section<'_, '_>) -> Option<Kind> {
    section.require("questions", QUESTIONS);
    let mut questions: Vec<Name> = Vec::new();
    for text in section.texts("questions", QUESTIONS)? {
        match text.parse::<Name>() {
            Ok(name) if questions.contains(&name) => {
                section.fault("questions", format!("{name} stands there twice"), QUESTIONS);
            }
            Ok(name) => questions.push(name),
            Err(error) => section.fault("questions", error.to_string(), QUESTIONS),
        }
    }
    if questions.is_empty() {
        section.fault("questions", "there is none", QUESTIONS);
    }
    Some(Kind::Pro { questions })
}

/// The questions that the plan defines.
fn questions(root: &mut Section<'_, '_>) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for mut section in root.sections("question") {
        for key in ["id", "low", "high"] {
            section.require(key, "a question has id, low and high");
        }
        let id = section.parsed::<Name>("id", NAME);
        let low = section.number("low", -1000.0..=1000.0);
        let high = section.number("high", -1000.0..=1000.0);
        if let (Some(id), Some(low), Some(high)) = (id, low, high) {
            if low >= high {
                section.fault("low", format!("is not below {high}"), "low below high");
            }
            if questions.iter().any(|other| other.id == id) {
                section.fault("id", format!("{id} is the id of another question"), "an id of its own");
            }
            questions.push(Question { id, low, high });
        }
        section.finish();
    }
    questions
}

fn sensor(section: &mut Section<'_, '_>) -> Option<SensorId> {
    section.require("sensor", SENSOR);
    let sensor = section.parsed::<SensorId>("sensor", SENSOR)?;
    if sensor.is_reserved() {
        section.fault("sensor", format!("{sensor} is reserved for the hub's own records"), SENSOR);
        return None;
    }
    Some(sensor)
}

/// Minutes a day, as milliseconds.
fn target(section: &mut Section<'_, '_>) -> Option<i64> {
    section.require("target_min", "minutes a day");
    let minutes = section.number("target_min", 0.0..=1440.0)?;
    let target_ms = (minutes * 60_000.0).round() as i64;
    if target_ms == 0 {
        section.fault("target_min", "is 0: nothing would be prescribed", "a number above 0");
        return None;
    }
    Some(target_ms)
}

/// `Err` when there is a band that cannot be used.
fn band(item: &mut Section<'_, '_>, measures: &[(&'static str, Measure)]) -> Result<Option<Band>, ()> {
    if !item.has("band") {
        return Ok(None);
    }
    let mut section = item.section("band").ok_or(())?;
    let mut bands = Vec::new();
    for (key, measure) in measures {
        match section.numbers(key, BAND).as_deref() {
            None => {}
            Some(&[low, high]) if 0.0 <= low && low <= high && high <= 10_000.0 => {
                bands.push(Band { measure: *measure, low, high });
            }
            Some(_) => section.fault(key, "is not a band", BAND),
        }
    }
    let given = measures.iter().filter(|(key, _)| section.has(key)).count();
    if given != 1 {
        let keys: Vec<_> = measures.iter().map(|(key, _)| *key).collect();
        item.fault("band", format!("limits {given} things"), format!("one of {}", keys.join(", ")));
    }
    section.finish();
    match bands[..] {
        [band] if given == 1 => Ok(Some(band)),
        _ => Err(()),
    }
}

fn excused(section: &mut Section<'_, '_>, schedule: Option<&Schedule>) -> BTreeSet<LocalDay> {
    let mut days = BTreeSet::new();
    for text in section.texts("excused", "a list of dates in quotes").unwrap_or_default() {
        match text.parse::<LocalDay>() {
            Ok(day) if schedule.is_none_or(|schedule| schedule.is_due(day.weekday())) => {
                days.insert(day);
            }
            Ok(day) => section.fault("excused", format!("the item is not due on {day} anyway"), DATE),
            Err(error) => section.fault("excused", error.to_string(), DATE),
        }
    }
    days
}

/// Two items must not share an id, nor count the same time twice.
fn compare(section: &Section<'_, '_>, item: &Item, other: &Item) {
    if item.id == other.id {
        section.fault("id", format!("{} is the id of another item", item.id), "an id of its own");
    }
    let same_source = item.kind.as_str() == other.kind.as_str() && item.kind.sensor() == other.kind.sensor();
    let overlap = match (&item.kind, &other.kind) {
        (Kind::Pro { questions }, Kind::Pro { questions: others }) => {
            questions.iter().any(|question| others.contains(question))
        }
        _ => match (item.kind.band(), other.kind.band()) {
            (Some(ours), Some(theirs)) => ours.overlaps(theirs),
            _ => true,
        },
    };
    if same_source && overlap && item.schedule.meets(&other.schedule) {
        let expected = "other days, another sensor or question, or a band that does not overlap";
        section.fault("kind", format!("counts the same as item {}", other.id), expected);
    }
}

fn limit_bands(section: &Section<'_, '_>, item: &Item, others: &[Item]) {
    let Some(band) = item.kind.band() else { return };
    let mut bands: Vec<&Band> = others
        .iter()
        .filter(|other| other.kind.sensor() == item.kind.sensor())
        .filter_map(|other| other.kind.band())
        .collect();
    bands.push(band);
    let mut distinct: Vec<&Band> = Vec::new();
    for band in bands {
        if !distinct.contains(&band) {
            distinct.push(band);
        }
    }
    if distinct.len() > MAX_BANDS {
        section.fault("band", "one band too many on this sensor", format!("at most {MAX_BANDS}"));
    }
}
