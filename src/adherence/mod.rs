//! Daily adherence: the plan, and what was done of it. Pure: packets, their times and a plan in; days out.
//!
//! [`Engine::observe`] takes packets in any order; [`Engine::reports`] answers. The rules are numbered as in the
//! specification that the tests in `cases` quote case by case.

mod day;
mod engine;
mod judge;
mod listening;
pub mod plan;
mod report;
mod samples;
mod score;
mod session;
mod share;
mod stream;
mod zone;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

pub use day::{LocalDay, NotADay};
pub use engine::Engine;
pub use plan::Plan;
pub use report::{DayReport, ItemReport, PeriodReport, SessionReport, SetAside, Status};
pub use share::Percent;
pub use zone::{UnknownZone, Zone};
