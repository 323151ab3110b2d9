//! Generic Health Sensor Service 1.0: Live Health Observations, 2B8B, and Stored Health Observations, 2BDD. An
//! observation travels in segments; it is put together first, then read.

mod draft;
mod observation;
mod segment;
mod time;

pub use draft::DraftObservation;
pub(super) use draft::decode as decode_draft;
pub use observation::Observation;
pub(super) use observation::decode;
pub use segment::Segment;
pub(super) use segment::{Joined, SegmentJoin};
