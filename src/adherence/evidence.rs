//! What a supply period's data-days are evidence of: rule 14. The hub states evidence, never that anything is billable.

use chrono::NaiveDate;
use serde::Serialize;

use super::day::LocalDay;
use super::plan::{Family, RuleSet};

/// A set of rules, in force from a date on.
#[derive(Debug)]
pub(super) struct Rules {
    /// Its name in statements.
    pub(super) name: &'static str,
    /// The first day on which it is in force; `None` for the oldest.
    from: Option<NaiveDate>,
    /// From so many data-days on the supply code of the family is supported; in rising order, the last that holds.
    supply: &'static [(u32, Codes)],
    /// Data-days within one period that the set-up code needs.
    setup: u32,
}

#[derive(Debug)]
struct Codes {
    respiratory: &'static str,
    musculoskeletal: &'static str,
    cognitive_behavioural: &'static str,
}

impl Codes {
    const fn of(&self, family: Family) -> &'static str {
        match family {
            Family::Respiratory => self.respiratory,
            Family::Musculoskeletal => self.musculoskeletal,
            Family::CognitiveBehavioural => self.cognitive_behavioural,
        }
    }
}

const SIXTEEN: Codes =
    Codes { respiratory: "98976", musculoskeletal: "98977", cognitive_behavioural: "98978" };
const TWO: Codes = Codes { respiratory: "98984", musculoskeletal: "98985", cognitive_behavioural: "98986" };

/// Set-up and education, once an episode.
const SETUP: &str = "98975";

/// Newest last.
static RULES: [Rules; 2] = [
    Rules { name: "2025", from: None, supply: &[(16, SIXTEEN)], setup: 16 },
    Rules {
        name: "2026",
        from: NaiveDate::from_ymd_opt(2026, 1, 1),
        supply: &[(2, TWO), (16, SIXTEEN)],
        setup: 2,
    },
];

impl Rules {
    /// The set that judges a period with this last day.
    pub(super) fn of(choice: RuleSet, last: LocalDay) -> &'static Self {
        let [year_2025, year_2026] = &RULES;
        match choice {
            RuleSet::Year2025 => year_2025,
            RuleSet::Year2026 => year_2026,
            RuleSet::ByDate => {
                let in_force = |rules: &&Self| rules.from.is_none_or(|from| LocalDay::new(from) <= last);
                RULES.iter().rfind(in_force).unwrap_or(year_2025)
            }
        }
    }

    /// The code that so many data-days of a closed period support; never two.
    fn supply_code(&self, family: Family, data_days: u32) -> Option<&'static str> {
        let held = self.supply.iter().rfind(|(needed, _)| *needed <= data_days);
        held.map(|(_, codes)| codes.of(family))
    }

    /// Data-days that the first supply code needs.
    fn threshold(&self) -> u32 {
        self.supply.first().map_or(0, |(needed, _)| *needed)
    }
}

/// One statement about a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Evidence {
    /// The period is open: data-days so far, and no code.
    SoFar {
        /// Data-days so far.
        so_far: u32,
    },
    /// The period has closed: its data-days support this code.
    Supports {
        /// The code.
        code: &'static str,
        /// Data-days of the period.
        data_days: u32,
        /// The statement in words, with the rule set that it is made by.
        statement: String,
    },
}

/// Whether a period can still reach the data-days that the first supply code needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// It has.
    Reached,
    /// It can.
    OnTrack,
    /// It can, but more than 70 % of the days left are needed.
    AtRisk,
    /// It cannot any more.
    Unreachable,
}

/// The outlook of an open period, with its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The outlook.
    pub outlook: Outlook,
    /// Data-days that are needed in the period.
    pub threshold: u32,
    /// Data-days still missing.
    pub needed: u32,
    /// Days that can still become data-days: today only while it is none.
    pub days_left: u32,
}

/// What a period's data-days are worth.
pub(super) fn evidence(
    rules: &Rules,
    family: Family,
    data_days: u32,
    closed: bool,
    first_setup: bool,
) -> Vec<Evidence> {
    if !closed {
        return vec![Evidence::SoFar { so_far: data_days }];
    }
    let supports = |code: &'static str, needs: &str| Evidence::Supports {
        code,
        data_days,
        statement: format!(
            "evidence supports {code} by the rules of {}: {data_days} data-days in the period{needs}",
            rules.name
        ),
    };
    let mut statements: Vec<Evidence> =
        rules.supply_code(family, data_days).map(|code| supports(code, "")).into_iter().collect();
    if first_setup && data_days >= rules.setup {
        statements.push(supports(SETUP, "; set-up and education must be on record"));
    }
    statements
}

/// Whether so many data-days are enough for the set-up code.
pub(super) fn supports_setup(rules: &Rules, data_days: u32) -> bool {
    data_days >= rules.setup
}

/// The outlook of an open period.
pub(super) fn forecast(rules: &Rules, data_days: u32, days_left: u32) -> Forecast {
    let threshold = rules.threshold();
    let needed = threshold.saturating_sub(data_days);
    let outlook = if needed == 0 {
        Outlook::Reached
    } else if needed > days_left {
        Outlook::Unreachable
    } else if needed * 10 > days_left * 7 {
        Outlook::AtRisk
    } else {
        Outlook::OnTrack
    };
    Forecast { outlook, threshold, needed, days_left }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rules: &Rules, family: Family, data_days: u32) -> Option<&'static str> {
        rules.supply_code(family, data_days)
    }

    #[test]
    fn case_19_by_the_rules_of_2026_two_tiers_and_never_both() {
        let [_, rules] = &RULES;
        for (data_days, code) in [
            (0, None),
            (1, None),
            (2, Some("98985")),
            (15, Some("98985")),
            (16, Some("98977")),
            (30, Some("98977")),
        ] {
            assert_eq!(codes(rules, Family::Musculoskeletal, data_days), code, "{data_days}");
        }
        assert_eq!(codes(rules, Family::Respiratory, 2), Some("98984"));
        assert_eq!(codes(rules, Family::CognitiveBehavioural, 2), Some("98986"));
        assert_eq!(codes(rules, Family::Respiratory, 16), Some("98976"));
        assert_eq!(codes(rules, Family::CognitiveBehavioural, 16), Some("98978"));
    }

    #[test]
    fn before_2026_sixteen_data_days_are_needed() {
        let [rules, _] = &RULES;
        assert_eq!(codes(rules, Family::Musculoskeletal, 15), None);
        assert_eq!(codes(rules, Family::Musculoskeletal, 16), Some("98977"));
    }

    #[test]
    fn the_period_s_last_day_decides_unless_the_plan_does() {
        let [old, new] = ["2025-12-31", "2026-01-01"].map(|day| day.parse::<LocalDay>().unwrap());
        assert_eq!(Rules::of(RuleSet::ByDate, old).name, "2025");
        assert_eq!(Rules::of(RuleSet::ByDate, new).name, "2026");
        assert_eq!(Rules::of(RuleSet::Year2026, old).name, "2026");
        assert_eq!(Rules::of(RuleSet::Year2025, new).name, "2025");
    }

    #[test]
    fn an_outlook_is_at_risk_past_70_percent_of_the_days_left_and_unreachable_past_all_of_them() {
        let [rules_2025, rules_2026] = &RULES;
        for (data_days, days_left, outlook) in [
            (16, 0, Outlook::Reached),
            (9, 10, Outlook::OnTrack),
            (8, 10, Outlook::AtRisk),
            (6, 10, Outlook::AtRisk),
            (5, 10, Outlook::Unreachable),
        ] {
            assert_eq!(forecast(rules_2025, data_days, days_left).outlook, outlook, "{data_days}");
        }
        for (data_days, days_left, outlook) in [
            (2, 0, Outlook::Reached),
            (1, 2, Outlook::OnTrack),
            (1, 1, Outlook::AtRisk),
            (1, 0, Outlook::Unreachable),
        ] {
            assert_eq!(forecast(rules_2026, data_days, days_left).outlook, outlook, "{data_days}");
        }
    }
}
