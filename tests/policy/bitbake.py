"""bitbake's own parser (the `bb` package of PyPI's bitbake-setup), without bitbake's server, classes or layers."""

import sys
import types
from pathlib import Path


def _import_bb():
    # The wheel leaves out the hash server, which the parser imports and does not use.
    hashserv = types.ModuleType("hashserv")
    hashserv.client = types.ModuleType("hashserv.client")
    sys.modules.setdefault("hashserv", hashserv)
    sys.modules.setdefault("hashserv.client", hashserv.client)
    import bb.data
    import bb.parse
    import bb.siggen

    return bb


def refusal():
    """The exception that says what is wrong with a file."""
    return _import_bb().parse.ParseError


def parse(recipe: Path, classes: list[str], scratch: Path, **variables: str):
    """The datastore of a recipe after parsing, with empty classes in the place of openembedded-core's.

    Raises `refusal()` where bitbake would refuse the file.
    """
    bb = _import_bb()
    folder = scratch / "classes-recipe"
    folder.mkdir()
    for name in ["base", *classes]:
        (folder / f"{name}.bbclass").touch()
    name, version = recipe.stem.split("_")
    data = bb.data.init()
    bb.parse.siggen = bb.siggen.init(data)
    names = {"PN": name, "BPN": name, "PV": version, "BP": f"{name}-{version}"}
    places = {"BBPATH": str(scratch), "THISDIR": str(recipe.parent), "__bbclasstype": "recipe"}
    for key, value in {**names, **places, **variables}.items():
        data.setVar(key, value)
    return bb.parse.handle(str(recipe), data)[""]
