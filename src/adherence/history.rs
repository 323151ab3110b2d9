//! Plan versions, and the days that they make: rule 11, and what rule 1 says of a change of zone.

use super::day::LocalDay;
use super::plan::{Band, Plan};
use super::samples::Rule;
use crate::types::{SensorId, UtcMicros};

/// The plans of an episode, each from the day on which it came into force.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// By day; the first one holds for all days before, too.
    versions: Vec<(LocalDay, Plan)>,
}

/// A plan that must not follow the one in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefused {
    /// Its version is not higher.
    #[error("plan version {offered} is not above version {current}, which is in force; raise `version`")]
    NotNewer {
        /// The version in force.
        current: u32,
        /// The one that was offered.
        offered: u32,
    },
    /// It would move the periods of a running episode.
    #[error(
        "period_anchor is {offered}, but episode {episode} began with {current}; keep it, or name a new episode"
    )]
    AnchorMoved {
        /// The episode.
        episode: String,
        /// Its anchor.
        current: LocalDay,
        /// The one that was offered.
        offered: LocalDay,
    },
}

impl History {
    pub(super) fn new(plan: Plan) -> Self {
        Self { versions: vec![(LocalDay::FIRST, plan)] }
    }

    /// The plan in force on `day`.
    pub(super) fn on(&self, day: LocalDay) -> &Plan {
        let after = self.versions.partition_point(|(from, _)| *from <= day);
        &self.versions[after.saturating_sub(1)].1
    }

    /// The newest plan, in force or about to be.
    pub(super) fn newest(&self) -> &Plan {
        &self.versions[self.versions.len() - 1].1
    }

    /// Takes a newer plan, received at `at`: from the next midnight on, or for all of the current day.
    pub(super) fn adopt(&mut self, plan: Plan, at: UtcMicros, immediate: bool) -> Result<(), PlanRefused> {
        let current = self.newest();
        if plan.version <= current.version {
            return Err(PlanRefused::NotNewer { current: current.version, offered: plan.version });
        }
        if plan.episode == current.episode && plan.period_anchor != current.period_anchor {
            return Err(PlanRefused::AnchorMoved {
                episode: plan.episode.to_string(),
                current: current.period_anchor,
                offered: plan.period_anchor,
            });
        }
        let today = self.day_of(at.millis());
        let from = if immediate { today } else { today.next() };
        // one that never came into force leaves no trace
        self.versions.retain(|(since, _)| *since < from);
        if self.versions.is_empty() {
            self.versions.push((LocalDay::FIRST, plan));
        } else {
            self.versions.push((from, plan));
        }
        Ok(())
    }

    /// The first instant of `day`, in ms. When the zone changes, the old day ends at its old midnight.
    pub(super) fn start(&self, day: LocalDay) -> i64 {
        day.start_ms(self.on(day.previous()).zone)
    }

    /// The first instant of the next day.
    pub(super) fn end(&self, day: LocalDay) -> i64 {
        self.start(day.next()).max(self.start(day))
    }

    /// The day that an instant in ms belongs to.
    pub(super) fn day_of(&self, at: i64) -> LocalDay {
        let mut day = LocalDay::of_millis(at, self.newest().zone);
        if self.versions.len() > 1 {
            while at < self.start(day) && day.previous() < day {
                day = day.previous();
            }
            while at >= self.end(day) && day.next() > day {
                day = day.next();
            }
        }
        day
    }

    /// The instant at which clocks show `hour`:00 on `day`.
    pub(super) fn at_hour(&self, day: LocalDay, hour: i64) -> i64 {
        day.at_hour_ms(hour, self.on(day).zone)
    }

    /// How samples of `sensor` are judged, under all versions.
    pub(super) fn rule(&self, sensor: &SensorId) -> Rule {
        let require_power =
            self.versions.iter().map(|(from, plan)| (self.start(*from), plan.require_power.contains(sensor)));
        Rule { require_power: require_power.collect(), bands: self.bands(sensor) }
    }

    /// The bands of all items that `sensor` measures, and of the limit of the heart rate, each once, those of the newest
    /// plan first.
    pub(super) fn bands(&self, sensor: &SensorId) -> Vec<Band> {
        let mut bands = Vec::new();
        for (_, plan) in self.versions.iter().rev() {
            let items = plan.items.iter().filter(|item| item.kind.sensor() == Some(sensor));
            let own = items.filter_map(|item| item.kind.band().copied());
            for band in own.chain(plan.heart_limit()) {
                if !bands.contains(&band) {
                    bands.push(band);
                }
            }
        }
        bands
    }
}
