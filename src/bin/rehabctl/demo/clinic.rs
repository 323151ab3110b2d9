//! The clinic's side: subscribes to everything, keeps each reading once, counts what came twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use rehab_hub::forward::payload::Batch;
use rehab_hub::types::{BootId, CharUuid, Epoch, HubId, Mono, SensorId, Seq};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use serde_json::Value;
use tokio::sync::watch;

/// What makes two readings the same for the comparison with the source: everything but their place in the log.
pub(super) type Reading = (SensorId, BootId, Mono, CharUuid, Box<[u8]>);

/// How often each reading is there.
pub(super) type Multiset = HashMap<Reading, u64>;

/// What has arrived.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Arrived {
    /// Different readings.
    pub(super) readings: u64,
    /// Readings that came again and were dropped.
    pub(super) duplicates: u64,
    /// Messages of every kind.
    pub(super) messages: u64,
}

/// The receiver.
pub(super) struct Clinic {
    events: EventLoop,
    seen: HashSet<(HubId, Epoch, Seq)>,
    /// What was received, each reading once.
    pub(super) readings: Multiset,
    /// The newest revision of each document, by topic kind and key.
    pub(super) documents: BTreeMap<String, (u64, Value)>,
    arrived: watch::Sender<Arrived>,
    // the event loop ends when the last client is gone
    _client: AsyncClient,
}

impl Clinic {
    /// Connects and subscribes; when this returns, nothing that is published later is missed.
    pub(super) async fn subscribe(broker: SocketAddr, arrived: watch::Sender<Arrived>) -> Result<Self> {
        let mut options = MqttOptions::new("clinic", broker.ip().to_string(), broker.port());
        options.set_keep_alive(Duration::from_secs(30));
        options.set_max_packet_size(Some(4 << 20));
        let (client, mut events) = AsyncClient::new(options, 16);
        client.subscribe("rtm/v1/#", QoS::AtLeastOnce).await.context("cannot subscribe")?;
        loop {
            if let Event::Incoming(Packet::SubAck(_)) = events.poll().await.context("the demo's broker")? {
                break;
            }
        }
        Ok(Self {
            events,
            seen: HashSet::new(),
            readings: Multiset::new(),
            documents: BTreeMap::new(),
            arrived,
            _client: client,
        })
    }

    /// Receives for ever; give it a time limit or race it.
    pub(super) async fn receive(&mut self) -> Result<()> {
        loop {
            if let Event::Incoming(Packet::Publish(publish)) =
                self.events.poll().await.context("the demo's broker")?
            {
                self.take(&publish)?;
            }
        }
    }

    fn take(&mut self, publish: &Publish) -> Result<()> {
        let topic = String::from_utf8_lossy(&publish.topic);
        let kind = topic.rsplit('/').next().unwrap_or_default();
        let mut arrived = *self.arrived.borrow();
        arrived.messages += 1;
        if kind == "readings" {
            let batch = Batch::parse(&publish.payload).context("a batch of readings")?;
            for reading in batch.readings() {
                if !self.seen.insert((batch.hub.clone(), reading.epoch, reading.seq)) {
                    arrived.duplicates += 1;
                    continue;
                }
                arrived.readings += 1;
                let bytes = reading.bytes.unwrap_or_default();
                let key = (reading.sensor, reading.boot, reading.mono, reading.characteristic, bytes);
                *self.readings.entry(key).or_default() += 1;
            }
        } else {
            self.keep_newest(&publish.payload)?;
        }
        self.arrived.send_replace(arrived);
        Ok(())
    }

    /// `{kind}:{key}:{revision}`: a higher revision replaces a lower one, whatever their order on the wire.
    fn keep_newest(&mut self, payload: &[u8]) -> Result<()> {
        let event: Value = serde_json::from_slice(payload).context("a document")?;
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
        let Some((key, revision)) = id.rsplit_once(':') else { return Ok(()) };
        let revision = revision.parse().unwrap_or(0);
        let newest = self.documents.entry(key.to_owned()).or_default();
        if revision >= newest.0 {
            *newest = (revision, event.get("data").cloned().unwrap_or_default());
        }
        Ok(())
    }
}
