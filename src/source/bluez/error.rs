//! What can go wrong between the hub and a sensor, and the one way to wait for an answer over D-Bus.

use std::time::Duration;

use super::recover::Fault;

/// A call to bluetoothd that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum BluezError {
    /// No answer in time: bluetoothd or D-Bus is stopped, hung or overloaded.
    #[error("{what}: no answer within {seconds} s; if this lasts, run `systemctl restart bluetooth`")]
    Timeout {
        /// What was asked.
        what: &'static str,
        /// How long the hub waited.
        seconds: u64,
    },
    /// An answer, but an error.
    #[error("{what} failed; {}", Fault::of(source).remedy())]
    Call {
        /// What was asked.
        what: &'static str,
        /// What bluetoothd or D-Bus said.
        source: bluer::Error,
    },
    /// The machine has no Bluetooth adapter, or not the configured one.
    #[error("no Bluetooth adapter{}; plug it in, or correct `bluetooth.adapter`", named(.0))]
    NoAdapter(Option<String>),
    /// The adapter is off, and switching it on failed.
    #[error("the adapter is off and cannot be switched on; run `rfkill unblock bluetooth`")]
    PoweredOff(#[source] bluer::Error),
    /// The sensor was heard, but a link to it did not come about.
    #[error("no connection to the sensor; bring it near the hub, wake it up, look at its battery")]
    NoLink(#[source] Option<bluer::Error>),
    /// A bonded sensor refuses its key, or the attempt was aborted under way.
    #[error(
        "the sensor broke off the connection; if it was reset or paired with something else, run \
         `bluetoothctl remove ADDRESS` with its address from hub.toml, make it ready to pair, then `rehabctl pair` it \
         again"
    )]
    BrokenOff(#[source] bluer::Error),
    /// A sensor did not take what its profile writes so that it sends.
    #[error(
        "writing {command:?} of the profile {profile:?} failed, and the sensor may send nothing; check `to` and \
         `response` of that command"
    )]
    Command {
        /// Whose.
        profile: String,
        /// Which.
        command: String,
        /// What was said; `None` when the sensor has no such characteristic.
        #[source]
        source: Option<Cause>,
    },
    /// The sensor is connected, but has nothing that a decoder knows.
    #[error("the sensor offers nothing that this hub can read; check its address in the configuration")]
    NothingToRead,
}

/// What was wrong, without a remedy: the cause of an error that has its own.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No answer in time.
    #[error("{what}: no answer within {seconds} s")]
    Silence {
        /// What was asked.
        what: &'static str,
        /// How long the hub waited.
        seconds: u64,
    },
    /// An answer, but an error.
    #[error(transparent)]
    Answer(bluer::Error),
    /// Found out by the hub itself.
    #[error(transparent)]
    Other(Box<BluezError>),
}

impl From<BluezError> for Cause {
    fn from(error: BluezError) -> Self {
        match error {
            BluezError::Timeout { what, seconds } => Self::Silence { what, seconds },
            BluezError::Call { source, .. } => Self::Answer(source),
            other => Self::Other(Box::new(other)),
        }
    }
}

fn named(adapter: &Option<String>) -> String {
    adapter.as_ref().map(|name| format!(" {name}")).unwrap_or_default()
}

impl BluezError {
    /// What is at fault.
    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::Timeout { .. } => Fault::Silence,
            Self::Call { source, .. } => Fault::of(source),
            Self::NoAdapter(_) | Self::PoweredOff(_) => Fault::Adapter,
            Self::NoLink(_) | Self::BrokenOff(..) | Self::Command { .. } | Self::NothingToRead => {
                Fault::Other
            }
        }
    }
}

/// Waits for `call` for `seconds` at most. Everything the hub asks over D-Bus goes through here: a stopped
/// bluetoothd answers nothing, and bluer alone would wait for two minutes.
pub(super) async fn bounded<T>(
    what: &'static str,
    seconds: u64,
    call: impl Future<Output = bluer::Result<T>>,
) -> Result<T, BluezError> {
    match tokio::time::timeout(Duration::from_secs(seconds), call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(BluezError::Call { what, source }),
        Err(_) => Err(BluezError::Timeout { what, seconds }),
    }
}

/// Seconds that a plain question may take: a busy Pi under an interactive bluetoothd answers within 2.
pub(super) const CALL_S: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Chain;

    fn refusal() -> bluer::Error {
        bluer::Error { kind: bluer::ErrorKind::Failed, message: "le-connection-abort-by-local".into() }
    }

    fn every_error() -> Vec<BluezError> {
        use BluezError as E;
        let command = |source| E::Command { profile: "band".into(), command: "start".into(), source };
        let all = vec![
            E::Timeout { what: "reading", seconds: 10 },
            E::Call { what: "reading", source: refusal() },
            E::NoAdapter(Some("hci1".into())),
            E::PoweredOff(refusal()),
            E::NoLink(Some(refusal())),
            E::BrokenOff(refusal()),
            command(None),
            command(Some(E::Call { what: "writing", source: refusal() }.into())),
            command(Some(E::Timeout { what: "writing", seconds: 10 }.into())),
            E::NothingToRead,
        ];
        for error in &all {
            // A new variant must be added above as well.
            match error {
                E::Timeout { .. } | E::Call { .. } | E::NoAdapter(_) | E::PoweredOff(_) | E::NoLink(_) => {}
                E::BrokenOff(_) | E::Command { .. } | E::NothingToRead => {}
            }
        }
        all
    }

    /// Whether `text` has two pairs of hexadecimal digits with a colon in between.
    fn has_address(text: &str) -> bool {
        let hex = |byte: &u8| byte.is_ascii_hexdigit();
        text.as_bytes().windows(5).any(|w| w[2] == b':' && w[..2].iter().all(hex) && w[3..].iter().all(hex))
    }

    #[test]
    fn no_error_tells_the_address_of_a_sensor() {
        assert!(has_address("run `bluetoothctl remove C0:00:00:00:00:01`"));
        for error in every_error() {
            let text = Chain(&error).to_string();
            assert!(!has_address(&text), "{text}");
        }
    }

    #[test]
    fn no_error_has_two_remedies() {
        for error in every_error() {
            let text = Chain(&error).to_string();
            let remedies = ["the hub tries again", "restart bluetooth", "check `to`"];
            assert!(remedies.iter().filter(|remedy| text.contains(**remedy)).count() <= 1, "{text}");
        }
    }

    #[tokio::test]
    async fn a_call_that_is_never_answered_ends_as_a_timeout() {
        let error = bounded("reading", 0, std::future::pending::<bluer::Result<()>>()).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Silence);
        assert!(error.to_string().starts_with("reading: no answer within 0 s;"), "{error}");
    }
}
