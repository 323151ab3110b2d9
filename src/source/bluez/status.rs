//! What `rehabctl status` shows of the Bluetooth side, and the log line when it changes.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::watch;

use super::error::BluezError;
use super::recover::Fault;
use crate::clock::wall::Wall;
use crate::config::SensorConfig;
use crate::journal::{Chain, events};
use crate::types::{Mono, SensorId};

/// How far the hub gets towards a radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterState {
    /// Not tried yet.
    Starting,
    /// The D-Bus system bus cannot be reached.
    NoDbus,
    /// D-Bus is there, bluetoothd is not.
    NoBluez,
    /// bluetoothd is there, or should be, and does not answer.
    NotAnswering,
    /// bluetoothd has no adapter, or not the configured one.
    NoAdapter,
    /// There is an adapter, but it stays off.
    PoweredOff,
    /// The adapter is on.
    Ready,
}

impl AdapterState {
    /// The state that an error on the way to the adapter means.
    pub(super) fn of_error(error: &BluezError) -> Self {
        match error.fault() {
            _ if matches!(error, BluezError::NoAdapter(_)) => Self::NoAdapter,
            Fault::Bus => Self::NoDbus,
            Fault::Silence => Self::NotAnswering,
            Fault::Missing => Self::NoAdapter,
            Fault::Adapter => Self::PoweredOff,
            Fault::Bluez | Fault::Denied | Fault::Other => Self::NoBluez,
        }
    }

    /// The name used in status and log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::NoDbus => "no_dbus",
            Self::NoBluez => "no_bluez",
            Self::NotAnswering => "not_answering",
            Self::NoAdapter => "no_adapter",
            Self::PoweredOff => "powered_off",
            Self::Ready => "ready",
        }
    }
}

/// What the hub does about one sensor at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorState {
    /// Nothing, for there is no radio: see the adapter.
    NoRadio,
    /// Listening for its advertisement.
    Searching,
    /// Connecting, reading its services, subscribing.
    Connecting,
    /// Connected; its values arrive.
    Streaming,
    /// Nothing, before somebody pairs it.
    NotBonded,
    /// Waiting after a failure; the remedy says why.
    Backoff,
}

/// One sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SensorStatus {
    /// What the hub does about it.
    pub state: SensorState,
    /// Since when it is in this state.
    pub since: Mono,
    /// Packets received since the daemon started.
    pub packets: u64,
    /// When the last one came.
    pub last_packet: Option<Mono>,
    /// Its battery in percent, where it tells.
    pub battery: Option<u8>,
    /// What went wrong last and what to do about it; `None` while all is well.
    pub remedy: Option<String>,
    /// Links made since the daemon started.
    pub connects: u64,
    /// Links lost since the daemon started.
    pub losses: u64,
}

/// An open pairing window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairingWindow {
    /// The only sensor that may pair.
    pub sensor: SensorId,
    /// When it closes by itself.
    pub until: Mono,
}

/// All of the Bluetooth side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BluezStatus {
    /// The way to the radio.
    pub adapter: AdapterState,
    /// Since when it is in this state.
    pub since: Mono,
    /// What to do when it is not ready.
    pub remedy: Option<String>,
    /// Every sensor of the configuration.
    pub sensors: BTreeMap<SensorId, SensorStatus>,
    /// The pairing window, while one is open.
    pub pairing_window: Option<PairingWindow>,
}

impl BluezStatus {
    /// Before anything was tried.
    #[must_use]
    pub fn starting<'a>(sensors: impl IntoIterator<Item = &'a SensorConfig>, now: Mono) -> Self {
        let fresh = SensorStatus {
            state: SensorState::NoRadio,
            since: now,
            packets: 0,
            last_packet: None,
            battery: None,
            remedy: None,
            connects: 0,
            losses: 0,
        };
        Self {
            adapter: AdapterState::Starting,
            since: now,
            remedy: None,
            sensors: sensors.into_iter().map(|sensor| (sensor.id.clone(), fresh.clone())).collect(),
            pairing_window: None,
        }
    }

    /// Moves the adapter to `state`; says whether that is news.
    fn adapter(&mut self, state: AdapterState, remedy: Option<String>, now: Mono) -> bool {
        self.remedy = remedy;
        let news = self.adapter != state;
        if news {
            (self.adapter, self.since) = (state, now);
        }
        news
    }

    /// No link can be up.
    fn no_radio(&mut self, now: Mono) {
        let ids: Vec<SensorId> = self.sensors.keys().cloned().collect();
        for id in ids {
            self.sensor(&id, SensorState::NoRadio, None, now);
        }
    }

    /// Moves a sensor to `state`; says whether its trouble is news, which the same trouble after a fruitless search
    /// is not.
    fn sensor(&mut self, id: &SensorId, state: SensorState, remedy: Option<String>, now: Mono) -> bool {
        let Some(sensor) = self.sensors.get_mut(id) else { return false };
        if sensor.state != state {
            (sensor.state, sensor.since) = (state, now);
        }
        match state {
            SensorState::Streaming => sensor.remedy = None,
            SensorState::NotBonded | SensorState::Backoff => {
                let news = sensor.remedy != remedy;
                sensor.remedy = remedy;
                return news;
            }
            SensorState::NoRadio | SensorState::Searching | SensorState::Connecting => {}
        }
        false
    }
}

/// The status that others watch, and who writes it.
pub(super) struct Book {
    status: watch::Sender<BluezStatus>,
    wall: Wall,
}

impl Book {
    pub(super) fn new(status: watch::Sender<BluezStatus>, sensors: &[SensorConfig], wall: Wall) -> Self {
        status.send_replace(BluezStatus::starting(sensors, wall.mono()));
        Self { status, wall }
    }

    fn change<T>(&self, change: impl FnOnce(&mut BluezStatus, Mono) -> T) -> Option<T> {
        let mut answer = None;
        self.status.send_modify(|status| answer = Some(change(status, self.wall.mono())));
        answer
    }

    fn update(&self, id: &SensorId, change: impl FnOnce(&mut SensorStatus, Mono)) {
        self.change(|status, now| status.sensors.get_mut(id).map(|sensor| change(sensor, now)));
    }

    pub(super) fn radio_ready(&self, adapter: &str) {
        let news = self.change(|status, now| status.adapter(AdapterState::Ready, None, now));
        if news == Some(true) {
            tracing::info!(message_id = events::RADIO_READY, adapter, "Bluetooth adapter {adapter} is ready");
        }
    }

    pub(super) fn radio_down(&self, state: AdapterState, error: &BluezError) {
        let remedy = error.to_string();
        let news = self.change(|status, now| {
            if state != AdapterState::NotAnswering {
                status.no_radio(now);
            }
            status.adapter(state, Some(remedy), now)
        });
        if news == Some(true) {
            let (state, error) = (state.as_str(), Chain(error));
            tracing::warn!(message_id = events::RADIO_DOWN, state, "No Bluetooth, trying again: {error}");
        }
    }

    /// What is to be done while the radio is not ready; `None` when it is.
    pub(super) fn radio_remedy(&self) -> Option<String> {
        let status = self.status.borrow();
        let state = status.adapter;
        let remedy = || status.remedy.clone().unwrap_or_else(|| "wait a moment, then try again".into());
        (state != AdapterState::Ready).then(remedy)
    }

    pub(super) fn state(&self, id: &SensorId, state: SensorState) {
        self.change(|status, now| status.sensor(id, state, None, now));
    }

    pub(super) fn not_bonded(&self, id: &SensorId) {
        let remedy = format!("not bonded: run `rehabctl pair {id}`");
        let state = SensorState::NotBonded;
        if self.change(|status, now| status.sensor(id, state, Some(remedy), now)) == Some(true) {
            tracing::warn!(
                message_id = events::SENSOR_NOT_BONDED, sensor = %id,
                "Sensor {id} is not bonded, nothing of it is taken; run `rehabctl pair {id}`"
            );
        }
    }

    pub(super) fn failed(&self, id: &SensorId, error: &BluezError) {
        let (remedy, state) = (error.to_string(), SensorState::Backoff);
        if error.fault().is_common() {
            self.state(id, SensorState::NoRadio); // said once, for the radio
            return;
        }
        if self.change(|status, now| status.sensor(id, state, Some(remedy), now)) == Some(true) {
            let error = Chain(error);
            tracing::warn!(message_id = events::SENSOR_FAILED, sensor = %id, "Sensor {id}: {error}");
        }
    }

    /// `refused`: what could not be subscribed, while the rest is.
    pub(super) fn streaming(&self, id: &SensorId, characteristics: usize, refused: Option<&BluezError>) {
        self.change(|status, now| status.sensor(id, SensorState::Streaming, None, now));
        self.update(id, |sensor, _| {
            sensor.connects += 1;
            sensor.remedy = refused.map(ToString::to_string);
        });
        if let Some(error) = refused.map(|error| Chain(error)) {
            tracing::warn!(message_id = events::SENSOR_FAILED, sensor = %id, "Sensor {id}, in part: {error}");
        }
        tracing::info!(
            message_id = events::SENSOR_STREAMING, sensor = %id, characteristics,
            "Sensor {id} is connected and subscribed"
        );
    }

    pub(super) fn lost(&self, id: &SensorId) {
        self.state(id, SensorState::Searching);
        self.update(id, |sensor, _| sensor.losses += 1);
        tracing::info!(message_id = events::SENSOR_LOST, sensor = %id, "Sensor {id}: the link ended");
    }

    pub(super) fn packet(&self, id: &SensorId, at: Mono, battery: Option<u8>) {
        self.update(id, |sensor, _| {
            sensor.packets += 1;
            sensor.last_packet = Some(at);
            sensor.battery = battery.or(sensor.battery);
        });
    }

    pub(super) fn window(&self, window: Option<PairingWindow>) {
        self.change(|status, _| status.pairing_window = window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Bond;

    fn status() -> (BluezStatus, SensorId) {
        let id: SensorId = "strap".parse().unwrap();
        let address = "C0:00:00:00:00:01".parse().unwrap();
        let sensor = SensorConfig { id: id.clone(), address, bond: Bond::Required };
        (BluezStatus::starting([&sensor], Mono::from_micros(1)), id)
    }

    #[test]
    fn the_same_trouble_is_news_once_until_the_sensor_streams_again() {
        let (mut status, id) = status();
        let trouble = || Some("out of reach".to_owned());
        assert!(status.sensor(&id, SensorState::Backoff, trouble(), Mono::from_micros(2)));
        assert!(!status.sensor(&id, SensorState::Searching, None, Mono::from_micros(3)));
        assert!(!status.sensor(&id, SensorState::Backoff, trouble(), Mono::from_micros(4)));
        assert!(status.sensors[&id].remedy.is_some(), "searching hid the remedy");
        assert!(!status.sensor(&id, SensorState::Streaming, None, Mono::from_micros(5)));
        assert_eq!(status.sensors[&id].remedy, None);
        assert!(status.sensor(&id, SensorState::Backoff, trouble(), Mono::from_micros(6)));
    }

    #[test]
    fn since_tells_when_a_state_began_not_when_it_was_last_confirmed() {
        let (mut status, id) = status();
        status.sensor(&id, SensorState::Searching, None, Mono::from_micros(7));
        status.sensor(&id, SensorState::Searching, None, Mono::from_micros(9));
        assert_eq!(status.sensors[&id].since, Mono::from_micros(7));
        assert!(status.adapter(AdapterState::NoBluez, Some("start it".into()), Mono::from_micros(3)));
        assert!(!status.adapter(AdapterState::NoBluez, Some("start it".into()), Mono::from_micros(8)));
        assert_eq!(status.since, Mono::from_micros(3));
    }

    #[test]
    fn status_names_states_as_the_log_does() {
        let (status, _) = status();
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(json["adapter"], AdapterState::Starting.as_str());
        assert_eq!(json["sensors"]["strap"]["state"], "no_radio");
    }
}
