//! From a connected sensor to one stream of its values.

use std::time::Duration;

use bluer::gatt::remote::{Characteristic, CharacteristicWriteRequest};
use bluer::gatt::{CharacteristicFlags, CharacteristicReader, WriteOp};
use bluer::{Device, DeviceEvent, DeviceProperty, ErrorKind};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, SelectAll};

use super::error::{BluezError, CALL_S, bounded};
use crate::decode::{BATTERY, Catalogue, Command, DeviceProfile};
use crate::types::CharUuid;

/// Seconds for a sensor to list its services: slow ones take 10, and a cached list takes none.
const SERVICES_S: u64 = 30;

/// How often, and after which pause, a socket that is still taken is asked for again.
const ACQUIRE_ATTEMPTS: u32 = 10;
const ACQUIRE_PAUSE: Duration = Duration::from_millis(200);

/// What a sensor has to say.
pub(super) enum Heard {
    /// A value as received.
    Value(CharUuid, Vec<u8>),
    /// No more will come: the link ended, or bluetoothd did.
    End,
}

/// How values of a characteristic are received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Through a socket of bluetoothd (`AcquireNotify`): it ends with the link, and holds what came while the hub
    /// was busy.
    Socket,
    /// Through D-Bus signals (`StartNotify`): the only way for indications.
    Signal,
}

impl Mode {
    const fn of(flags: CharacteristicFlags) -> Option<Self> {
        match flags {
            CharacteristicFlags { notify: true, .. } => Some(Self::Socket),
            CharacteristicFlags { indicate: true, .. } => Some(Self::Signal),
            _ => None,
        }
    }
}

/// The values of one link.
pub(super) struct Values {
    /// All subscriptions and the link's own events. Dropping it ends the subscriptions.
    pub(super) heard: SelectAll<BoxStream<'static, Heard>>,
    /// How many characteristics were subscribed.
    pub(super) count: usize,
    /// Why another one could not be, or a command of the sensor's profile was not taken.
    pub(super) refused: Option<BluezError>,
}

/// Waits for the sensor's services, subscribes to everything that can be decoded, and writes the commands of the
/// sensor's profile.
///
/// # Errors
/// When there is nothing to subscribe, or not one subscription was taken.
pub(super) async fn subscribe(device: &Device, catalogue: &Catalogue) -> Result<Values, BluezError> {
    let events = bounded("watching the sensor", CALL_S, device.events()).await?;
    let mut heard: SelectAll<BoxStream<'static, Heard>> = SelectAll::new();
    let (mut count, mut battery, mut refused) = (0, false, None);
    let Offer { readable, commands } = offer(device, catalogue).await?;
    for characteristic in &readable {
        battery |= characteristic.uuid == BATTERY;
        match one(characteristic).await {
            Ok(values) => {
                count += 1;
                heard.push(values);
            }
            Err(error @ BluezError::Timeout { .. }) => return Err(error),
            Err(error) => refused = Some(error),
        }
    }
    if count == 0 {
        return Err(refused.unwrap_or(BluezError::NothingToRead));
    }
    for (profile, remotes) in commands {
        if let Err(error) = instruct(profile, &remotes).await {
            refused = Some(error);
        }
    }
    if !battery && let Some(percent) = battery_property(device).await? {
        heard.push(stream::iter([Heard::Value(BATTERY, vec![percent])]).boxed());
    }
    let own = events.filter_map(move |event| std::future::ready(own_event(event, battery)));
    heard.push(own.chain(stream::iter([Heard::End])).boxed());
    Ok(Values { heard, count, refused })
}

/// What an event of the device itself says. Where bluetoothd keeps the Battery Service to itself, its property is the
/// characteristic's value.
fn own_event(event: DeviceEvent, battery_subscribed: bool) -> Option<Heard> {
    match event {
        DeviceEvent::PropertyChanged(DeviceProperty::Connected(false)) => Some(Heard::End),
        DeviceEvent::PropertyChanged(DeviceProperty::BatteryPercentage(percent)) if !battery_subscribed => {
            Some(Heard::Value(BATTERY, vec![percent]))
        }
        DeviceEvent::PropertyChanged(_) => None,
    }
}

/// The battery as bluetoothd tells it; `None` where the sensor has none.
async fn battery_property(device: &Device) -> Result<Option<u8>, BluezError> {
    match bounded("reading the battery", CALL_S, device.battery_percentage()).await {
        Ok(percent) => Ok(percent),
        Err(error @ BluezError::Timeout { .. }) => Err(error),
        Err(_) => Ok(None), // no such interface: no battery
    }
}

/// A characteristic with what decides how it is read.
struct Candidate {
    remote: Characteristic,
    uuid: CharUuid,
    flags: CharacteristicFlags,
    mode: Mode,
}

/// What a sensor has that matters here.
#[derive(Default)]
struct Offer<'c> {
    /// Every characteristic that the catalogue knows and that sends values.
    readable: Vec<Candidate>,
    /// For each service that a profile with commands is about: the profile, and where its commands go.
    commands: Vec<(&'c DeviceProfile, Vec<(CharUuid, Characteristic)>)>,
}

async fn offer<'c>(device: &Device, catalogue: &'c Catalogue) -> Result<Offer<'c>, BluezError> {
    let mut offer = Offer::default();
    for service in bounded("waiting for the sensor's services", SERVICES_S, device.services()).await? {
        let id = bounded("reading a service's UUID", CALL_S, service.uuid()).await?;
        let id = CharUuid::from_u128(id.as_u128());
        let profile = catalogue.profiles().iter().find(|profile| profile.service == id);
        let mut targets = Vec::new();
        for remote in bounded("listing characteristics", CALL_S, service.characteristics()).await? {
            let uuid = bounded("reading a characteristic's UUID", CALL_S, remote.uuid()).await?;
            let uuid = CharUuid::from_u128(uuid.as_u128());
            if profile.is_some_and(|profile| profile.commands.iter().any(|command| command.to == uuid)) {
                targets.push((uuid, remote.clone()));
            }
            if !catalogue.is_known(uuid) {
                continue;
            }
            let flags = bounded("reading a characteristic's flags", CALL_S, remote.flags()).await?;
            offer.readable.extend(Mode::of(flags).map(|mode| Candidate { remote, uuid, flags, mode }));
        }
        let profile = profile.filter(|profile| !profile.commands.is_empty());
        offer.commands.extend(profile.map(|profile| (profile, targets)));
    }
    Ok(offer)
}

/// Writes the commands of a profile in their order, up to the first that is not taken: those behind it count on it.
async fn instruct(profile: &DeviceProfile, targets: &[(CharUuid, Characteristic)]) -> Result<(), BluezError> {
    for command in &profile.commands {
        let failed = |source: Option<BluezError>| BluezError::Command {
            profile: profile.name.clone(),
            command: command.name.clone(),
            source: source.map(Into::into),
        };
        let target = targets.iter().find(|(uuid, _)| *uuid == command.to);
        let (_, remote) = target.ok_or_else(|| failed(None))?;
        let request = request(command);
        let call = remote.write_ext(&command.bytes, &request);
        bounded("writing", CALL_S, call).await.map_err(|error| failed(Some(error)))?;
    }
    Ok(())
}

fn request(command: &Command) -> CharacteristicWriteRequest {
    let op_type = if command.response { WriteOp::Request } else { WriteOp::Command };
    CharacteristicWriteRequest { op_type, ..CharacteristicWriteRequest::default() }
}

/// Subscribes to one characteristic; a battery's present level comes first, since it may not change for days.
async fn one(candidate: &Candidate) -> Result<BoxStream<'static, Heard>, BluezError> {
    let Candidate { remote, uuid, flags, mode } = candidate;
    let uuid = *uuid;
    let mut first = None;
    if uuid == BATTERY && flags.read {
        first = Some(bounded("reading the battery", CALL_S, remote.read()).await?);
    }
    let rest = match mode {
        Mode::Socket => match acquire(remote).await {
            Err(BluezError::Call { source, .. }) if source.kind == ErrorKind::NotSupported => {
                signal(remote, uuid).await?
            }
            reader => socket(reader?, uuid),
        },
        Mode::Signal => signal(remote, uuid).await?,
    };
    Ok(stream::iter(first.map(|bytes| Heard::Value(uuid, bytes))).chain(rest).boxed())
}

/// The socket of a characteristic. bluetoothd gives out one at a time, and needs a moment to notice that the one of
/// the link before was closed.
async fn acquire(remote: &Characteristic) -> Result<CharacteristicReader, BluezError> {
    let mut attempts = 0;
    loop {
        match bounded("subscribing", CALL_S, remote.notify_io()).await {
            Err(BluezError::Call { source, .. })
                if source.kind == ErrorKind::NotPermitted && attempts < ACQUIRE_ATTEMPTS =>
            {
                attempts += 1;
                tokio::time::sleep(ACQUIRE_PAUSE).await;
            }
            other => return other,
        }
    }
}

fn socket(reader: CharacteristicReader, uuid: CharUuid) -> BoxStream<'static, Heard> {
    let values = stream::unfold(reader, move |reader| async move {
        // An empty value cannot be told from the end of the socket; whoever reads looks whether the link is up.
        let bytes = reader.recv().await.ok().filter(|bytes| !bytes.is_empty())?;
        Some((Heard::Value(uuid, bytes), reader))
    });
    values.chain(stream::iter([Heard::End])).boxed()
}

async fn signal(remote: &Characteristic, uuid: CharUuid) -> Result<BoxStream<'static, Heard>, BluezError> {
    let values = bounded("subscribing", CALL_S, remote.notify()).await?;
    Ok(values.map(move |bytes| Heard::Value(uuid, bytes)).chain(stream::iter([Heard::End])).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_come_through_a_socket_and_indications_through_signals() {
        let none = CharacteristicFlags::default();
        assert_eq!(Mode::of(none), None);
        assert_eq!(Mode::of(CharacteristicFlags { read: true, ..none }), None);
        assert_eq!(Mode::of(CharacteristicFlags { indicate: true, ..none }), Some(Mode::Signal));
        assert_eq!(
            Mode::of(CharacteristicFlags { notify: true, indicate: true, ..none }),
            Some(Mode::Socket)
        );
    }

    #[test]
    fn a_command_waits_for_a_response_only_where_its_profile_says_so() {
        let to = CharUuid::from_u128(1);
        for (response, expected) in [(true, WriteOp::Request), (false, WriteOp::Command)] {
            let command = Command { name: "start".into(), to, bytes: vec![1], response };
            assert_eq!(request(&command).op_type, expected);
        }
    }

    #[test]
    fn a_battery_is_taken_from_one_place_only() {
        let event = || DeviceEvent::PropertyChanged(DeviceProperty::BatteryPercentage(80));
        assert!(own_event(event(), true).is_none());
        assert!(matches!(own_event(event(), false), Some(Heard::Value(BATTERY, bytes)) if bytes == [80]));
    }
}
