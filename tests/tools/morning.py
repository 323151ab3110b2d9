#!/usr/bin/env python3
"""Composes config/demo/morning.jsonl: half an hour of therapy on a strap and an exercise bike.

The packets have the layouts that such devices send (strap: contact bits and RR intervals; bike: speed, cadence, power
and heart rate, as a Schwinn IC4 does, and CSC wheel and crank counters), the course is a simple model of a person:
warm-up, ten minutes, a rest of four, ten minutes, cool-down. Same output at each run.
"""
import json
import pathlib
import random
import struct
from datetime import datetime, timedelta, timezone

START = datetime(2026, 11, 3, 14, 0, 0, tzinfo=timezone.utc)
# (until second, cadence in rpm, power in W)
COURSE = [(60, 0, 0), (240, 52, 35), (840, 66, 62), (1080, 0, 0), (1680, 68, 66), (1800, 45, 28), (1830, 0, 0)]
WHEEL_M = 2.1


def wanted(second):
    return next(((c, p) for until, c, p in COURSE if second < until), (0, 0))


def main():
    rng = random.Random(20261103)
    lines = []

    def put(at, **fields):
        stamp = (START + timedelta(seconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines.append((at, json.dumps({"at": stamp, **fields}, separators=(",", ":"))))

    put(-5.0, hub="up")
    put(0.4, sensor="strap", char="2A19", hex="57")
    put(12.2, sensor="bike", char="2A19", hex="64")
    cadence = power = 0.0
    heart = 71.0
    revolutions = wheel = 0.0
    rr_left = crank_time = wheel_time = 0.0
    for second in range(1, 1830):
        target_cadence, target_power = wanted(second)
        cadence += (target_cadence - cadence) * 0.35
        power += (target_power - power) * 0.3
        heart += (70 + 0.62 * power + 8 * (power > 5) - heart) / 38 + rng.gauss(0, 0.35)
        now_cadence = max(0.0, cadence + rng.gauss(0, 1.3)) if target_cadence else (cadence if cadence > 1 else 0.0)
        now_power = max(0.0, power + rng.gauss(0, 2.5)) if target_power else (power if power > 1 else 0.0)
        speed = 3.1 * now_cadence ** 0.5 if now_cadence else 0.0
        bpm = round(heart)

        rr, beat = [], 60 / heart
        rr_left += 1.0
        while rr_left >= beat:
            rr_left -= beat
            rr.append(round(max(0.3, beat + rng.gauss(0, 0.012)) * 1024))
        value = bytes([0x16, bpm]) + b"".join(struct.pack("<H", r) for r in rr)
        put(second + 0.137 + rng.uniform(-0.02, 0.02), sensor="strap", char="2A37", hex=value.hex())

        if second >= 12:
            value = struct.pack("<HHHhB", 0x0244, round(speed * 100), round(now_cadence * 2), round(now_power), bpm)
            put(second + 0.402 + rng.uniform(-0.03, 0.03), sensor="bike", char="2AD2", hex=value.hex())
            revolutions += now_cadence / 60
            wheel += speed / 3.6 / WHEEL_M
            # an event time is that of the last whole revolution; at rest it stays
            if now_cadence:
                crank_time = second - (revolutions % 1) * 60 / now_cadence
                wheel_time = second - (wheel % 1) * WHEEL_M / (speed / 3.6)
            value = struct.pack("<BIHHH", 3, int(wheel), int(wheel_time * 1024) % 65536, int(revolutions) % 65536,
                                int(crank_time * 1024) % 65536)
            put(second + 0.455 + rng.uniform(-0.03, 0.03), sensor="bike", char="2A5B", hex=value.hex())
    put(1845.0, hub="down")
    lines.sort(key=lambda entry: entry[0])
    out = pathlib.Path(__file__).resolve().parents[2] / "config/demo/morning.jsonl"
    out.write_text("".join(line + "\n" for _, line in lines))


if __name__ == "__main__":
    main()
