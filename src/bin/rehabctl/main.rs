//! `rehabctl`: the clinician's, the technician's and the newcomer's tool. One command a file.
//!
//! Exit codes: 0 ok, 1 failed, 2 usage, 69 the daemon cannot be reached, 78 the configuration is faulty.

mod adherence;
mod capture;
mod config;
mod decode;
#[cfg(feature = "demo")]
mod demo;
mod output;
mod pair;
mod replay;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rehab_hub::config::{ConfigError, DEFAULT_SOCKET};
use rehab_hub::ctl::ClientError;
use tracing_subscriber::filter::LevelFilter;

/// The rehab hub's tool: set up, look inside, try out.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// The control socket of the hub
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    socket: PathBuf,
    /// Print JSON for machines instead of text for people
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a morning of therapy through the whole hub, on this machine alone
    #[cfg(feature = "demo")]
    Demo(demo::Args),
    /// Score a capture against a plan, without a hub
    Adherence(adherence::Args),
    /// Check a configuration
    Config(config::Args),
    /// Decode packets of a characteristic
    Decode(decode::Args),
    /// Show what the hub is doing
    Status,
    /// Pair a sensor that the configuration lists
    Pair(pair::Args),
    /// Feed a capture to a hub whose source is "replay"
    Replay(replay::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // the demo breaks its own link on purpose, and says so better than the log would
    #[cfg(feature = "demo")]
    let quiet = matches!(&cli.command, Command::Demo(_));
    #[cfg(not(feature = "demo"))]
    let quiet = false;
    rehab_hub::journal::install(if quiet { LevelFilter::ERROR } else { LevelFilter::WARN });
    let global = Global { socket: cli.socket, json: cli.json };
    let done = match cli.command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(&args, &global),
        Command::Adherence(args) => adherence::run(&args, &global),
        Command::Config(args) => config::run(&args, &global),
        Command::Decode(args) => decode::run(&args, &global),
        Command::Status => status::run(&global),
        Command::Pair(args) => pair::run(&args, &global),
        Command::Replay(args) => replay::run(&args, &global),
    };
    done.unwrap_or_else(|error| {
        output::complain(&error);
        code(&error)
    })
}

/// Runs one conversation with the hub.
fn blocking<T, E: Into<anyhow::Error>>(work: impl Future<Output = Result<T, E>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work).map_err(Into::into)
}

/// What every command knows.
struct Global {
    socket: PathBuf,
    json: bool,
}

fn code(error: &anyhow::Error) -> ExitCode {
    if let Some(ClientError::Unreachable { .. } | ClientError::Forbidden { .. }) = error.downcast_ref() {
        return ExitCode::from(69);
    }
    if error.is::<ConfigError>() { ExitCode::from(78) } else { ExitCode::FAILURE }
}
