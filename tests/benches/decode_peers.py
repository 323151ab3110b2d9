"""The packets of standard input, `CHAR HEX` a line, through bluetooth-sig and pycycling: nanoseconds a packet.

A packet that a peer refuses is left out of its figure.
"""

import logging
import sys
import time
import warnings

from bluetooth_sig.gatt.characteristics.registry import CharacteristicRegistry
from pycycling import cycling_power_service, cycling_speed_cadence_service, ftms_parsers, heart_rate_service

PYCYCLING = {
    "2A37": heart_rate_service._parse_hr_measurement,
    "2A5B": cycling_speed_cadence_service._parse_csc_measurement,
    "2A63": cycling_power_service._parse_cycling_power_measurement,
    "2AD2": ftms_parsers.parse_indoor_bike_data,
}


def bluetooth_sig(char):
    """The parser of one characteristic; None where the library has none."""
    if len(char) != 4:
        return None
    found = CharacteristicRegistry.get_characteristic(char)
    return found.parse_value if found else None


def accepted(parse, packets):
    good = []
    for packet in packets:
        try:
            parse(packet)
        except Exception:
            continue
        good.append(packet)
    return good


def nanoseconds(parse, packets):
    rounds = []
    for _ in range(5):
        count, start = 0, time.thread_time_ns()
        while time.thread_time_ns() - start < 20_000_000:
            for packet in packets:
                parse(packet)
            count += len(packets)
        rounds.append((time.thread_time_ns() - start) / count)
    return sorted(rounds)[2]


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sets = {}
    for line in sys.stdin:
        char, _, text = line.rstrip("\n").partition(" ")
        sets.setdefault(char, []).append(bytearray.fromhex(text))
    for char, packets in sets.items():
        for peer, parse in (("bluetooth_sig", bluetooth_sig(char)), ("pycycling", PYCYCLING.get(char))):
            good = accepted(parse, packets) if parse else []
            if good:
                print(f"peer_{peer}_{char}: {nanoseconds(parse, good):.0f} ns")


main()
