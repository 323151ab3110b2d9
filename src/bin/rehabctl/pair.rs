//! `rehabctl pair SENSOR`.

use std::process::ExitCode;

use anyhow::Result;
use rehab_hub::ctl::{Client, Request};
use rehab_hub::types::SensorId;

use crate::{Global, output};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The sensor's role in hub.toml
    sensor: SensorId,
    /// Seconds that the pairing window stays open; hub.toml limits it
    #[arg(long, value_name = "SECONDS")]
    window: Option<u64>,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    let request = Request::Pair { sensor: args.sensor.clone(), window_s: args.window };
    if !global.json {
        output::say(format_args!("pairing {}: wake it up and keep it near the hub …", args.sensor));
    }
    let answer = crate::blocking(async { Client::connect(&global.socket).await?.ask(&request).await })?;
    if global.json {
        output::say(answer);
    } else {
        output::say(format_args!("{} is paired and bonded", args.sensor));
    }
    Ok(ExitCode::SUCCESS)
}
