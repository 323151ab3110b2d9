//! How fast the hub is: packets to durable blocks, and from the outbox to acknowledged publishes, each next to what the
//! disk and the broker give to a bare loop in the same run. Prints `name: value unit`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints, looks at the clock, and has nobody to hand an error to"
)]

#[path = "../parts/forward/bare.rs"]
mod bare;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../parts/mosquitto.rs"]
mod mosquitto;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rehab_hub::clock::wall::Wall;
use rehab_hub::config::{Config, Desk};
use rehab_hub::run;
use rehab_hub::source::capture::CaptureLine;
use rehab_hub::source::replay::Feed;
use rehab_hub::types::{BootId, UtcMicros};
use tokio::sync::oneshot;

/// Packets a commit, the store's own limit.
const COMMIT: usize = 256;

/// Four sensors at 40 packets a second together: a time of 25 ms between two.
const STEP_US: i64 = 25_000;

fn main() {
    let full = std::env::var_os("HUB_TEST_FULL").is_some();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pipeline(if full { 1_000_000 } else { 200_000 }));
}

async fn pipeline(total: usize) {
    let folder = tempfile::tempdir().unwrap();
    let port = mosquitto::free_port();
    let text = format!(
        "[hub]\nid = \"hub-1\"\nclinic = \"bench\"\n[source]\nkind = \"replay\"\n[ctl]\nsocket = \"ctl.sock\"\n\
         [store]\npath = \"store\"\nseal = \"off\"\n[forward]\nhost = \"127.0.0.1\"\nport = {port}\n"
    );
    let path = folder.path().join("hub.toml");
    std::fs::write(&path, text).unwrap();
    let mut hub = run::start(Config::load(&path, &Desk).unwrap(), None, Wall::new().unwrap()).await.unwrap();
    let before = written();
    let took = ingest(&mut hub, total).await;
    let bytes = written() - before;
    let rate = total as f64 / took.as_secs_f64();
    println!("packets: {total}");
    println!("packet_to_durable: {rate:.0} readings/s");
    println!("written_to_disk: {:.1} bytes/reading", bytes as f64 / total as f64);
    let disk = bare_disk(folder.path(), total.div_ceil(COMMIT), bytes as usize / total.div_ceil(COMMIT));
    println!("bare_disk: {:.0} readings/s (a loop: the same bytes, one fdatasync each {COMMIT} readings)", {
        total as f64 / disk.as_secs_f64()
    });
    println!("durable_to_bare_disk: {:.2}", disk.as_secs_f64() / took.as_secs_f64());

    hub.stop().await;

    // the subscriber must be there before the hub is, so the hub starts again with a full outbox
    let broker = mosquitto::Mosquitto::start_on(port, "").await;
    let received = folder.path().join("received");
    let subscriber = subscribe(port, &received).await;
    let hub = run::start(Config::load(&path, &Desk).unwrap(), None, Wall::new().unwrap()).await.unwrap();
    let mut log = hub.store.committed();
    assert_eq!(log.borrow().acked.get(), 0, "something was sent before the clock started");
    let begin = Instant::now();
    log.wait_for(|log| log.acked == log.last).await.unwrap();
    let hub_took = begin.elapsed();
    println!("outbox_to_acknowledged: {:.0} readings/s", total as f64 / hub_took.as_secs_f64());
    println!("resident: {:.1} MB", resident_kib() as f64 / 1000.0);
    hub.stop().await;

    drop(subscriber);
    let messages: Vec<Vec<u8>> =
        std::fs::read(&received).unwrap().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let readings =
        messages.into_iter().filter(|message| message.windows(12).any(|part| part == b"rtm.readings"));
    let readings: Vec<Vec<u8>> = readings.collect();
    let silent = subscribe(broker.port(), Path::new("/dev/null")).await;
    let count = readings.len();
    let bare_took = bare::publish(broker.port(), "rtm/v1/bench/hub-1/readings", readings, 20).await;
    drop(silent);
    println!("bare_rumqttc: {:.0} readings/s ({count} messages)", total as f64 / bare_took.as_secs_f64());
    println!("acknowledged_to_bare: {:.2}", bare_took.as_secs_f64() / hub_took.as_secs_f64());
}

/// Feeds packets as a source does, several batches under way, until all of them are durable.
async fn ingest(hub: &mut run::Running, total: usize) -> Duration {
    let feed = hub.feed.take().unwrap();
    let lines: Vec<CaptureLine> = (0..total).map(line).collect();
    let begin = Instant::now();
    let mut receipts = Vec::new();
    for batch in lines.chunks(COMMIT) {
        let (durable, receipt) = oneshot::channel();
        feed.send(Feed { capture: BootId::from_u128(7), lines: batch.to_vec(), durable }).await.unwrap();
        receipts.push(receipt);
    }
    for receipt in receipts {
        receipt.await.unwrap().unwrap();
    }
    begin.elapsed()
}

/// A strap, and a bike with two streams and a battery: values that move as such values do.
fn line(n: usize) -> CaptureLine {
    let beat = (n / 4 % 40) as u8;
    let (sensor, char, bytes): (&str, &str, Vec<u8>) = match n % 4 {
        0 => ("strap", "2A37", vec![0x16, 90 + beat, 0x10 + beat, 2]),
        1 => ("bike", "2AD2", vec![0x44, 2, beat, 0x0a, 0x80 + beat, 0, 60 + beat, 0, 90 + beat]),
        2 => ("bike", "2A5B", {
            let n = n as u32;
            let [a, b, c, d] = n.to_le_bytes();
            vec![3, a, b, c, d, b, a, a, b, c, d]
        }),
        _ => ("strap", "2A37", vec![0x16, 91 + beat, 0x20 + beat, 2]),
    };
    CaptureLine {
        at: UtcMicros::from_micros(1_762_178_400_000_000 + n as i64 * STEP_US),
        boot: None,
        quality: rehab_hub::clock::Quality::Synced,
        sensor: sensor.parse().unwrap(),
        characteristic: char.parse().unwrap(),
        bytes: bytes.into(),
    }
}

/// What the disk gives: appends of as many bytes, each with its fdatasync. The hub may be faster: it commits more at
/// once while the disk is busy.
fn bare_disk(folder: &Path, commits: usize, bytes: usize) -> Duration {
    let mut file = std::fs::File::create(folder.join("bare")).unwrap();
    let block = vec![0x5a; bytes.max(1)];
    let begin = Instant::now();
    for _ in 0..commits {
        file.write_all(&block).unwrap();
        file.sync_data().unwrap();
    }
    begin.elapsed()
}

/// A subscriber in a process of its own; killed when dropped.
struct Subscriber(Child);

impl Drop for Subscriber {
    fn drop(&mut self) {
        // what is in its pipe to the file is written first
        std::thread::sleep(Duration::from_millis(500));
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        self.0.wait().unwrap();
    }
}

async fn subscribe(port: u16, to: &Path) -> Subscriber {
    let mut child = Command::new("mosquitto_sub")
        .args(["-V", "5", "-q", "1", "-t", "rtm/v1/bench/hub-1/#", "-p", &port.to_string()])
        .stdout(Stdio::from(std::fs::File::create(to).unwrap()))
        .spawn()
        .expect("cannot start mosquitto_sub; apt-get install mosquitto-clients");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(child.try_wait().unwrap().is_none(), "mosquitto_sub ended");
    Subscriber(child)
}

/// Bytes that this process caused to be written to the disk.
fn written() -> u64 {
    number("/proc/self/io", "write_bytes:")
}

fn resident_kib() -> u64 {
    number("/proc/self/status", "VmRSS:")
}

fn number(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
