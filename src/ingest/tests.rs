use tokio_util::sync::CancellationToken;

use super::gate::due;
use super::*;
use crate::store;
use crate::types::{BootId, CharUuid, Link, Mono, Origin, Seq};

const HEART_RATE: CharUuid = CharUuid::sig(0x2A37);
const GLUCOSE: CharUuid = CharUuid::sig(0x2A18);

/// Sequence number 1, base time 2026-11-03 14:00:00, no other field (Glucose Service 1.0.1, 3.1).
const RECORD: &[u8] = &[0x00, 0x01, 0x00, 0xea, 0x07, 11, 3, 14, 0, 0];

fn packet(characteristic: CharUuid, micros: u64, bytes: &[u8]) -> Packet {
    let sensor = "meter".parse().unwrap();
    Packet {
        origin: Arc::new(Origin { sensor, address: None, link: Link::None }),
        characteristic,
        boot: BootId::from_u128(1),
        mono: Mono::from_micros(micros),
        bytes: bytes.into(),
    }
}

/// Runs the real store and the ingest task on what is captured; gives back the counters, and the log.
async fn keep(folder: &std::path::Path, captured: Vec<Captured>) -> (SensorCounts, Vec<Packet>) {
    let cancel = CancellationToken::new();
    let (handle, serving) = store::testing::start(folder, &cancel);
    let (timeline, _) = watch::channel(Arc::default());
    let (status, counts) = watch::channel(IngestStatus::default());
    let catalogue = Arc::new(Catalogue::shipped().0);
    let (source, input) = mpsc::channel(captured.len().max(1));
    for item in captured {
        source.send(item).await.unwrap();
    }
    drop(source);
    let work = async {
        run(IngestParts {
            input,
            catalogue,
            store: handle.clone(),
            timeline,
            timeline_is_whole: true,
            status,
        })
        .await
        .unwrap();
        let log = handle.read(Seq::new(1), 10_000).await.unwrap();
        cancel.cancel();
        log
    };
    let (log, ()) = tokio::join!(work, serving);
    let sensors = counts.borrow().sensors.clone();
    (sensors.into_values().next().unwrap_or_default(), log.into_iter().map(|logged| logged.packet).collect())
}

#[tokio::test]
async fn garbage_is_kept_as_it_is_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let good = packet(HEART_RATE, 0, &[0, 72]);
    let cut = packet(HEART_RATE, 1, &[0x10]);
    let vendor = packet(CharUuid::from_u128(7), 2, b"?");
    let all = vec![good, cut, vendor];
    let (counts, log) = keep(folder.path(), all.iter().cloned().map(Captured::Packet).collect()).await;
    assert_eq!(log, all);
    assert_eq!((counts.packets, counts.undecoded, counts.repeats), (3, 2, 0));
}

#[tokio::test]
async fn a_declared_profile_decodes_classes_and_identifies_as_a_built_in_decoder_does() {
    let folder = tempfile::tempdir().unwrap();
    let repetitions: CharUuid = "72657073-0002-4b1d-8a5e-687562737465".parse().unwrap();
    let range: CharUuid = "676f6e69-0003-4b1d-8a5e-687562737465".parse().unwrap();
    let record = [42, 0, 0xEA, 7, 11, 3, 14, 0, 1, 5, 0, 0, 1, 5];
    let all = [
        packet(repetitions, 0, &[0, 10, 0]),
        packet(repetitions, 1, &[0, 10, 0]), // a live stream: an equal packet is a new one
        packet(repetitions, 2, &[1, 10, 0]), // the set is missing
        packet(range, 3, &record),
        packet(range, 4, &record), // sent again
    ];
    let (counts, log) = keep(folder.path(), all.iter().cloned().map(Captured::Packet).collect()).await;
    assert_eq!(log, all[..4]);
    assert_eq!((counts.packets, counts.undecoded, counts.repeats), (4, 1, 1));
}

#[tokio::test]
async fn a_stored_record_is_kept_once_across_a_restart_and_equal_heart_rates_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let beat = |micros| Captured::Packet(packet(HEART_RATE, micros, &[0, 72]));
    let record = |micros| Captured::Packet(packet(GLUCOSE, micros, RECORD));
    let (counts, log) = keep(folder.path(), vec![record(0), beat(1), record(2), beat(3)]).await;
    assert_eq!((counts.packets, counts.repeats, log.len()), (3, 1, 3));
    let (counts, log) = keep(folder.path(), vec![beat(4), record(5)]).await;
    assert_eq!(
        (counts.packets, counts.repeats, log.len()),
        (1, 1, 4),
        "the index was not rebuilt from the log"
    );
}

#[tokio::test]
async fn whoever_feeds_a_batch_hears_that_it_is_durable_also_when_all_of_it_was_known() {
    let folder = tempfile::tempdir().unwrap();
    let batch = || {
        let (reply, answer) = oneshot::channel();
        (Captured::Batch(vec![packet(GLUCOSE, 0, RECORD)], reply), answer)
    };
    let ((first, kept), (second, known)) = (batch(), batch());
    keep(folder.path(), vec![first, second]).await;
    let kept = kept.await.unwrap().unwrap();
    assert_eq!((kept.first.get(), kept.last.get()), (1, 1));
    let known = known.await.unwrap().unwrap();
    assert!(known.last < known.first, "it says that something was kept: {known:?}");
}

#[test]
fn garbage_is_logged_at_most_once_a_minute() {
    let mut last = None;
    let at = |seconds: u64| packet(HEART_RATE, seconds * 1_000_000, &[]);
    let logged: Vec<u64> = (0..200).filter(|seconds| due(&mut last, &at(*seconds))).collect();
    assert_eq!(logged, [0, 60, 120, 180]);
}
