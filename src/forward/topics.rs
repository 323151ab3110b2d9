//! Where each kind of message goes: `rtm/v1/{clinic}/{hub}/{kind}`. Pure.

use crate::config::HubConfig;
use crate::store::DocumentKind;
use crate::types::{ClinicId, HubId};

/// What a message carries: the topic's last level and the middle of the `CloudEvents` type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A batch of readings of one sensor.
    Readings,
    /// Whether the hub is there.
    Status,
    /// A document of the outbox.
    Document(DocumentKind),
}

impl Kind {
    /// The name in topics, ids and types.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Readings => "readings",
            Self::Status => "status",
            Self::Document(kind) => kind.as_str(),
        }
    }

    /// Whether the broker keeps the last one for whoever subscribes later: only `status`, since an old batch shown
    /// to a new subscriber would look like news.
    #[must_use]
    pub const fn retained(self) -> bool {
        matches!(self, Self::Status)
    }
}

/// The topics of one hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    prefix: String,
}

impl Topics {
    /// The topics of `hub`.
    #[must_use]
    pub fn new(hub: &HubConfig) -> Self {
        Self { prefix: prefix(&hub.clinic, &hub.id) }
    }

    /// The topic of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> String {
        format!("{}/{}", self.prefix, kind.as_str())
    }
}

/// The subscription that hears all that one hub sends, and none of the commands that it gets.
#[must_use]
pub fn everything_from(clinic: &ClinicId, hub: &HubId) -> String {
    format!("{}/+", prefix(clinic, hub))
}

fn prefix(clinic: &ClinicId, hub: &HubId) -> String {
    format!("rtm/v1/{clinic}/{hub}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_name_clinic_hub_and_kind_and_only_status_is_retained() {
        let hub = HubConfig { id: "hub-0042".parse().unwrap(), clinic: "northside".parse().unwrap() };
        let topics = Topics::new(&hub);
        assert_eq!(topics.of(Kind::Readings), "rtm/v1/northside/hub-0042/readings");
        assert_eq!(topics.of(Kind::Document(DocumentKind::Day)), "rtm/v1/northside/hub-0042/day");
        assert_eq!(topics.of(Kind::Status), "rtm/v1/northside/hub-0042/status");
        assert_eq!(everything_from(&hub.clinic, &hub.id), "rtm/v1/northside/hub-0042/+");
        assert!(Kind::Status.retained());
        assert!(!Kind::Readings.retained() && !Kind::Document(DocumentKind::Alert).retained());
    }
}
