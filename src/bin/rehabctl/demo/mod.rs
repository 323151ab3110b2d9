//! `rehabctl demo`: a morning of therapy through the whole hub, with nothing but this program.
//!
//! The hub is the real one: configuration, store, scoring and forwarding as in a patient's home. Only the ends are
//! played: a capture instead of sensors, and a broker with a clinic behind it inside this process.

mod broker;
mod clinic;
mod report;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rehab_hub::clock::wall::Wall;
use rehab_hub::config::{Config, Desk};
use rehab_hub::run::{self, Running};
use rehab_hub::source::capture::CaptureLine;
use rehab_hub::source::replay::{self, Feed, Replayer};
use rehab_hub::types::BootId;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{Global, output};
use broker::Gate;
use clinic::{Arrived, Clinic, Multiset};
use report::Report;

/// The capture: composed, in the layouts that such devices send (tests/tools/morning.py).
const MORNING: &str = include_str!("../../../../config/demo/morning.jsonl");

/// The plan that the morning is scored against.
const PLAN: &str = include_str!("../../../../config/demo/plan.toml");

/// The part of the capture during which the broker is away.
const AWAY: std::ops::Range<f64> = 0.40..0.65;

/// Every line of the demo names its boot; this one stands for none.
const DEMO: BootId = BootId::from_u128(1);

/// One step of the feed.
const STEP: Duration = Duration::from_millis(50);

/// How long the last readings may take to arrive.
const SETTLE: Duration = Duration::from_secs(20);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long the morning is made to last, in seconds (1-600)
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=600), value_name = "SECONDS")]
    seconds: u64,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    let folder = tempfile::tempdir().context("no temporary folder for the demo's store; set TMPDIR")?;
    let report = crate::blocking(demo(args, global, folder.path()))?;
    if global.json {
        output::say(report.to_json());
    } else {
        output::say(report.to_text());
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn demo(args: &Args, global: &Global, folder: &Path) -> Result<Report> {
    let wall = Wall::new()?;
    let started = wall.mono();
    let (lines, source) = morning(wall)?;
    let (open_in, open) = watch::channel(true);
    let (arrived_in, arrived) = watch::channel(Arrived::default());
    let address = broker::start().await?;
    let gate = Gate::new(address, open).await?;
    let mut clinic = Clinic::subscribe(address, arrived_in).await?;
    let (config, plan) = configure(folder, gate.port()?)?;
    let mut hub = run::start(config, plan, wall).await?;
    let feed = hub.feed.take().context("the demo's hub takes no captures")?;

    let road = gate.serve();
    tokio::pin!(road);
    let played = async {
        let progress = progress(lines.len() as u64, global.json);
        let stored = play(lines, args.seconds, feed, &open_in, &hub, &arrived, &progress).await?;
        settle(&hub, &arrived, &progress).await;
        progress.finish_and_clear();
        anyhow::Ok(stored)
    };
    let stored = tokio::select! {
        played = played => played?,
        broken = clinic.receive() => return Err(broken.err().unwrap_or_else(|| anyhow::anyhow!("the clinic left"))),
        () = &mut road => anyhow::bail!("the gate before the broker closed for good"),
    };
    let ingest = hub.ingest.borrow().clone();
    let scores = hub.scores.clone();
    let log = hub.store.committed();
    let finish = async {
        hub.stop().await;
        // what was published last is on its way from the broker to the clinic
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    tokio::select! {
        () = finish => {}
        broken = clinic.receive() => broken?,
        () = &mut road => {}
    }
    let log = *log.borrow();
    let arrived = *arrived.borrow();
    let scores = scores.borrow().clone();
    let seconds = wall.mono().since(started) as f64 / 1e6;
    Ok(Report::new(&source, stored, log, &ingest, clinic, arrived, &scores, seconds))
}

/// The lines of the morning, each with its place in a boot of its own, and the multiset of readings that they are.
fn morning(wall: Wall) -> Result<(Vec<CaptureLine>, Multiset)> {
    let mut places = Replayer::new(replay::fresh_boot(wall));
    let (mut lines, mut source) = (Vec::new(), Multiset::new());
    for (number, text) in MORNING.lines().enumerate() {
        let mut line = CaptureLine::parse(text)
            .map_err(|reason| anyhow::anyhow!("line {} of the demo's capture: {reason}", number + 1))?;
        let (_, packet) = places.packet(line.clone());
        line.boot = Some((packet.boot, packet.mono));
        lines.push(line);
        let sensor = packet.origin.sensor.clone();
        let key = (sensor, packet.boot, packet.mono, packet.characteristic, packet.bytes);
        *source.entry(key).or_default() += 1;
    }
    Ok((lines, source))
}

/// Writes the files of a hub into `folder` and reads them as the daemon does.
fn configure(folder: &Path, port: u16) -> Result<(Config, Option<rehab_hub::adherence::Plan>)> {
    let text = format!(
        "[hub]\nid = \"demo-hub\"\nclinic = \"demo\"\n[source]\nkind = \"replay\"\n\
         [store]\npath = \"store\"\nseal = \"off\"\n[plan]\npath = \"plan.toml\"\n\
         [forward]\nhost = \"127.0.0.1\"\nport = {port}\nraw = true\nbatch_wait_ms = 500\n\
         [ctl]\nsocket = \"ctl.sock\"\n"
    );
    let path = folder.join("hub.toml");
    std::fs::write(folder.join("plan.toml"), PLAN).context("cannot write the demo's plan")?;
    std::fs::write(&path, text).context("cannot write the demo's configuration")?;
    let config = Config::load(&path, &Desk)?;
    let plan = run::load_plan(&config)?;
    Ok((config, plan))
}

/// Feeds the lines at their own pace, made faster, with the broker away in the middle. Returns how many are durable.
async fn play(
    lines: Vec<CaptureLine>,
    seconds: u64,
    feed: mpsc::Sender<Feed>,
    open: &watch::Sender<bool>,
    hub: &Running,
    arrived: &watch::Receiver<Arrived>,
    progress: &ProgressBar,
) -> Result<u64> {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(0) };
    let begin = first.at.micros();
    let length = (last.at.micros() - begin).max(1) as f64;
    let steps = (seconds * 1000).div_euclid(STEP.as_millis() as u64).max(1);
    let mut lines = lines.into_iter().peekable();
    let mut receipts = FuturesUnordered::new();
    let mut ticks = tokio::time::interval(STEP);
    for step in 1..=steps {
        ticks.tick().await;
        let done = step as f64 / steps as f64;
        let until = begin + (length * done) as i64;
        let mut batch = Vec::new();
        while let Some(line) = lines.next_if(|line| line.at.micros() <= until) {
            batch.push(line);
        }
        open.send_if_modified(|open| std::mem::replace(open, !AWAY.contains(&done)) == AWAY.contains(&done));
        if !batch.is_empty() {
            let (durable, receipt) = oneshot::channel();
            progress.inc(batch.len() as u64);
            feed.send(Feed { capture: DEMO, lines: batch, durable }).await.context("the hub stopped")?;
            receipts.push(receipt);
        }
        show(hub, arrived, progress, *open.borrow());
    }
    drop(feed);
    let mut stored = 0;
    while let Some(receipt) = receipts.next().await {
        let receipt = receipt.context("the hub stopped")??;
        stored += receipt.last.get() + 1 - receipt.first.get();
    }
    Ok(stored)
}

/// Waits until the clinic has what the log has.
async fn settle(hub: &Running, arrived: &watch::Receiver<Arrived>, progress: &ProgressBar) {
    let mut ticks = tokio::time::interval(STEP);
    let done = async {
        loop {
            ticks.tick().await;
            show(hub, arrived, progress, true);
            let log = *hub.store.committed().borrow();
            if log.acked == log.last && arrived.borrow().readings >= log.last.get() {
                return;
            }
        }
    };
    // what is missing after that is what the report is for
    let _ = tokio::time::timeout(SETTLE, done).await;
}

fn show(hub: &Running, arrived: &watch::Receiver<Arrived>, progress: &ProgressBar, open: bool) {
    let log = *hub.store.committed().borrow();
    let link = if open { "broker up  " } else { "broker AWAY" };
    progress.set_message(format!(
        "{link}  stored {:>5}  acknowledged {:>5}  at the clinic {:>5}",
        log.last.get(),
        log.acked.get(),
        arrived.borrow().readings
    ));
}

fn progress(length: u64, quiet: bool) -> ProgressBar {
    let progress = ProgressBar::new(length);
    if quiet {
        progress.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
        progress.set_style(style.progress_chars("█▌░"));
    }
    progress
}
