//! What is broken, and how long to wait before the next attempt. Pure.

use std::time::Duration;

use bluer::{ErrorKind, InternalErrorKind};

/// What an error puts at fault; from the sensor outwards, each needs a larger step to recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// This one call, or the sensor that it was about: try again later.
    Other,
    /// The object is gone: a sensor that bluetoothd forgot, or the adapter itself.
    Missing,
    /// No answer: bluetoothd may be stopped. Links may well be alive, so nothing is torn down.
    Silence,
    /// The adapter is off or absent.
    Adapter,
    /// bluetoothd is not running. The session goes on when it is back.
    Bluez,
    /// The hub may not talk to bluetoothd.
    Denied,
    /// D-Bus is gone: only a new session helps.
    Bus,
}

impl Fault {
    /// Reads an error of bluer.
    pub(super) fn of(error: &bluer::Error) -> Self {
        match &error.kind {
            ErrorKind::NotFound | ErrorKind::DoesNotExist => Self::Missing,
            ErrorKind::NotReady => Self::Adapter,
            ErrorKind::Internal(InternalErrorKind::DBusConnectionLost | InternalErrorKind::Io(_)) => {
                Self::Bus
            }
            ErrorKind::Internal(InternalErrorKind::DBus(name)) => Self::of_dbus(name, &error.message),
            _ => Self::Other,
        }
    }

    fn of_dbus(name: &str, message: &str) -> Self {
        if name.starts_with("org.freedesktop.systemd1.") {
            return Self::Bluez; // D-Bus tried to start bluetoothd, and systemd would not
        }
        let Some(name) = name.strip_prefix("org.freedesktop.DBus.Error.") else { return Self::Other };
        match name {
            "UnknownMethod" | "UnknownInterface" | "InvalidArgs" => Self::Missing,
            "Timeout" | "TimedOut" => Self::Silence,
            "AccessDenied" => Self::Denied,
            "ServiceUnknown" | "NameHasNoOwner" | "NoReply" => Self::Bluez,
            _ if name.starts_with("Spawn.") => Self::Bluez,
            "Disconnected" | "NoServer" | "FileNotFound" | "AuthFailed" => Self::Bus,
            "Failed" if message.starts_with("Failed to send") => Self::Bus,
            _ => Self::Other,
        }
    }

    /// Whether it concerns the radio as a whole, which is said once and not for every sensor.
    pub(super) const fn is_common(self) -> bool {
        match self {
            Self::Other | Self::Missing => false,
            Self::Silence | Self::Adapter | Self::Bluez | Self::Denied | Self::Bus => true,
        }
    }

    /// What a technician does about it.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Other => {
                "bring the sensor near the hub, wake it up, look at its battery; the hub tries again"
            }
            Self::Missing => "bluetoothd does not know it now; wake it up near the hub",
            Self::Silence => "if this lasts, run `systemctl restart bluetooth`",
            Self::Adapter => "run `rfkill unblock bluetooth`, or plug the adapter in",
            Self::Bluez => "run `systemctl start bluetooth`",
            Self::Denied => "let the hub's user send to org.bluez in the D-Bus policy",
            Self::Bus => "run `systemctl start dbus`",
        }
    }
}

/// Growing pauses: each is twice the one before up to a cap, and the second half of each is random, so that hubs and
/// sensors that failed together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// For one sensor: 1 s to 60 s.
    pub(super) const fn sensor() -> Self {
        Self { first: Duration::from_secs(1), cap: Duration::from_secs(60), failures: 0 }
    }

    /// For D-Bus, bluetoothd and the adapter: 1 s to 10 s, for not every return is announced by an event, and asking
    /// costs little.
    pub(super) const fn radio() -> Self {
        Self { first: Duration::from_secs(1), cap: Duration::from_secs(10), failures: 0 }
    }

    /// The pause after one more failure; `random` is any number, evenly distributed.
    pub(super) fn next(&mut self, random: u32) -> Duration {
        let factor = 1u32 << self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let whole = self.first.saturating_mul(factor).min(self.cap);
        whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A link that held this long, in microseconds, was a good one: its loss is no reason to wait before the next.
const HELD_US: u64 = 10_000_000;

/// Whether a link that lasted from one moment to another counts as a success.
pub(super) const fn held(micros: u64) -> bool {
    micros >= HELD_US
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dbus(name: &str, message: &str) -> Fault {
        let kind = ErrorKind::Internal(InternalErrorKind::DBus(name.into()));
        Fault::of(&bluer::Error { kind, message: message.into() })
    }

    #[test]
    fn each_layer_that_can_die_is_told_from_the_others() {
        let p = "org.freedesktop.DBus.Error.";
        assert_eq!(dbus(&format!("{p}ServiceUnknown"), "The name org.bluez was not provided"), Fault::Bluez);
        assert_eq!(dbus(&format!("{p}NoReply"), "Message recipient disconnected"), Fault::Bluez);
        assert_eq!(dbus(&format!("{p}Spawn.ChildExited"), ""), Fault::Bluez);
        assert_eq!(dbus("org.freedesktop.systemd1.NoSuchUnit", ""), Fault::Bluez);
        assert_eq!(dbus(&format!("{p}Failed"), "Failed to send message"), Fault::Bus);
        assert_eq!(dbus(&format!("{p}FileNotFound"), "Failed to connect to socket"), Fault::Bus);
        assert_eq!(dbus(&format!("{p}UnknownMethod"), "Method \"Get\" … doesn't exist"), Fault::Missing);
        assert_eq!(dbus(&format!("{p}AccessDenied"), "Rejected send message"), Fault::Denied);
        let aborted =
            bluer::Error { kind: ErrorKind::Failed, message: "le-connection-abort-by-local".into() };
        assert_eq!(Fault::of(&aborted), Fault::Other);
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_start_again_after_a_success() {
        let mut backoff = Backoff::sensor();
        let longest: Vec<u64> = (0..9).map(|_| backoff.next(u32::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(backoff.next(0), Duration::from_secs(30), "half of a pause is fixed");
        backoff.reset();
        assert_eq!(backoff.next(0), Duration::from_millis(500));
    }

    #[test]
    fn a_link_that_breaks_at_once_is_no_success() {
        assert!(!held(300_000) && held(10_000_000));
    }
}
