//! From the text of `hub.toml` to a [`Config`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::document::{self, Faults, Section};
use super::{
    BluezConfig, Bond, Config, ForwardConfig, HubConfig, Seal, SensorConfig, SourceConfig, StoreConfig,
    TlsConfig, profiles,
};
use crate::types::SensorId;

/// What the outside world tells about the paths and credentials that a config names.
pub trait Surroundings {
    /// Whether there is such a file.
    fn has_file(&self, path: &Path) -> bool;
    /// The store's key, if there is one.
    fn store_key(&self) -> Option<PathBuf>;
}

/// As the daemon sees the machine: systemd hands its unit the key in `$CREDENTIALS_DIRECTORY`.
#[derive(Debug, Clone, Copy)]
pub struct Unit;

impl Surroundings for Unit {
    fn has_file(&self, path: &Path) -> bool {
        path.is_file()
    }
    fn store_key(&self) -> Option<PathBuf> {
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        folder.map(|folder| folder.join("store.key")).filter(|key| self.has_file(key))
    }
}

/// As a person's tool sees it: the key lies where systemd will look for it.
#[derive(Debug, Clone, Copy)]
pub struct Desk;

impl Surroundings for Desk {
    fn has_file(&self, path: &Path) -> bool {
        path.is_file()
    }
    fn store_key(&self) -> Option<PathBuf> {
        let places =
            ["/etc/credstore", "/etc/credstore.encrypted", "/run/credstore", "/run/credstore.encrypted"];
        let mut keys = places.iter().map(|place| Path::new(place).join("rehab-hub.store.key"));
        keys.find(|key| self.has_file(key))
    }
}

/// `hub.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read at all.
    #[error("cannot read {path}; make it after the example of the same name, or name another file")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// This user may not read it.
    #[error("may not read {path}; let the hub's group: chgrp rehab-hub {path} && chmod 640 {path}")]
    Forbidden {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It was read, and this is wrong with it.
    #[error("{0}")]
    Faulty(Faults),
}

impl ConfigError {
    /// A file, of the configuration or named by it, that could not be read.
    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::PermissionDenied => Self::Forbidden { path, source },
            _ => Self::Read { path, source },
        }
    }
}

impl Config {
    /// Reads and checks a file. Relative paths in it count from its folder.
    ///
    /// # Errors
    /// When it cannot be read; else every fault in it at once.
    pub fn load(path: &Path, around: &dyn Surroundings) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::read(path, source))?;
        Self::parse(path, &text, around).map_err(ConfigError::Faulty)
    }

    /// Checks a text, as [`Config::load`] does.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn parse(path: &Path, text: &str, around: &dyn Surroundings) -> Result<Self, Faults> {
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let reader = Reader { base, profiles: profiles::folder(path), around };
        document::read(&path.display().to_string(), text, |root| reader.config(root))
    }
}

struct Reader<'a> {
    base: PathBuf,
    profiles: PathBuf,
    around: &'a dyn Surroundings,
}

impl Reader<'_> {
    fn config(&self, root: &mut Section<'_, '_>) -> Option<Config> {
        // every part is read before the first `?`, so that one fault does not hide another
        let hub = required(root, "hub", hub);
        let kind = source_kind(root);
        let bluetooth = optional(root, "bluetooth", bluetooth);
        let sensors = self.sensors(root, kind == Some(Kind::Bluez));
        let store = required(root, "store", |s| self.store(s));
        let plan = optional(root, "plan", |s| {
            s.require("path", "the plan's file");
            self.file(s, "path")
        });
        let forward = required(root, "forward", |s| self.forward(s));
        let ctl = optional(root, "ctl", |s| s.text("socket", "a path").map(|p| self.base.join(p)));
        let bluetooth = match bluetooth {
            Some(read) => read?,
            None => BluezConfig { adapter: None, pairing_window: Duration::from_secs(120) },
        };
        Some(Config {
            hub: hub?,
            source: match kind? {
                Kind::Bluez => SourceConfig::Bluez(bluetooth),
                Kind::Replay => SourceConfig::Replay,
            },
            sensors: sensors?,
            store: store?,
            plan: match plan {
                Some(read) => Some(read?),
                None => None,
            },
            profiles: self.profiles.clone(),
            forward: forward?,
            ctl_socket: ctl.flatten().unwrap_or_else(|| PathBuf::from(super::DEFAULT_SOCKET)),
        })
    }

    fn sensors(&self, root: &mut Section<'_, '_>, wanted: bool) -> Option<Vec<SensorConfig>> {
        let mut sensors: Vec<SensorConfig> = Vec::new();
        let mut whole = true;
        let sections = root.sections("sensor");
        if sections.is_empty() && wanted && !root.has("sensor") {
            root.fault("sensor", "missing", "at least one section [[sensor]] with id and address");
        }
        for mut section in sections {
            match sensor(&mut section) {
                Some(sensor) => {
                    if sensors.iter().any(|s| s.id == sensor.id) {
                        section.fault(
                            "id",
                            format!("{:?} names two sensors", sensor.id.as_str()),
                            "a new id",
                        );
                    }
                    if sensors.iter().any(|s| s.address == sensor.address) {
                        section.fault("address", "is another sensor's, too", "one sensor a device");
                    }
                    sensors.push(sensor);
                }
                None => whole = false,
            }
            section.finish();
        }
        whole.then_some(sensors)
    }

    fn store(&self, section: &mut Section<'_, '_>) -> Option<StoreConfig> {
        section.require("path", "a folder such as /var/lib/rehab-hub/store");
        let path = section.text("path", "a folder such as /var/lib/rehab-hub/store");
        let commit = millis(section, "commit_ms", 50..=60_000, 2000);
        let max_bytes = integer(section, "max_bytes", 16 << 20..=1 << 50, 2 << 30);
        let keep_days = integer(section, "keep_days", 1..=3650, 120);
        section.require("seal", "\"credential\", or \"off\" for a demo or replay");
        let seal = section.choice("seal", &[("credential", true), ("off", false)]);
        Some(StoreConfig {
            path: self.base.join(path?),
            commit: commit?,
            max_bytes: max_bytes?.unsigned_abs(),
            keep_days: u32::try_from(keep_days?).ok()?,
            seal: if seal? { Seal::Key(self.credential(section)?) } else { Seal::Off },
        })
    }

    fn credential(&self, section: &Section<'_, '_>) -> Option<PathBuf> {
        let key = self.around.store_key();
        if key.is_none() {
            section.fault(
                "seal",
                "asks for a key, and there is none",
                "32 random bytes in /etc/credstore/rehab-hub.store.key, which the unit loads as store.key",
            );
        }
        key
    }

    fn forward(&self, section: &mut Section<'_, '_>) -> Option<ForwardConfig> {
        section.require("host", "the broker's host name or address");
        let host = section.text("host", "the broker's host name or address");
        let tls = optional(section, "tls", |s| self.tls(s));
        let insecure = section.flag("insecure").unwrap_or(false);
        let port = integer(section, "port", 1..=65_535, if tls.is_some() { 8883 } else { 1883 });
        let window = integer(section, "window", 1..=1000, 20);
        let batch = integer(section, "batch", 1..=5000, 500);
        let batch_wait = millis(section, "batch_wait_ms", 100..=60_000, 5000);
        let hold = integer(section, "hold_unsynced_s", 0..=86_400, 600);
        let raw = section.flag("raw").unwrap_or(false);
        section.choice("ack", &[("broker", ())]);
        let host = host?;
        let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if tls.is_none() && !insecure && !local {
            section.fault(
                "tls",
                "missing, and the broker is not on this machine",
                "a section [forward.tls] with ca, cert and key (or insecure = true in a laboratory)",
            );
        }
        Some(ForwardConfig {
            host,
            port: u16::try_from(port?).ok()?,
            tls: match tls {
                Some(read) => Some(read?),
                None => None,
            },
            window: u16::try_from(window?).ok()?,
            batch: usize::try_from(batch?).ok()?,
            batch_wait: batch_wait?,
            hold_unsynced: Duration::from_secs(hold?.unsigned_abs()),
            raw,
        })
    }

    fn tls(&self, section: &mut Section<'_, '_>) -> Option<TlsConfig> {
        for key in ["ca", "cert", "key"] {
            section.require(key, "a PEM file");
        }
        let (ca, cert, key) =
            (self.file(section, "ca"), self.file(section, "cert"), self.file(section, "key"));
        Some(TlsConfig { ca: ca?, cert: cert?, key: key? })
    }

    /// A file that must be there.
    fn file(&self, section: &mut Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
        let path = self.base.join(section.text(key, "a file")?);
        if !self.around.has_file(&path) {
            section.fault(key, format!("there is no file {}", path.display()), "a file that exists");
            return None;
        }
        Some(path)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bluez,
    Replay,
}

fn source_kind(root: &mut Section<'_, '_>) -> Option<Kind> {
    let kinds = [("bluez", Kind::Bluez), ("replay", Kind::Replay)];
    match optional(
        root,
        "source",
        |s| if s.has("kind") { s.choice("kind", &kinds) } else { Some(Kind::Bluez) },
    ) {
        Some(read) => read,
        None => Some(Kind::Bluez),
    }
}

fn hub(section: &mut Section<'_, '_>) -> Option<HubConfig> {
    section.require("id", "the hub's pseudonymous id");
    section.require("clinic", "the clinic's id");
    let id = section.parsed("id", "the hub's pseudonymous id");
    let clinic = section.parsed("clinic", "the clinic's id");
    Some(HubConfig { id: id?, clinic: clinic? })
}

fn bluetooth(section: &mut Section<'_, '_>) -> Option<BluezConfig> {
    let adapter = section.text("adapter", "an adapter such as \"hci0\"");
    let window = integer(section, "pairing_window_s", 10..=600, 120);
    Some(BluezConfig { adapter, pairing_window: Duration::from_secs(window?.unsigned_abs()) })
}

fn sensor(section: &mut Section<'_, '_>) -> Option<SensorConfig> {
    section.require("id", "the sensor's role, such as \"bike\"");
    section.require("address", "its Bluetooth address");
    let id: Option<SensorId> = section.parsed("id", "the sensor's role, such as \"bike\"");
    let address = section.parsed("address", "its Bluetooth address");
    let bond = if section.has("bond") {
        section.choice("bond", &[("required", Bond::Required), ("open", Bond::Open)])
    } else {
        Some(Bond::Required)
    };
    let id = id?;
    if id.is_reserved() {
        section.fault("id", format!("{:?} is reserved for the hub's own records", id.as_str()), "another id");
    }
    Some(SensorConfig { id, address: address?, bond: bond? })
}

/// A section that must be there.
fn required<T>(
    parent: &mut Section<'_, '_>,
    key: &'static str,
    read: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
) -> Option<T> {
    parent.require(key, &format!("a section [{key}]"));
    optional(parent, key, read).flatten()
}

/// A section that may be there; `Some(None)` when it is and has faults.
fn optional<T>(
    parent: &mut Section<'_, '_>,
    key: &'static str,
    read: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
) -> Option<Option<T>> {
    if !parent.has(key) {
        parent.section(key); // makes the key known
        return None;
    }
    Some(parent.section(key).and_then(|mut section| {
        let value = read(&mut section);
        section.finish();
        value
    }))
}

/// A number with a default; `None` only when one was written and is no good.
fn integer(
    section: &mut Section<'_, '_>,
    key: &'static str,
    range: std::ops::RangeInclusive<i64>,
    default: i64,
) -> Option<i64> {
    let read = section.integer(key, range);
    if section.has(key) { read } else { Some(default) }
}

fn millis(
    section: &mut Section<'_, '_>,
    key: &'static str,
    range: std::ops::RangeInclusive<i64>,
    default: i64,
) -> Option<Duration> {
    integer(section, key, range, default).map(|ms| Duration::from_millis(ms.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bare;
    impl Surroundings for Bare {
        fn has_file(&self, path: &Path) -> bool {
            path.ends_with("plan.toml") || path.starts_with("/etc/rehab-hub")
        }
        fn store_key(&self) -> Option<PathBuf> {
            None
        }
    }

    const GOOD: &str = r#"
[hub]
id = "hub-1"
clinic = "riverside"
[[sensor]]
id = "strap"
address = "C0:00:00:00:00:01"
[[sensor]]
id = "bike"
address = "C0:00:00:00:00:02"
bond = "open"
[store]
path = "store"
seal = "off"
[plan]
path = "plan.toml"
[forward]
host = "127.0.0.1"
"#;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("/x/hub.toml"), text, &Bare).map_err(|faults| faults.to_string())
    }

    #[test]
    fn defaults_fill_what_a_short_config_leaves_out() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.store.commit, Duration::from_millis(2000));
        assert_eq!(config.store.path, Path::new("/x/store"));
        assert_eq!(config.profiles, Path::new("/x/profiles"));
        assert_eq!(config.forward.port, 1883);
        assert_eq!(config.sensors[0].bond, Bond::Required);
        assert_eq!(config.ctl_socket, Path::new("/run/rehab-hub/ctl.sock"));
        assert!(matches!(config.source, SourceConfig::Bluez(_)));
    }

    #[test]
    fn an_unknown_key_a_wrong_type_and_a_missing_file_are_reported_in_one_run() {
        let text = GOOD.replace("plan.toml", "lost.toml") + "port = \"high\"\nretry = 3\n";
        let faults = parse(&text).unwrap_err();
        let expected = "/x/hub.toml:16:8: plan.path: there is no file /x/lost.toml; expected a file that exists\n\
            /x/hub.toml:19:8: forward.port: is the text \"high\"; expected a whole number from 1 to 65535\n\
            /x/hub.toml:20:1: forward.retry: unknown key; expected one of ack, batch, batch_wait_ms, \
            hold_unsynced_s, host, insecure, port, raw, tls, window";
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_remote_broker_without_tls_is_refused() {
        let remote = GOOD.replace("127.0.0.1", "broker.example");
        assert!(parse(&remote).unwrap_err().contains("forward.tls: missing"), "accepted");
        assert!(parse(&(remote + "insecure = true\n")).is_ok());
    }

    #[test]
    fn two_sensors_may_share_neither_id_nor_hardware_and_reserved_ids_are_refused() {
        let faults = parse(&GOOD.replace("bike", "strap").replace(":02", ":01")).unwrap_err();
        assert!(faults.contains("names two sensors") && faults.contains("another sensor's"), "{faults}");
        assert!(parse(&GOOD.replace("bike", "hub")).unwrap_err().contains("reserved"));
    }

    #[test]
    fn a_sealed_store_without_its_credential_is_a_fault_with_the_remedy() {
        let faults = parse(&GOOD.replace("\"off\"", "\"credential\"")).unwrap_err();
        assert!(faults.contains("/etc/credstore/rehab-hub.store.key"), "{faults}");
    }

    #[test]
    fn the_shipped_config_is_good() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/hub.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let config = Config::parse(Path::new("/etc/rehab-hub/hub.toml"), &text, &Bare);
        assert!(config.is_ok(), "{}", config.unwrap_err());
    }
}
