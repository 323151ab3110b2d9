//! `rehabctl adherence`: scores a capture against a plan, without a hub.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use rehab_hub::adherence::{Alert, DayReport, Engine, LocalDay, PeriodReport};
use rehab_hub::clock::Timeline;
use rehab_hub::source::replay::Replayer;
use rehab_hub::types::{BootId, Logged, Seq, UtcMicros};
use rehab_hub::{run, scorer};
use serde_json::json;

use crate::capture::Capture;
use crate::{Global, output};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The capture; several are read one after the other
    #[arg(long, value_name = "FILE", required = true)]
    capture: Vec<PathBuf>,
    /// The first day to show
    #[arg(long, value_name = "DATE")]
    from: Option<LocalDay>,
    /// The last day to show
    #[arg(long, value_name = "DATE")]
    to: Option<LocalDay>,
    /// What counts as now, such as 2026-11-04T09:00:00Z; without it, the end of the capture's last day
    #[arg(long, value_name = "TIME")]
    now: Option<UtcMicros>,
    /// Where the numbers of one day come from, line by line
    #[arg(long, value_name = "DATE")]
    explain: Option<LocalDay>,
    /// Skip malformed lines instead of stopping at the first
    #[arg(long)]
    skip_bad: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<ExitCode> {
    let mut engine = Engine::new(run::read_plan(&args.plan)?);
    let newest = observe(&mut engine, args)?;
    let Some(newest) = newest else { bail!("the capture is empty; name one with lines in it") };
    let zone = engine.plan().zone;
    // a capture is of days that are over, unless somebody says that they are not
    let last = LocalDay::of(newest, zone);
    let now = args.now.unwrap_or_else(|| last.end(zone));
    let to = args.to.or(args.now.is_none().then_some(last));
    if let Some(day) = args.explain {
        let lines = engine.explain(day, now);
        if global.json {
            output::say(json!({"day": day, "explanation": lines}));
        } else {
            lines.iter().for_each(output::say);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let shown = |day: LocalDay| args.from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to);
    let days: Vec<DayReport> = engine.reports(now).into_iter().filter(|report| shown(report.day)).collect();
    let (weeks, periods, alerts) = (engine.weeks(now), engine.periods(now), engine.alerts(now));
    if global.json {
        output::say(json!({"days": days, "weeks": weeks, "periods": periods, "alerts": alerts}));
    } else {
        output::say(table(&days, &periods, &alerts));
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows every line to the engine, a second time if late lines ask for it. Returns the newest time.
fn observe(engine: &mut Engine, args: &Args) -> Result<Option<UtcMicros>> {
    let newest = observe_once(engine, args)?;
    if engine.needs_replay() {
        engine.reset();
        observe_once(engine, args)?;
    }
    Ok(newest)
}

fn observe_once(engine: &mut Engine, args: &Args) -> Result<Option<UtcMicros>> {
    // any boot will do: nothing is kept
    let mut replayer = Replayer::new(BootId::from_u128(1));
    let mut timeline = Timeline::default();
    let (mut newest, mut seq) = (None, Seq::new(1));
    for path in &args.capture {
        let mut capture = Capture::open(path, args.skip_bad)?;
        while let Some((_, line)) = capture.next_behind(0)? {
            newest = newest.max(Some(line.at));
            let (anchor, packet) = replayer.packet(line);
            timeline.saw(packet.boot, packet.mono);
            if let Some(anchor) = anchor {
                timeline.add(anchor);
            }
            let time = timeline.resolve(packet.boot, packet.mono);
            engine.observe(&Logged { seq, packet }, time);
            seq = seq.next();
        }
    }
    Ok(newest)
}

fn table(days: &[DayReport], periods: &[PeriodReport], alerts: &[Alert]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for day in days {
        lines.extend(output::day(&scorer::document(day)));
        lines.push(String::new());
    }
    for period in periods {
        lines.push(format!(
            "period {} ({} to {}): {} data-days",
            period.number, period.start, period.end, period.data_days
        ));
    }
    for alert in alerts.iter().filter(|alert| alert.cleared.is_none()) {
        lines.push(format!("alert {}: {}", alert.key, alert.text));
    }
    lines.join("\n")
}
