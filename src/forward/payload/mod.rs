//! What is said to the clinic: `CloudEvents` 1.0, structured JSON. Pure.
//!
//! The types here are the contract: what the hub sends is their serialization, and receivers read with the same
//! ones. A receiver must ignore fields that it does not know.

mod batch;
mod fields;
mod readings;

use serde::{Deserialize, Serialize};

use super::rfc3339;
use super::topics::Kind;
use crate::store::Document;
use crate::types::{Epoch, HubId, Seq, UtcMicros};

pub(crate) use batch::{Group, group};
pub use readings::{Batch, BatchError, Hex, Millis, Readings, Received, Unit};

/// The content type of every message (`CloudEvents` 1.0, JSON event format, structured mode).
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// A `CloudEvent` around the data of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event<D> {
    /// `1.0`.
    pub specversion: String,
    /// Unique within the source: `{kind}:{key}:{revision}` for documents, `readings:{epoch}:{sensor}:{first}-{last}`
    /// for batches. The same id says the same.
    pub id: String,
    /// `/hubs/{hub}`.
    pub source: String,
    /// `rtm.{kind}.v1`.
    pub r#type: String,
    /// `application/json`.
    pub datacontenttype: String,
    /// What the event says.
    pub data: D,
}

impl<D> Event<D> {
    fn new(hub: &HubId, kind: Kind, id: String, data: D) -> Self {
        Self {
            specversion: "1.0".into(),
            id,
            source: source(hub),
            r#type: format!("rtm.{}.v1", kind.as_str()),
            datacontenttype: "application/json".into(),
            data,
        }
    }
}

impl<D: Serialize> Event<D> {
    fn to_bytes(&self) -> Vec<u8> {
        // Only maps with keys that are no text and failing writers make serde_json fail; there are none here.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The `CloudEvents` source of a hub.
#[must_use]
pub fn source(hub: &HubId) -> String {
    format!("/hubs/{hub}")
}

/// The data of `status`, which is retained: what somebody who subscribes now learns of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusData {
    /// Whether the hub is connected.
    pub online: bool,
    /// The version of the hub's program.
    pub version: String,
    /// When this was said; null while the hub does not know the time, and in the last will.
    #[serde(with = "rfc3339")]
    pub time: Option<UtcMicros>,
    /// The store's epoch.
    pub epoch: Epoch,
    /// The last packet kept.
    pub last: Seq,
    /// Everything up to here is acknowledged.
    pub acked: Seq,
    /// Messages that the broker's size limit will never let through; each left a `gap` document.
    pub dead_letters: u64,
}

/// The message of a status. `key` names the connection and `revision` counts what was said on it; the last will, which
/// comes after all of that, has [`u32::MAX`].
pub(crate) fn status(hub: &HubId, key: &str, revision: u32, data: StatusData) -> Vec<u8> {
    Event::new(hub, Kind::Status, format!("status:{key}:{revision}"), data).to_bytes()
}

/// The message of a document.
pub(crate) fn document(hub: &HubId, document: &Document) -> Vec<u8> {
    let id = format!("{}:{}", document.key, document.revision);
    Event::new(hub, Kind::Document(document.key.kind), id, &document.body).to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DocumentKey, DocumentKind};

    #[test]
    fn a_documents_id_is_kind_key_and_revision() {
        let key = DocumentKey { kind: DocumentKind::Day, key: "2026-11-03".into() };
        let body = serde_json::json!({"score": 0.5});
        let bytes = document(&"hub-0042".parse().unwrap(), &Document { key, revision: 2, body });
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"specversion":"1.0","id":"day:2026-11-03:2","source":"/hubs/hub-0042","type":"rtm.day.v1","datacontenttype":"application/json","data":{"score":0.5}}"#
        );
    }

    #[test]
    fn a_status_says_who_is_there_since_when_and_how_far_the_clinic_is() {
        let data = StatusData {
            online: true,
            version: "0.1.0".into(),
            time: Some("2026-11-03T14:00:01Z".parse().unwrap()),
            epoch: Epoch::from_u64(7),
            last: Seq::new(9),
            acked: Seq::new(8),
            dead_letters: 0,
        };
        let bytes = status(&"hub-0042".parse().unwrap(), "b-1", 1, data.clone());
        let back: Event<StatusData> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((back.id.as_str(), back.r#type.as_str()), ("status:b-1:1", "rtm.status.v1"));
        assert_eq!(back.data, data);
        assert!(String::from_utf8(bytes).unwrap().contains(r#""time":"2026-11-03T14:00:01.000Z""#));
    }
}
