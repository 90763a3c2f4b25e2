"""Two builds of one source give one file, so that anybody can check where a wheel comes from."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="needs hatchling, which builds the package")
ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "aezoo", "saved_models")


def built(folder):
    """A wheel of a copy of the source, which is newer than any other."""
    for name in SOURCES:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.tflite", "saved_model")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copyfile(source, folder / name)
    for path in folder.rglob("*"):
        os.utime(path)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (wheel,) = (folder / "made").glob("*.whl")
    return wheel


@pytest.mark.slow
def test_wheels_are_reproducible(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    wheels = []
    for name in ("first", "second in a longer folder"):
        (tmp_path / name).mkdir()
        wheels.append(built(tmp_path / name))
    one, other = (hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
    assert one == other
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = wheel.namelist()
        record = wheel.read(next(name for name in names if name.endswith("RECORD"))).decode()
    assert len(record.splitlines()) == len(names)
    assert "aezoo/saved_models/conv-mnist/model.weights.h5" in names
    assert "aezoo/py.typed" in names
    assert "aezoo/export/page/static/index.html" in names
    assert not [name for name in names if name.startswith(("tests", "benchmarks"))]
