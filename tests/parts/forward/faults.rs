//! Links that break and brokers that die, while readings keep coming.

use std::time::Instant;

use super::receiver::Receiver;
use super::rig::{Hub, config, difference, identity, therapy};
use super::{seed, sized};
use crate::mosquitto::Mosquitto;
use crate::proxy::{Mode, Proxy};

#[tokio::test]
async fn random_cuts_lose_nothing_and_add_nothing() {
    let total = sized(20_000, 400_000);
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let begin = Instant::now();
    proxy.cut_at_random(seed(), 100_000);
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..total);
    let ahead = 5_000;
    for (index, chunk) in source.chunks(500).enumerate() {
        hub.keep(chunk.to_vec()).await;
        // The source stays a little ahead of the receiver, so that cuts meet backlog and live readings both.
        let kept = (index + 1) * 500;
        receiver.until("readings keep up", |ledger| ledger.readings.len() + ahead >= kept).await;
    }
    receiver.until("everything", |ledger| ledger.readings.len() as u64 >= total).await;
    proxy.calm();
    hub.all_acknowledged().await;
    let ledger = receiver.ledger();
    let (missing, surplus) = difference(&source, &ledger);
    println!("cuts_readings: {total}\ncuts: {}\nconnections: {}", proxy.cuts(), proxy.connections());
    println!(
        "cuts_missing: {missing}\ncuts_surplus: {surplus}\ncuts_duplicates_on_the_wire: {}",
        ledger.duplicates
    );
    println!("cuts_seconds: {:.1} s", begin.elapsed().as_secs_f64());
    assert!(proxy.cuts() >= 5, "{} cuts are no test", proxy.cuts());
    assert!(ledger.duplicates > 0, "cuts without a single duplicate: were they in the middle of anything?");
    assert_eq!((missing, surplus, ledger.disordered), (0, 0, 0));
}

#[tokio::test]
async fn a_broker_that_dies_and_forgets_its_sessions_loses_nothing() {
    let rounds = sized(3, 30);
    let mut broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..rounds * 2_000);
    for round in 0..rounds {
        let at = |step: u64| ((round * 2_000 + step) as usize).min(source.len());
        hub.keep(source[at(0)..at(800)].to_vec()).await;
        receiver.until("the first part", |ledger| ledger.readings.len() >= at(800)).await;
        hub.all_acknowledged().await;
        // What the broker answers no longer comes through: it dies with a full window unanswered.
        proxy.set(Mode::Deaf);
        hub.keep(source[at(800)..at(1_200)].to_vec()).await;
        receiver.until("the unanswered part", |ledger| ledger.readings.len() >= at(1_200)).await;
        let subscribed = round + 2;
        proxy.set(Mode::Closed);
        broker.kill();
        hub.keep(source[at(1_200)..at(2_000)].to_vec()).await;
        broker.restart("").await;
        receiver.subscribed_times(subscribed).await;
        proxy.set(Mode::Open);
    }
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    hub.all_acknowledged().await;
    let ledger = receiver.ledger();
    let (missing, surplus) = difference(&source, &ledger);
    println!("broker_kills: {rounds}\nkills_readings: {}", source.len());
    println!(
        "kills_missing: {missing}\nkills_surplus: {surplus}\nkills_duplicates_on_the_wire: {}",
        ledger.duplicates
    );
    assert!(ledger.duplicates > 0, "what was not answered must be sent again");
    assert_eq!((missing, surplus, ledger.disordered), (0, 0, 0));
}

#[tokio::test]
async fn a_hub_that_loses_power_again_and_again_sends_everything_once_it_stays_up() {
    let rounds = sized(5, 100);
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..rounds * 1_000);
    for (round, chunk) in source.chunks(1_000).enumerate() {
        let before = round * 1_000;
        hub.keep(chunk.to_vec()).await;
        receiver.until("a part of it", |ledger| ledger.readings.len() > before).await;
        hub.crash_forwarding().await;
        hub.forward_again();
    }
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    hub.all_acknowledged().await;
    let ledger = receiver.ledger();
    println!("power_cuts: {rounds}\npower_duplicates_on_the_wire: {}", ledger.duplicates);
    assert_eq!(difference(&source, &ledger), (0, 0));
}

#[tokio::test]
async fn a_link_that_is_dead_without_being_closed_is_known_within_half_a_minute() {
    let broker = Mosquitto::start("").await;
    let proxy = Proxy::start(broker.port()).await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(config(proxy.port()));
    let source = therapy(0..4_000);
    hub.keep(source[..2_000].to_vec()).await;
    hub.all_acknowledged().await;
    proxy.set(Mode::Stalled);
    let begin = Instant::now();
    // Enough to fill every buffer on the way, so that the forwarder is stuck in a write.
    hub.keep(source[2_000..].to_vec()).await;
    hub.until("the dead link to be known", |status| status.link != rehab_hub::forward::LinkState::Connected)
        .await;
    let seconds = begin.elapsed().as_secs_f64();
    println!("dead_link_known_after: {seconds:.1} s (target: under 30)");
    assert!(seconds < 90.0);
    proxy.set(Mode::Open);
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    hub.all_acknowledged().await;
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));
}
