"""Runs `rehabctl demo --json` and judges its report: `demo.py COMMAND...`. Figures are printed as `name: value unit`."""

import json
import subprocess
import sys
import time

TARGET_S = 60
# A slow machine is no fault of the demo; ten times the target is one.
LIMIT_S = 10 * TARGET_S
COUNTS = ("captured", "stored", "acknowledged", "received", "missing", "surplus", "duplicates")


def judge(report: dict, seconds: float) -> list[str]:
    """What is wrong with a demo that took so long and reported this; empty when nothing is."""
    absent = [name for name in COUNTS if not isinstance(report.get(name), int)]
    if absent:
        return [f"the report has no count {name!r}" for name in absent]
    faults = []
    if report["captured"] == 0:
        faults.append("nothing was captured")
    for name in ("stored", "acknowledged"):
        if report[name] != report["captured"]:
            faults.append(f"{report['captured']} readings captured, {report[name]} {name}")
    for name in ("missing", "surplus"):
        if report[name] != 0:
            faults.append(f"{report[name]} readings {name} at the receiver")
    if report["duplicates"] == 0:
        faults.append("no duplicates, although the line is cut with answers under way")
    if report.get("day_agrees") is not True:
        faults.append("the day that the clinic got is not the one that the hub computed")
    if seconds > LIMIT_S:
        faults.append(f"{seconds:.0f} s, where {TARGET_S} s are promised")
    return faults


def main(command: list[str]) -> int:
    start = time.monotonic()
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - start
    if result.returncode != 0:
        print(f"demo: exit status {result.returncode}\n{result.stdout}", file=sys.stderr)
        return 1
    report = json.loads(result.stdout)
    faults = judge(report, seconds)
    for name in COUNTS:
        print(f"demo {name}: {report.get(name)} readings")
    print(f"demo day agrees: {report.get('day_agrees')}")
    print(f"demo time: {seconds:.1f} s (promised: under {TARGET_S} s)")
    for fault in faults:
        print(f"demo: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
