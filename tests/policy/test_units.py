"""systemd's own tools judge what is under systemd/, in a root of its own so that nothing of this machine is read or set."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
EXPOSURE_TENTHS = 13
# What a Debian 12 has of the units that ours are ordered after; the drop-in needs its own under it.
BLUETOOTH = """[Unit]
Description=Bluetooth service
[Service]
Type=dbus
BusName=org.bluez
ExecStart=/usr/libexec/bluetooth/bluetoothd
[Install]
WantedBy=bluetooth.target
"""


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


@pytest.fixture
def root(tmp_path):
    """A file system with the units as a package installs them and stand-ins for the two programs."""
    units = tmp_path / "usr/lib/systemd/system"
    shutil.copytree("/usr/lib/systemd/system", units, symlinks=True)
    (units / "bluetooth.service").unlink(missing_ok=True)
    (units / "bluetooth.service").write_text(BLUETOOTH)
    shutil.copy(UNITS / "rehab-hub.service", units)
    shutil.copytree(UNITS / "bluetooth.service.d", units / "bluetooth.service.d")
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "etc").mkdir()
    for program in ("usr/bin/rehab-hubd", "usr/libexec/bluetooth/bluetoothd"):
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return tmp_path


def verify(root, unit):
    """`verify` warns about an unknown key and still exits with 0: clean means silent."""
    result = run("systemd-analyze", "verify", f"--root={root}", "--man=no", unit)
    return result.returncode, result.stdout


@pytest.mark.parametrize("unit", ["rehab-hub.service", "bluetooth.service"])
def test_systemd_reads_the_unit_without_a_word(root, unit):
    assert verify(root, unit) == (0, "")


@pytest.mark.parametrize(
    "unit, file, line",
    [
        ("rehab-hub.service", "rehab-hub.service", "RestartSpets=3"),
        ("bluetooth.service", "bluetooth.service.d/rehab-hub.conf", "Restart=allways"),
    ],
)
def test_systemd_would_say_so_if_a_line_were_wrong(root, unit, file, line):
    path = root / "usr/lib/systemd/system" / file
    path.write_text(path.read_text() + f"\n[Service]\n{line}\n")
    assert line.split("=")[0] in verify(root, unit)[1] or "service restart" in verify(root, unit)[1]


def test_the_sandbox_exposes_at_most_1_3(capsys):
    unit = UNITS / "rehab-hub.service"
    result = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_TENTHS}", str(unit))
    exposure = re.search(r"exposure level for rehab-hub.service: ([0-9.]+)", result.stdout)
    assert exposure, result.stdout
    with capsys.disabled():
        print(f"\nsandbox exposure: {exposure[1]} of 10")
    assert result.returncode == 0, result.stdout


def settings(path):
    """Every Key=value of a unit file, in order; a key may come more than once."""
    lines = [line for line in path.read_text().splitlines() if re.match(r"[A-Z]\w*=", line)]
    return [tuple(line.split("=", 1)) for line in lines]


def test_nothing_keeps_the_hub_from_starting_or_from_starting_again():
    unit = settings(UNITS / "rehab-hub.service")
    keys = {key for key, _ in unit}
    assert not keys & {"Requires", "Requisite", "BindsTo", "PartOf"}
    assert "network-online.target" not in dict(unit)["After"]
    assert dict(unit)["StartLimitIntervalSec"] == "0"
    assert dict(unit)["RestartPreventExitStatus"] == "78"


@pytest.mark.parametrize("hides", ["ProtectClock=yes", "ProcSubset=pid", "PrivateNetwork=yes"])
def test_the_sandbox_leaves_the_clock_the_boot_id_and_the_network(hides):
    key, value = hides.split("=")
    assert (key, value) not in settings(UNITS / "rehab-hub.service")


def test_the_clock_can_be_read_and_the_rest_of_its_calls_not():
    filters = [value for key, value in settings(UNITS / "rehab-hub.service") if key == "SystemCallFilter"]
    assert filters[-1].split() == ["adjtimex", "clock_adjtime", "clock_adjtime64"]
    assert ("CapabilityBoundingSet", "") in settings(UNITS / "rehab-hub.service")


def test_the_user_and_the_folder_are_made_as_the_unit_expects(root):
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    users = run("systemd-sysusers", f"--root={root}", str(UNITS / "rehab-hub.sysusers"))
    assert users.returncode == 0, users.stdout
    passwd = dict(line.split(":", 1) for line in (root / "etc/passwd").read_text().splitlines())
    group = dict(line.split(":", 1) for line in (root / "etc/group").read_text().splitlines())
    assert passwd["rehab-hub"].endswith("nologin")
    folders = run("systemd-tmpfiles", "--create", f"--root={root}", str(UNITS / "rehab-hub.tmpfiles"))
    assert folders.returncode == 0, folders.stdout
    made = (root / "etc/rehab-hub").stat()
    assert stat.S_IMODE(made.st_mode) == 0o750
    assert (made.st_uid, made.st_gid) == (0, int(group["rehab-hub"].split(":")[1]))


def test_systemd_compiles_every_entry_of_the_catalogue(root):
    catalogue = UNITS / "rehab-hub.catalog"
    folder = root / "usr/lib/systemd/catalog"
    folder.mkdir()
    (root / "var/lib/systemd/catalog").mkdir(parents=True)
    shutil.copy(catalogue, folder)
    update = run("journalctl", "--update-catalog", f"--root={root}")
    assert (update.returncode, update.stdout) == (0, "")
    listed = run("journalctl", "--list-catalog", f"--root={root}").stdout.splitlines()
    written = re.findall(r"^-- ([0-9a-f]{32})$", catalogue.read_text(), re.M)
    assert written and sorted(line.split()[0] for line in listed) == sorted(written)
