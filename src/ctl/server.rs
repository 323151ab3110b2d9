//! The side of the daemon: accepts connections and answers them, all within one task.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Failure, MAX_REQUEST, Request, Response, StatusParts};
use crate::journal::Chain;
use crate::source::bluez::PairRequest;
use crate::source::capture::CaptureLine;
use crate::source::replay::Feed;
use crate::store::StoreError;
use crate::types::{BootId, SensorId};

/// More connections than a clinician, a technician and their scripts need; the next one waits.
const MAX_CONNECTIONS: usize = 16;

/// Lines that one feed may carry: one block's worth.
const MAX_LINES: usize = 256;

/// The control socket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// Its folder, its name or its mode is the problem.
    #[error("cannot listen on the control socket {path}; check that its folder exists and is the hub's own")]
    Bind {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another hub answers there.
    #[error("another hub already listens on {0}; stop it first (systemctl stop rehab-hub)")]
    Taken(PathBuf),
}

/// What the task works with; `run.rs` makes it.
pub struct CtlParts {
    /// From [`bind`].
    pub listener: UnixListener,
    /// Where the answers to `status` come from.
    pub status: StatusParts,
    /// Pairing, where the source is the radio.
    pub pair: Option<mpsc::Sender<PairRequest>>,
    /// The longest pairing window.
    pub pairing_window: Duration,
    /// The roles that may be paired.
    pub sensors: Vec<SensorId>,
    /// Fed captures, where the source is `replay`.
    pub feed: Option<mpsc::Sender<Feed>>,
}

/// Takes the socket; a stale one of a hub that was killed is replaced. Readable and writable for owner and group only.
///
/// # Errors
/// When another hub listens there, or the system refuses.
pub fn bind(path: &Path) -> Result<UnixListener, CtlError> {
    let fail = |source| CtlError::Bind { path: path.to_owned(), source };
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(CtlError::Taken(path.to_owned()));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(fail)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(fail)?;
    Ok(listener)
}

/// Answers until it is cancelled. Connections that are open then are dropped: nothing durable depends on them.
pub async fn serve(parts: CtlParts, cancel: CancellationToken) {
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            accepted = parts.listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => connections.push(converse(stream, &parts)),
                Err(error) => {
                    // out of descriptors, most likely: the accept would fail again at once
                    tracing::warn!("cannot accept a control connection: {error}; trying again in a second");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            },
            Some(()) = connections.next() => {}
        }
    }
}

/// One connection, request after request, until the other side is done or breaks off.
async fn converse(stream: UnixStream, parts: &CtlParts) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut stream).take(MAX_REQUEST as u64).read_until(b'\n', &mut line).await;
        if !matches!(read, Ok(length) if length > 0) {
            return;
        }
        let whole = line.last() == Some(&b'\n');
        let response = match parse(&line, whole) {
            Ok(request @ Request::Pair { .. }) => tokio::select! {
                response = answer(request, parts) => response,
                // whoever asked has left: the window closes with the answer that nobody waits for
                () = hung_up(&mut stream) => return,
            },
            Ok(request) => answer(request, parts).await,
            Err(failure) => Response::Error(failure),
        };
        let Ok(mut text) = serde_json::to_vec(&response) else { return };
        text.push(b'\n');
        if stream.get_mut().write_all(&text).await.is_err() || !whole {
            return;
        }
    }
}

fn parse(line: &[u8], whole: bool) -> Result<Request, Failure> {
    if !whole {
        let what = format!("the request is longer than {MAX_REQUEST} bytes or has no end");
        return Err(Failure::new(what, "send it in parts"));
    }
    serde_json::from_slice(line).map_err(|error| {
        Failure::new(
            format!("the request is not understood: {error}"),
            "use a rehabctl of the hub's own version",
        )
    })
}

/// Waits until the other side closes; what it sends meanwhile stays for later.
async fn hung_up(stream: &mut BufReader<UnixStream>) {
    if stream.fill_buf().await.is_ok_and(|waiting| !waiting.is_empty()) {
        std::future::pending::<()>().await;
    }
}

async fn answer(request: Request, parts: &CtlParts) -> Response {
    let result = match request {
        Request::Status => Ok(parts.status.snapshot().await),
        Request::Pair { sensor, window_s } => pair(sensor, window_s, parts).await,
        Request::Feed { capture, lines } => feed(capture, &lines, parts).await,
    };
    result.map_or_else(Response::Error, Response::Ok)
}

async fn pair(
    sensor: SensorId,
    window_s: Option<u64>,
    parts: &CtlParts,
) -> Result<serde_json::Value, Failure> {
    let Some(requests) = &parts.pair else {
        return Err(Failure::new(
            "this hub replays captures and has no radio",
            "set source.kind = \"bluez\" in hub.toml",
        ));
    };
    if !parts.sensors.contains(&sensor) {
        let known: Vec<&str> = parts.sensors.iter().map(SensorId::as_str).collect();
        return Err(Failure::new(
            format!("{sensor} is not on the allow-list"),
            format!("add it to hub.toml, or pair one of: {}", known.join(", ")),
        ));
    }
    let window = window_s.map_or(parts.pairing_window, Duration::from_secs).min(parts.pairing_window);
    let (answer, outcome) = oneshot::channel();
    let stopping = || Failure::new("the hub is stopping", "start it again");
    requests.send(PairRequest { sensor, window, answer }).await.map_err(|_| stopping())?;
    match outcome.await.map_err(|_| stopping())? {
        Ok(paired) => Ok(serde_json::json!({"sensor": paired.sensor, "already": paired.already})),
        Err(error) => Err(split(&Chain(&error).to_string())),
    }
}

async fn feed(capture: BootId, lines: &[String], parts: &CtlParts) -> Result<serde_json::Value, Failure> {
    let Some(feeds) = &parts.feed else {
        return Err(Failure::new(
            "this hub listens to sensors and takes no captures: what is fed would be taken for the patient's",
            "replay without a daemon, or set source.kind = \"replay\" in the hub.toml of another hub",
        ));
    };
    if lines.is_empty() || lines.len() > MAX_LINES {
        return Err(Failure::new(
            format!("{} lines in one request", lines.len()),
            format!("feed 1 to {MAX_LINES} at once"),
        ));
    }
    let parse = |(index, line): (usize, &String)| {
        CaptureLine::parse(line).map_err(|reason| {
            Failure::new(
                format!("line {} of the request: {reason}", index + 1),
                "mend the capture; nothing was taken",
            )
        })
    };
    let lines = lines.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    let (durable, receipt) = oneshot::channel();
    let stopping = || Failure::new("the hub is stopping", "feed again from the last durable line on");
    feeds.send(Feed { capture, lines, durable }).await.map_err(|_| stopping())?;
    match receipt.await.map_err(|_| stopping())? {
        Ok(receipt) => Ok(serde_json::json!({
            "epoch": receipt.epoch, "first": receipt.first, "last": receipt.last
        })),
        Err(error @ StoreError::Disk { .. }) => Err(Failure::new(
            error.to_string(),
            "the lines are taken and become durable with the disk: go on behind them, do not feed them again",
        )),
        Err(error) => Err(Failure::new(error.to_string(), "free the disk, then feed the same lines again")),
    }
}

/// An error that ends with what to do, taken apart at its first semicolon.
fn split(text: &str) -> Failure {
    let (what, remedy) = text.split_once("; ").unwrap_or((text, "try again"));
    Failure::new(what, remedy)
}
