"""Each rule of .deny.toml is broken once on a small made-up tree; then the real tree is held to the real file."""

import copy
import tomllib

import deny
import pytest

POLICY = tomllib.loads("""
[graph]
all-features = true
[advisories]
ignore = [{ id = "RUSTSEC-2025-0001", reason = "old@0.1.0: nobody calls it" }]
[licenses]
unused-allowed-license = "deny"
allow = ["MIT", "ISC"]
exceptions = [{ crate = "dedicated", allow = ["CC0-1.0"] }]
[bans]
multiple-versions = "warn"
wildcards = "deny"
deny = [
  { crate = "openssl-sys", reason = "rustls" },
  { crate = "tokio", deny-multiple-versions = true, reason = "one runtime" },
]
features = [{ crate = "sled", deny = ["compression"], reason = "clash" }]
[sources]
unknown-registry = "deny"
unknown-git = "deny"
""")


def package(name, version="0.1.0", licence="MIT", source=deny.PUBLIC_REGISTRY, dependencies=()):
    return {
        "id": f"{name}@{version}",
        "name": name,
        "version": version,
        "license": licence,
        "license_file": None,
        "source": source,
        "dependencies": [{"name": n, "req": r} for n, r in dependencies],
    }


GOOD = [package("hub", source=None), package("old"), package("dedicated", licence="CC0-1.0"), package("isc", licence="ISC")]


def findings(packages, policy=POLICY, features=None):
    nodes = [{"id": p["id"], "features": (features or {}).get(p["name"], [])} for p in packages]
    return deny.check(policy, {"packages": packages, "resolve": {"nodes": nodes}})


def changed(path, value):
    policy = copy.deepcopy(POLICY)
    at = policy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return policy


def test_a_good_tree_has_no_findings():
    report = findings(GOOD)
    assert (report.errors, report.warnings) == ([], [])


@pytest.mark.parametrize(
    "added, word",
    [
        (package("gpl", licence="GPL-3.0-only"), "gpl 0.1.0: licence GPL-3.0-only is not allowed"),
        (package("free", licence="CC0-1.0"), "free 0.1.0: licence CC0-1.0 is not allowed"),
        (package("bare", licence=None), "bare 0.1.0: no licence expression"),
        (package("odd", licence="MIT OR"), "odd 0.1.0: 'MIT OR'"),
        (package("openssl-sys"), "openssl-sys 0.1.0: banned; rustls"),
        (package("fork", source="git+ssh://elsewhere/fork"), "fork 0.1.0: comes from git+ssh"),
        (package("mirror", source="registry+file:///elsewhere"), "mirror 0.1.0: comes from registry+file"),
        (package("ours", source=None, dependencies=[("any", "*")]), "ours: dependency any has no version"),
    ],
)
def test_a_bad_crate_is_an_error(added, word):
    errors = findings([*GOOD, added]).errors
    assert len(errors) == 1 and errors[0].startswith(word)


def test_two_versions_are_a_warning_and_for_some_crates_an_error():
    twice = [package("rand"), package("rand", "0.2.0"), package("tokio"), package("tokio", "0.2.0")]
    report = findings([*GOOD, *twice])
    assert report.warnings == ["rand: 2 versions (0.1.0, 0.2.0)"]
    assert report.errors == ["tokio: 2 versions (0.1.0, 0.2.0); one runtime"]


def test_a_banned_feature_is_an_error_only_where_it_is_on():
    assert findings([*GOOD, package("sled")]).errors == []
    assert findings([*GOOD, package("sled")], features={"sled": ["compression"]}).errors == [
        "sled: feature compression is on; clash"
    ]


@pytest.mark.parametrize("left", [package("old", "0.1.1"), package("older")])
def test_an_advisory_about_a_crate_that_left_the_tree_is_stale(left):
    errors = findings([p for p in GOOD if p["name"] != "old"] + [left]).errors
    assert errors == ["advisory RUSTSEC-2025-0001: stale, old 0.1.0 is not in Cargo.lock; remove it"]


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "RUSTSEC-2025-0001"},
        {"id": "RUSTSEC-2025-0001", "reason": "nobody calls it"},
        {"id": "RUSTSEC-2025-0001", "reason": "old: nobody calls it"},
        {"id": "CVE-2025-1", "reason": "old@0.1.0: nobody calls it"},
    ],
)
def test_an_advisory_without_a_proper_id_or_reason_is_an_error(entry):
    assert len(findings(GOOD, changed(("advisories", "ignore"), [entry])).errors) == 1


def test_an_advisory_listed_twice_is_an_error():
    twice = POLICY["advisories"]["ignore"] * 2
    assert findings(GOOD, changed(("advisories", "ignore"), twice)).errors == ["advisory RUSTSEC-2025-0001: listed twice"]


def test_a_licence_or_an_exception_that_nobody_needs_is_an_error():
    assert findings(GOOD, changed(("licenses", "allow"), ["MIT", "ISC", "Zlib"])).errors == [
        "licence Zlib: allowed, but no crate names it; remove it"
    ]
    assert findings([p for p in GOOD if p["name"] != "dedicated"]).errors == [
        "licence exception for dedicated: no such crate; remove it"
    ]
    assert findings(GOOD, changed(("licenses", "allow"), ["MIT", "ISC", "CC0-1.0"])).errors == [
        "licence exception for dedicated: not needed; remove it"
    ]


def test_a_rule_that_this_program_does_not_hold_is_an_error():
    assert len(findings(GOOD, changed(("bans", "skip"), [])).errors) == 1
    assert len(findings(GOOD, changed(("output",), {})).errors) == 1


def test_the_locked_tree_is_held_to_the_policy():
    policy = tomllib.loads((deny.ROOT / ".deny.toml").read_text())
    tree = deny.metadata(deny.ROOT, "--all-features")
    assert deny.check(policy, tree).errors == []


def test_a_product_build_has_no_broker_and_no_flattened_log_fields():
    tree = deny.metadata(deny.ROOT, "--no-default-features")
    on = {node["id"]: node["features"] for node in tree["resolve"]["nodes"]}
    names = {p["name"]: on[p["id"]] for p in tree["packages"] if p["id"] in on}
    assert "rumqttd" not in names and "axum" not in names
    assert "log" not in names["tracing"], "tracing's log feature flattens fields into the text"
