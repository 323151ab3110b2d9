//! From the log to the documents: reads what is durable, lets the pure engine of [`crate::adherence`] fold it, and puts
//! days and sessions into the outbox whenever they change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::adherence::{DayReport, Engine, LocalDay, PeriodReport, Plan};
use crate::clock::Timeline;
use crate::clock::wall::Wall;
use crate::store::{Committed, DocumentKey, DocumentKind, StoreError, StoreHandle};
use crate::types::{Epoch, Seq, UtcMicros};

/// Packets read at once: bounds memory, and how long the store is kept from committing.
const CHUNK: usize = 4096;

/// Days are scored at most this often while data streams in.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// And at least this often, since a day also changes by passing; periods and alerts are looked at no more often.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// What counts as now when a day is judged.
#[derive(Debug, Clone, Copy)]
pub enum Now {
    /// The hub's clock.
    Wall(Wall),
    /// The time of the newest packet: a replayed capture is judged as if it had just happened.
    Newest,
}

/// How the patient stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// The newest day that was scored.
    pub today: Option<DayReport>,
    /// The supply period that it lies in.
    pub period: Option<PeriodReport>,
}

/// What the task works with; `run.rs` makes it.
pub struct ScorerParts {
    /// The prescribed plan.
    pub plan: Plan,
    /// The log, and the outbox.
    pub store: StoreHandle,
    /// Times.
    pub timeline: watch::Receiver<Arc<Timeline>>,
    /// What counts as now.
    pub now: Now,
    /// The newest day, for `rehabctl status`.
    pub scores: watch::Sender<Scores>,
}

/// Scores until it is cancelled, then once more.
///
/// # Errors
/// When the store is gone.
pub async fn run(parts: ScorerParts, cancel: CancellationToken) -> Result<(), StoreError> {
    let ScorerParts { plan, store, mut timeline, now, scores } = parts;
    let mut committed = store.committed();
    let mut scorer = Scorer {
        engine: Engine::new(plan),
        store,
        now,
        scores,
        epoch: Epoch::from_u64(0),
        next: Seq::new(1),
        whole_from: None,
        newest: None,
        retimings: 0,
        sessions: HashMap::new(),
    };
    let mut minute = tokio::time::interval(AT_LEAST_EVERY);
    let mut overview = true;
    loop {
        let stopping = cancel.is_cancelled();
        let log = *committed.borrow_and_update();
        let times = Arc::clone(&timeline.borrow_and_update());
        let scored = async {
            scorer.catch_up(log, &times).await?;
            scorer.publish(log.epoch, &times, overview || stopping).await
        };
        match scored.await {
            Err(StoreError::Stopped) => return Err(StoreError::Stopped),
            // the store says what is wrong with the disk; what was not put into the outbox is found again from the log
            Err(_) => scorer.begin(),
            Ok(()) => {}
        }
        if stopping {
            return Ok(());
        }
        overview = false;
        let something = async {
            tokio::select! {
                changed = committed.changed() => drop(changed),
                changed = timeline.changed() => drop(changed),
                _ = minute.tick() => overview = true,
            }
            tokio::time::sleep(AT_MOST_EVERY).await;
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = something => {}
        }
    }
}

struct Scorer {
    engine: Engine,
    store: StoreHandle,
    now: Now,
    scores: watch::Sender<Scores>,
    /// The log that `next` counts in.
    epoch: Epoch,
    /// The first packet that the engine has not seen.
    next: Seq,
    /// The first day of which the log has everything, where older packets were removed: what lies before it was
    /// published while they were there, and stays as it is.
    whole_from: Option<LocalDay>,
    newest: Option<UtcMicros>,
    /// The state of the timeline that the engine's times came from.
    retimings: u32,
    /// The sessions of each day as they were last published.
    sessions: HashMap<LocalDay, BTreeMap<String, Value>>,
}

impl Scorer {
    /// Begins anew, as after a start: every day is put again, and the store drops what it has.
    fn begin(&mut self) {
        self.engine = Engine::new(self.engine.plan().clone());
        self.next = Seq::new(1);
    }

    /// Shows the engine the whole log again.
    fn start_over(&mut self) {
        self.engine.reset();
        self.next = Seq::new(1);
    }

    /// Shows the engine what became durable; all of it again when earlier times have changed.
    async fn catch_up(&mut self, log: Committed, times: &Timeline) -> Result<(), StoreError> {
        if log.epoch != self.epoch {
            // another store: what the engine knows stays true, and what comes now has new numbers
            self.epoch = log.epoch;
            self.next = Seq::new(1);
        }
        if times.retimings() != self.retimings {
            self.retimings = times.retimings();
            self.start_over();
        }
        self.read_on(log, times).await?;
        if self.engine.needs_replay() {
            self.start_over();
            self.read_on(log, times).await?;
        }
        Ok(())
    }

    async fn read_on(&mut self, log: Committed, times: &Timeline) -> Result<(), StoreError> {
        while self.next <= log.last {
            let chunk = self.store.read(self.next, CHUNK).await?;
            let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { return Ok(()) };
            if self.next == Seq::new(1) {
                let oldest = times.resolve(first.packet.boot, first.packet.mono).utc;
                let zone = self.engine.plan().zone;
                let cut = first.seq > Seq::new(1);
                self.whole_from = oldest.filter(|_| cut).map(|utc| LocalDay::of(utc, zone).next());
            }
            self.next = last.seq.next();
            for logged in &chunk {
                let time = times.resolve(logged.packet.boot, logged.packet.mono);
                self.newest = self.newest.max(time.utc);
                self.engine.observe(logged, time);
            }
        }
        Ok(())
    }

    /// Puts the days that changed, and their sessions, into the outbox; the store drops documents that are equal.
    async fn publish(&mut self, epoch: Epoch, times: &Timeline, overview: bool) -> Result<(), StoreError> {
        let now = match self.now {
            Now::Wall(wall) => times.resolve(wall.boot(), wall.mono()).utc,
            Now::Newest => self.newest,
        };
        // before the clock is known no day is judged
        let Some(now) = now else { return Ok(()) };
        let mut newest = self.scores.borrow().today.as_ref().map(|today| today.day);
        let mut today = None;
        for day in self.engine.changed_days(now) {
            if !self.is_whole(day.day) {
                continue;
            }
            self.put(DocumentKind::Day, day.day.to_string(), document(&day)).await?;
            self.put_sessions(epoch, &day).await?;
            if newest <= Some(day.day) {
                newest = Some(day.day);
                today = Some(day);
            }
        }
        if today.is_some() {
            let period = self.engine.periods(now).pop();
            self.scores.send_replace(Scores { today, period });
        }
        if overview { self.put_overview(now).await } else { Ok(()) }
    }

    /// Whether the log still has everything from `day` on.
    fn is_whole(&self, day: LocalDay) -> bool {
        self.whole_from.is_none_or(|from| from <= day)
    }

    /// What spans days: supply periods and alerts. They cost the episode, not the day, so they are put by the minute.
    async fn put_overview(&mut self, now: UtcMicros) -> Result<(), StoreError> {
        for period in self.engine.periods(now) {
            if !self.is_whole(period.start) {
                continue;
            }
            let key = format!("{}-{}", self.engine.plan().episode.as_str(), period.number);
            self.put(DocumentKind::Period, key, json!(period)).await?;
        }
        for alert in self.engine.alerts(now) {
            self.put(DocumentKind::Alert, alert.key.clone(), json!(alert)).await?;
        }
        Ok(())
    }

    /// The sessions of a day. One that was published and is no more, since late data made it part of another, is
    /// retracted.
    async fn put_sessions(&mut self, epoch: Epoch, day: &DayReport) -> Result<(), StoreError> {
        let sessions = sessions(day);
        let before = self.sessions.insert(day.day, sessions.clone()).unwrap_or_default();
        for (key, body) in before.iter().filter(|(key, _)| !sessions.contains_key(*key)) {
            let mut body = body.clone();
            body["retracted"] = true.into();
            self.put(DocumentKind::Session, format!("{epoch}-{key}"), body).await?;
        }
        for (key, body) in sessions.into_iter().filter(|(key, body)| before.get(key) != Some(body)) {
            self.put(DocumentKind::Session, format!("{epoch}-{key}"), body).await?;
        }
        Ok(())
    }

    async fn put(&self, kind: DocumentKind, key: String, body: Value) -> Result<(), StoreError> {
        self.store.put_document(DocumentKey { kind, key }, body).await.map(|_revision| ())
    }
}

/// The `data` of a day's document. Its revision is the document's own: the engine's counts from the last start only.
#[must_use]
pub fn document(day: &DayReport) -> Value {
    let mut body = json!(day);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("revision");
    }
    body
}

/// The sessions of a day by their keys, each once, with what it is to every item that counts it.
fn sessions(day: &DayReport) -> BTreeMap<String, Value> {
    let mut sessions = BTreeMap::new();
    for item in &day.items {
        for session in &item.sessions {
            let body = sessions.entry(session.key.clone()).or_insert_with(|| {
                let mut body = json!(session);
                if let Some(fields) = body.as_object_mut() {
                    fields.remove("in_band_ms");
                    fields.insert("day".into(), json!(day.day));
                    fields.insert("items".into(), json!([]));
                }
                body
            });
            if let Some(items) = body["items"].as_array_mut() {
                items.push(json!({"id": item.id, "in_band_ms": session.in_band_ms}));
            }
        }
    }
    sessions
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::capture::CaptureLine;
    use crate::source::replay::Replayer;
    use crate::store::{self, Urgency};
    use crate::types::{BootId, Packet};

    fn demo(name: &str) -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo").join(name)).unwrap()
    }

    /// The demo's morning, or a part of it.
    fn morning(lines: std::ops::Range<usize>) -> (Vec<Packet>, Timeline) {
        let (mut replayer, mut timeline) = (Replayer::new(BootId::from_u128(1)), Timeline::default());
        let text = demo("morning.jsonl");
        let packets = text.lines().map(|line| {
            let (anchor, packet) = replayer.packet(CaptureLine::parse(line).unwrap());
            anchor.map(|anchor| timeline.add(anchor));
            packet
        });
        let packets: Vec<Packet> = packets.collect();
        (packets[lines].to_vec(), timeline)
    }

    /// One life of a hub on the store in `folder`: keeps `packets`, scores until all is done; gives back the days in the
    /// outbox.
    async fn life(folder: &Path, packets: Vec<Packet>, timeline: Timeline) -> Vec<(String, u32, Value)> {
        let stop = CancellationToken::new();
        let (store, serving) = store::testing::start(folder, &stop);
        let (scores, _) = watch::channel(Scores::default());
        let (_keep, timeline) = watch::channel(Arc::new(timeline));
        let plan = Plan::parse("plan.toml", &demo("plan.toml")).unwrap();
        let work = async {
            if !packets.is_empty() {
                store.append(packets, Urgency::AtOnce).await.unwrap().await.unwrap().unwrap();
            }
            let cancelled = CancellationToken::new();
            cancelled.cancel(); // once through, as at a stop
            let parts = ScorerParts { plan, store: store.clone(), timeline, now: Now::Newest, scores };
            run(parts, cancelled).await.unwrap();
            let documents = store.documents(1000).await.unwrap();
            stop.cancel();
            documents
        };
        let (documents, ()) = tokio::join!(work, serving);
        let days = documents.into_iter().filter(|document| document.key.kind == DocumentKind::Day);
        days.map(|day| (day.key.key, day.revision, day.body)).collect()
    }

    #[tokio::test]
    async fn a_restart_gives_no_new_revision_and_late_data_does() {
        let folder = tempfile::tempdir().unwrap();
        let (half, timeline) = morning(0..3000);
        let first = life(folder.path(), half, timeline.clone()).await;
        assert_eq!(
            first.iter().map(|(day, revision, _)| (day.as_str(), *revision)).collect::<Vec<_>>(),
            [("2026-11-03", 1)]
        );
        let again = life(folder.path(), Vec::new(), timeline.clone()).await;
        assert_eq!(again, first, "a restart changed a day");
        let (rest, _) = morning(3000..5469);
        let whole = life(folder.path(), rest, timeline).await;
        let [(_, revision, body)] = &whole[..] else { panic!("{whole:?}") };
        assert_eq!(*revision, 2);
        assert_eq!(body["score"], 86.2);
        assert!(body.get("revision").is_none(), "the body has a revision of its own");
    }
}
