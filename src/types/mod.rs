//! Ids and units as types: parsed once at the edge, with private fields, so that no bare number travels.

mod gatt;
mod ids;
mod packet;
mod text;
mod time;

pub use gatt::{Address, CharUuid};
pub use ids::{ClinicId, Epoch, HubId, SensorId, Seq};
pub use packet::{HUB_STATE, HubState, Link, Logged, Origin, PATIENT_REPORT, Packet};
pub use text::ParseError;
pub use time::{BootId, Mono, UtcMicros};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sig_uuid_prints_short_and_a_vendor_uuid_whole() {
        let strap: CharUuid = "2a37".parse().unwrap();
        assert_eq!(strap, CharUuid::sig(0x2A37));
        assert_eq!(strap.to_string(), "2A37");
        let whole: CharUuid = "00002a37-0000-1000-8000-00805f9b34fb".parse().unwrap();
        assert_eq!(whole, strap);
        let text = "a0000001-1111-2222-3333-444455556666";
        assert_eq!(text.parse::<CharUuid>().unwrap().to_string(), text);
        assert_eq!(text.parse::<CharUuid>().unwrap().short(), None);
    }

    #[test]
    fn ids_that_would_break_a_topic_are_refused() {
        for bad in ["", "Bike", "a/b", "+", "-a", "ä", "a b", &"a".repeat(33)] {
            assert!(bad.parse::<SensorId>().is_err(), "{bad:?} was taken");
        }
        assert!("bike-2_left".parse::<SensorId>().is_ok());
    }

    #[test]
    fn addresses_survive_their_text() {
        let address: Address = "c0:11:22:33:44:5f".parse().unwrap();
        assert_eq!(address.to_string(), "C0:11:22:33:44:5F");
        for bad in ["C0:11:22:33:44", "C0:11:22:33:44:5F:00", "C0-11-22-33-44-5F", "C0:11:22:33:44:+F"] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn utc_prints_milliseconds_and_keeps_microseconds() {
        let time: UtcMicros = "2026-11-03T14:00:01Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-03T14:00:01.000Z");
        assert_eq!(time.plus(1).to_string(), "2026-11-03T14:00:01.000001Z");
        assert_eq!(UtcMicros::from_micros(-1).millis(), -1);
    }
}
