//! To the clinic: the outbox over MQTT 5, at least once on the wire, exactly once by id at the far side.

mod backoff;
mod budget;
mod events;
mod fault;
mod inflight;
pub mod payload;
mod tls;
pub mod topics;
