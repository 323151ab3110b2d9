"""The Yocto layer: bitbake's parser reads it, oelint finds nothing, and it installs and fetches what the repository has."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import bitbake
import crates_inc
import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "yocto/meta-rehab-hub"
RECIPE = LAYER / "recipes-rehab/rehab-hub/rehab-hub_0.1.0.bb"
CLASSES = ["cargo", "cargo-update-recipe-crates", "features_check", "systemd", "useradd"]
RELEASE = "wrynose"
# What oelint says and we do otherwise, each with the reason.
SUPPRESSED = {
    "oelint.var.licenseremotefile": "the repository's top level has no licence files; the texts are openembedded-core's",
    "oelint.var.mandatoryvar.HOMEPAGE": "the project has no public address",
    "oelint.vars.fileextrapaths": "the layer stands inside the source that it builds",
    "oelint.vars.outofcontext": "the same",
}
# In the list of crates, which has the form that bitbake's update_crates gives it.
SUPPRESSED_IN_CRATES = {"oelint.vars.inconspaces", "oelint.vars.srcurifile"}


@pytest.fixture
def recipe(tmp_path):
    places = {
        "S": str(ROOT),
        "D": str(tmp_path / "image"),
        "nonarch_libdir": "/usr/lib",
        "systemd_system_unitdir": "/usr/lib/systemd/system",
        "sysconfdir": "/etc",
        "localstatedir": "/var",
        "base_sbindir": "/sbin",
    }
    (tmp_path / "bb").mkdir()
    return bitbake.parse(RECIPE, CLASSES, tmp_path / "bb", **places)


def lint(*files):
    tool = Path(sys.executable).with_name("oelint-adv")
    suppress = [f"--suppress={rule}" for rule in SUPPRESSED]
    command = [tool, "--quiet", "--mode=all", f"--release={RELEASE}", "--hide=info", "--relpaths", *suppress, *files]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    return [line for line in lines if not ("-crates.inc:" in line and any(r in line for r in SUPPRESSED_IN_CRATES))]


def test_oelint_finds_nothing():
    assert lint(RECIPE, LAYER / "conf/layer.conf") == []


def test_oelint_would_find_a_misspelt_variable(tmp_path):
    bad = tmp_path / "bad_1.0.bb"
    bad.write_text(RECIPE.read_text().replace("RDEPENDS:", "RDEPEND:"))
    shutil.copy(crates_inc.TARGET, tmp_path / "bad-crates.inc")
    assert any("oelint.vars.mispell" in line for line in lint(bad))


def test_bitbake_reads_the_recipe(recipe):
    assert recipe.getVar("LICENSE") == "MIT | Apache-2.0"
    assert "--no-default-features" in recipe.getVar("CARGO_BUILD_FLAGS")


@pytest.mark.parametrize("line", ['SUMMARY "no equals sign"', "inherit no-such-class", "require no-such-file.inc"])
def test_bitbake_refuses_a_broken_recipe(tmp_path, line):
    broken = tmp_path / "broken_1.0.bb"
    broken.write_text(line + "\n")
    with pytest.raises(bitbake.refusal()):
        bitbake.parse(broken, [], tmp_path)


def test_the_recipe_has_the_version_and_the_licence_of_the_crate(recipe):
    crate = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    assert recipe.getVar("PV") == crate["version"]
    assert recipe.getVar("LICENSE").replace("|", "OR") == crate["license"]


def test_the_layer_is_for_the_release_that_it_is_linted_for():
    compatible = re.search(r'LAYERSERIES_COMPAT_rehab-hub = "(.*)"', (LAYER / "conf/layer.conf").read_text())
    assert compatible[1].split() == [RELEASE]


def test_every_crate_of_the_lock_file_is_fetched_with_its_checksum(recipe):
    locked = [p for p in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"] if "source" in p]
    fetched = [u for u in recipe.getVar("SRC_URI").split() if u.startswith("crate:")]
    assert fetched == [f"crate://crates.io/{p['name']}/{p['version']}" for p in locked]
    for package in locked:
        flag = f"{package['name']}-{package['version']}.sha256sum"
        assert recipe.getVarFlag("SRC_URI", flag) == package["checksum"]


def test_the_list_of_crates_is_what_the_lock_file_says():
    assert crates_inc.TARGET.read_text() == crates_inc.crates_inc((ROOT / "Cargo.lock").read_text())


def test_a_changed_lock_file_changes_the_list_of_crates():
    lock = (ROOT / "Cargo.lock").read_text()
    assert crates_inc.crates_inc(lock.replace('name = "zstd"', 'name = "zstd-fork"')) != crates_inc.TARGET.read_text()
    with pytest.raises(ValueError, match="not a crate of crates.io with a checksum"):
        crates_inc.crates_inc(re.sub(r'checksum = ".*"\n', "", lock, count=1))


def sources(recipe):
    return [u.split(";")[0].removeprefix("file://") for u in recipe.getVar("SRC_URI").split() if u.startswith("file:")]


def test_the_recipe_fetches_everything_that_the_product_is_compiled_from(recipe):
    fetched = sources(recipe)
    assert [name for name in fetched if not (ROOT / name).exists()] == []
    for file in (ROOT / "src").rglob("*.rs"):
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', file.read_text()):
            included = (file.parent / name).resolve().relative_to(ROOT)
            assert included.parts[0] in fetched, f"{file.relative_to(ROOT)} includes {included}, which is not fetched"


def test_the_recipe_installs_every_file_of_the_service(recipe, tmp_path):
    body = recipe.expand(recipe.getVar("do_install"))
    subprocess.run(["sh", "-e", "-u", "-c", f"chown() {{ :; }}\n{body}"], check=True)
    image = tmp_path / "image"
    installed = {p.read_bytes(): p.relative_to(image) for p in image.rglob("*") if p.is_file()}
    for file in (ROOT / "systemd").rglob("*"):
        if file.is_file() and file.suffix != ".sysusers":
            assert file.read_bytes() in installed, f"{file.relative_to(ROOT)} is not installed"
    packaged = f"{recipe.getVar('FILES:rehab-hub')} {recipe.getVar('FILES:rehab-hub-conf')}".split()
    by_class = ["/usr/lib/systemd/system/rehab-hub.service"]
    for path in installed.values():
        assert any(f"/{path}".startswith(p) for p in packaged + by_class), f"/{path} is in no package"


def test_the_recipes_user_is_the_units_user(recipe):
    unit = (ROOT / "systemd/rehab-hub.service").read_text()
    for package in recipe.getVar("USERADD_PACKAGES").split():
        assert recipe.getVar(f"USERADD_PARAM:{package}").split()[-1] == re.search(r"^User=(.*)$", unit, re.M)[1]
