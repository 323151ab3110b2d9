//! Dispatches over all profiles: the first byte picks a characteristic, the second the device, the rest is packets of
//! one connection, each behind its length. `FUZZ_ONLY=2A37` keeps to one characteristic.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rehab_hub_fuzz::decode::characteristics::{FLOAT, GHS_DRAFT, KNOWN, SFLOAT, by_name};
use rehab_hub_fuzz::decode::{Catalogue, Decoder, Device, DeviceProfile, Layout};
use rehab_hub_fuzz::types::{CharUuid, Mono};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::shipped().0);
static CHARACTERISTICS: LazyLock<Vec<CharUuid>> = LazyLock::new(|| {
    if let Ok(only) = std::env::var("FUZZ_ONLY") {
        return vec![by_name(&only).expect("FUZZ_ONLY names a characteristic")];
    }
    let declared = CATALOGUE.profiles().iter().flat_map(DeviceProfile::characteristics);
    KNOWN.iter().copied().chain([SFLOAT, FLOAT, GHS_DRAFT]).chain(declared).collect()
});

fuzz_target!(|data: &[u8]| {
    let [which, how, rest @ ..] = data else { return };
    let characteristic = CHARACTERISTICS[usize::from(*which) % CHARACTERISTICS.len()];
    let mut device = match how & 3 {
        0 => Device::UNKNOWN,
        1 => Device::of("Life Fitness", ""),
        2 => Device::of("Matrix", ""),
        _ => Device::of("Beurer", "BM85 MIBFS"),
    };
    device.layout = match how >> 2 & 3 {
        0 => Some(Layout::Gss),
        1 => Some(Layout::Ftms10),
        _ => None,
    };
    let mut decoder = Decoder::new(&CATALOGUE, device, Some(2.1));
    let mut at = 0;
    let mut rest: &[u8] = rest;
    while let [length, tail @ ..] = rest {
        let (packet, next) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = next;
        at += 1_000_000 * u64::from(*length);
        let _ = decoder.observe(characteristic, packet, Some(Mono::from_micros(at)), &mut |quantity, value| {
            // Every value has a JSON form: payloads rely on it.
            assert!(serde_json::to_value(value).is_ok(), "{}", quantity.name);
        });
        let identity = CATALOGUE.identity(characteristic, packet);
        assert!(identity.is_none() || !CATALOGUE.profile(characteristic).is_live());
    }
});
