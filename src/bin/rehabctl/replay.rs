//! `rehabctl replay FILE`: feeds a capture to a running hub, a batch at a time, each durable before the next.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rehab_hub::ctl::{Client, Request};
use rehab_hub::source::capture::CaptureLine;
use serde_json::Value;

use crate::{Global, output};

/// Lines a request: one block of the store, which is committed at once.
const BATCH: usize = 256;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The capture: one JSON object a line
    file: PathBuf,
    /// Skip malformed lines instead of stopping at the first
    #[arg(long)]
    skip_bad: bool,
    /// Lines a request; fewer make smaller steps (1-256)
    #[arg(long, default_value_t = BATCH, value_name = "LINES")]
    batch: usize,
    /// Start behind this many lines
    #[arg(long, default_value_t = 0, value_name = "LINES")]
    from: usize,
    /// Append a line to FILE whenever a batch is durable: "LINES EPOCH FIRST LAST"
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    if args.batch == 0 || args.batch > BATCH {
        bail!("--batch is {}; give 1 to {BATCH}", args.batch);
    }
    let (lines, bad) = read(args)?;
    let open = |path: &PathBuf| {
        let file = File::options().create(true).append(true).open(path);
        file.with_context(|| format!("cannot open the ledger {}; name a file that can be written", path.display()))
    };
    let ledger = args.ledger.as_ref().map(open).transpose()?;
    let fed = crate::blocking(feed(&lines, args, global, ledger))?;
    if global.json {
        output::say(serde_json::json!({"lines": fed, "bad": bad}));
    } else {
        output::say(format_args!("{} lines fed and durable, {bad} skipped", output::grouped(fed as u64)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The good lines behind `--from`, and how many bad ones were skipped.
fn read(args: &Args) -> Result<(Vec<String>, usize)> {
    let path = &args.file;
    let file = File::open(path).with_context(|| format!("cannot open the capture {}", path.display()))?;
    let (mut lines, mut bad) = (Vec::new(), 0);
    for (index, line) in BufReader::new(file).lines().enumerate().skip(args.from) {
        let number = index + 1;
        let line = line.with_context(|| format!("cannot read line {number} of {}", path.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        match CaptureLine::parse(&line) {
            Ok(_) => lines.push(line),
            Err(reason) if args.skip_bad => {
                bad += 1;
                output::complain(&anyhow::anyhow!("line {number} skipped: {reason}"));
            }
            Err(reason) => bail!("{}:{number}: {reason}; mend the line, or skip it with --skip-bad", path.display()),
        }
    }
    Ok((lines, bad))
}

async fn feed(lines: &[String], args: &Args, global: &Global, mut ledger: Option<File>) -> Result<usize> {
    let mut client = Client::connect(&global.socket).await?;
    let mut fed = 0;
    for batch in lines.chunks(args.batch) {
        let receipt = client.ask(&Request::Feed { lines: batch.to_vec() }).await?;
        fed += batch.len();
        if let Some(file) = &mut ledger {
            let seq = |key: &str| receipt.get(key).and_then(Value::as_u64).unwrap_or(0);
            let epoch = output::text(&receipt, "/epoch");
            writeln!(file, "{} {epoch} {} {}", args.from + fed, seq("first"), seq("last"))
                .context("cannot write the ledger")?;
        }
    }
    Ok(fed)
}
