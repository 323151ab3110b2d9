//! Why there is no connection, and what a technician can do about it.

use std::io;
use std::path::{Path, PathBuf};

use rumqttc::v5::mqttbytes::Error as MqttError;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode};
use rumqttc::v5::{ConnectionError, StateError, TlsError};
use rustls::{AlertDescription, CertificateError};

use super::inflight::OutOfStep;
use crate::store::StoreError;

/// What ended a connection, or kept it from coming about. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("no answer from the broker at {broker}; check the network, forward.host and forward.port")]
    Unreachable { broker: String, source: io::Error },
    #[error(
        "the broker at {broker} did not answer within 10 s; check the network, the firewall and the broker"
    )]
    Timeout { broker: String },
    #[error(
        "the link to the broker broke; nothing to do unless it happens all the time, then check the network"
    )]
    Lost(#[source] io::Error),
    #[error(
        "the broker closed the connection without a reason; its log has one (often: two hubs with the same id)"
    )]
    Closed,
    #[error("nothing heard from the broker for {0} s; the link is dead, check the network")]
    Silent(u64),
    #[error("the broker refused the hub ({code:?}); {remedy}")]
    Refused { code: ConnectReturnCode, remedy: &'static str },
    #[error("the broker ended the connection ({reason:?}); {remedy}")]
    Ended { reason: DisconnectReasonCode, remedy: &'static str },
    #[error("no TLS with the broker; {remedy}")]
    Tls { remedy: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("cannot read {path}; {}", file_remedy(path, source))]
    File { path: PathBuf, source: io::Error },
    #[error(
        "others than its owner may read the private key {path} (mode {mode:04o}); run: chmod 0600 {path}"
    )]
    OpenKey { path: PathBuf, mode: u32 },
    #[error("the broker does not follow the protocol; check that forward.port is MQTT 5")]
    Protocol(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("acknowledgements no longer match what was sent; the connection starts anew")]
    OutOfStep(#[from] OutOfStep),
    #[error("another store took the place of the one that was being sent; the connection starts anew")]
    OtherStore,
    #[error("cannot go on without the store")]
    Store(#[from] StoreError),
}

impl Fault {
    /// From rumqttc's error, whose variants print their causes themselves and so cannot be chained as they are.
    pub(crate) fn from_rumqttc(error: ConnectionError, broker: &str, connected: bool) -> Self {
        match error {
            ConnectionError::Timeout(_) => Self::Timeout { broker: broker.into() },
            ConnectionError::Tls(TlsError::Io(error)) => Self::handshake(error),
            ConnectionError::Io(error)
            | ConnectionError::MqttState(
                StateError::Io(error) | StateError::Deserialization(MqttError::Io(error)),
            ) => Self::from_io(error, broker, connected),
            ConnectionError::Tls(error) => Self::tls(error),
            ConnectionError::ConnectionRefused(code) => Self::Refused { code, remedy: refusal(code) },
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code: reason, .. }) => {
                Self::Ended { reason, remedy: ending(reason) }
            }
            ConnectionError::MqttState(StateError::ConnectionAborted) => Self::Closed,
            ConnectionError::MqttState(StateError::AwaitPingResp | StateError::CollisionTimeout) => {
                Self::Silent(20)
            }
            other => Self::Protocol(other.to_string().into()),
        }
    }

    /// Whether the broker may have hung up over something that it was sent.
    pub(crate) fn may_be_over_content(&self) -> bool {
        matches!(self, Self::Closed | Self::Lost(_) | Self::Ended { .. })
    }

    /// Whether the link may have been slow rather than gone.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Silent(_) | Self::Timeout { .. })
    }

    /// Whether the hub is stopping, so that trying again makes no sense.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Store(StoreError::Stopped))
    }

    fn from_io(error: io::Error, broker: &str, connected: bool) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(cause) => Self::Tls { remedy: tls_remedy(cause), source: cause.clone().into() },
            None if connected => Self::Lost(error),
            None => Self::Unreachable { broker: broker.into(), source: error },
        }
    }

    /// The connection broke in the middle of the handshake.
    fn handshake(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(cause) => Self::Tls { remedy: tls_remedy(cause), source: cause.clone().into() },
            None => Self::Tls { remedy: PLAIN, source: error.into() },
        }
    }

    fn tls(error: TlsError) -> Self {
        let (remedy, source): (_, Box<dyn std::error::Error + Send + Sync>) = match error {
            TlsError::TLS(cause) => (tls_remedy(&cause), cause.into()),
            TlsError::NoValidCertInChain => {
                ("forward.tls.ca holds no certificate: put the clinic's CA there", error.into())
            }
            TlsError::NoValidClientCertInChain => {
                ("forward.tls.cert holds no certificate: put the hub's PEM certificate there", error.into())
            }
            TlsError::NoValidKeyInChain => {
                ("forward.tls.key holds no private key: put the hub's PEM key there", error.into())
            }
            TlsError::DNSName(_) => {
                ("forward.host is no name that a certificate could have: correct it", error.into())
            }
            other => ("check the files in forward.tls", other.into()),
        };
        Self::Tls { remedy, source }
    }
}

fn file_remedy(path: &Path, source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::PermissionDenied => format!("run: chown rehab-hub {}", path.display()),
        _ => "put the file there or correct forward.tls".into(),
    }
}

const PLAIN: &str = "the broker does not speak TLS on this port: correct forward.port";

fn tls_remedy(error: &rustls::Error) -> &'static str {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "the broker's certificate has expired: renew it there, or correct this hub's clock"
        }
        InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "the broker's certificate is not valid yet: check this hub's clock and the certificate's dates"
        }
        InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "the broker's certificate is for another name: correct forward.host or the certificate",
        InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the broker's certificate was signed by another CA than forward.tls.ca: is this the clinic's broker?"
        }
        InvalidCertificate(_) => "the broker's certificate is not acceptable: renew it there",
        AlertReceived(AlertDescription::CertificateExpired) => {
            "the broker says that this hub's certificate has expired: provision the hub again"
        }
        AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied,
        ) => "the broker does not accept this hub's certificate: have the clinic issue it anew",
        InvalidMessage(_) => PLAIN,
        _ => "check the TLS settings of the broker (TLS 1.2 or 1.3)",
    }
}

fn refusal(code: ConnectReturnCode) -> &'static str {
    use ConnectReturnCode::{
        BadClientId, BadUserNamePassword, Banned, ClientIdentifierNotValid, ConnectionRateExceeded,
        NotAuthorized, QuotaExceeded, RefusedProtocolVersion, RetainNotSupported, ServerBusy,
        ServerUnavailable, ServiceUnavailable, UnsupportedProtocolVersion,
    };
    match code {
        NotAuthorized | BadUserNamePassword | Banned => {
            "have the clinic admit this hub's certificate at the broker"
        }
        BadClientId | ClientIdentifierNotValid => "have the clinic admit this hub's id at the broker",
        ServerBusy | ServerUnavailable | ServiceUnavailable | QuotaExceeded | ConnectionRateExceeded => {
            "the broker is overloaded; the hub keeps trying"
        }
        UnsupportedProtocolVersion | RefusedProtocolVersion => "the broker must speak MQTT 5",
        RetainNotSupported => "allow retained messages at the broker",
        _ => "the broker's log says more",
    }
}

fn ending(reason: DisconnectReasonCode) -> &'static str {
    use DisconnectReasonCode as R;
    match reason {
        R::SessionTakenOver => "another client uses this hub's id: find it, ids must differ",
        R::ServerShuttingDown | R::ServerBusy | R::AdministrativeAction => {
            "the broker is down; the hub keeps trying"
        }
        R::NotAuthorized => "have the clinic allow this hub to publish to its topics",
        R::PacketTooLarge => "raise the maximum packet size of the broker",
        R::QuotaExceeded | R::MessageRateTooHigh => "raise the broker's limits for this hub",
        _ => "the broker's log says more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Chain;

    fn text(error: ConnectionError, connected: bool) -> String {
        Chain(&Fault::from_rumqttc(error, "clinic.example:8883", connected)).to_string()
    }

    #[test]
    fn a_cause_is_printed_once_and_every_fault_says_what_to_do() {
        let refused = || ConnectionError::Io(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(
            text(refused(), false),
            "no answer from the broker at clinic.example:8883; check the network, forward.host and forward.port: connection refused"
        );
        assert!(text(refused(), true).starts_with("the link to the broker broke; "));
    }

    #[test]
    fn a_file_that_is_missing_and_one_that_belongs_to_another_have_different_remedies() {
        let file = |kind| {
            let fault = Fault::File { path: "/etc/rehab-hub/hub.key".into(), source: io::Error::from(kind) };
            fault.to_string()
        };
        assert_eq!(
            file(io::ErrorKind::PermissionDenied),
            "cannot read /etc/rehab-hub/hub.key; run: chown rehab-hub /etc/rehab-hub/hub.key"
        );
        assert_eq!(
            file(io::ErrorKind::NotFound),
            "cannot read /etc/rehab-hub/hub.key; put the file there or correct forward.tls"
        );
    }

    #[test]
    fn an_empty_certificate_or_key_file_is_named_with_what_belongs_there() {
        let text = |error| text(ConnectionError::Tls(error), false);
        assert!(
            text(TlsError::NoValidClientCertInChain).starts_with(
                "no TLS with the broker; forward.tls.cert holds no certificate: put the hub's PEM certificate there"
            )
        );
        assert!(text(TlsError::NoValidKeyInChain).starts_with(
            "no TLS with the broker; forward.tls.key holds no private key: put the hub's PEM key there"
        ));
    }

    #[test]
    fn a_certificate_fault_inside_an_io_error_is_found() {
        let name = rustls::Error::InvalidCertificate(CertificateError::NotValidForName);
        let io = io::Error::new(io::ErrorKind::InvalidData, name);
        let text = text(ConnectionError::Tls(TlsError::Io(io)), false);
        assert!(
            text.starts_with("no TLS with the broker; the broker's certificate is for another name"),
            "{text}"
        );
    }
}
