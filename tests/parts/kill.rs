//! SIGKILL of the daemon at random moments while a capture is fed and forwarded.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::Duration;

use rehab_hub::config::HubConfig;
use serde_json::Value;

use crate::daemon::Daemon;
use crate::forward::receiver::Receiver;
use crate::mosquitto::Mosquitto;

const KILLS: u64 = 50;

/// One packet each 6 ms of its own time: below the cap of a sensor.
const STEP_US: u64 = 6000;

/// Lines for one life of the daemon; more than it takes in the longest of them.
const PIECE: u64 = 60_000;

/// Lines a request: with the commit window of 50 ms, both ways to a commit occur.
const BATCHES: [usize; 4] = [7, 60, 200, 256];

/// The seed is printed, so that a failure can be played again.
fn seed() -> u64 {
    std::env::var("HUB_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_103)
}

/// A small generator with a seed: the moments must be repeatable.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A piece of the capture: every value is another one, so that none can stand for another.
fn capture(lines: Range<u64>) -> String {
    let mut text = String::new();
    let begin = chrono::DateTime::parse_from_rfc3339("2026-11-03T14:00:00Z").unwrap();
    for n in lines {
        let mono = 1_000_000 + n * STEP_US;
        let at = (begin + chrono::TimeDelta::microseconds(mono as i64)).format("%Y-%m-%dT%H:%M:%S%.6fZ");
        let _ = writeln!(
            text,
            "{{\"at\":\"{at}\",\"sensor\":\"strap\",\"char\":\"2A37\",\"hex\":\"18{:02x}{:04x}{:04x}\",\
             \"boot\":\"0123456789abcdef0123456789abcdef\",\"mono_ms\":{}.{:03}}}",
            60 + n % 90,
            (n >> 16) as u16,
            n as u16,
            mono / 1000,
            mono % 1000,
        );
    }
    text
}

#[tokio::test]
async fn sigkill_at_random_moments_loses_nothing_that_was_durable_and_makes_nothing_up() {
    let mut random = Random(seed());
    println!("seed: {}", seed());
    let broker = Mosquitto::start("").await;
    let hub = HubConfig { id: "hub-1".parse().unwrap(), clinic: "riverside".parse().unwrap() };
    let mut receiver = Receiver::start(broker.port(), &hub).await;
    let mut daemon = Daemon::replaying(broker.port(), 50);

    // what the feeder's ledger says to be durable, and what was under way when the daemon died
    let (mut durable, mut open) = (Vec::new(), Vec::new());
    let mut from = 0;
    for kill in 0..KILLS {
        daemon.start();
        std::fs::write(daemon.path("capture.jsonl"), capture(from..from + PIECE)).unwrap();
        let batch = BATCHES[random.below(BATCHES.len() as u64) as usize];
        let ledger = daemon.path(&format!("ledger-{kill}"));
        let mut feeder = Command::new(env!("CARGO_BIN_EXE_rehabctl"))
            .arg("--socket")
            .arg(daemon.path("ctl.sock"))
            .arg("replay")
            .arg(daemon.path("capture.jsonl"))
            .args(["--batch", &batch.to_string()])
            .arg("--ledger")
            .arg(&ledger)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        daemon.wait_until("something is durable", |_| {
            std::fs::metadata(&ledger).is_ok_and(|file| file.len() > 0)
        });
        std::thread::sleep(Duration::from_micros(random.below(300_000)));
        daemon.kill();
        assert!(!feeder.wait().unwrap().success(), "the piece is too short for this kill");
        let text = std::fs::read_to_string(&ledger).unwrap();
        // a line that the feeder was about to write is no promise
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines: u64 = whole.lines().last().unwrap().split(' ').next().unwrap().parse().unwrap();
        let last = from + lines;
        durable.push(from..last);
        open.push(last..last + batch as u64);
        from = last + batch as u64;
    }
    daemon.start();
    daemon.wait_until("all is acknowledged", |daemon| {
        let status = daemon.status();
        let seq = |pointer: &str| status.pointer(pointer).and_then(Value::as_u64).unwrap();
        seq("/store/acked") == seq("/store/last")
    });
    let stored = daemon.status().pointer("/store/last").and_then(Value::as_u64).unwrap();
    receiver.until("everything stored", |ledger| ledger.readings.len() as u64 >= stored).await;

    let ledger = receiver.ledger();
    let mut received: HashMap<u64, u64> = HashMap::new();
    for reading in ledger.readings.values() {
        let line = (reading.mono.micros() - 1_000_000) / STEP_US;
        let bytes = reading.bytes.as_deref().unwrap();
        let counter = u32::from_be_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]);
        assert_eq!(u64::from(counter), line, "the bytes of another packet");
        *received.entry(line).or_default() += 1;
    }
    let promised = durable.iter().cloned().flatten().count();
    let missing = durable.iter().cloned().flatten().filter(|line| !received.contains_key(line)).count();
    let twice = received.values().filter(|count| **count > 1).count();
    let in_window = open.iter().cloned().flatten().filter(|line| received.contains_key(line)).count();
    println!("kills: {KILLS}");
    println!("readings promised durable: {promised}");
    println!("readings received: {}", received.len());
    println!("missing: {missing}");
    println!("received twice: {twice}");
    println!("surplus beyond the open commit windows: {}", received.len() - (promised - missing) - in_window);
    println!("kept out of open windows: {in_window}");
    println!("duplicates on the wire: {}", ledger.duplicates);
    assert_eq!((missing, twice), (0, 0));
    assert_eq!(received.len(), promised + in_window, "something was made up");
    assert!(promised > 10_000, "the kills came too early to mean anything");
}
