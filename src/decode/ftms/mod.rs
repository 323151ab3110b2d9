//! Fitness Machine Service 1.0: the measurements of all machines are one list of flagged fields each.

mod control;
mod feature;
mod join;
mod machines;
mod sample;
mod status;
mod table;
mod training;

pub use control::ControlResponse;
pub(super) use control::decode as control;
pub use feature::Features;
pub(super) use feature::decode as features;
pub use join::SampleJoin;
pub use machines::Machine;
#[cfg(test)]
pub(super) use sample::encode;
pub use sample::{Layout, Sample};
pub use status::MachineStatus;
pub(super) use status::decode as status;
pub use training::TrainingStatus;
pub(super) use training::decode as training;
