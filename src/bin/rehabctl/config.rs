//! `rehabctl config check [FILE]`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use rehab_hub::config::document::{Fault, Faults};
use rehab_hub::config::{Config, ConfigError, DEFAULT_CONFIG, Desk, profiles};
use rehab_hub::run;
use serde_json::json;

use crate::{Global, output};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Name every fault of a configuration, its plan and its profiles, each with line, column and what was expected
    Check {
        /// The configuration
        #[arg(default_value = DEFAULT_CONFIG)]
        file: PathBuf,
    },
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    let Command::Check { file } = &args.command;
    let (catalogue, refused) = profiles::load(&profiles::folder(file));
    let checked =
        Config::load(file, &Desk).and_then(|config| run::load_plan(&config).map(|plan| (config, plan)));
    match checked {
        Ok((config, plan)) if refused.is_empty() => {
            let (sensors, profiles) = (config.sensors.len(), catalogue.profiles().len());
            if global.json {
                output::say(
                    json!({"ok": true, "sensors": sensors, "plan": plan.is_some(), "profiles": profiles}),
                );
            } else {
                let plan = if plan.is_some() { "a plan" } else { "no plan: readings are not scored" };
                let file = file.display();
                output::say(format_args!("{file}: good; {sensors} sensors, {profiles} profiles, {plan}"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(_) => Ok(faulty(file, refused, global)),
        Err(ConfigError::Faulty(faults)) => {
            Ok(faulty(file, [faults].into_iter().chain(refused).collect(), global))
        }
        Err(error) => Err(error.into()),
    }
}

/// Names the faults of every file.
fn faulty(config: &Path, files: Vec<Faults>, global: &Global) -> ExitCode {
    if global.json {
        let list: Vec<_> =
            files.iter().flat_map(|faults| faults.list.iter().map(|f| fault(faults, f))).collect();
        output::say(json!({"ok": false, "path": config, "faults": list}));
    } else {
        for faults in files {
            output::complain(&faults.into());
        }
    }
    ExitCode::from(78)
}

fn fault(file: &Faults, fault: &Fault) -> serde_json::Value {
    json!({
        "path": file.path, "line": fault.line, "column": fault.column, "key": fault.key,
        "problem": fault.problem, "expected": fault.expected,
    })
}
