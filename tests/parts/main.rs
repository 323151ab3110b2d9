//! Real parts: Debian's mosquitto, the built binaries, a TCP proxy that cuts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may fail loudly, print its figures, run things beside each other and look at the clock"
)]

mod daemon;
mod forward;
mod kill;
mod mosquitto;
mod proxy;
