//! `rehabctl replay FILE`: feeds a capture to a running hub, a batch at a time, each durable before the next.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rehab_hub::clock::wall::Wall;
use rehab_hub::ctl::{Client, Request};
use rehab_hub::source::replay::fresh_boot;
use serde_json::Value;

use crate::capture::Capture;
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
    let open = |path: &PathBuf| {
        let file = File::options().create(true).append(true).open(path);
        file.with_context(|| {
            format!("cannot open the ledger {}; name a file that can be written", path.display())
        })
    };
    let ledger = args.ledger.as_ref().map(open).transpose()?;
    let mut capture = Capture::open(&args.file, args.skip_bad)?;
    let fed = crate::blocking(feed(&mut capture, args, global, ledger))?;
    let bad = capture.bad;
    if global.json {
        output::say(serde_json::json!({"lines": fed, "bad": bad}));
    } else {
        output::say(format_args!("{} lines fed and durable, {bad} skipped", output::grouped(fed)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The next lines, fewer than a batch at the end only; with what is wrong with the line after them.
fn batch(capture: &mut Capture<'_>, args: &Args) -> (Vec<String>, Option<anyhow::Error>) {
    let mut batch = Vec::new();
    while batch.len() < args.batch {
        match capture.next_behind(args.from) {
            Ok(Some((text, _))) => batch.push(text),
            Ok(None) => break,
            Err(fault) => {
                let go_on = format!("what stands before it is fed; go on with --from {}", capture.number - 1);
                return (batch, Some(fault.context(go_on)));
            }
        }
    }
    (batch, None)
}

async fn feed(
    capture: &mut Capture<'_>,
    args: &Args,
    global: &Global,
    mut ledger: Option<File>,
) -> Result<u64> {
    let id = fresh_boot(Wall::new()?);
    let mut client = Client::connect(&global.socket).await?;
    let mut fed = 0;
    loop {
        let (lines, fault) = batch(capture, args);
        if lines.is_empty() {
            return fault.map_or(Ok(fed), Err);
        }
        fed += lines.len() as u64;
        let receipt = client.ask(&Request::Feed { capture: id, lines }).await?;
        if let Some(file) = &mut ledger {
            let seq = |key: &str| receipt.get(key).and_then(Value::as_u64).unwrap_or(0);
            let epoch = output::text(&receipt, "/epoch");
            writeln!(file, "{} {epoch} {} {}", capture.number, seq("first"), seq("last"))
                .context("cannot write the ledger")?;
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
    }
}
