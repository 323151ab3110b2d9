//! What the demo says at its end: counts that were compared, not assumed, and the day as the clinic received it.

use rehab_hub::ingest::IngestStatus;
use rehab_hub::scorer::{self, Scores};
use rehab_hub::store::Committed;
use serde_json::{Value, json};

use super::clinic::{Arrived, Clinic, Multiset};
use crate::output::{self, grouped, text};

pub(super) struct Report {
    captured: u64,
    taken: u64,
    stored: u64,
    acknowledged: u64,
    received: u64,
    missing: u64,
    surplus: u64,
    duplicates: u64,
    messages: u64,
    seconds: f64,
    /// As the clinic received them, newest revision of each.
    days: Vec<Value>,
    /// Whether the newest of them is what the hub scored.
    day_agrees: bool,
    period: Value,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "each is one witness of the run, and they meet only here")]
    pub(super) fn new(
        source: &Multiset,
        stored: u64,
        log: Committed,
        ingest: &IngestStatus,
        clinic: Clinic,
        arrived: Arrived,
        scores: &Scores,
        seconds: f64,
    ) -> Self {
        let days: Vec<Value> = clinic
            .documents
            .iter()
            .filter(|(key, _)| key.starts_with("day:"))
            .map(|(_, (_, body))| body.clone())
            .collect();
        let today = scores.today.as_ref().map(scorer::document);
        Self {
            captured: source.values().sum(),
            // the hub's own records pass the counters of the sensors by
            taken: ingest.sensors.values().map(|sensor| sensor.packets).sum(),
            stored,
            acknowledged: log.acked.get(),
            received: arrived.readings,
            missing: excess(source, &clinic.readings),
            surplus: excess(&clinic.readings, source),
            duplicates: arrived.duplicates,
            messages: arrived.messages,
            seconds,
            day_agrees: today.is_some() && today.as_ref() == days.last(),
            period: scores.period.as_ref().map_or(Value::Null, |period| json!(period)),
            days,
        }
    }

    /// Whether nothing is missing, nothing is surplus, and the clinic has the hub's scores.
    pub(super) fn is_whole(&self) -> bool {
        self.missing == 0 && self.surplus == 0 && self.acknowledged == self.captured && self.day_agrees
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "captured": self.captured, "from_sensors": self.taken, "stored": self.stored,
            "acknowledged": self.acknowledged, "received": self.received, "missing": self.missing,
            "surplus": self.surplus, "duplicates": self.duplicates, "messages": self.messages,
            "seconds": self.seconds, "days": self.days, "day_agrees": self.day_agrees, "period": self.period, "ok": self.is_whole(),
        })
    }

    pub(super) fn to_text(&self) -> String {
        let row = |name: &str, count: u64, note: &str| format!("  {name:<28}{:>8}{note}", grouped(count));
        let mut lines = vec![
            format!("Half an hour of therapy in {:.1} s, with the broker away in the middle", self.seconds),
            String::new(),
            row("readings captured", self.captured, ""),
            row("stored durably", self.stored, ""),
            row("acknowledged by the broker", self.acknowledged, ""),
            row(
                "received by the clinic",
                self.received,
                &format!("   missing {}, surplus {}", self.missing, self.surplus),
            ),
            row("duplicates on the wire", self.duplicates, "   dropped by (source, epoch, seq)"),
            row("messages of all kinds", self.messages, ""),
        ];
        for day in &self.days {
            lines.push(String::new());
            lines.extend(output::day(day));
        }
        if !self.period.is_null() {
            let number = |key: &str| self.period.get(key).and_then(Value::as_u64).unwrap_or(0);
            let (start, end) = (text(&self.period, "/start"), text(&self.period, "/end"));
            lines.push(format!(
                "  data-days in period {} ({start} to {end}): {}",
                number("number"),
                number("data_days")
            ));
        }
        if !self.day_agrees {
            lines.push("the day at the clinic is not the day that the hub scored".into());
        }
        lines.push(String::new());
        lines.push(
            if self.is_whole() { "nothing missing, nothing made up" } else { "THE COUNTS DO NOT AGREE" }
                .into(),
        );
        lines.join("\n")
    }
}

/// How many readings `left` has that `right` has not.
fn excess(left: &Multiset, right: &Multiset) -> u64 {
    left.iter().map(|(reading, count)| count.saturating_sub(right.get(reading).copied().unwrap_or(0))).sum()
}
