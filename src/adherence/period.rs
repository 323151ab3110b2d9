//! Supply periods: rules 13 and 14.

use super::engine::Engine;
use super::report::PeriodReport;
use crate::types::UtcMicros;

/// Days in a supply period.
const PERIOD_DAYS: u32 = 30;

impl Engine {
    /// The supply periods from the first to the one that `now` is in; none before the period anchor.
    pub fn periods(&mut self, now: UtcMicros) -> Vec<PeriodReport> {
        self.settle();
        let today = self.today(now);
        let mut periods = Vec::new();
        let mut start = self.plan().period_anchor;
        while start <= today {
            let days = (0..PERIOD_DAYS).map(|offset| start.plus(offset)).filter(|day| *day <= today);
            let data_days = days.filter(|day| self.is_data_day(*day)).count() as u32;
            let end = start.plus(PERIOD_DAYS - 1);
            periods.push(PeriodReport { number: periods.len() as u32 + 1, start, end, data_days });
            start = end.next();
        }
        periods
    }
}
