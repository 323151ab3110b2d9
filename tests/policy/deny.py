"""Holds Cargo.lock and its crates to .deny.toml, without cargo-deny: `python tests/policy/deny.py`.

Not checked here, because it needs the registry and the advisory database: new advisories, yanked versions.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import spdx

ROOT = Path(__file__).resolve().parents[2]
SUPPORTED = {
    "graph": {"all-features"},
    "advisories": {"version", "yanked", "ignore"},
    "licenses": {"version", "allow", "exceptions", "unused-allowed-license"},
    "bans": {"multiple-versions", "wildcards", "deny", "features"},
    "sources": {"unknown-registry", "unknown-git"},
}
# The name that Cargo.lock gives to the public registry, wherever it is mirrored.
PUBLIC_REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
REASON = re.compile(r"(?P<name>[A-Za-z0-9_-]+)@(?P<version>[^:\s]+): \S")


@dataclass
class Report:
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_supported(policy: dict, report: Report) -> None:
    """A rule that this program does not know would be held by nobody."""
    for section, rules in policy.items():
        for rule in rules if section in SUPPORTED else [None]:
            if section not in SUPPORTED or rule not in SUPPORTED[section]:
                name = section if rule is None else f"{section}.{rule}"
                report.errors.append(f".deny.toml: {name}: tests/policy/deny.py does not hold this rule; teach it")


def check_advisories(policy: dict, packages: list[dict], report: Report) -> None:
    present = {(p["name"], p["version"]) for p in packages}
    seen = set()
    for entry in policy.get("advisories", {}).get("ignore", []):
        about = f"advisory {entry.get('id')}"
        if not re.fullmatch(r"RUSTSEC-\d{4}-\d{4}", entry.get("id", "")):
            report.errors.append(f"{about}: not an advisory id; expected RUSTSEC-YEAR-NUMBER")
        if entry.get("id") in seen:
            report.errors.append(f"{about}: listed twice")
        seen.add(entry.get("id"))
        reason = REASON.match(entry.get("reason", ""))
        if not reason:
            report.errors.append(f"{about}: the reason must be 'crate@version: why it is accepted'")
        elif (reason["name"], reason["version"]) not in present:
            report.errors.append(f"{about}: stale, {reason['name']} {reason['version']} is not in Cargo.lock; remove it")


def check_licences(policy: dict, packages: list[dict], report: Report) -> None:
    rules = policy.get("licenses", {})
    allowed = set(rules.get("allow", []))
    exceptions = {e["crate"]: set(e["allow"]) for e in rules.get("exceptions", [])}
    named = set()
    for package in packages:
        crate = f"{package['name']} {package['version']}"
        if not package["license"]:
            report.errors.append(f"{crate}: no licence expression (license-file: {package['license_file']})")
            continue
        try:
            tree = spdx.parse(package["license"])
        except spdx.SpdxError as error:
            report.errors.append(f"{crate}: {error}")
            continue
        named |= spdx.licences(tree)
        if not spdx.satisfied(tree, allowed | exceptions.get(package["name"], set())):
            report.errors.append(f"{crate}: licence {package['license']} is not allowed")
        elif package["name"] in exceptions and spdx.satisfied(tree, allowed):
            report.errors.append(f"licence exception for {package['name']}: not needed; remove it")
    if rules.get("unused-allowed-license", "warn") == "deny":
        report.errors += [f"licence {name}: allowed, but no crate names it; remove it" for name in sorted(allowed - named)]
    names = {p["name"] for p in packages}
    report.errors += [f"licence exception for {n}: no such crate; remove it" for n in sorted(exceptions.keys() - names)]


def check_bans(policy: dict, packages: list[dict], features: dict[str, list[str]], report: Report) -> None:
    rules = policy.get("bans", {})
    versions = defaultdict(list)
    for package in packages:
        versions[package["name"]].append(package["version"])
    single = set()
    for ban in rules.get("deny", []):
        name, found = ban["crate"], versions.get(ban["crate"], [])
        if ban.get("deny-multiple-versions"):
            single.add(name)
            if len(found) > 1:
                report.errors.append(f"{name}: {len(found)} versions ({', '.join(found)}); {ban['reason']}")
        elif found:
            report.errors.append(f"{name} {', '.join(found)}: banned; {ban['reason']}")
    for name, found in versions.items():
        if len(found) > 1 and name not in single and rules.get("multiple-versions") == "warn":
            report.warnings.append(f"{name}: {len(found)} versions ({', '.join(found)})")
    for rule in rules.get("features", []):
        for package in packages:
            on = set(features.get(package["id"], [])) & set(rule["deny"])
            if package["name"] == rule["crate"] and on:
                report.errors.append(f"{rule['crate']}: feature {', '.join(sorted(on))} is on; {rule['reason']}")
    if rules.get("wildcards") == "deny":
        for package in packages:
            if package["source"] is None:
                report.errors += [
                    f"{package['name']}: dependency {d['name']} has no version requirement"
                    for d in package["dependencies"]
                    if d["req"] == "*"
                ]


def check_sources(policy: dict, packages: list[dict], report: Report) -> None:
    rules = policy.get("sources", {})
    for package in packages:
        source = package["source"]
        kind = "unknown-git" if source and source.startswith("git+") else "unknown-registry"
        if source not in (None, PUBLIC_REGISTRY) and rules.get(kind, "deny") == "deny":
            report.errors.append(f"{package['name']} {package['version']}: comes from {source}, not from crates.io")


def check(policy: dict, metadata: dict) -> Report:
    """All findings about a tree, as `cargo metadata` describes it."""
    report = Report()
    packages = metadata["packages"]
    features = {node["id"]: node["features"] for node in metadata["resolve"]["nodes"]}
    check_supported(policy, report)
    check_advisories(policy, packages, report)
    check_licences(policy, packages, report)
    check_bans(policy, packages, features, report)
    check_sources(policy, packages, report)
    return report


def metadata(root: Path = ROOT, *arguments: str) -> dict:
    """What cargo says about the locked tree, for every platform."""
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--quiet", *arguments]
    return json.loads(subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE).stdout)


def main() -> int:
    policy = tomllib.loads((ROOT / ".deny.toml").read_text())
    tree = metadata(ROOT, *(["--all-features"] if policy["graph"].get("all-features") else []))
    report = check(policy, tree)
    for warning in report.warnings:
        print(f"warning: {warning}")
    for error in report.errors:
        print(f"error: {error}", file=sys.stderr)
    print(f"crates held to .deny.toml: {len(tree['packages'])} crates")
    print(f"advisories accepted with a reason: {len(policy['advisories']['ignore'])} advisories")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
