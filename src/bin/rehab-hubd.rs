//! The daemon: reads its configuration, runs the hub until it is told to stop.
//!
//! Exit codes: 0 stopped on request, 1 failed, 78 the configuration is faulty (systemd does not restart it then).

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use rehab_hub::clock::wall::Wall;
use rehab_hub::config::{Config, ConfigError, DEFAULT_CONFIG, Unit};
use rehab_hub::run::{self, RunError};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

/// The rehab hub's daemon.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// The configuration
    #[arg(long, default_value = DEFAULT_CONFIG, value_name = "FILE")]
    config: PathBuf,
    /// Log more: every decision, not only what an operator must know
    #[arg(long)]
    debug: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    rehab_hub::journal::install(if cli.debug { LevelFilter::DEBUG } else { LevelFilter::INFO });
    let Err(error) = hub(&cli) else { return ExitCode::SUCCESS };
    let faulty = error.is::<ConfigError>() || matches!(error.downcast_ref(), Some(RunError::Config(_)));
    if let Some(RunError::Task { .. }) = error.downcast_ref() {
        return ExitCode::FAILURE; // logged where it happened
    }
    // one line a fault, so that each is an entry of the journal with its place
    for line in format!("{error:#}").lines() {
        tracing::error!("{line}");
    }
    if faulty { ExitCode::from(78) } else { ExitCode::FAILURE }
}

fn hub(cli: &Cli) -> Result<()> {
    let config = Config::load(&cli.config, &Unit)?;
    let plan = run::load_plan(&config)?;
    let wall = Wall::new()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
        let shutdown = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        run::until(shutdown, config, plan, wall).await.map_err(Into::into)
    })
}
