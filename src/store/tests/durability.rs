use serde_json::json;

use super::*;
use crate::clock::Anchor;
use crate::types::{BootId, Epoch, Mono};

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_nothing_else_is_needed() {
    for place in [Place::new(), Place::sealed(3)] {
        let packets = session(1000);
        let anchor = Anchor {
            boot: BootId::from_u128(77),
            mono: Mono::from_micros(5),
            utc: UtcMicros::from_micros(1_700_000_000_000_000),
            uncertainty_us: 9,
        };
        let (killed, before) = place
            .serve(async |store| {
                for (index, part) in packets.chunks(130).enumerate() {
                    let urgency = [Urgency::AtOnce, Urgency::Live][index % 2];
                    append(&store, part.to_vec(), urgency).await.unwrap();
                }
                let epoch = store.committed().borrow().epoch;
                store.ack_readings(epoch, Seq::new(400)).await.unwrap();
                store.put_anchor(anchor).await.unwrap();
                assert_eq!(store.put_document(day("1"), json!({"minutes": 20})).await.unwrap(), 1);
                assert_eq!(store.put_document(day("2"), json!({"minutes": 5})).await.unwrap(), 1);
                assert_eq!(store.put_document(day("1"), json!({"minutes": 21})).await.unwrap(), 2);
                store.ack_document(day("2"), 1).await.unwrap();
                let timeline = store.timeline().await.unwrap();
                let committed = *store.committed().borrow();
                (place.snapshot(), (committed, timeline))
            })
            .await;
        killed
            .serve(async |store| {
                let committed = *store.committed().borrow();
                assert_eq!((committed.epoch, committed.last), (before.0.epoch, Seq::new(1000)));
                assert_eq!((committed.first, committed.acked), (Seq::new(1), Seq::new(400)));
                assert_eq!(read_all(&store).await, packets);
                assert_eq!(store.timeline().await.unwrap(), before.1);
                let waiting = store.documents(9).await.unwrap();
                assert_eq!(waiting, [Document { key: day("1"), revision: 2, body: json!({"minutes": 21}) }]);
                let again = store.put_document(day("2"), json!({"minutes": 5})).await.unwrap();
                assert_eq!(again, 1, "an equal body made a new revision after it was acknowledged");
                assert_eq!(store.stats().await.unwrap().documents, 1);
            })
            .await;
    }
}

#[tokio::test]
async fn numbers_begin_at_one_and_go_on_after_a_restart() {
    let place = Place::new();
    let packets = session(5);
    let first = place
        .serve(async |store| {
            assert_eq!(store.committed().borrow().last, Seq::new(0));
            append(&store, packets[..2].to_vec(), Urgency::Live).await.unwrap()
        })
        .await;
    let second = place
        .serve(async |store| append(&store, packets[2..].to_vec(), Urgency::AtOnce).await.unwrap())
        .await;
    assert_eq!((seqs(first), seqs(second)), ((1, 2), (3, 5)));
    assert_eq!(first.epoch, second.epoch);
}

#[tokio::test]
async fn packets_that_arrive_together_share_a_commit_and_each_append_gets_its_own_numbers() {
    let place = Place::new();
    let packets = session(3);
    place
        .serve(async |store| {
            let mut committed = store.committed();
            let live = store.append(packets[..2].to_vec(), Urgency::Background).await.unwrap();
            let none = store.append(Vec::new(), Urgency::Live).await.unwrap();
            let once = store.append(packets[2..].to_vec(), Urgency::AtOnce).await.unwrap();
            assert_eq!(seqs(live.await.unwrap().unwrap()), (1, 2));
            assert_eq!(seqs(none.await.unwrap().unwrap()), (3, 2));
            assert_eq!(seqs(once.await.unwrap().unwrap()), (3, 3));
            assert_eq!(committed.borrow_and_update().last, Seq::new(3));
        })
        .await;
}

#[tokio::test]
async fn reads_begin_anywhere_and_end_where_they_are_told() {
    let place = Place::new();
    let packets = session(700);
    place
        .serve(async |store| {
            append(&store, packets.clone(), Urgency::Live).await.unwrap();
            for (from, max) in
                [(1, 1), (1, 700), (1, 9000), (256, 2), (300, 300), (700, 5), (699, 5), (350, 1)]
            {
                let part = store.read(Seq::new(from), max).await.unwrap();
                let expected: Vec<_> = packets.iter().skip(from as usize - 1).take(max).cloned().collect();
                assert!((from..).zip(&part).all(|(seq, logged)| logged.seq.get() == seq), "from {from}");
                assert_eq!(part.into_iter().map(|logged| logged.packet).collect::<Vec<_>>(), expected);
            }
            assert!(store.read(Seq::new(701), 5).await.unwrap().is_empty());
        })
        .await;
}

#[tokio::test]
async fn a_stop_commits_what_waits_and_answers_everyone() {
    let place = Place::new();
    let mut answer =
        place.serve(async |store| store.append(session(4), Urgency::Background).await.unwrap()).await;
    assert_eq!(seqs(answer.try_recv().unwrap().unwrap()), (1, 4));
    assert_eq!(place.open().unwrap().committed().last, Seq::new(4));
}

#[tokio::test]
async fn the_cursor_goes_forward_only_and_only_in_its_epoch() {
    let place = Place::new();
    place
        .serve(async |store| {
            append(&store, session(10), Urgency::AtOnce).await.unwrap();
            let epoch = store.committed().borrow().epoch;
            store.ack_readings(epoch, Seq::new(7)).await.unwrap();
            store.ack_readings(epoch, Seq::new(3)).await.unwrap();
            store.ack_readings(Epoch::from_u64(epoch.as_u64() ^ 1), Seq::new(9)).await.unwrap();
            assert_eq!(store.committed().borrow().acked, Seq::new(7));
            store.ack_readings(epoch, Seq::new(99)).await.unwrap();
            assert_eq!(store.committed().borrow().acked, Seq::new(10), "more than there is was acknowledged");
        })
        .await;
}

#[tokio::test]
async fn a_newer_revision_replaces_a_waiting_one_in_its_place_and_survives_its_acknowledgement() {
    let place = Place::new();
    place
        .serve(async |store| {
            // Long and hardly compressible, so that it takes several parts; then shorter.
            let noise: Vec<u64> = (1..900u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
            store.put_document(day("1"), json!(noise)).await.unwrap();
            store.put_document(day("2"), json!("second")).await.unwrap();
            assert_eq!(store.documents(1).await.unwrap()[0].body, json!(noise));
            assert_eq!(store.put_document(day("1"), json!("short")).await.unwrap(), 2);
            store.ack_document(day("1"), 1).await.unwrap();
            let waiting = store.documents(9).await.unwrap();
            let listed: Vec<_> = waiting.iter().map(|d| (d.key.key.as_str(), d.revision)).collect();
            assert_eq!(listed, [("1", 2), ("2", 1)]);
            let changes = store.committed().borrow().documents;
            store.ack_document(day("1"), 2).await.unwrap();
            assert!(store.committed().borrow().documents > changes, "nobody is told of the lane's change");
            assert_eq!(store.documents(9).await.unwrap().len(), 1);
            assert_eq!(store.put_document(day("1"), json!("new")).await.unwrap(), 3);
        })
        .await;
}

#[tokio::test]
async fn old_acknowledged_packets_go_and_their_numbers_are_never_used_again() {
    let mut place = Place::new();
    let born = 1_700_000_000_000_000;
    let packets = session(600);
    place
        .serve(async |store| {
            let anchor = Anchor {
                boot: packets[0].boot,
                mono: Mono::default(),
                utc: UtcMicros::from_micros(born),
                uncertainty_us: 0,
            };
            store.put_anchor(anchor).await.unwrap();
            append(&store, packets.clone(), Urgency::Live).await.unwrap();
            let epoch = store.committed().borrow().epoch;
            store.ack_readings(epoch, Seq::new(300)).await.unwrap();
        })
        .await;
    let after_days = |days: i64| Some(UtcMicros::from_micros(born + days * 86_400_000_000));
    place.now = after_days(119);
    place.serve(async |store| assert_eq!(read_all(&store).await.len(), 600, "too early")).await;
    place.now = after_days(121);
    place
        .serve(async |store| {
            let committed = *store.committed().wait_for(|c| c.first > Seq::new(1)).await.unwrap();
            let kept = read_all(&store).await;
            let first = committed.first.get();
            assert!((200..=301).contains(&first), "the log begins at {first}, 300 are acknowledged");
            assert_eq!(kept, packets[first as usize - 1..]);
            store.ack_readings(committed.epoch, Seq::new(600)).await.unwrap();
        })
        .await;
    place
        .serve(async |store| {
            let committed = *store.committed().wait_for(|c| c.first == Seq::new(601)).await.unwrap();
            assert_eq!(committed.last, Seq::new(600));
            assert_eq!(store.stats().await.unwrap().packets, 0);
        })
        .await;
    let receipt = place.serve(async |store| append(&store, session(1), Urgency::AtOnce).await.unwrap()).await;
    assert_eq!(seqs(receipt), (601, 601));
}
