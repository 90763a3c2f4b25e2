"""The notebooks are those of the scripts, and have been run."""

import tempfile
from pathlib import Path

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
