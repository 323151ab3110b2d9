//! Patient reports: what was answered, and whether it is an answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::plan::{Name, Plan};

/// Questions that need no definition in the plan, with their scales: pain and function 0-10, exertion on either of
/// Borg's scales unless the plan says which.
const KNOWN: [(&str, f64, f64); 3] = [("pain", 0.0, 10.0), ("exertion", 0.0, 20.0), ("function", 0.0, 10.0)];

/// A report that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefused {
    /// Nobody asked.
    #[error("{0:?} is no question of the plan; add a [[question]] with its scale")]
    UnknownQuestion(String),
    /// Outside of the question's scale; the value itself is patient data and stays out of the message.
    #[error("the answer to {question} is not from {low} to {high}; ask again")]
    OffScale {
        /// The question.
        question: String,
        /// Its lowest answer.
        low: String,
        /// Its highest answer.
        high: String,
    },
}

impl Plan {
    /// The lowest and the highest answer to a question; `None` where nobody asks it.
    #[must_use]
    pub fn scale(&self, question: &str) -> Option<(f64, f64)> {
        let own = self.questions.iter().find(|own| own.id.as_str() == question);
        own.map(|own| (own.low, own.high))
            .or_else(|| KNOWN.iter().find(|(name, ..)| *name == question).map(|(_, low, high)| (*low, *high)))
    }

    /// Checks a patient report.
    ///
    /// # Errors
    /// When nobody asks the question, or the value is not on its scale.
    pub fn check_report(&self, question: &str, value: f64) -> Result<(), ReportRefused> {
        let Some((low, high)) = self.scale(question) else {
            return Err(ReportRefused::UnknownQuestion(question.chars().take(64).collect()));
        };
        if (low..=high).contains(&value) {
            return Ok(());
        }
        let (low, high) = (low.to_string(), high.to_string());
        Err(ReportRefused::OffScale { question: question.into(), low, high })
    }
}

/// All answers, by time.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Values in thousandths; several at one instant are all kept.
    by_time: BTreeMap<i64, BTreeSet<(Name, i64)>>,
}

#[derive(Deserialize)]
struct Report {
    pro: String,
    value: f64,
}

impl Answers {
    /// Takes a patient report, received at `at` ms, if it is an answer to a question of the plan.
    pub(super) fn note(&mut self, at: i64, bytes: &[u8], plan: &Plan) -> bool {
        let Ok(Report { pro, value }) = serde_json::from_slice(bytes) else { return false };
        if plan.check_report(&pro, value).is_err() {
            return false;
        }
        let Ok(name) = pro.parse() else { return false };
        self.by_time.entry(at).or_default().insert((name, (value * 1000.0).round() as i64));
        true
    }

    /// Whether anything was answered in `from..to`.
    pub(super) fn any(&self, from: i64, to: i64) -> bool {
        self.within(from, to).next().is_some()
    }

    /// How many of `questions` were answered in `from..to`.
    pub(super) fn count(&self, questions: &[Name], from: i64, to: i64) -> i64 {
        let answered: BTreeSet<&Name> = self.within(from, to).map(|(_, name, _)| name).collect();
        questions.iter().filter(|question| answered.contains(question)).count() as i64
    }

    /// The answers in `from..to`, in order of time, with their values in thousandths.
    pub(super) fn within(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, &Name, i64)> {
        let range = (from < to).then(|| self.by_time.range(from..to));
        range
            .into_iter()
            .flatten()
            .flat_map(|(at, answers)| answers.iter().map(|(name, milli)| (*at, name, *milli)))
    }

    pub(super) fn first(&self) -> Option<i64> {
        self.by_time.first_key_value().map(|(at, _)| *at)
    }
}
