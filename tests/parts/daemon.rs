//! The built daemon, driven as its users do: files, a signal, the control socket.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long the daemon may take to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(30);

/// A hub in a folder of its own, running or not.
pub(crate) struct Daemon {
    folder: TempDir,
    child: Option<Child>,
}

impl Daemon {
    /// With this configuration behind `[hub]` and `[ctl]`; not started.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text =
            format!("[hub]\nid = \"hub-1\"\nclinic = \"riverside\"\n[ctl]\nsocket = \"ctl.sock\"\n{config}");
        std::fs::write(folder.path().join("hub.toml"), text).unwrap();
        Self { folder, child: None }
    }

    /// A hub that takes captures and forwards them, bytes included, to a broker on this machine.
    pub(crate) fn replaying(port: u16, commit_ms: u64) -> Self {
        Self::new(&format!(
            "[source]\nkind = \"replay\"\n[store]\npath = \"store\"\nseal = \"off\"\ncommit_ms = {commit_ms}\n\
             [forward]\nhost = \"127.0.0.1\"\nport = {port}\nraw = true\nbatch_wait_ms = 100\n"
        ))
    }

    /// Its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it, and waits until its control socket answers.
    pub(crate) fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_rehab-hubd"))
            .args(["--config".as_ref(), self.path("hub.toml").as_os_str()])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        self.wait_until("it answers", |daemon| daemon.ctl(&["status", "--json"]).status.success());
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM; how it ended, and after how long.
    pub(crate) fn stop(&mut self) -> (std::process::ExitStatus, Duration) {
        let mut child = self.child.take().unwrap();
        let asked = Instant::now();
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        (child.wait().unwrap(), asked.elapsed())
    }

    /// `rehabctl` against it.
    pub(crate) fn ctl(&self, args: &[&str]) -> Output {
        rehabctl(args, &self.path("ctl.sock"))
    }

    /// `rehabctl status --json`.
    pub(crate) fn status(&self) -> Value {
        let output = self.ctl(&["status", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let pid = self.child.as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Asks until it is so.
    pub(crate) fn wait_until(&self, what: &str, mut good: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !good(self) {
            assert!(begin.elapsed() < PATIENCE, "waited in vain until {what}; the log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn rehabctl(args: &[&str], socket: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rehabctl")).arg("--socket").arg(socket).args(args).output().unwrap()
}

const NO_SENSOR: &str = "[store]\npath = \"store\"\nseal = \"off\"\n[forward]\nhost = \"127.0.0.1\"\nport = 9\n\
    [[sensor]]\nid = \"strap\"\naddress = \"C0:00:00:00:00:01\"\n";

#[test]
fn every_fault_of_a_config_is_named_at_once_and_the_exit_code_is_78() {
    let faulty = "[store]\npath = 7\nseal = \"off\"\n[plan]\npath = \"lost.toml\"\n[forward]\nhost = \"127.0.0.1\"\n\
        retry = 3\n[[sensor]]\nid = \"strap\"\naddress = \"C0:00:00:00:00:01\"\n";
    let daemon = Daemon::new(faulty);
    let config = daemon.path("hub.toml");
    let mut seen = String::new();
    for output in [
        Command::new(env!("CARGO_BIN_EXE_rehab-hubd")).arg("--config").arg(&config).output().unwrap(),
        daemon.ctl(&["config", "check", config.to_str().unwrap()]),
    ] {
        assert_eq!(output.status.code(), Some(78));
        let text = String::from_utf8(output.stderr).unwrap();
        for part in [
            ":7:8: store.path: is the number 7; expected a folder",
            ":10:8: plan.path: there is no file",
            ":13:1: forward.retry: unknown key; expected one of",
        ] {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
        let _ = writeln!(seen, "{text}");
    }
    println!(
        "config faults named in one run: {} of 3 (twice)",
        seen.lines().filter(|l| l.contains("; expected")).count()
    );
}

#[test]
fn a_faulty_profile_is_named_by_the_check_and_once_by_the_daemon_which_runs_without_it() {
    let mut daemon = Daemon::new(NO_SENSOR);
    std::fs::create_dir(daemon.path("profiles")).unwrap();
    std::fs::write(daemon.path("profiles/band.toml"), "name = \"Band\"\nservice = 7\n").unwrap();
    let expected = "profiles/band.toml:2:11: service: is the number 7";
    let checked = daemon.ctl(&["config", "check", daemon.path("hub.toml").to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(78));
    let text = String::from_utf8(checked.stderr).unwrap();
    assert!(text.contains(expected), "{text}");
    daemon.start();
    assert!(daemon.stop().0.success());
    let log = daemon.log();
    let named = log.lines().filter(|line| line.starts_with("WARN") && line.contains(expected)).count();
    assert_eq!(named, 1, "{log}");
}

#[test]
fn without_bluetooth_and_without_a_broker_the_daemon_runs_says_so_once_and_status_shows_it() {
    let mut daemon = Daemon::new(NO_SENSOR);
    daemon.start();
    daemon.wait_until("both troubles show", |daemon| {
        let status = daemon.status();
        let broker = status.pointer("/forward/link/state").and_then(Value::as_str) == Some("backoff");
        let radio = status.pointer("/bluetooth/remedy").and_then(Value::as_str).is_some();
        broker && radio
    });
    std::thread::sleep(Duration::from_secs(3)); // several attempts: each must be silent
    let log = daemon.log();
    let screen = String::from_utf8(daemon.ctl(&["status"]).stdout).unwrap();
    println!("{screen}");
    for (what, part) in [("the broker", "broker"), ("Bluetooth", "luetooth")] {
        let lines = log.lines().filter(|line| line.starts_with("WARN") && line.contains(part)).count();
        assert_eq!(lines, 1, "{what} is to be named once in:\n{log}");
    }
    assert!(
        screen.lines().all(|line| line.chars().count() <= 80),
        "a line is longer than 80 columns:\n{screen}"
    );
    let (status, took) = daemon.stop();
    assert!(status.success());
    assert!(took < Duration::from_secs(5), "it took {took:?} to stop");
}

#[test]
fn a_daemon_that_does_not_run_is_told_by_exit_code_69_and_a_remedy() {
    let daemon = Daemon::new("");
    let output = daemon.ctl(&["status"]);
    assert_eq!(output.status.code(), Some(69));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("systemctl start rehab-hub"), "{text}");
}

#[test]
fn a_hub_of_sensors_takes_no_captures_and_pairs_only_what_is_listed() {
    let mut daemon = Daemon::new(NO_SENSOR);
    daemon.start();
    let capture = daemon.path("capture.jsonl");
    std::fs::write(&capture, "{\"at\":\"2026-11-03T14:00:00Z\",\"hub\":\"up\"}\n").unwrap();
    let fed = daemon.ctl(&["replay", capture.to_str().unwrap()]);
    assert_eq!(fed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&fed.stderr).contains("takes no captures"));
    let pair = daemon.ctl(&["pair", "bike"]);
    assert_eq!(pair.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&pair.stderr)
            .contains("not on the allow-list; add it to hub.toml, or pair one of: strap")
    );
}

#[test]
fn an_idle_daemon_is_small() {
    let mut daemon = Daemon::new(NO_SENSOR);
    daemon.start();
    std::thread::sleep(Duration::from_secs(2));
    let kib = daemon.resident_kib();
    println!("idle RSS of rehab-hubd: {:.1} MB", kib as f64 * 1.024 / 1000.0);
    assert!(kib * 1024 < 12_000_000, "{kib} KiB");
}
