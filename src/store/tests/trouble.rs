use std::collections::BTreeSet;

use serde_json::json;

use super::db::Db;
use super::*;

#[tokio::test]
async fn a_missing_wrong_or_unexpected_key_is_an_error_with_a_remedy_and_the_store_stays_as_it_is() {
    let mut place = Place::sealed(1);
    place.serve(async |store| append(&store, session(9), Urgency::AtOnce).await.map(drop).unwrap()).await;
    place.set_key(Some(2));
    let error = place.open().unwrap_err();
    assert!(matches!(error, OpenError::WrongKey { .. }) && error.to_string().contains("restore that key"));
    std::fs::remove_file(place.folder.path().join("store.key")).unwrap();
    assert!(matches!(place.open().unwrap_err(), OpenError::KeyUnreadable { .. }));
    place.set_key(None);
    assert!(matches!(place.open().unwrap_err(), OpenError::Sealed { .. }));
    assert!(!place.aside(1).exists(), "a sealed store was moved aside");
    place.set_key(Some(1));
    assert_eq!(place.open().unwrap().committed().last, Seq::new(9));
}

#[test]
fn a_store_that_was_not_sealed_is_not_taken_for_a_sealed_one() {
    let mut place = Place::new();
    drop(place.open().unwrap());
    place.set_key(Some(1));
    assert!(matches!(place.open().unwrap_err(), OpenError::NotSealed { .. }));
}

#[tokio::test]
async fn nothing_that_was_kept_is_readable_in_a_sealed_store() {
    let place = Place::sealed(1);
    let mut packets = session(2);
    packets[0].bytes = (*b"a very telling value").into();
    place
        .serve(async |store| {
            append(&store, packets.clone(), Urgency::AtOnce).await.unwrap();
            store.put_document(day("2026-11-03"), json!("a very telling value")).await.unwrap();
        })
        .await;
    let file = std::fs::read(place.config.path.join("db")).unwrap();
    for text in ["telling", "2026-11-03", "strap"] {
        assert!(!file.windows(text.len()).any(|w| w == text.as_bytes()), "{text} is on the disk");
    }
}

#[tokio::test]
async fn a_store_full_of_garbage_is_moved_aside_and_kept_and_a_new_epoch_begins() {
    let place = Place::new();
    let first = place
        .serve(async |store| {
            store.put_document(day("1"), json!(1)).await.unwrap();
            append(&store, session(2000), Urgency::AtOnce).await.unwrap()
        })
        .await;
    let db = place.config.path.join("db");
    let mut bytes = std::fs::read(&db).unwrap();
    let length = bytes.len();
    bytes.iter_mut().take(length / 2).for_each(|byte| *byte = 0xA5);
    std::fs::write(&db, &bytes).unwrap();
    let trouble = place
        .serve(async |store| {
            assert_eq!(seqs(append(&store, session(1), Urgency::AtOnce).await.unwrap()), (1, 1));
            let revision = store.put_document(day("1"), json!(2)).await.unwrap();
            assert!(revision > 1, "a document's id was used twice");
            store.stats().await.unwrap()
        })
        .await;
    assert_ne!(trouble.epoch, first.epoch);
    assert_eq!(std::fs::read(place.aside(1).join("db")).unwrap(), bytes, "the damaged store was not kept");
    assert!(trouble.trouble.unwrap().contains("quarantined-1"));
}

#[tokio::test]
async fn a_disk_that_goes_away_and_comes_back_loses_and_repeats_nothing() {
    let place = Place::new();
    let packets = session(12);
    let away = place.folder.path().join("away");
    place
        .serve(async |store| {
            append(&store, packets[..4].to_vec(), Urgency::AtOnce).await.unwrap();
            store.put_document(day("1"), json!(1)).await.unwrap();
            std::fs::rename(&place.config.path, &away).unwrap();
            for part in packets[4..].chunks(4) {
                let refused = append(&store, part.to_vec(), Urgency::AtOnce).await.unwrap_err();
                assert!(matches!(refused, StoreError::Disk { .. }), "{refused}");
            }
            assert!(store.put_document(day("2"), json!(1)).await.is_err());
            assert_eq!(store.committed().borrow().last, Seq::new(4), "what is not durable was shown");
            let trouble = store.stats().await.unwrap().trouble.unwrap();
            assert!(trouble.contains("keeps trying"), "{trouble}");
            std::fs::rename(&away, &place.config.path).unwrap();
            let mut committed = store.committed();
            committed.wait_for(|c| c.last == Seq::new(12)).await.unwrap();
            assert_eq!(read_all(&store).await, packets);
            assert_eq!(store.stats().await.unwrap().trouble, None);
            assert_eq!(store.documents(9).await.unwrap().len(), 1);
        })
        .await;
    assert!(!place.aside(1).exists());
}

#[tokio::test]
async fn a_hub_starts_without_its_disk_and_keeps_what_arrives_until_there_is_one() {
    let place = Place::new();
    // A file stands where the folder should be.
    std::fs::write(&place.config.path, b"").unwrap();
    let opened = place.open().unwrap();
    assert!(opened.trouble().is_some());
    assert_eq!(opened.committed().epoch.as_u64(), 0);
    drop(opened);
    let packets = session(6);
    place
        .serve(async |store| {
            assert!(append(&store, packets.clone(), Urgency::Live).await.is_err());
            std::fs::remove_file(&place.config.path).unwrap();
            let mut committed = store.committed();
            committed.wait_for(|c| c.last == Seq::new(6)).await.unwrap();
            assert_ne!(committed.borrow().epoch.as_u64(), 0);
            assert_eq!(read_all(&store).await, packets);
        })
        .await;
}

#[tokio::test]
async fn a_value_that_no_characteristic_can_have_is_refused_and_the_longest_one_is_kept() {
    let place = Place::new();
    let mut packets = session(1);
    packets[0].bytes = vec![7; 513].into();
    place
        .serve(async |store| {
            let refused = append(&store, packets.clone(), Urgency::AtOnce).await.unwrap_err();
            assert!(matches!(refused, StoreError::TooLong { bytes: 513 }));
            packets[0].bytes = vec![7; 512].into();
            append(&store, packets.clone(), Urgency::AtOnce).await.unwrap();
            assert_eq!(read_all(&store).await, packets);
        })
        .await;
}

#[tokio::test]
async fn damaged_and_missing_blocks_are_left_out_and_told_and_the_rest_is_read() {
    let place = Place::new();
    let packets = session(900);
    place
        .serve(async |store| append(&store, packets.clone(), Urgency::AtOnce).await.map(drop).unwrap())
        .await;
    let db = Db::open(&place.config.path).unwrap();
    let keys: Vec<u64> =
        db.log.iter().keys().map(|key| u64::from_be_bytes(key.unwrap()[..].try_into().unwrap())).collect();
    let mut bad = db.log.get(keys[1].to_be_bytes()).unwrap().unwrap().to_vec();
    bad[100] ^= 1;
    db.log.insert(keys[1].to_be_bytes(), bad).unwrap();
    db.log.remove(keys[3].to_be_bytes()).unwrap();
    db.sync().unwrap();
    drop(db);
    let gone = |seq: u64| (keys[1]..keys[2]).contains(&seq) || (keys[3]..keys[4]).contains(&seq);
    place
        .serve(async |store| {
            let read = store.read(Seq::new(1), 10_000).await.unwrap();
            let kept = (1..).zip(packets).filter(|(seq, _)| !gone(*seq));
            assert!(read.into_iter().map(|l| (l.seq.get(), l.packet)).eq(kept));
            assert!(store.stats().await.unwrap().trouble.unwrap().contains("damaged"));
            let part = store.read(Seq::new(keys[1]), 1).await.unwrap();
            assert_eq!(part[0].seq.get(), keys[2], "a reader is stuck at the damaged block");
        })
        .await;
}

#[tokio::test]
async fn a_log_that_ends_before_its_cursor_is_quarantined_since_its_numbers_would_be_used_twice() {
    let place = Place::new();
    place.serve(async |store| append(&store, session(9), Urgency::AtOnce).await.map(drop).unwrap()).await;
    let db = Db::open(&place.config.path).unwrap();
    db.meta.insert("acked", &99u64.to_be_bytes()).unwrap();
    drop(db);
    assert_eq!(place.open().unwrap().committed().last, Seq::new(0));
    assert!(place.aside(1).exists());
}

/// Flips a bit in every copy of some blocks in the database's file: `choose` gets the numbers of
/// their first packets, in order.
fn damage(place: &Place, choose: impl FnOnce(&[u64]) -> Vec<u64>) {
    let file = place.config.path.join("db");
    let mut bytes = std::fs::read(&file).unwrap();
    let begins = bytes.windows(28).enumerate().filter(|(_, header)| header.starts_with(b"\xF5RHB"));
    let found: Vec<(usize, u64)> =
        begins.map(|(at, header)| (at, u64::from_le_bytes(header[16..24].try_into().unwrap()))).collect();
    let all: BTreeSet<u64> = found.iter().map(|(_, first)| *first).collect();
    let chosen = choose(&all.into_iter().collect::<Vec<_>>());
    found.iter().filter(|(_, first)| chosen.contains(first)).for_each(|(at, _)| bytes[at + 40] ^= 1);
    std::fs::write(&file, bytes).unwrap();
}

#[tokio::test]
async fn a_database_that_opens_but_cannot_be_read_is_quarantined_after_some_attempts() {
    let place = Place::new();
    let first = place
        .serve(async |store| {
            for part in session(20_000).chunks(1000) {
                append(&store, part.to_vec(), Urgency::AtOnce).await.unwrap();
            }
            *store.committed().borrow()
        })
        .await;
    // Opened once more, sled has noted where its pages are, and reads them only when they are asked for.
    drop(place.open().unwrap());
    damage(&place, |firsts| vec![firsts[firsts.len() / 2]]);
    place
        .serve(async |store| {
            let mut committed = store.committed();
            let mut attempts = 0;
            while committed.borrow_and_update().epoch == first.epoch {
                assert!(store.read(Seq::new(1), 20_000).await.is_err());
                attempts += 1;
                // Woken when the database is open again, the same or a new one.
                committed.changed().await.unwrap();
            }
            assert!((3..=4).contains(&attempts), "{attempts} attempts");
            assert_eq!(seqs(append(&store, session(1), Urgency::AtOnce).await.unwrap()), (1, 1));
        })
        .await;
    assert!(place.aside(1).exists());
}

#[tokio::test]
async fn a_tail_that_sled_cuts_off_is_noticed_and_its_numbers_are_not_used_twice() {
    let place = Place::new();
    let first = place.serve(async |store| append(&store, session(90), Urgency::AtOnce).await.unwrap()).await;
    damage(&place, <[u64]>::to_vec);
    let opened = place.open().unwrap();
    assert_ne!(opened.committed().epoch, first.epoch);
    assert!(opened.trouble().unwrap().contains("90 packets before what was durable"));
}
