//! The clinic's side: a subscriber with a persistent session that keeps books on what arrived.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rehab_hub::config::HubConfig;
use rehab_hub::forward::payload::{Batch, Event, Received, StatusData};
use rehab_hub::forward::topics;
use rehab_hub::types::{Epoch, Seq};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event as Mqtt, EventLoop, MqttOptions};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What arrived.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Each reading once, as the contract says: by epoch and sequence number.
    pub(crate) readings: HashMap<(Epoch, Seq), Received>,
    /// Readings that had arrived before.
    pub(crate) duplicates: u64,
    /// Readings that arrived for the first time after a later one of their sensor.
    pub(crate) disordered: u64,
    /// Ids of documents in the order of arrival, each once, and how many readings had arrived before.
    pub(crate) documents: Vec<(String, usize)>,
    /// Bodies of documents.
    pub(crate) bodies: HashMap<String, serde_json::Value>,
    /// Every status, retained ones included.
    pub(crate) statuses: Vec<StatusData>,
    /// Ids of batches with the bytes of their messages, for publishing the same again.
    pub(crate) batches: BTreeMap<String, Vec<u8>>,
    /// The largest message, in bytes of payload.
    pub(crate) largest: usize,
    newest: HashMap<String, Seq>,
    seen: HashSet<String>,
}

/// A running subscriber.
pub(crate) struct Receiver {
    ledger: Arc<Mutex<Ledger>>,
    changes: watch::Receiver<u64>,
    subscribed: watch::Receiver<u64>,
}

impl Receiver {
    /// Subscribes to everything of one hub; returns once the broker said yes.
    pub(crate) async fn start(port: u16, hub: &HubConfig) -> Self {
        Self::named("clinic", port, hub).await
    }

    /// With a client id of its own.
    pub(crate) async fn named(name: &str, port: u16, hub: &HubConfig) -> Self {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_clean_start(false);
        options.set_session_expiry_interval(Some(3600));
        options.set_max_packet_size(Some(16 * 1024 * 1024));
        options.set_keep_alive(Duration::from_secs(5));
        let (client, events) = AsyncClient::new(options, 16);
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (change, changes) = watch::channel(0);
        let (subscribe, subscribed) = watch::channel(0);
        let filter = topics::everything_from(&hub.clinic, &hub.id);
        let work = receive(client, events, filter, ledger.clone(), change, subscribe);
        // On a thread of its own, as the clinic's machine is another one.
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
        });
        let mut receiver = Self { ledger, changes, subscribed };
        receiver.subscribed_times(1).await;
        receiver
    }

    /// The books.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// Waits until the broker confirmed the subscription for the `times`th time.
    pub(crate) async fn subscribed_times(&mut self, times: u64) {
        let wait = self.subscribed.wait_for(|count| *count >= times);
        timeout(PATIENCE, wait).await.expect("the broker takes no subscription").unwrap();
    }

    /// Waits until the books say so.
    pub(crate) async fn until(&mut self, what: &str, mut good: impl FnMut(&Ledger) -> bool) {
        let wait = async {
            while !good(&self.ledger.lock().unwrap()) {
                self.changes.changed().await.unwrap();
            }
        };
        let done = timeout(PATIENCE, wait).await;
        assert!(done.is_ok(), "waited in vain for: {what}; {} readings came", self.ledger().readings.len());
    }
}

async fn receive(
    client: AsyncClient,
    mut events: EventLoop,
    filter: String,
    ledger: Arc<Mutex<Ledger>>,
    change: watch::Sender<u64>,
    subscribed: watch::Sender<u64>,
) {
    loop {
        match events.poll().await {
            // Again on every connection: the broker may have lost the session.
            Ok(Mqtt::Incoming(Packet::ConnAck(_))) => {
                client.subscribe(filter.as_str(), QoS::AtLeastOnce).await.unwrap();
            }
            Ok(Mqtt::Incoming(Packet::SubAck(_))) => subscribed.send_modify(|count| *count += 1),
            Ok(Mqtt::Incoming(Packet::Publish(publish))) => {
                ledger.lock().unwrap().book(&publish.topic, &publish.payload);
                change.send_modify(|count| *count += 1);
            }
            Ok(_) => {}
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

impl Ledger {
    fn book(&mut self, topic: &[u8], payload: &[u8]) {
        self.largest = self.largest.max(payload.len());
        let topic = std::str::from_utf8(topic).unwrap();
        match topic.rsplit('/').next().unwrap() {
            "readings" => {
                let batch = Batch::parse(payload).unwrap();
                for reading in batch.readings() {
                    self.reading(reading);
                }
                self.batches.insert(batch.id, payload.to_vec());
            }
            "status" => {
                let status: Event<StatusData> = serde_json::from_slice(payload).unwrap();
                self.statuses.push(status.data);
            }
            _ => {
                let event: Event<serde_json::Value> = serde_json::from_slice(payload).unwrap();
                if self.seen.insert(event.id.clone()) {
                    self.documents.push((event.id.clone(), self.readings.len()));
                    self.bodies.insert(event.id, event.data);
                }
            }
        }
    }

    fn reading(&mut self, reading: Received) {
        let key = (reading.epoch, reading.seq);
        let newest = self.newest.entry(reading.sensor.as_str().to_owned()).or_default();
        if self.readings.contains_key(&key) {
            self.duplicates += 1;
            return;
        }
        self.disordered += u64::from(reading.seq < *newest);
        *newest = reading.seq.max(*newest);
        self.readings.insert(key, reading);
    }
}
