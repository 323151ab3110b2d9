//! `rehabctl config check [FILE]`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use rehab_hub::config::{Config, ConfigError, DEFAULT_CONFIG};
use rehab_hub::run;

use crate::{Global, output};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Name every fault of a configuration and its plan, each with line, column and what was expected
    Check {
        /// The configuration
        #[arg(default_value = DEFAULT_CONFIG)]
        file: PathBuf,
    },
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    let Command::Check { file } = &args.command;
    let checked = Config::load(file).and_then(|config| run::load_plan(&config).map(|plan| (config, plan)));
    match checked {
        Ok((config, plan)) => {
            let sensors = config.sensors.len();
            if global.json {
                output::say(serde_json::json!({"ok": true, "sensors": sensors, "plan": plan.is_some()}));
            } else {
                let plan = if plan.is_some() { "a plan" } else { "no plan: readings are not scored" };
                output::say(format_args!("{}: good; {sensors} sensors, {plan}", file.display()));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(ConfigError::Faulty(faults)) if global.json => {
            let list: Vec<_> = faults
                .list
                .iter()
                .map(|fault| {
                    serde_json::json!({
                        "line": fault.line, "column": fault.column, "key": fault.key,
                        "problem": fault.problem, "expected": fault.expected,
                    })
                })
                .collect();
            output::say(serde_json::json!({"ok": false, "path": faults.path, "faults": list}));
            Ok(ExitCode::from(78))
        }
        Err(error) => Err(error.into()),
    }
}
