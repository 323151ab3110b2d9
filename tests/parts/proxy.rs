//! A TCP proxy that cuts, stalls and slows, between the hub and its broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What happens to what goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything goes through.
    Open,
    /// Nobody gets through, and who was through is thrown out.
    Closed,
    /// Connections live, but not a byte moves: a dead link that nobody closed.
    Stalled,
    /// What the hub says goes through, what the broker says does not.
    Deaf,
    /// So many bytes a second, each way.
    Slow(u64),
}

/// The proxy; its connections end with it.
pub(crate) struct Proxy {
    port: u16,
    mode: watch::Sender<Mode>,
    shared: Arc<Shared>,
    accept: tokio::task::JoinHandle<()>,
}

struct Shared {
    cuts: AtomicU64,
    connections: AtomicU64,
    /// Random state, and the mean number of bytes between two cuts; 0 = no cuts.
    random: AtomicU64,
    mean: AtomicU64,
}

impl Proxy {
    /// In front of a port of 127.0.0.1.
    pub(crate) async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, watching) = watch::channel(Mode::Open);
        let zero = || AtomicU64::new(0);
        let shared = Arc::new(Shared { cuts: zero(), connections: zero(), random: zero(), mean: zero() });
        let accept = tokio::spawn(accept(listener, target, watching, shared.clone()));
        Self { port, mode, shared, accept }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Cuts at random places from now on, after `mean` bytes on average; in the middle of packets, either way.
    pub(crate) fn cut_at_random(&self, seed: u64, mean: u64) {
        self.shared.random.store(seed | 1, Ordering::Relaxed);
        self.shared.mean.store(mean, Ordering::Relaxed);
    }

    /// No random cuts any more.
    pub(crate) fn calm(&self) {
        self.shared.mean.store(0, Ordering::Relaxed);
    }

    /// Random cuts so far.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Relaxed)
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
        self.mode.send_replace(Mode::Closed);
    }
}

impl Shared {
    /// Bytes until the next cut.
    fn allowance(&self) -> Option<u64> {
        let mean = self.mean.load(Ordering::Relaxed);
        if mean == 0 {
            return None;
        }
        let next = |state: u64| {
            let state = state ^ state << 13;
            let state = state ^ state >> 7;
            state ^ state << 17
        };
        let _ = self.random.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| Some(next(state)));
        Some(self.random.load(Ordering::Relaxed) % (2 * mean))
    }
}

async fn accept(listener: TcpListener, target: u16, mode: watch::Receiver<Mode>, shared: Arc<Shared>) {
    while let Ok((near, _)) = listener.accept().await {
        if *mode.borrow() == Mode::Closed {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(relay(near, far, mode.clone(), shared.clone()));
    }
}

/// Until one side closes, a cut is due, or the proxy is closed.
async fn relay(mut near: TcpStream, mut far: TcpStream, mode: watch::Receiver<Mode>, shared: Arc<Shared>) {
    let (mut from_near, mut to_near) = near.split();
    let (mut from_far, mut to_far) = far.split();
    let mut closed = mode.clone();
    tokio::select! {
        () = copy(&mut from_near, &mut to_far, mode.clone(), &shared, false) => {}
        () = copy(&mut from_far, &mut to_near, mode.clone(), &shared, true) => {}
        _ = closed.wait_for(|mode| *mode == Mode::Closed) => {}
    }
}

async fn copy(
    from: &mut tokio::net::tcp::ReadHalf<'_>,
    to: &mut tokio::net::tcp::WriteHalf<'_>,
    mut mode: watch::Receiver<Mode>,
    shared: &Shared,
    back: bool,
) {
    let mut left = shared.allowance();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let blocked = |mode: &Mode| *mode == Mode::Stalled || (back && *mode == Mode::Deaf);
        if mode.wait_for(|mode| !blocked(mode)).await.is_err() {
            return;
        }
        let slow = if let Mode::Slow(rate) = *mode.borrow() { Some(rate) } else { None };
        let most = slow.map_or(buffer.len(), |rate| (rate / 20).clamp(1, 16 * 1024) as usize);
        let count = tokio::select! {
            read = from.read(&mut buffer[..most]) => match read {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            },
            _ = mode.changed() => continue,
        };
        if mode.wait_for(|mode| !blocked(mode)).await.is_err() {
            return;
        }
        left =
            if shared.mean.load(Ordering::Relaxed) == 0 { None } else { left.or_else(|| shared.allowance()) };
        let pass = left.map_or(count, |left| count.min(left as usize));
        if to.write_all(&buffer[..pass]).await.is_err() {
            return;
        }
        left = left.map(|left| left - pass as u64);
        if left == Some(0) {
            shared.cuts.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if let Some(rate) = slow {
            sleep(Duration::from_secs_f64(pass as f64 / rate as f64)).await;
        }
    }
}
