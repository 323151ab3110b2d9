//! What `rehabctl status` shows of the link to the clinic, and what the log says when it changes.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::PubAckReason;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::fault::Fault;
use super::rfc3339;
use super::topics::Kind;
use crate::config::ForwardConfig;
use crate::journal::{Chain, events};
use crate::types::{Mono, Seq, UtcMicros};

/// The link to the clinic, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardStatus {
    /// `host:port`.
    pub broker: String,
    /// Whether there is a connection.
    pub link: LinkState,
    /// Since when; null while the hub does not know the time.
    #[serde(with = "rfc3339")]
    pub since: Option<UtcMicros>,
    /// The far side has every packet up to here.
    pub acked: Seq,
    /// Readings acknowledged since the hub started.
    pub readings: u64,
    /// Documents acknowledged since the hub started.
    pub documents: u64,
    /// Messages sent and not acknowledged yet.
    pub outstanding: usize,
    /// Messages that the broker's size limit will never let through, since the hub started.
    pub dead_letters: u64,
    /// What a person should look into; empty when all is well.
    pub alarms: Vec<Alarm>,
    /// Why the last connection ended, with what to do; kept after a new one is made.
    pub last_error: Option<String>,
}

/// Whether there is a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum LinkState {
    /// On the way.
    Connecting,
    /// Yes.
    Connected,
    /// No; it is tried again after a pause.
    Backoff {
        /// Why not, and what to do.
        error: String,
        /// The pause in milliseconds.
        pause_ms: u64,
    },
    /// The hub is stopping.
    Stopped,
}

/// Something that keeps rows in the store although there is a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Which one.
    pub kind: AlarmKind,
    /// What is affected: the topic's last level.
    pub topic: String,
    /// What happens, and what to do.
    pub text: String,
    /// How many messages met it.
    pub count: u64,
}

/// The alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The broker has nobody to give it to.
    NoSubscriber,
    /// The broker refuses it.
    Refused,
    /// The broker's size limit will never let it through.
    TooLarge,
}

impl ForwardStatus {
    /// Before the first connection.
    #[must_use]
    pub fn new(config: &ForwardConfig) -> Self {
        Self {
            broker: format!("{}:{}", config.host, config.port),
            link: LinkState::Connecting,
            since: None,
            acked: Seq::default(),
            readings: 0,
            documents: 0,
            outstanding: 0,
            dead_letters: 0,
            alarms: Vec::new(),
            last_error: None,
        }
    }
}

/// Keeps the status current, and logs what an operator should know: each change once.
#[derive(Debug)]
pub(super) struct Reporter {
    status: watch::Sender<ForwardStatus>,
    /// What was logged as the reason of having no connection, and when the same may be logged again. A link that comes
    /// and goes is not news each time.
    logged: Vec<(String, Mono)>,
    /// Whether the last loss was not logged, so that its end is not either.
    silent: bool,
}

/// The same trouble is logged once in ten minutes.
const REPEAT_US: u64 = 600_000_000;

impl Reporter {
    pub(super) fn new(status: watch::Sender<ForwardStatus>) -> Self {
        Self { status, logged: Vec::new(), silent: false }
    }

    pub(super) fn broker(&self) -> String {
        self.status.borrow().broker.clone()
    }

    pub(super) fn dead_letters(&self) -> u64 {
        self.status.borrow().dead_letters
    }

    pub(super) fn connecting(&self, now: Option<UtcMicros>) {
        self.link(LinkState::Connecting, now);
    }

    pub(super) fn connected(&mut self, now: Option<UtcMicros>, window: usize) {
        self.link(LinkState::Connected, now);
        let broker = self.broker();
        if std::mem::take(&mut self.silent) {
            tracing::debug!(broker, window, "connected to the clinic's broker again");
        } else {
            tracing::info!(
                message_id = events::CONNECTED,
                broker,
                window,
                "connected to the clinic's broker"
            );
        }
    }

    /// There is no connection, and none is tried before the pause is over.
    pub(super) fn lost(&mut self, fault: &Fault, pause: Duration, now: Option<UtcMicros>, mono: Mono) {
        let error = Chain(fault).to_string();
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.link(LinkState::Backoff { error: error.clone(), pause_ms }, now);
        self.status.send_modify(|status| {
            status.outstanding = 0;
            status.last_error = Some(error.clone());
        });
        self.logged.retain(|(_, until)| mono < *until);
        self.silent = self.logged.iter().any(|(text, _)| *text == error);
        if !self.silent {
            let broker = self.broker();
            tracing::warn!(
                message_id = events::UNREACHABLE,
                broker,
                "no link to the clinic's broker, readings wait in the store: {error}"
            );
            self.logged.push((error, Mono::from_micros(mono.micros().saturating_add(REPEAT_US))));
        }
    }

    pub(super) fn stopped(&self, now: Option<UtcMicros>) {
        self.link(LinkState::Stopped, now);
    }

    pub(super) fn outstanding(&self, outstanding: usize) {
        self.status.send_if_modified(|status| {
            std::mem::replace(&mut status.outstanding, outstanding) != outstanding
        });
    }

    /// So many readings are there, or a document where the kind is another one.
    pub(super) fn delivered(&mut self, kind: Kind, readings: usize) {
        self.status.send_modify(|status| {
            status.readings += readings as u64;
            status.documents += u64::from(matches!(kind, Kind::Document(_)));
        });
        self.clear(kind);
    }

    pub(super) fn acked(&self, acked: Seq) {
        self.status.send_modify(|status| status.acked = acked);
    }

    /// A message came back unwanted.
    pub(super) fn refused(&mut self, kind: Kind, reason: PubAckReason) {
        let topic = kind.as_str();
        let (alarm, id, text) = if reason == PubAckReason::NoMatchingSubscribers {
            let text = format!(
                "nobody subscribes to the hub's topic {topic}; everything is kept, start the clinic's receiver and check its subscription"
            );
            (AlarmKind::NoSubscriber, events::NO_SUBSCRIBER, text)
        } else {
            let text = format!(
                "the broker refuses the hub's topic {topic} ({reason:?}); everything is kept, allow the hub to publish there"
            );
            (AlarmKind::Refused, events::REFUSED, text)
        };
        if self.raise(alarm, kind, &text) {
            tracing::warn!(message_id = id, topic, "{text}");
        }
    }

    /// The broker hangs up on messages of this kind.
    pub(super) fn hung_up(&mut self, kind: Kind) {
        let topic = kind.as_str();
        let text = format!(
            "the broker ends the connection over the hub's topic {topic}; everything is kept, allow the hub to publish there"
        );
        if self.raise(AlarmKind::Refused, kind, &text) {
            tracing::warn!(message_id = events::REFUSED, topic, "{text}");
        }
    }

    /// A message can never be sent; `what` names it.
    pub(super) fn too_large(&mut self, kind: Kind, what: &str, size: usize, limit: usize) {
        let text = format!(
            "{what} makes a message of {size} bytes, the broker takes {limit}; it stays in the store unsent, raise the broker's maximum packet size"
        );
        self.status.send_modify(|status| status.dead_letters += 1);
        self.raise(AlarmKind::TooLarge, kind, &text);
        tracing::error!(message_id = events::TOO_LARGE, size, limit, "{text}");
    }

    /// Counts it; `true` when it is new.
    fn raise(&self, kind: AlarmKind, topic: Kind, text: &str) -> bool {
        let topic = topic.as_str();
        let mut new = false;
        self.status.send_modify(|status| {
            match status.alarms.iter_mut().find(|alarm| alarm.kind == kind && alarm.topic == topic) {
                Some(alarm) => alarm.count += 1,
                None => {
                    new = true;
                    status.alarms.push(Alarm { kind, topic: topic.into(), text: text.into(), count: 1 });
                }
            }
        });
        new
    }

    /// What was wanted again is no longer refused. (What is too large stays so.)
    pub(super) fn clear(&self, topic: Kind) {
        let topic = topic.as_str();
        let had = self.status.send_if_modified(|status| {
            let before = status.alarms.len();
            status.alarms.retain(|alarm| alarm.kind == AlarmKind::TooLarge || alarm.topic != topic);
            status.alarms.len() != before
        });
        if had {
            tracing::info!(
                message_id = events::ACCEPTED_AGAIN,
                topic,
                "the clinic takes the hub's topic {topic} again"
            );
        }
    }

    fn link(&self, link: LinkState, now: Option<UtcMicros>) {
        self.status.send_if_modified(|status| {
            // Attempts and pauses are the same outage.
            if (status.link == LinkState::Connected) != (link == LinkState::Connected)
                || status.since.is_none()
            {
                status.since = now;
            }
            std::mem::replace(&mut status.link, link.clone()) != link
        });
    }
}
