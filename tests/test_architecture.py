"""The house rules that a reader cannot check at a glance."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import aezoo

PACKAGE = Path(aezoo.__file__).parent
FLOORS = [  # from the top: a room imports rooms of the floors below its own, and itself
    {"__main__"},
    {"cli"},
    {"scale"},
    {"training"},
    {"evaluation"},
    {"models", "uses"},
    {"autoencoder", "export"},
    {"data", "layers", "plots", "registry", "sampling"},
    {"checks", "edge", "system"},
]
ROOMS = {room for floor in FLOORS for room in floor}
FAMILY_PARTS = {"autoencoder", "checks", "layers", "registry"}  # no family imports another
WITHOUT_TENSORFLOW = {"autoencoder", "layers", "models"}  # they run on JAX, too
LONGEST = 350  # lines of a file
FILES = sorted(PACKAGE.rglob("*.py"))


def room(file):
    """The file or folder of the package's top level that a file belongs to."""
    return Path(file.relative_to(PACKAGE).parts[0]).stem


def imported(file):
    """Names below `aezoo.` that a file imports, such as `layers.backbones`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".", 1)[1] for alias in node.names if "aezoo." in alias.name}
        elif isinstance(node, ast.ImportFrom) and node.module == "aezoo":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aezoo."):
            found.add(node.module.removeprefix("aezoo."))
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"relative import in {file}"
    return found


def rooms_of(file):
    return {name.split(".")[0] for name in imported(file)} & ROOMS


def relative(file):
    return str(file.relative_to(PACKAGE))


def test_rooms():
    found = {room(file) for file in FILES} - {"__init__"}
    assert found <= ROOMS
    assert len(found) <= 17


@pytest.mark.parametrize("file", [f for f in FILES if room(f) != "__init__"], ids=relative)
def test_no_import_climbs(file):
    here = room(file)
    floor = next(i for i, rooms in enumerate(FLOORS) if here in rooms)
    below = set().union(*FLOORS[floor + 1 :])
    assert rooms_of(file) <= below | {here}
    if here == "models" and file.stem != "__init__":
        assert rooms_of(file) <= FAMILY_PARTS


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_code_style(file):
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    assert len(text.splitlines()) <= LONGEST
    if room(file) in WITHOUT_TENSORFLOW:
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        assert not any("tensorflow" in alias.name for node in imports for alias in node.names)


def test_every_file_has_its_test():
    tests = Path(__file__).parent
    # the files of commands are tested by what they do, and so is the progress bar
    untested = {"__init__", "__main__", "progress"}
    for file in FILES:
        path = file.relative_to(PACKAGE)
        if file.stem not in untested and path.parts[0] != "cli":
            name = path.with_name(f"test_{file.stem}.py")
            if path.parent.name == "backbones":  # tested as one
                name = path.parent.with_name("test_backbones.py")
            assert (tests / name).is_file(), file


def test_every_family_file_is_imported():
    files = {f.stem for f in (PACKAGE / "models").glob("*.py")} - {"__init__"}
    assert files == set(aezoo.list_models())


@pytest.mark.parametrize("statement", ["import aezoo", "import aezoo.cli", "import aezoo.edge"])
def test_import_is_light(statement):
    code = f"import sys; {statement}; print(sorted({{'keras', 'tensorflow'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""


def test_public_names_exist():
    assert all(hasattr(aezoo, name) for name in aezoo.__all__)
    assert set(dir(aezoo)) == set(aezoo.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        aezoo.nothing  # noqa: B018


@pytest.mark.slow
def test_modules_by_the_names_of_the_last_release():
    code = (
        "import warnings; warnings.simplefilter('error', FutureWarning);"
        "import aezoo; aezoo.backbones.build; from aezoo import corruptions;"
        "warnings.simplefilter('always');"
        "from aezoo.backbones.options import number; from aezoo.datasets import DataError;"
        "from aezoo.data import datasets; print(datasets.DataError is DataError)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True"
    assert "aezoo.datasets is now aezoo.data.datasets" in run.stderr
