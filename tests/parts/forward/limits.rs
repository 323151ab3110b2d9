//! Brokers that take little: few publishes at once, small packets, slow links.

use rehab_hub::forward::AlarmKind;
use rehab_hub::store::{DocumentKey, DocumentKind};
use serde_json::json;

use super::receiver::Receiver;
use super::rig::{Hub, config, difference, identity, therapy};
use crate::mosquitto::Mosquitto;
use crate::proxy::{Mode, Proxy};

fn key(kind: DocumentKind, key: &str) -> DocumentKey {
    DocumentKey { kind, key: key.into() }
}

#[tokio::test]
async fn a_new_broker_that_allows_fewer_publishes_at_once_is_obeyed() {
    // Mosquitto announces this number as its receive-maximum, and throws out whoever exceeds it.
    let mut broker = Mosquitto::start("max_inflight_messages 20").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..9_000);
    hub.keep(source[..3_000].to_vec()).await;
    hub.all_acknowledged().await;
    for (part, allowed) in [(1, 3), (2, 1)] {
        proxy.set(Mode::Closed);
        broker.restart(&format!("max_inflight_messages {allowed}")).await;
        receiver.subscribed_times(part + 1).await;
        proxy.set(Mode::Open);
        let from = part as usize * 3_000;
        hub.keep(source[from..from + 3_000].to_vec()).await;
        let mut most = 0;
        let connections = proxy.connections();
        hub.until("this part", |status| {
            most = most.max(status.outstanding);
            status.acked.get() >= from as u64 + 3_000
        })
        .await;
        assert!(most <= allowed, "{most} at once where {allowed} were allowed");
        assert!(proxy.connections() <= connections + 1, "the broker threw the hub out");
    }
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));
}

#[tokio::test]
async fn what_does_not_fit_is_split_and_what_never_fits_is_reported_and_stays() {
    let limit = 1_500;
    let broker = Mosquitto::start(&format!("max_packet_size {limit}")).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(config(broker.port()));
    let mut source = therapy(0..2_000);
    source[1_000].bytes = vec![0xAB; 512].into();
    hub.store
        .put_document(key(DocumentKind::Day, "large"), json!({"text": "x".repeat(3_000)}))
        .await
        .unwrap();
    hub.store.put_document(key(DocumentKind::Day, "small"), json!({"text": "x"})).await.unwrap();
    hub.keep(source.clone()).await;
    hub.all_acknowledged().await;
    receiver.until("the gap document", |ledger| ledger.documents.len() >= 2).await;
    receiver.until("the other readings", |ledger| ledger.readings.len() >= source.len() - 1).await;

    let lost = source.remove(1_000);
    assert_eq!(hub.documents_waiting(1).await, ["large"]);
    let kept = hub.store.read(rehab_hub::types::Seq::new(1_001), 1).await.unwrap();
    assert_eq!(kept[0].packet, lost, "the packet itself stays in the log");

    let ledger = receiver.ledger();
    println!("largest_payload: {} bytes (limit of the broker: {limit})", ledger.largest);
    assert_eq!(difference(&source, &ledger), (0, 0));
    assert!(ledger.largest <= limit);
    let ids: Vec<&str> = ledger.documents.iter().map(|(id, _)| id.as_str()).collect();
    assert!(ids.contains(&"day:small:1"), "{ids:?}");
    let gap = ids.iter().find(|id| id.starts_with("gap:too-large:")).unwrap();
    let body = &ledger.bodies[*gap];
    assert_eq!(
        (&body["reason"], &body["first"], &body["count"]),
        (&json!("too_large"), &json!(1_001), &json!(1))
    );
    assert_eq!(body["sensor"], json!(lost.origin.sensor));

    let status = hub.status.borrow().clone();
    assert_eq!(status.dead_letters, 2);
    let alarms: Vec<_> = status.alarms.iter().map(|alarm| (alarm.kind, alarm.topic.as_str())).collect();
    assert!(alarms.contains(&(AlarmKind::TooLarge, "day")), "{alarms:?}");
    assert!(alarms.contains(&(AlarmKind::TooLarge, "readings")), "{alarms:?}");
}

#[tokio::test]
async fn an_alert_overtakes_the_backlog_on_a_slow_link() {
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    proxy.set(Mode::Slow(400_000));
    let hub = Hub::start(config(proxy.port()));
    let source = therapy(0..20_000);
    hub.keep(source.clone()).await;
    receiver.until("the backlog to move", |ledger| ledger.readings.len() >= 1_000).await;
    let behind = source.len() - receiver.ledger().readings.len();
    let begin = std::time::Instant::now();
    hub.store.put_document(key(DocumentKind::Alert, "fall"), json!({"raised": true})).await.unwrap();
    receiver.until("the alert", |ledger| !ledger.documents.is_empty()).await;
    let took = begin.elapsed().as_secs_f64();
    let before = receiver.ledger().documents[0].1;
    proxy.set(Mode::Open);
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    println!("alert_overtook: {} readings, it took {took:.2} s", source.len() - before);
    assert!(source.len() - before > behind / 2, "it waited for more than half of the backlog");
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));
}

#[tokio::test]
async fn a_link_too_slow_for_a_full_window_is_not_taken_for_dead() {
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    proxy.set(Mode::Slow(6_000));
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..3_000);
    hub.keep(source.clone()).await;
    // 20 batches of 100 make some 140 KB: at 6 KB/s that is twice what a ping may wait.
    hub.until("half of it", |status| status.acked.get() >= 1_500).await;
    println!("slow_link_connections: {}", proxy.connections());
    assert!(proxy.connections() <= 4, "{} connections", proxy.connections());
    proxy.set(Mode::Open);
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));
}
