"""The notebooks are those of the scripts, and have been run."""

import importlib.util
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

jupytext = pytest.importorskip("jupytext", reason="the notebooks extra is not installed")
NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_some():
    assert len(NOTEBOOKS) == 10


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_equals_its_script(path):
    cells = [jupytext.read(file).cells for file in (path, path.with_suffix(".py"))]
    sources = [[(cell.cell_type, cell.source) for cell in part] for part in cells]
    assert sources[0] == sources[1], "run python notebooks/run.py"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_has_outputs_and_no_error(path):
    outputs = [out for cell in jupytext.read(path).cells for out in cell.get("outputs", [])]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    assert not any(out.output_type == "error" or out.get("name") == "stderr" for out in outputs)
    text = path.read_text(encoding="utf-8")
    assert "INFO:" not in text
    assert tempfile.gettempdir() not in text


def first_cell(path):
    """The cell that installs aezoo on Colab, and which extras it asks for."""
    cell = next(c for c in jupytext.read(path.with_suffix(".py")).cells if c.cell_type == "code")
    (extras,) = set(re.findall(r"aezoo(\[[a-z,]+\])", cell.source)) or {""}
    return cell.source.replace(extras or "\0", ""), extras


def test_all_install_alike():
    cells = [first_cell(path) for path in NOTEBOOKS]
    assert len({source for source, _ in cells}) == 1
    assert {extras for _, extras in cells} == {"", "[micro]", "[micro,search]"}


@pytest.fixture
def colab(monkeypatch, tmp_path):
    """Runs the first cell as on Colab, where pip installs what there is: what it was asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AEZOO_WHEEL", raising=False)
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))

    def run(installed=True):
        asked = []
        shell = SimpleNamespace(run_line_magic=lambda *magic: asked.append(magic))
        found = object() if installed else None
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
        exec(first_cell(NOTEBOOKS[0])[0], {"get_ipython": lambda: shell})
        ((name, line),) = asked
        assert name == "pip"
        return re.fullmatch('install -q "(.*)"', line)[1]

    return run


def test_what_the_first_cell_installs(colab, tmp_path, monkeypatch):
    assert colab() == "aezoo"
    for version in ("0.9", "0.2"):
        (tmp_path / f"aezoo-{version}-py3-none-any.whl").touch()
    uploaded = tmp_path / "aezoo-0.9-py3-none-any.whl"
    assert colab() == f"aezoo @ {uploaded.resolve().as_uri()}"
    monkeypatch.setenv("AEZOO_WHEEL", "my wheels/aezoo.whl")
    assert colab() == f"aezoo @ {tmp_path.resolve().as_uri()}/my%20wheels/aezoo.whl"
    monkeypatch.setenv("AEZOO_WHEEL", "https://example.org/aezoo.whl")
    assert colab() == "aezoo @ https://example.org/aezoo.whl"


def test_where_there_is_nothing_to_install(colab):
    with pytest.raises(ModuleNotFoundError, match=r"upload aezoo-\*.whl"):
        colab(installed=False)


def test_elsewhere_the_first_cell_does_nothing(monkeypatch):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    exec(first_cell(NOTEBOOKS[0])[0], {})
