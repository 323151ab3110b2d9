//! `MESSAGE_ID`s of what an operator should know about the link to the clinic.

/// The hub is connected to the broker. Cause: start, or the end of an outage. Remedy: none needed.
pub(crate) const CONNECTED: &str = "5be1b2f0c3c14a5f9a6f0e6c1d2a7101";

/// There is no connection to the broker; readings wait in the store. Cause: network, broker, names, certificates; the
/// message says which. Remedy: as the message says; logged again only when the cause changes.
pub(crate) const UNREACHABLE: &str = "5be1b2f0c3c14a5f9a6f0e6c1d2a7102";

/// Nobody at the broker subscribes to what the hub sends. Cause: the clinic's receiver is down or was never set up.
/// Remedy: start the receiver and check its subscription (`rtm/v1/{clinic}/{hub}/+`); everything is kept until then.
pub(crate) const NO_SUBSCRIBER: &str = "5be1b2f0c3c14a5f9a6f0e6c1d2a7103";

/// The broker refuses what the hub publishes. Cause: its access list, quota or policy; the message has the reason.
/// Remedy: allow the hub to publish to `rtm/v1/{clinic}/{hub}/#`; everything is kept until then.
pub(crate) const REFUSED: &str = "5be1b2f0c3c14a5f9a6f0e6c1d2a7104";

/// The far side takes what the hub sends again, after `NO_SUBSCRIBER` or `REFUSED`. Remedy: none needed.
pub(crate) const ACCEPTED_AGAIN: &str = "5be1b2f0c3c14a5f9a6f0e6c1d2a7105";

/// One message is larger than the broker will ever take; it is not sent, stays in the store, and for readings a `gap`
/// document tells the clinic. Cause: the broker's maximum packet size is too small. Remedy: raise it (mosquitto:
/// `max_packet_size`).
pub(crate) const TOO_LARGE: &str = "5be1b2f0c3c14a5f9a6f0e6c1d2a7106";
