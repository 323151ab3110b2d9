//! Fitness Machine Service 1.0: the measurements of all machines are one list of flagged fields each.

mod machines;
mod sample;

pub use machines::Machine;
pub use sample::{Layout, Sample};
