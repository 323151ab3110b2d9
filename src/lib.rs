#![doc = include_str!("ARCHITECTURE.md")]

pub mod adherence;
pub mod clock;
pub mod config;
pub mod ctl;
pub mod decode;
pub mod dedupe;
pub mod forward;
pub mod ingest;
pub mod journal;
pub mod run;
pub mod scorer;
pub mod source;
pub mod store;
pub mod types;
