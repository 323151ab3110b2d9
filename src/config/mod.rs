//! `hub.toml`: raw as written, then validated; every fault at once, each with line and column.

pub mod document;
mod load;
pub mod profiles;

use std::path::PathBuf;
use std::time::Duration;

use crate::types::{Address, ClinicId, HubId, SensorId};

pub use load::{ConfigError, Desk, Surroundings, Unit};

/// The configuration of an installed hub.
pub const DEFAULT_CONFIG: &str = "/etc/rehab-hub/hub.toml";

/// The control socket of an installed hub.
pub const DEFAULT_SOCKET: &str = "/run/rehab-hub/ctl.sock";

/// A configuration in which everything was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Who this hub is.
    pub hub: HubConfig,
    /// Where packets come from.
    pub source: SourceConfig,
    /// The allow-list: nothing else is ever connected.
    pub sensors: Vec<SensorConfig>,
    /// Where readings are kept.
    pub store: StoreConfig,
    /// The prescribed plan, a TOML file; `None` keeps and forwards readings without scoring them.
    pub plan: Option<PathBuf>,
    /// The folder of the site's own profiles; it need not be there.
    pub profiles: PathBuf,
    /// How readings reach the clinic.
    pub forward: ForwardConfig,
    /// The control socket.
    pub ctl_socket: PathBuf,
}

/// Who this hub is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubConfig {
    /// The hub's pseudonymous id.
    pub id: HubId,
    /// The clinic's id.
    pub clinic: ClinicId,
}

/// Where packets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceConfig {
    /// Sensors over BLE.
    Bluez(BluezConfig),
    /// Captures that `rehabctl replay` feeds through the control socket.
    Replay,
}

/// The Bluetooth side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BluezConfig {
    /// The adapter, such as `hci0`; `None` takes the default one.
    pub adapter: Option<String>,
    /// How long a pairing window stays open at most (10-600 s).
    pub pairing_window: Duration,
}

/// One sensor that may be connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorConfig {
    /// Its role.
    pub id: SensorId,
    /// The identity address of the hardware.
    pub address: Address,
    /// Whether it must be bonded before anything of it is taken.
    pub bond: Bond,
}

/// What the hub asks of the link to a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// Nothing is read before the link is encrypted with the key of a bond (the default).
    Required,
    /// The sensor cannot bond; its readings are marked `link: open`.
    Open,
}

/// Where readings are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The folder.
    pub path: PathBuf,
    /// Live streams are durable after this long at most (50-60000 ms; 2000).
    pub commit: Duration,
    /// The quota in bytes (16 MiB at least; 2 GiB).
    pub max_bytes: u64,
    /// Acknowledged packets are kept this many days (1-3650; 120).
    pub keep_days: u32,
    /// Sealing.
    pub seal: Seal,
}

/// Whether blocks are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seal {
    /// Not: for the demo and replays.
    Off,
    /// With XChaCha20-Poly1305 under the 32-byte key in `$CREDENTIALS_DIRECTORY/store.key`, found at this path.
    Key(PathBuf),
}

/// How readings reach the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardConfig {
    /// Host name or address of the broker.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS; `None` only for a broker on this machine or with `forward.insecure = true`.
    pub tls: Option<TlsConfig>,
    /// Publishes in flight at most, further bounded by the broker's receive-maximum (1-1000; 20).
    pub window: u16,
    /// Readings per batch at most (1-5000; 500).
    pub batch: usize,
    /// Live readings wait this long at most to be batched (100-60000 ms; 5000).
    pub batch_wait: Duration,
    /// How long readings without a known time wait for one (600 s).
    pub hold_unsynced: Duration,
    /// Whether batches carry the packets' bytes beside the decoded values.
    pub raw: bool,
}

/// Files of the TLS connection, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The CA that signs the broker.
    pub ca: PathBuf,
    /// The hub's certificate chain.
    pub cert: PathBuf,
    /// Its private key, mode 0600.
    pub key: PathBuf,
}
