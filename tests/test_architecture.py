"""The house rules that a reader cannot check at a glance."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import aezoo

PACKAGE = Path(aezoo.__file__).parent
FAMILY_PARTS = {"autoencoder", "backbones", "corruptions", "registry"}
MAY_IMPORT = {
    "augmentation": set(),
    "autoencoder": {"feeding", "generation", "initialization", "inputs", "normalization"},
    "backbones": {"backbones"},
    "corruptions": set(),
    "datasets": set(),
    "edge": set(),
    "evaluation": set(),
    "export": {"edge", "files", "inputs", "micro", "report", "saved_model", "tflite"},
    "feeding": set(),
    "files": set(),
    "generation": set(),
    "initialization": set(),
    "inputs": set(),
    "micro": {"edge", "report", "scales", "tflm"},
    "normalization": set(),
    "plots": set(),
    "progress": set(),
    "quiet": set(),
    "registry": {"weights"},
    "report": {"edge", "files"},
    "saved_model": {"quiet"},
    "scales": set(),
    "tflite": {"edge", "quiet", "report", "scales"},
    "tflm": set(),
    "weights": set(),
}
ANYTHING = {"__init__", "cli", "publishing", "training"}
FILES = sorted(PACKAGE.rglob("*.py"))


def siblings(file):
    """Names of the modules of this package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".", 1)[1] for alias in node.names if "aezoo." in alias.name}
        elif isinstance(node, ast.ImportFrom) and node.module == "aezoo":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aezoo."):
            found.add(node.module.split(".")[1])
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"relative import in {file}"
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports(file):
    if file.parent.name == "models":
        if file.stem != "__init__":
            assert siblings(file) <= FAMILY_PARTS
    elif file.stem not in ANYTHING or file.parent != PACKAGE:
        name = file.stem if file.parent == PACKAGE else file.parent.name
        assert siblings(file) <= MAY_IMPORT[name]
    assert not siblings(file) & {"training", "cli", "publishing"} or file.stem in ANYTHING


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_code_style(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    if file.parent != PACKAGE or file.stem in FAMILY_PARTS | {"normalization"}:
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        assert not any("tensorflow" in alias.name for node in imports for alias in node.names)


def test_every_file_has_its_test():
    tests = Path(__file__).parent
    untested = {"__init__", "progress"}  # progress is seen through the commands' tests
    for file in FILES:
        if file.stem not in untested:
            relative = file.relative_to(PACKAGE)
            name = relative.with_name(f"test_{file.stem}.py")
            if relative.parent.name == "backbones":  # tested as one
                name = f"test_{relative.parent.name}.py"
            assert (tests / name).is_file(), file


def test_every_family_file_is_imported():
    files = {f.stem for f in (PACKAGE / "models").glob("*.py")} - {"__init__"}
    assert files == set(aezoo.list_models())


@pytest.mark.parametrize("statement", ["import aezoo", "import aezoo.cli"])
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
