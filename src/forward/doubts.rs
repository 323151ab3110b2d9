//! Documents on which the broker hangs up. Pure: the time is an argument.
//!
//! MQTT 5 lets a broker refuse a publish with a reason; some close the connection instead (mosquitto 2.0 does with an
//! unbounded queue and a topic that its access list denies, others do for what is too large for them). Sent first on
//! every new connection, such a document would keep everything else from ever going out. So a document that was on its
//! way when connections broke is sent alone the next time; when that breaks the connection too, it has to wait.

use std::collections::HashMap;

use crate::store::{DocumentKey, DocumentKind};
use crate::types::Mono;

/// So many broken connections make a document suspect.
const SUSPECT: u32 = 2;

/// How long the kind waits after the first time, then twice as long each time; up to [`LONGEST_US`].
const KIND_US: u64 = 5_000_000;

/// The document itself waits longer, so that another one of its kind is tried first: is it the kind, or the document?
const DOCUMENT_US: u64 = 20_000_000;

/// One hour.
const LONGEST_US: u64 = 3_600_000_000;

/// A revision of a document.
type Id = (DocumentKey, u32);

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Send it.
    Fine,
    /// Send it with nothing else on its way.
    Alone,
    /// Not before this time.
    Wait(Mono),
}

#[derive(Debug, Default)]
struct Hold {
    times: u32,
    until: Mono,
}

impl Hold {
    fn again(&mut self, now: Mono, first_us: u64) {
        let pause = first_us.saturating_mul(1u64.checked_shl(self.times).unwrap_or(u64::MAX)).min(LONGEST_US);
        self.until = Mono::from_micros(now.micros().saturating_add(pause));
        self.times = self.times.saturating_add(1);
    }
}

/// What is known of one broker's dislikes. Holds only documents that were in flight when connections broke.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    strikes: HashMap<Id, u32>,
    documents: HashMap<Id, Hold>,
    kinds: HashMap<DocumentKind, Hold>,
}

impl Doubts {
    /// A connection broke with these documents on their way. When there is only one and it was sent alone, its kind has
    /// to wait, and is returned.
    pub(crate) fn lost(&mut self, in_flight: Vec<Id>, alone: bool, now: Mono) -> Option<DocumentKind> {
        let convicted = in_flight.first().filter(|_| alone).cloned();
        for id in in_flight {
            *self.strikes.entry(id).or_default() += 1;
        }
        let id = convicted?;
        let kind = id.0.kind;
        self.documents.entry(id).or_default().again(now, DOCUMENT_US);
        self.kinds.entry(kind).or_default().again(now, KIND_US);
        Some(kind)
    }

    /// The broker answered: it can live with this document.
    pub(crate) fn answered(&mut self, key: &DocumentKey, revision: u32) {
        if self.strikes.is_empty() && self.kinds.is_empty() {
            return;
        }
        let id = (key.clone(), revision);
        self.strikes.remove(&id);
        self.documents.remove(&id);
        self.kinds.remove(&key.kind);
    }

    /// Whether and how a document may be sent now.
    pub(crate) fn judge(&self, key: &DocumentKey, revision: u32, now: Mono) -> Judgement {
        if self.strikes.is_empty() && self.kinds.is_empty() {
            return Judgement::Fine;
        }
        let id = (key.clone(), revision);
        let kind = self.kinds.get(&key.kind);
        let holds = [kind, self.documents.get(&id)];
        let until = holds.iter().flatten().map(|hold| hold.until).max();
        match until.filter(|until| *until > now) {
            Some(until) => Judgement::Wait(until),
            None if kind.is_some() || self.strikes.get(&id).is_some_and(|strikes| *strikes >= SUSPECT) => {
                Judgement::Alone
            }
            None => Judgement::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono::from_micros(1_000_000);

    fn id(kind: DocumentKind, key: &str) -> Id {
        (DocumentKey { kind, key: key.into() }, 1)
    }

    fn judge(doubts: &Doubts, id: &Id, now: Mono) -> Judgement {
        doubts.judge(&id.0, id.1, now)
    }

    #[test]
    fn a_document_that_was_there_when_connections_broke_is_sent_alone_and_cleared_by_an_answer() {
        let (mut doubts, day) = (Doubts::default(), id(DocumentKind::Day, "d"));
        assert_eq!(doubts.lost(vec![day.clone()], false, NOW), None);
        assert_eq!(judge(&doubts, &day, NOW), Judgement::Fine);
        doubts.lost(vec![day.clone()], false, NOW);
        assert_eq!(judge(&doubts, &day, NOW), Judgement::Alone);
        doubts.answered(&day.0, 1);
        assert_eq!(judge(&doubts, &day, NOW), Judgement::Fine);
    }

    #[test]
    fn a_kind_that_breaks_connections_waits_and_lets_the_others_through() {
        let mut doubts = Doubts::default();
        let [first, second] = ["a", "b"].map(|key| id(DocumentKind::Audit, key));
        assert_eq!(doubts.lost(vec![first.clone()], true, NOW), Some(DocumentKind::Audit));
        assert!(matches!(judge(&doubts, &second, NOW), Judgement::Wait(_)));
        assert_eq!(judge(&doubts, &id(DocumentKind::Day, "d"), NOW), Judgement::Fine);
        let later = Mono::from_micros(NOW.micros() + KIND_US);
        assert!(matches!(judge(&doubts, &first, later), Judgement::Wait(_)), "another one is tried first");
        assert_eq!(judge(&doubts, &second, later), Judgement::Alone);
        doubts.answered(&second.0, 1);
        assert_eq!(
            judge(&doubts, &id(DocumentKind::Audit, "c"), later),
            Judgement::Fine,
            "it was the document"
        );
        assert!(matches!(judge(&doubts, &first, later), Judgement::Wait(_)));
    }
}
