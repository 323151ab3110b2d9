//! The forwarder against Debian's mosquitto, through a proxy that cuts.

mod bare;
mod faults;
mod lifecycle;
mod limits;
mod rate;
pub(crate) mod receiver;
mod refusals;
mod rig;
mod tls;

/// The seed of everything random in these tests; `HUB_TEST_SEED` repeats a run.
fn seed() -> u64 {
    let given = std::env::var("HUB_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or(0x0042_1337_C0FF_EE11);
    println!("seed: {seed}");
    seed
}

/// The larger figure with `HUB_TEST_FULL=1`.
fn sized(reduced: u64, full: u64) -> u64 {
    if std::env::var_os("HUB_TEST_FULL").is_some() { full } else { reduced }
}
