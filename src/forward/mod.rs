//! To the clinic: the outbox over MQTT 5, at least once on the wire, exactly once by id at the far side.

mod budget;
mod inflight;
pub mod payload;
pub mod topics;
