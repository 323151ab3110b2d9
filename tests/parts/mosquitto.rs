//! Debian's mosquitto, on a free port, with a config and a folder of its own; killed when dropped.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PROGRAM: &str = "/usr/sbin/mosquitto";

/// Nothing that a subscriber did not take yet is ever dropped: the queue is unbounded, as `forward.ack = "broker"`
/// demands.
const BASE: &str =
    "user root\nallow_anonymous true\nmax_queued_messages 0\nlog_type error\nlog_type warning\n";

/// A running broker.
pub(crate) struct Mosquitto {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Mosquitto {
    /// Starts one with these lines beside the base ones, and waits until it answers. No session survives it.
    pub(crate) async fn start(extra: &str) -> Self {
        Self::start_on(free_port(), extra).await
    }

    /// The same, on a port that is known already.
    pub(crate) async fn start_on(port: u16, extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = launch(folder.path(), port, extra);
        let broker = Self { folder, port, child };
        broker.answers().await;
        broker
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its folder, for files that its config names.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// SIGKILL: whatever it held in memory is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, with other lines.
    pub(crate) async fn restart(&mut self, extra: &str) {
        self.kill();
        self.child = launch(self.folder.path(), self.port, extra);
        self.answers().await;
    }

    async fn answers(&self) {
        let attempt = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), attempt)
            .await
            .expect("mosquitto does not listen; see its output above");
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on just now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn launch(folder: &Path, port: u16, extra: &str) -> Child {
    let config = folder.join("mosquitto.conf");
    // Options of a listener stand after it, those of the broker before.
    let (global, listener): (Vec<&str>, Vec<&str>) =
        extra.lines().partition(|line| !line.starts_with("tls:"));
    let listener: Vec<&str> = listener.iter().map(|line| line.trim_start_matches("tls:")).collect();
    let text = format!("{BASE}{}\nlistener {port} 127.0.0.1\n{}\n", global.join("\n"), listener.join("\n"));
    std::fs::write(&config, text).unwrap();
    Command::new(PROGRAM)
        .arg("-c")
        .arg(&config)
        .stdin(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {PROGRAM}: {error}; apt-get install mosquitto"))
}
