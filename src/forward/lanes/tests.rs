use super::*;
use crate::clock::Anchor;
use crate::store::DocumentKind;
use crate::types::{CharUuid, Link, Origin, Packet, UtcMicros};

const BOOT: BootId = BootId::from_u128(1);
const EARLIER: BootId = BootId::from_u128(9);
const SECOND: u64 = 1_000_000;
const LAST: Seq = Seq::new(1_000_000);

fn rules() -> Rules {
    Rules { batch: 10, batch_wait: Duration::from_secs(5), hold: Duration::from_secs(600), boot: BOOT }
}

fn at(seconds: u64) -> Mono {
    Mono::from_micros(seconds * SECOND)
}

fn packets(boot: BootId, seqs: std::ops::RangeInclusive<u64>, mono: u64) -> Vec<Logged> {
    let origin =
        std::sync::Arc::new(Origin { sensor: "strap".parse().unwrap(), address: None, link: Link::None });
    let packet = |seq| Logged {
        seq: Seq::new(seq),
        packet: Packet {
            origin: origin.clone(),
            characteristic: CharUuid::sig(0x2A37),
            boot,
            mono: at(mono),
            bytes: [0, 72].into(),
        },
    };
    seqs.map(packet).collect()
}

/// An earlier boot that knew the time, from one second after its start on.
fn synced_before() -> Timeline {
    let mut timeline = Timeline::default();
    let utc = UtcMicros::from_micros(1_700_000_000_000_000);
    timeline.add(Anchor { boot: EARLIER, mono: at(1), utc, uncertainty_us: 0 });
    timeline
}

fn synced() -> Timeline {
    let mut timeline = Timeline::default();
    let utc = UtcMicros::from_micros(1_800_000_000_000_000);
    timeline.add(Anchor { boot: BOOT, mono: at(0), utc, uncertainty_us: 0 });
    timeline
}

/// A lane to which the store gave these packets at this time.
fn lane(packets: Vec<Logged>, now: Mono) -> ReadingsLane {
    let mut lane = ReadingsLane::new(rules(), Seq::new(1));
    let (generation, from, _) = lane.next_read(LAST, 20).unwrap();
    lane.read(generation, from, LAST, packets, now);
    lane
}

#[test]
fn a_backlog_goes_at_once_in_full_batches() {
    let mut lane = lane(packets(BOOT, 1..=25, 100), at(100));
    assert_eq!(lane.plan(&synced(), at(100)), Some(([1, 11, 21].map(Seq::new).to_vec(), Seq::new(25))));
    assert_eq!([10, 10, 5], [(); 3].map(|()| lane.pop().unwrap().len()));
    assert!(lane.pop().is_none());
}

#[test]
fn live_readings_go_when_the_oldest_is_five_seconds_old() {
    let mut lane = lane(packets(BOOT, 1..=3, 100), at(102));
    assert_eq!(lane.plan(&synced(), at(102)), None);
    assert_eq!(lane.wake(&synced(), at(102)), Some(3 * SECOND), "its age on arrival counts");
    let (generation, from, _) = lane.next_read(LAST, 20).unwrap();
    lane.read(generation, from, LAST, packets(BOOT, 4..=4, 104), at(104));
    assert_eq!(lane.plan(&synced(), at(104)), None);
    assert_eq!(lane.plan(&synced(), at(105)), Some((vec![Seq::new(1)], Seq::new(4))));
    assert_eq!(lane.wake(&synced(), at(105)), None);
}

#[test]
fn readings_of_this_boot_wait_for_a_time_and_those_of_boots_that_have_one_do_not() {
    let unsynced = synced_before();
    let mut other = packets(EARLIER, 1..=10, 5);
    other.extend(packets(BOOT, 11..=30, 100));
    let mut lane = lane(other, at(101));
    assert_eq!(lane.plan(&unsynced, at(101)), Some((vec![Seq::new(1)], Seq::new(10))));
    assert_eq!(lane.plan(&unsynced, at(699)), None);
    assert_eq!(lane.wake(&unsynced, at(699)), Some(SECOND));
    let mut known = ReadingsLane { planned: VecDeque::new(), waiting: lane.waiting.clone(), ..lane };
    assert_eq!(known.plan(&synced(), at(102)).unwrap().1, Seq::new(30), "the time became known");
    known.waiting = packets(BOOT, 11..=30, 100);
    assert_eq!(known.plan(&unsynced, at(700)).unwrap().1, Seq::new(30), "ten minutes are over");
}

#[test]
fn readings_of_an_earlier_boot_without_a_time_wait_until_this_boot_bounds_them() {
    let lost = BootId::from_u128(8);
    let mut timeline = synced_before();
    timeline.saw(lost, at(5000));
    timeline.saw(BOOT, at(101));
    let mut lane = lane(packets(lost, 1..=10, 5000), at(101));
    assert_eq!(lane.plan(&timeline, at(101)), None, "they would go without a time for good");
    assert_eq!(lane.wake(&timeline, at(101)), Some(499 * SECOND));
    assert_eq!(lane.plan(&timeline, at(599)), None);
    let mut late = ReadingsLane { planned: VecDeque::new(), waiting: lane.waiting.clone(), ..lane };
    assert!(late.plan(&timeline, at(600)).is_some(), "ten minutes after the start nothing waits any more");

    let utc = UtcMicros::from_micros(1_800_000_000_000_000);
    timeline.add(Anchor { boot: BOOT, mono: at(102), utc, uncertainty_us: 0 });
    late.waiting = packets(lost, 1..=10, 5000);
    assert_eq!(timeline.resolve(lost, at(5000)).quality, Quality::Estimated);
    assert!(late.plan(&timeline, at(102)).is_some());
}

#[test]
fn what_is_read_ahead_is_bounded_and_asked_for_once() {
    let mut lane = ReadingsLane::new(rules(), Seq::new(1));
    assert_eq!(lane.next_read(Seq::new(0), 20), None, "nothing is there");
    let (generation, from, max) = lane.next_read(LAST, 20).unwrap();
    assert_eq!((from, max), (Seq::new(1), 40));
    assert_eq!(lane.next_read(LAST, 20), None, "a read is under way");
    lane.read(generation, from, LAST, packets(BOOT, 1..=40, 0), at(0));
    assert_eq!(lane.next_read(LAST, 20), None, "enough is waiting");
    lane.plan(&synced(), at(0));
    assert_eq!(lane.next_read(LAST, 4), None, "enough is planned");
    assert_eq!(lane.next_read(LAST, 5).unwrap().1, Seq::new(41));
}

#[test]
fn packets_that_were_evicted_do_not_stop_the_lane() {
    let mut lane = ReadingsLane::new(rules(), Seq::new(1));
    let (generation, from, _) = lane.next_read(Seq::new(7), 20).unwrap();
    lane.read(generation, from, Seq::new(7), Vec::new(), at(0));
    assert_eq!(lane.next_read(Seq::new(7), 20), None);
    assert_eq!(lane.next_read(Seq::new(8), 20).unwrap().1, Seq::new(8));
}

#[test]
fn a_restart_forgets_what_was_read_for_the_start_before() {
    let mut lane = lane(packets(BOOT, 1..=25, 100), at(100));
    lane.plan(&synced(), at(100));
    let (generation, from, _) = lane.next_read(LAST, 20).unwrap();
    lane.retry.refused(at(100), 0);
    lane.restart(Seq::new(11));
    lane.read(generation, from, LAST, packets(BOOT, 26..=40, 100), at(100));
    assert!(lane.pop().is_none());
    assert_eq!(lane.next_read(LAST, 20).unwrap().1, Seq::new(11));
}

fn document(key: &str, revision: u32) -> Document {
    let key = DocumentKey { kind: DocumentKind::Day, key: key.into() };
    Document { key, revision, body: serde_json::Value::Null }
}

fn popped(lane: &mut DocumentsLane) -> Option<(String, u32)> {
    lane.pop(|_, _| false).map(|document| (document.key.key, document.revision))
}

#[test]
fn documents_are_read_when_they_change_and_sent_once() {
    let mut lane = DocumentsLane::default();
    let asked = lane.next_read(0, 0).unwrap();
    assert_eq!(lane.next_read(0, 0), None, "a read is under way");
    lane.read(asked, vec![document("a", 1), document("b", 1)]);
    assert_eq!(popped(&mut lane), Some(("a".into(), 1)));
    assert_eq!(lane.pop(|key, _| key.key == "b"), None, "it is in flight already");
    assert_eq!(lane.next_read(0, 2), None, "nothing changed");
    lane.leaves(document("a", 1).key, 1);
    let asked = lane.next_read(1, 1).unwrap();
    lane.read(asked, vec![document("a", 1), document("a", 2)]);
    assert_eq!(popped(&mut lane), Some(("a".into(), 2)), "the first revision is on its way out");
    lane.left(document("a", 1).key, 1);
}

#[test]
fn a_full_answer_means_that_there_may_be_more() {
    let mut lane = DocumentsLane::default();
    let asked = lane.next_read(0, 0).unwrap();
    lane.read(asked, (0..asked).map(|i| document(&i.to_string(), 1)).collect());
    while popped(&mut lane).is_some() {}
    assert_eq!(lane.next_read(0, asked), Some(2 * asked), "those in flight are in the way of the next ones");
}

#[test]
fn a_refused_kind_does_not_hold_up_the_others_but_an_absent_listener_does() {
    let mut lane = DocumentsLane::default();
    lane.read(99, vec![document("a", 1), document("b", 1), document("c", 1)]);
    assert_eq!(popped(&mut lane), Some(("a".into(), 1)));
    lane.refused(document("a", 1).key, 1, false, at(0), u32::MAX);
    assert_eq!(popped(&mut lane), Some(("b".into(), 1)));
    lane.refused(document("b", 1).key, 1, true, at(0), u32::MAX);
    assert_eq!(popped(&mut lane), None);
    assert_eq!(lane.next_read(5, 0), None);
    assert_eq!(lane.retry.remaining(at(0)), Some(SECOND));
    lane.restart();
    assert!(lane.next_read(5, 0).is_some(), "everything is read and tried again");
}
