//! The declarative engine and its files: a TOML text, a NUL, and a packet.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rehab_hub_fuzz::decode::{Catalogue, Device, DeviceProfile, Reading};
use rehab_hub_fuzz::types::CharUuid;

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let Ok(text) = std::str::from_utf8(&data[..end]) else { return };
    let packet = data.get(end + 1..).unwrap_or(&[]);
    let mut catalogue = Catalogue::empty();
    if let Err(faults) = catalogue.add("fuzz.toml", text) {
        assert!(!faults.list.is_empty(), "refused without a reason");
        assert!(catalogue.profiles().is_empty());
        return;
    }
    let declared: Vec<CharUuid> =
        catalogue.profiles().iter().flat_map(DeviceProfile::characteristics).collect();
    for characteristic in declared {
        let _ = catalogue.identity(characteristic, packet);
        if let Ok(reading) = catalogue.decode(&Device::UNKNOWN, characteristic, packet) {
            reading.fields(&mut |quantity, value| {
                assert!(serde_json::to_value(value).is_ok(), "{}", quantity.name);
            });
            if let Reading::Declared(declared) = reading {
                declared.meanings(&mut |_, _| {});
            }
        }
    }
});
