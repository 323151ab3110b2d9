//! A hub without sensors: the real store task, the real forwarder, and readings to put in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rehab_hub::clock::wall::Wall;
use rehab_hub::clock::{Anchor, Timeline};
use rehab_hub::config::{ForwardConfig, HubConfig, Seal, StoreConfig};
use rehab_hub::decode::Catalogue;
use rehab_hub::forward::{self, ForwardParts, ForwardStatus};
use rehab_hub::store::{self, StoreHandle, Urgency};
use rehab_hub::types::{BootId, CharUuid, Link, Mono, Origin, Packet, Seq};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::receiver::Ledger;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The boot that recorded readings are from; not the one of this machine.
const BOOT: BootId = BootId::from_u128(0x5EED);

/// Store and forwarder.
pub(crate) struct Hub {
    pub(crate) config: ForwardConfig,
    pub(crate) store: StoreHandle,
    pub(crate) status: watch::Receiver<ForwardStatus>,
    timeline: watch::Sender<Arc<Timeline>>,
    wall: Wall,
    cancel: CancellationToken,
    stop_store: CancellationToken,
    forwarder: JoinHandle<()>,
    _folder: TempDir,
}

/// Who the hub is in these tests.
pub(crate) fn identity() -> HubConfig {
    HubConfig { id: "hub-0042".parse().unwrap(), clinic: "northside".parse().unwrap() }
}

/// A forwarder's config for a broker of this machine.
pub(crate) fn config(port: u16) -> ForwardConfig {
    ForwardConfig {
        host: "127.0.0.1".into(),
        port,
        tls: None,
        window: 20,
        batch: 100,
        batch_wait: Duration::from_millis(100),
        hold_unsynced: Duration::from_secs(600),
        raw: true,
    }
}

impl Hub {
    /// Opens a store in a new folder and starts to forward.
    pub(crate) fn start(config: ForwardConfig) -> Self {
        // To standard error: shown when a test fails.
        rehab_hub::journal::install(tracing_subscriber::filter::LevelFilter::DEBUG);
        let folder = tempfile::tempdir().unwrap();
        let (store, stop_store) = store_task(folder.path().join("store"));
        let mut known = Timeline::default();
        let utc = "2026-11-03T14:00:00Z".parse().unwrap();
        known.add(Anchor { boot: BOOT, mono: Mono::from_micros(0), utc, uncertainty_us: 1000 });
        let (timeline, _) = watch::channel(Arc::new(known));
        let wall = Wall::new().unwrap();
        let cancel = CancellationToken::new();
        let (forwarder, status) = forward_task(&config, &store, timeline.subscribe(), wall, &cancel);
        Self { config, store, status, timeline, wall, cancel, stop_store, forwarder, _folder: folder }
    }

    /// Keeps packets, and returns once they are durable.
    pub(crate) async fn keep(&self, packets: Vec<Packet>) {
        let receipt = self.store.append(packets, Urgency::AtOnce).await.unwrap();
        receipt.await.unwrap().unwrap();
    }

    /// Waits until the status says so.
    pub(crate) async fn until(&mut self, what: &str, good: impl FnMut(&ForwardStatus) -> bool) {
        let reached = timeout(PATIENCE, self.status.wait_for(good)).await.is_ok();
        assert!(reached, "waited in vain for: {what}; the status is {:?}", *self.status.borrow());
    }

    /// Waits until everything that is durable is acknowledged, in the store as well.
    pub(crate) async fn all_acknowledged(&mut self) {
        let mut committed = self.store.committed();
        let wait = committed.wait_for(|committed| committed.acked == committed.last);
        assert!(
            timeout(PATIENCE, wait).await.is_ok(),
            "not all was acknowledged: {:?}",
            *self.status.borrow()
        );
    }

    /// Waits until so many documents are left in the store; their keys.
    pub(crate) async fn documents_waiting(&self, count: usize) -> Vec<String> {
        let mut committed = self.store.committed();
        let wait = async {
            loop {
                let waiting = self.store.documents(1_000).await.unwrap();
                if waiting.len() == count {
                    return waiting.into_iter().map(|document| document.key.key).collect();
                }
                committed.changed().await.unwrap();
            }
        };
        timeout(PATIENCE, wait).await.expect("another number of documents waits")
    }

    /// How far the store was told that the far side is.
    pub(crate) fn acked(&self) -> Seq {
        self.store.committed().borrow().acked
    }

    /// Ends the forwarder as a stop of the hub does.
    pub(crate) async fn stop_forwarding(&mut self) {
        self.cancel.cancel();
        timeout(PATIENCE, &mut self.forwarder).await.expect("the forwarder does not stop").unwrap();
    }

    /// Ends the forwarder as a power cut does: its socket just closes.
    pub(crate) async fn crash_forwarding(&mut self) {
        self.forwarder.abort();
        assert!((&mut self.forwarder).await.unwrap_err().is_cancelled());
    }

    /// Starts the forwarder again, on the same store.
    pub(crate) fn forward_again(&mut self) {
        self.cancel = CancellationToken::new();
        let timeline = self.timeline.subscribe();
        let (task, status) = forward_task(&self.config, &self.store, timeline, self.wall, &self.cancel);
        (self.forwarder, self.status) = (task, status);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.forwarder.abort();
        self.stop_store.cancel();
    }
}

fn forward_task(
    config: &ForwardConfig,
    store: &StoreHandle,
    timeline: watch::Receiver<Arc<Timeline>>,
    wall: Wall,
    cancel: &CancellationToken,
) -> (JoinHandle<()>, watch::Receiver<ForwardStatus>) {
    let (sender, status) = watch::channel(ForwardStatus::new(config));
    let parts = ForwardParts {
        config: config.clone(),
        hub: identity(),
        catalogue: Arc::new(Catalogue::shipped().0),
        store: store.clone(),
        timeline,
        wall,
        status: sender,
        grace: Duration::from_secs(10),
    };
    (tokio::spawn(forward::run(parts, cancel.clone())), status)
}

/// The store's task, on a thread of its own, as it blocks while it writes.
fn store_task(path: std::path::PathBuf) -> (StoreHandle, CancellationToken) {
    let config = StoreConfig {
        path,
        commit: Duration::from_millis(50),
        max_bytes: 1 << 30,
        keep_days: 120,
        seal: Seal::Off,
    };
    let opened = store::open(&config, store::Options { now: Arc::new(|| None) }).unwrap();
    let (committed, watching) = watch::channel(opened.committed());
    let (requests, queue) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(store::serve(opened, queue, committed, token));
    });
    (StoreHandle::new(requests, watching), cancel)
}

/// A stretch of therapy: a strap, a bike and a sensor that nothing here understands, interleaved. Two packets in ten
/// are equal to the ones before them: genuine repeats. Different ranges of `numbers` never share a time.
pub(crate) fn therapy(numbers: std::ops::Range<u64>) -> Vec<Packet> {
    let origins = ["strap", "bike", "riddle"].map(|sensor| {
        let address = Some("C0:00:00:00:00:01".parse().unwrap());
        Arc::new(Origin { sensor: sensor.parse().unwrap(), address, link: Link::Bonded })
    });
    let packet = |number: u64| {
        let value = (number / 5 % 100) as u8;
        let (sensor, characteristic, bytes): (_, _, Vec<u8>) = match number % 10 {
            0..=5 => (0, 0x2A37, vec![0x16, 60 + value, 0x00, 0x04]),
            6..=8 => (1, 0x2AD2, vec![0x44, 0x02, value, 0x01, 0x78, 0x00, value, 0x00, 60 + value]),
            _ => (2, 0xFFF1, vec![value; 1 + usize::from(value % 30)]),
        };
        Packet {
            origin: origins[sensor].clone(),
            characteristic: CharUuid::sig(characteristic),
            boot: BOOT,
            mono: Mono::from_micros(number * 10_007),
            bytes: bytes.into(),
        }
    };
    numbers.map(packet).collect()
}

/// What makes a reading the same at both ends.
type Same = (String, BootId, Mono, Box<[u8]>);

/// What a source put in and what a receiver got, as multisets of (sensor, boot, mono, bytes): missing and surplus.
pub(crate) fn difference(source: &[Packet], ledger: &Ledger) -> (u64, u64) {
    let mut balance: HashMap<Same, i64> = HashMap::new();
    for packet in source {
        let key = (packet.origin.sensor.to_string(), packet.boot, packet.mono, packet.bytes.clone());
        *balance.entry(key).or_default() += 1;
    }
    for reading in ledger.readings.values() {
        let bytes = reading.bytes.clone().expect("the config asks for raw bytes");
        *balance.entry((reading.sensor.to_string(), reading.boot, reading.mono, bytes)).or_default() -= 1;
    }
    let total = |sign: i64| balance.values().map(|count| (count * sign).max(0)).sum::<i64>() as u64;
    (total(1), total(-1))
}
