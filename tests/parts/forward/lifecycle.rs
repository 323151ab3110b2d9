//! What the clinic sees of the hub coming and going, and what a stop leaves behind.

use rehab_hub::forward::LinkState;
use rehab_hub::store::{DocumentKey, DocumentKind};
use serde_json::json;

use super::receiver::Receiver;
use super::rig::{Hub, config, difference, identity, therapy};
use crate::mosquitto::{Mosquitto, free_port};
use crate::proxy::{Mode, Proxy};

#[tokio::test]
async fn the_retained_status_tells_whether_the_hub_is_there() {
    let broker = Mosquitto::start("").await;
    let mut hub = Hub::start(config(broker.port()));
    hub.until("the connection", |status| status.link == LinkState::Connected).await;
    // Whoever subscribes later learns it from the broker.
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    receiver.until("online", |ledger| ledger.statuses.last().is_some_and(|status| status.online)).await;
    assert_eq!(receiver.ledger().statuses[0].version, env!("CARGO_PKG_VERSION"));
    assert_eq!(receiver.ledger().statuses[0].epoch, hub.store.committed().borrow().epoch);

    hub.crash_forwarding().await;
    receiver
        .until("the last will", |ledger| ledger.statuses.last().is_some_and(|status| !status.online))
        .await;
    hub.forward_again();
    receiver.until("online again", |ledger| ledger.statuses.last().is_some_and(|status| status.online)).await;
    hub.stop_forwarding().await;
    receiver.until("offline", |ledger| ledger.statuses.last().is_some_and(|status| !status.online)).await;
    assert_eq!(hub.status.borrow().link, LinkState::Stopped);

    let mut late = Receiver::named("late", broker.port(), &identity()).await;
    late.until("the retained one", |ledger| !ledger.statuses.is_empty()).await;
    assert!(!late.ledger().statuses[0].online);
}

#[tokio::test]
async fn a_stop_sends_nothing_new_and_waits_for_the_acknowledgements_of_the_rest() {
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    proxy.set(Mode::Slow(300_000));
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..20_000);
    hub.keep(source.clone()).await;
    receiver.until("some of it", |ledger| ledger.readings.len() >= 2_000).await;
    hub.stop_forwarding().await;
    let stopped_at = receiver.ledger().readings.len();
    println!("stopped_after: {stopped_at} of {} readings", source.len());
    assert!(stopped_at < source.len(), "it sent everything before it stopped");
    proxy.set(Mode::Open);
    hub.forward_again();
    receiver.until("the rest", |ledger| ledger.readings.len() >= source.len()).await;
    hub.all_acknowledged().await;
    let ledger = receiver.ledger();
    assert_eq!(difference(&source, &ledger), (0, 0));
    // Batches of different sensors reach over each other, so the cursor may stop a few batches short.
    assert!(ledger.duplicates < 400, "{} readings were sent twice", ledger.duplicates);
}

#[tokio::test]
async fn without_a_broker_the_status_says_what_to_do_and_everything_goes_out_once_there_is_one() {
    let port = free_port();
    let mut hub = Hub::start(config(port));
    let source = therapy(0..1_000);
    hub.keep(source.clone()).await;
    hub.until("the pause", |status| matches!(status.link, LinkState::Backoff { .. })).await;
    let LinkState::Backoff { error, .. } = hub.status.borrow().link.clone() else { panic!() };
    let start = format!("no answer from the broker at 127.0.0.1:{port}; check the network");
    assert!(error.starts_with(&start) && error.ends_with("Connection refused (os error 111)"), "{error}");
    let broker = Mosquitto::start_on(port, "").await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));
    assert!(hub.status.borrow().last_error.is_some(), "why it failed is kept");
}

#[tokio::test]
async fn only_the_newest_revision_of_a_document_goes_out_after_an_outage() {
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    proxy.set(Mode::Closed);
    let mut hub = Hub::start(config(proxy.port()));
    let key = DocumentKey { kind: DocumentKind::Day, key: "2026-11-03".into() };
    for score in 1..=3 {
        hub.store.put_document(key.clone(), json!({"score": score})).await.unwrap();
    }
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    proxy.set(Mode::Open);
    receiver.until("the day", |ledger| !ledger.documents.is_empty()).await;
    hub.until("its acknowledgement", |status| status.documents == 1).await;
    hub.store.put_document(key, json!({"score": 4})).await.unwrap();
    receiver.until("the next revision", |ledger| ledger.documents.len() == 2).await;
    let ids: Vec<String> = receiver.ledger().documents.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids, ["day:2026-11-03:3", "day:2026-11-03:4"]);
}
