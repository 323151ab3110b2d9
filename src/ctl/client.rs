//! The side of `rehabctl`.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{Failure, Request, Response};

/// The daemon could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "no hub answers on {socket}; start it with `systemctl start rehab-hub`, or see why it stopped with \
         `journalctl -u rehab-hub -x`"
    )]
    Unreachable {
        /// Where it was looked for.
        socket: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody listens, but not to this user.
    #[error("you may not talk to the hub on {socket}; run rehabctl as root or join the group rehab-hub")]
    Forbidden {
        /// Where it listens.
        socket: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the hub closed the control connection; see `journalctl -u rehab-hub`")]
    Broken(#[source] Option<io::Error>),
    /// The answer makes no sense: two versions talk to each other.
    #[error("the hub's answer is not understood; rehabctl and rehab-hubd must be of the same version")]
    Answer(#[source] serde_json::Error),
    /// It was asked, and said no.
    #[error(transparent)]
    Refused(#[from] Failure),
}

/// A connection to a running hub.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects to the control socket.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when nobody listens there.
    pub async fn connect(socket: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(socket).await.map_err(|source| unreachable(socket, source))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When the hub refuses, or cannot be understood.
    pub async fn ask(&mut self, request: &Request) -> Result<serde_json::Value, ClientError> {
        let mut line = serde_json::to_vec(request).map_err(ClientError::Answer)?;
        line.push(b'\n');
        let broken = |error| ClientError::Broken(Some(error));
        self.stream.get_mut().write_all(&line).await.map_err(broken)?;
        let mut answer = String::new();
        if self.stream.read_line(&mut answer).await.map_err(broken)? == 0 {
            return Err(ClientError::Broken(None));
        }
        match serde_json::from_str(&answer).map_err(ClientError::Answer)? {
            Response::Ok(value) => Ok(value),
            Response::Error(failure) => Err(failure.into()),
        }
    }
}

fn unreachable(socket: &Path, source: io::Error) -> ClientError {
    let socket = socket.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied => ClientError::Forbidden { socket, source },
        _ => ClientError::Unreachable { socket, source },
    }
}
