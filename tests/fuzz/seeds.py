"""Seeds of the fuzzers from the vectors and the shipped profiles; --list prints the characteristics instead."""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent / "vectors"
PROFILES = HERE.parent.parent / "config" / "profiles"
NUMBERS = HERE.parent.parent / "src" / "decode" / "characteristics.rs"


def read(name):
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


def known():
    """The 16-bit numbers in the order of the fuzzer's table, then the names behind them."""
    numbers = re.findall(r"^    \w+ = 0x(\w{4}),", NUMBERS.read_text(), re.M)
    return numbers + ["SFLOAT", "FLOAT", "GHS-2021-draft"]


def packets(vector):
    return [bytes.fromhex(text) for text in vector.get("sequence") or [vector["hex"]]]


def write(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    characteristics = known()
    if "--list" in sys.argv:
        files = sorted(PROFILES.glob("*.toml"))
        declared = [uuid for file in files for uuid in re.findall(r'^uuid = "(.*)"', file.read_text(), re.M)]
        print("\n".join(characteristics + declared))
        return
    corpus = HERE / "corpus"
    for vector in read("vectors.jsonl"):
        if vector["char"] not in characteristics:
            continue
        body = b"".join(bytes([min(len(p), 255)]) + p for p in packets(vector))
        which = characteristics.index(vector["char"])
        write(corpus / "decode", vector["id"], bytes([which, 8]) + body)
    for vector in read("profiles.jsonl"):
        text = (PROFILES / (vector["profile"] + ".toml")).read_bytes()
        # Comments only slow the mutations down.
        text = re.sub(rb"(?m)^#.*\n", b"", text)
        for packet in packets(vector):
            write(corpus / "profiles", vector["id"], text + b"\0" + packet)


main()
