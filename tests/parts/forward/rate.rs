//! How fast a backlog drains, against rumqttc alone with the same bytes on the same broker.

use std::time::Instant;

use super::bare;
use super::receiver::Receiver;
use super::rig::{Hub, config, difference, identity, therapy};
use super::sized;
use crate::mosquitto::Mosquitto;
use crate::proxy::{Mode, Proxy};

#[tokio::test]
async fn a_backlog_drains_at_a_rate_that_the_broker_sets() {
    let total = sized(100_000, 1_000_000);
    let broker = Mosquitto::start("").await;
    let gate = Proxy::start(broker.port()).await;
    gate.set(Mode::Closed);
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(rehab_hub::config::ForwardConfig { batch: 500, ..config(gate.port()) });
    let source = therapy(0..total);
    for chunk in source.chunks(10_000) {
        hub.keep(chunk.to_vec()).await;
    }
    gate.set(Mode::Open);
    hub.until("the connection", |status| status.link == rehab_hub::forward::LinkState::Connected).await;
    let begin = Instant::now();
    hub.all_acknowledged().await;
    let hub_took = begin.elapsed().as_secs_f64();
    receiver.until("everything", |ledger| ledger.readings.len() as u64 >= total).await;
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));

    let messages: Vec<Vec<u8>> = receiver.ledger().batches.values().cloned().collect();
    let bytes: usize = messages.iter().map(Vec::len).sum();
    let count = messages.len();
    // To the same topic: broker and receiver have the same work.
    let topic = "rtm/v1/northside/hub-0042/readings";
    let bare_took = bare::publish(gate.port(), topic, messages, 20).await.as_secs_f64();
    println!("rate_messages: {count} ({} bytes a reading)", bytes as u64 / total);
    println!("rate_hub: {:.0} readings/s", total as f64 / hub_took);
    println!("rate_bare: {:.0} readings/s", total as f64 / bare_took);
    println!("rate_ratio: {:.2} (target: 0.8 in a release build)", bare_took / hub_took);
}
