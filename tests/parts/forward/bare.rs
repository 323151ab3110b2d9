//! The peer that the forwarder is measured against: rumqttc alone, sending messages that it is given. Needs nothing of
//! the rest of these tests, so that a bench can include the file by its path.

use std::time::{Duration, Instant};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};

/// Publishes the messages to a broker on 127.0.0.1 with QoS 1, at most `window` unacknowledged at once, and returns how
/// long it took from the CONNACK to the last PUBACK.
pub(crate) async fn publish(port: u16, topic: &str, messages: Vec<Vec<u8>>, window: u16) -> Duration {
    let mut options = MqttOptions::new("bare-publisher", "127.0.0.1", port);
    options.set_outgoing_inflight_upper_limit(window);
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    let (client, mut events) = AsyncClient::new(options, usize::from(window));
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::ConnAck(_))) {}
    let (total, begin) = (messages.len(), Instant::now());
    let feed = async {
        for message in messages {
            client.publish(topic, QoS::AtLeastOnce, false, message).await.unwrap();
        }
        std::future::pending::<()>().await
    };
    let drive = async {
        let mut acknowledged = 0;
        while acknowledged < total {
            if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.unwrap() {
                acknowledged += 1;
            }
        }
    };
    tokio::select! {
        () = feed => {}
        () = drive => {}
    }
    begin.elapsed()
}
