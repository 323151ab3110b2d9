//! The `MESSAGE_ID` of every operator-facing event. Each has an entry with cause and remedy in
//! `systemd/rehab-hub.catalog`; a test holds the two against each other.

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $id;)*
        /// All of them, with the names they have here.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $id)),*];
    };
}

events! {
    /// The hub is up: store open, tasks running.
    STARTED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7001";
    /// The hub stops, on request.
    STOPPING = "5be1b2f0c3c14a5f9a6f0e6c1d2a7002";
    /// A task ended that never should.
    TASK_FAILED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7003";
    /// A sensor sends what its own characteristic does not allow; kept as it is.
    GARBAGE = "5be1b2f0c3c14a5f9a6f0e6c1d2a7004";
    /// A sensor sends more than any sensor should; the excess is counted and dropped.
    FLOOD = "5be1b2f0c3c14a5f9a6f0e6c1d2a7005";
    /// The store cannot write; the hub keeps what it can in memory and tries again.
    STORE_TROUBLE = "5be1b2f0c3c14a5f9a6f0e6c1d2a7006";
    /// The store writes again.
    STORE_RECOVERED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7007";
    /// The clock became synchronized, or was stepped: times are resolved anew.
    CLOCK_ANCHORED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7008";
    /// A damaged store was moved aside; a new one began.
    STORE_QUARANTINED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7009";
    /// A file with a declarative profile is faulty; the hub runs without it.
    PROFILE_REFUSED = "b90f5d5a34ce4f5c8a0a3c2c1b7e46d1";

    /// The hub is connected to the broker.
    CONNECTED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7101";
    /// There is no connection to the broker; readings wait in the store. Logged again only when the cause changes.
    UNREACHABLE = "5be1b2f0c3c14a5f9a6f0e6c1d2a7102";
    /// Nobody at the broker subscribes to what the hub sends; everything is kept until somebody does.
    NO_SUBSCRIBER = "5be1b2f0c3c14a5f9a6f0e6c1d2a7103";
    /// The broker refuses what the hub publishes; everything is kept until it takes it.
    REFUSED = "5be1b2f0c3c14a5f9a6f0e6c1d2a7104";
    /// The far side takes what the hub sends again, after [`NO_SUBSCRIBER`] or [`REFUSED`].
    ACCEPTED_AGAIN = "5be1b2f0c3c14a5f9a6f0e6c1d2a7105";
    /// One message is larger than the broker will ever take; it stays in the store, and a gap is reported.
    TOO_LARGE = "5be1b2f0c3c14a5f9a6f0e6c1d2a7106";

    /// The hub reached a powered Bluetooth adapter.
    RADIO_READY = "6223ad1553114eabbf31a50def89072e";
    /// No D-Bus, no bluetoothd, no adapter, or one that is off or does not answer.
    RADIO_DOWN = "42cfa7fe21514f2494831cad91050caf";
    /// A sensor is connected and its values arrive.
    SENSOR_STREAMING = "89712b3d7cca45dbbd5c45e17326ca1c";
    /// The link to a sensor ended.
    SENSOR_LOST = "4d586a0f7870451787037e048264007d";
    /// A sensor whose configuration asks for a bond has none.
    SENSOR_NOT_BONDED = "434e486185384f789fbab574e4ed098c";
    /// A sensor is there but cannot be connected or read.
    SENSOR_FAILED = "966d2e6fa86e468a8e299538ad9b8d84";
    /// A person opened a pairing window for one sensor.
    PAIRING_OPEN = "628f4d1d5d52498880245ae54d372935";
    /// The pairing window closed.
    PAIRING_CLOSED = "0ec6732c434a4782acefd0d2db2b363c";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn the_catalogue_explains_every_event_and_nothing_else() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/rehab-hub.catalog");
        let catalogue = std::fs::read_to_string(path).unwrap();
        let explained: BTreeSet<&str> =
            catalogue.lines().filter_map(|line| line.strip_prefix("-- ")).map(|id| id.trim()).collect();
        let known: BTreeSet<&str> = ALL.iter().map(|(_, id)| *id).collect();
        assert_eq!(known, explained);
        assert_eq!(known.len(), ALL.len(), "two events share an id");
        for id in known {
            assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
        }
        for entry in catalogue.split("\n-- ").skip(1) {
            for part in ["Subject: ", "Defined-By: ", "Remedy: "] {
                assert!(entry.contains(part), "no {part:?} in the entry {}", &entry[..32]);
            }
        }
    }
}
