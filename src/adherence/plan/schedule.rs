//! When an item is due.

use chrono::Weekday;

use crate::config::document::Section;

/// When an item is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// On these days of the week; at least one.
    Days(Vec<Weekday>),
    /// So many times a week (1-7), on days that the patient chooses: never due on a given day.
    TimesPerWeek(u8),
    /// When the patient needs it: recorded, never due.
    AsNeeded,
}

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

const FORMS: &str = "one of days = [\"mon\", …], times_per_week = 1 to 7, as_needed = true";
const DAYS: &str = "days of the week (\"mon\", \"tue\", …), or [\"daily\"] alone";

impl Schedule {
    /// Whether it is due on such a day.
    #[must_use]
    pub fn is_due(&self, day: Weekday) -> bool {
        matches!(self, Self::Days(days) if days.contains(&day))
    }

    /// Whether some day or week asks for both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Days(ours), Self::Days(theirs)) => ours.iter().any(|day| theirs.contains(day)),
            (Self::AsNeeded, _) | (_, Self::AsNeeded) => false,
            _ => true,
        }
    }

    /// Reads the section `schedule` of an item.
    pub(super) fn read(item: &mut Section<'_, '_>) -> Option<Self> {
        if !item.require("schedule", FORMS) {
            return None;
        }
        let mut section = item.section("schedule")?;
        let given = ["days", "times_per_week", "as_needed"].iter().filter(|key| section.has(key)).count();
        let days = section.texts("days", DAYS);
        let times = section.integer("times_per_week", 1..=7);
        let as_needed = section.flag("as_needed");
        if given != 1 {
            let what = if given == 0 { "says nothing" } else { "says more than one thing" };
            item.fault("schedule", what, FORMS);
        }
        let schedule = match (days, times, as_needed) {
            (Some(days), None, None) => read_days(&section, &days).map(Self::Days),
            (None, Some(times), None) => Some(Self::TimesPerWeek(times as u8)),
            (None, None, Some(true)) => Some(Self::AsNeeded),
            (None, None, Some(false)) => {
                section.fault("as_needed", "false leaves the item never due", FORMS);
                None
            }
            _ => None,
        };
        section.finish();
        schedule
    }
}

fn read_days(section: &Section<'_, '_>, words: &[String]) -> Option<Vec<Weekday>> {
    if words.is_empty() {
        section.fault("days", "an empty list leaves the item never due", DAYS);
        return None;
    }
    if words == ["daily"] {
        return Some(WEEK.map(|(_, day)| day).to_vec());
    }
    let mut days = Vec::new();
    for word in words {
        match WEEK.iter().find(|(name, _)| name == word) {
            Some((_, day)) if days.contains(day) => {
                section.fault("days", format!("{word:?} stands there twice"), DAYS);
                return None;
            }
            Some((_, day)) => days.push(*day),
            None => {
                section.fault("days", format!("{word:?} is not a day of the week"), DAYS);
                return None;
            }
        }
    }
    Some(days)
}
