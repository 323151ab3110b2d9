//! How long a packet takes to decode and to show its fields, a characteristic at a time, next to the same packets
//! through Python's bluetooth-sig and pycycling in the same run. Prints `name: value unit`. Times are of the thread's own
//! processor time, here and there, so that a busy machine does not spoil them.
//!
//! `BENCH_PYTHON` names the Python that has both (`python3`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and has nobody to hand an error to"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

use rehab_hub::decode::{Catalogue, Device, by_name};
use rehab_hub::types::CharUuid;

/// A heart rate with three intervals, and a cross trainer's packet with every field there is.
const FULLEST: [(&str, &str, &str); 2] = [
    ("heart_rate", "2A37", "1ecbac0672015203e803"),
    (
        "fullest_ftms",
        "2ACE",
        "feff00e80384030302016400500032000a000400f6ff140007c800b4002c019001058c4be803c800",
    ),
];

fn main() -> ExitCode {
    let (catalogue, _) = Catalogue::shipped();
    let sets = packets(&catalogue);
    for (name, characteristic, hex) in FULLEST {
        let ns = time(&catalogue, by_name(characteristic).unwrap(), &[unhex(hex)]);
        println!("decode_{name}: {ns:.1} ns");
    }
    let mut ours = BTreeMap::new();
    for (characteristic, list) in &sets {
        let ns = time(&catalogue, by_name(characteristic).unwrap(), list);
        println!("decode_{characteristic}: {ns:.1} ns");
        ours.insert(characteristic.clone(), ns);
    }
    match peers(&sets) {
        Ok(lines) => {
            for line in lines.lines() {
                println!("{line}");
                print_ratio(line, &ours);
            }
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!(
                "the peers did not run: {reason}; install bluetooth-sig and pycycling for $BENCH_PYTHON"
            );
            ExitCode::FAILURE
        }
    }
}

/// `peer_bluetooth_sig_2A37: 12345.6 ns` beside ours.
fn print_ratio(line: &str, ours: &BTreeMap<String, f64>) {
    let Some((name, value)) = line.split_once(": ") else { return };
    let characteristic = name.rsplit('_').next().unwrap_or_default();
    let theirs = value.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    if let (Some(ours), Some(theirs)) = (ours.get(characteristic), theirs) {
        println!("{name}_over_ours: {:.0} times", theirs / ours);
    }
}

/// The packets of every characteristic that decode, from the vectors.
fn packets(catalogue: &Catalogue) -> BTreeMap<String, Vec<Vec<u8>>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let mut sets: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for file in ["vectors.jsonl", "profiles.jsonl"] {
        for line in std::fs::read_to_string(format!("{folder}/{file}")).unwrap().lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let name = vector["char"].as_str().unwrap();
            let Some(hex) = vector["hex"].as_str() else { continue };
            let bytes = unhex(hex);
            if catalogue.decode(&Device::UNKNOWN, by_name(name).unwrap(), &bytes).is_ok() {
                sets.entry(name.to_owned()).or_default().push(bytes);
            }
        }
    }
    sets
}

/// Nanoseconds a packet, decoded and every field shown: the median of nine rounds of 20 ms.
fn time(catalogue: &Catalogue, characteristic: CharUuid, packets: &[Vec<u8>]) -> f64 {
    let mut rounds: Vec<f64> = (0..9)
        .map(|_| {
            let start = processor_ns();
            let mut count = 0_u32;
            while processor_ns() - start < 20_000_000 {
                for packet in packets.iter().cycle().take(1000) {
                    let reading = catalogue.decode(&Device::UNKNOWN, characteristic, black_box(packet));
                    reading.unwrap().fields(&mut |quantity, value| {
                        black_box((quantity, value));
                    });
                }
                count += 1000;
            }
            (processor_ns() - start) as f64 / f64::from(count)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn processor_ns() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

fn peers(sets: &BTreeMap<String, Vec<Vec<u8>>>) -> Result<String, String> {
    let python = std::env::var_os("BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/benches/decode_peers.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    let mut input = child.stdin.take().unwrap();
    for (characteristic, list) in sets {
        for packet in list {
            let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(input, "{characteristic} {hex}").map_err(|error| error.to_string())?;
        }
    }
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{script} ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
