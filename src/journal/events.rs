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
