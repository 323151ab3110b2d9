use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::store::DocumentKind;

const NOW: Mono = Mono::from_micros(0);

fn day(key: &str) -> DocumentKey {
    DocumentKey { kind: DocumentKind::Day, key: key.into() }
}

fn inflight() -> (Inflight, Budget) {
    (Inflight::new(20, None, Seq::new(0)), Budget::default())
}

/// Hands a record over and gives it a packet id.
fn send(inflight: &mut Inflight, record: Record, pkid: u16) {
    inflight.hand(record, 10, NOW);
    inflight.outgoing(pkid).unwrap();
}

#[test]
fn the_window_is_the_smaller_of_our_cap_and_the_brokers() {
    assert_eq!(Inflight::new(20, Some(5), Seq::new(0)).window(), 5);
    assert_eq!(Inflight::new(20, Some(500), Seq::new(0)).window(), 20);
    assert_eq!(Inflight::new(20, None, Seq::new(0)).window(), 20);
    let (mut full, budget) = (Inflight::new(1, None, Seq::new(0)), Budget::default());
    assert!(full.has_room(&budget));
    full.hand(Record::Status, 10, NOW);
    assert!(!full.has_room(&budget));
}

#[test]
fn a_row_is_deleted_on_success_only() {
    use PubAckReason::*;
    for reason in [
        NoMatchingSubscribers,
        UnspecifiedError,
        ImplementationSpecificError,
        NotAuthorized,
        TopicNameInvalid,
        PacketIdentifierInUse,
        QuotaExceeded,
        PayloadFormatInvalid,
    ] {
        let (mut inflight, mut budget) = inflight();
        inflight.plan([Seq::new(1)], Seq::new(9));
        for (pkid, record) in [(1, Record::Document(day("d"), 1)), (2, Record::Readings(Seq::new(1), 9))] {
            send(&mut inflight, record.clone(), pkid);
            assert_eq!(inflight.ack(pkid, reason, NOW, &mut budget), Ok(Verdict::Kept(record, reason)));
        }
        assert_eq!(inflight.restart_readings(), Seq::new(1), "{reason:?} moved the cursor");
    }
    let (mut inflight, mut budget) = inflight();
    inflight.plan([Seq::new(1)], Seq::new(9));
    send(&mut inflight, Record::Document(day("d"), 3), 1);
    send(&mut inflight, Record::Readings(Seq::new(1), 9), 2);
    assert_eq!(inflight.ack(1, Success, NOW, &mut budget), Ok(Verdict::Document(day("d"), 3)));
    assert_eq!(inflight.ack(2, Success, NOW, &mut budget), Ok(Verdict::Readings(9, Some(Seq::new(9)))));
}

#[test]
fn a_status_that_nobody_listens_to_is_out_since_the_broker_keeps_it() {
    let (mut inflight, mut budget) = inflight();
    send(&mut inflight, Record::Status, 1);
    let seen = inflight.ack(1, PubAckReason::NoMatchingSubscribers, NOW, &mut budget);
    assert_eq!(seen, Ok(Verdict::Status));
    send(&mut inflight, Record::Status, 1);
    let refused = inflight.ack(1, PubAckReason::NotAuthorized, NOW, &mut budget);
    assert_eq!(refused, Ok(Verdict::Kept(Record::Status, PubAckReason::NotAuthorized)));
}

#[test]
fn the_cursor_waits_for_the_oldest_batch_and_then_jumps() {
    let (mut inflight, mut budget) = inflight();
    inflight.plan([1, 2, 50].map(Seq::new), Seq::new(80));
    for (pkid, first) in [(1, 1), (2, 2), (3, 50)] {
        send(&mut inflight, Record::Readings(Seq::new(first), 1), pkid);
    }
    let mut ack = |pkid| inflight.ack(pkid, PubAckReason::Success, NOW, &mut budget).unwrap();
    assert_eq!(ack(3), Verdict::Readings(1, None));
    assert_eq!(ack(1), Verdict::Readings(1, Some(Seq::new(1))));
    assert_eq!(ack(2), Verdict::Readings(1, Some(Seq::new(80))));
}

#[test]
fn a_packet_id_that_nothing_belongs_to_ends_the_connection() {
    let (mut inflight, mut budget) = inflight();
    assert_eq!(inflight.outgoing(1), Err(OutOfStep(1)));
    assert_eq!(inflight.ack(7, PubAckReason::Success, NOW, &mut budget), Err(OutOfStep(7)));
    send(&mut inflight, Record::Status, 1);
    inflight.hand(Record::Status, 10, NOW);
    assert_eq!(inflight.outgoing(1), Err(OutOfStep(1)), "the id is still taken");
}

#[derive(Debug, Clone)]
enum Step {
    /// Read so many packets from the store, in batches of sensors that interleave.
    Plan { packets: u64, sensors: u64 },
    /// Hand over the next planned batch.
    Hand,
    /// The oldest one handed over goes onto the wire.
    Out,
    /// The broker answers one of those on the wire; the far side has it when the reason is Success.
    Ack { pick: usize, refuse: bool },
    /// The far side got it, its answer is lost.
    Swallow { pick: usize },
    /// The connection ends.
    Cut,
    /// The readings lane starts again after a refusal.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..40u64, 1..4u64).prop_map(|(packets, sensors)| Step::Plan { packets, sensors }),
        6 => Just(Step::Hand),
        6 => Just(Step::Out),
        6 => (any::<usize>(), prop::bool::weighted(0.1)).prop_map(|(pick, refuse)| Step::Ack { pick, refuse }),
        1 => any::<usize>().prop_map(|pick| Step::Swallow { pick }),
        1 => Just(Step::Cut),
        1 => Just(Step::Restart),
    ]
}

/// A store, a far side, and the connection between them.
struct World {
    last: u64,
    stored_cursor: u64,
    next: u64,
    planned: VecDeque<Vec<u64>>,
    inflight: Inflight,
    budget: Budget,
    handed: VecDeque<Vec<u64>>,
    wire: Vec<(u16, Vec<u64>)>,
    pkid: u16,
    there: HashSet<u64>,
}

impl World {
    fn new(last: u64) -> Self {
        Self {
            last,
            stored_cursor: 0,
            next: 1,
            planned: VecDeque::new(),
            inflight: Inflight::new(7, Some(5), Seq::new(0)),
            budget: Budget::default(),
            handed: VecDeque::new(),
            wire: Vec::new(),
            pkid: 0,
            there: HashSet::new(),
        }
    }

    fn plan(&mut self, packets: u64, sensors: u64) {
        let upto = (self.next + packets - 1).min(self.last);
        if upto < self.next {
            return;
        }
        let mut batches = vec![Vec::new(); sensors as usize];
        for seq in self.next..=upto {
            batches[(seq * seq / 3 % sensors) as usize].push(seq);
        }
        batches.retain(|batch| !batch.is_empty());
        self.inflight.plan(batches.iter().map(|batch| Seq::new(batch[0])), Seq::new(upto));
        self.planned.extend(batches);
        self.next = upto + 1;
    }

    fn hand(&mut self) {
        if self.inflight.has_room(&self.budget)
            && let Some(batch) = self.planned.pop_front()
        {
            self.inflight.hand(Record::Readings(Seq::new(batch[0]), batch.len()), 100, NOW);
            self.handed.push_back(batch);
        }
    }

    fn out(&mut self) {
        if let Some(batch) = self.handed.pop_front() {
            self.pkid = self.pkid % 5 + 1;
            while self.wire.iter().any(|(pkid, _)| *pkid == self.pkid) {
                self.pkid = self.pkid % 5 + 1;
            }
            self.inflight.outgoing(self.pkid).unwrap();
            self.wire.push((self.pkid, batch));
        }
    }

    fn ack(&mut self, pick: usize, refuse: bool) {
        if self.wire.is_empty() {
            return;
        }
        let (pkid, batch) = self.wire.swap_remove(pick % self.wire.len());
        let reason = if refuse { PubAckReason::NoMatchingSubscribers } else { PubAckReason::Success };
        if !refuse {
            self.there.extend(batch);
        }
        if let Verdict::Readings(_, Some(upto)) =
            self.inflight.ack(pkid, reason, NOW, &mut self.budget).unwrap()
        {
            assert!(upto.get() > self.stored_cursor, "the cursor went backwards");
            self.stored_cursor = upto.get();
        }
    }

    fn cut(&mut self) {
        self.inflight = Inflight::new(7, Some(5), Seq::new(self.stored_cursor));
        (self.planned, self.handed, self.wire) = Default::default();
        (self.next, self.pkid) = (self.stored_cursor + 1, 0);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Plan { packets, sensors } => self.plan(packets, sensors),
            Step::Hand => self.hand(),
            Step::Out => self.out(),
            Step::Ack { pick, refuse } => self.ack(pick, refuse),
            Step::Swallow { pick } if !self.wire.is_empty() => {
                let index = pick % self.wire.len();
                self.there.extend(self.wire[index].1.clone());
                self.cut();
            }
            Step::Cut => self.cut(),
            Step::Restart if self.inflight.readings_outstanding() == 0 => {
                self.planned.clear();
                self.next = self.inflight.restart_readings().get();
            }
            Step::Swallow { .. } | Step::Restart => {}
        }
    }

    fn check(&self) {
        assert!(self.inflight.outstanding() <= self.inflight.window());
        let missing = (1..=self.stored_cursor).find(|seq| !self.there.contains(seq));
        assert_eq!(missing, None, "the cursor passed a packet that the far side does not have");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_acks_refusals_and_cuts_moves_the_cursor_past_what_is_there(
        last in 1..300u64,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let mut world = World::new(last);
        for step in steps {
            world.take(step);
            world.check();
        }
        // Whatever happened, a connection that works brings all of it over.
        world.cut();
        while world.stored_cursor < last {
            for step in [
                Step::Plan { packets: 30, sensors: 3 },
                Step::Hand,
                Step::Out,
                Step::Ack { pick: 0, refuse: false },
            ] {
                world.take(step);
                world.check();
            }
        }
        prop_assert_eq!(world.there.len() as u64, last);
    }
}
