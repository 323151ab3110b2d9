//! Daily adherence: the plan, and what was done of it. Pure: packets, their times and a plan in; days out.
//!
//! [`Engine::observe`] takes packets in any order; [`Engine::reports`] answers. The rules are numbered as in the
//! specification that the tests in `cases` quote case by case.

mod alerts;
mod answers;
mod day;
mod engine;
mod evidence;
mod explain;
mod fold;
mod history;
mod judge;
mod listening;
mod measure;
mod period;
pub mod plan;
mod presence;
mod report;
mod samples;
mod score;
mod session;
mod share;
mod stream;
mod watches;
mod week;
mod zone;

#[cfg(test)]
mod alert_cases;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

pub use alerts::{Alert, AlertRule};
pub use answers::ReportRefused;
pub use day::{LocalDay, NotADay};
pub use engine::Engine;
pub use evidence::{Evidence, Forecast, Outlook};
pub use history::PlanRefused;
pub use period::PeriodReport;
pub use plan::Plan;
pub use report::{DayReport, ItemReport, SessionReport, SetAside, Status};
pub use share::Percent;
pub use week::{WeekItem, WeekReport};
pub use zone::{UnknownZone, Zone};
