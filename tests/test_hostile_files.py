"""Files that harm who opens them are refused, and tell why; files with wrong bits, too."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_files import KINDS, ROOT

from aezoo.edge.operators import check_operators
from aezoo.edge.reading import read

pytest.importorskip("pyarrow", reason="needs the extra [tables]")
BENCHMARKS = ROOT / "benchmarks"
FUZZING = runpy.run_path(str(BENCHMARKS / "fuzzing.py"))
fuzz, mutated = FUZZING["fuzz"], FUZZING["mutated"]
FORMATS = sorted({*FUZZING["ENDS"]} - {"tflite", "npz"})
MOST = 150_000  # kB that opening one may take


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """What became of each, all opened by one process, and what files are left."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "files").mkdir()
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("hostile_files.py"), folder / "files"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )
    assert run.returncode == 0, run.stderr[-1000:]
    assert [path.name for path in folder.rglob("*")] == ["files"]  # nothing was run or written
    return {line["name"]: line for line in map(json.loads, run.stdout.splitlines())}


@pytest.mark.parametrize("name", KINDS)
def test_is_refused_with_what_is_wrong(opened, name):
    found = opened[name]
    assert found["how"] == "refused", found
    assert re.search(KINDS[name][2], found["told"]), found
    assert found["grown"] < MOST


def test_published_files_are_not():
    files = [*ROOT.glob("saved_models/*/*.tflite"), *ROOT.glob("tests/golden/*/*/*.tflite")]
    assert len(files) > 20
    for file in files:
        check_operators(read(file)[1])


@pytest.mark.parametrize(
    "format",
    ["tflite", "npz", *(pytest.param(name, marks=pytest.mark.slow) for name in FORMATS)],
)
def test_wrong_bits(format):
    good = ROOT / "tests" / "golden" / "0.1.0" / "table" / "int8.tflite"
    found = fuzz(format, 50, seed=3, good=good if format == "tflite" else None)
    assert found["failures"] == []
    assert found["refused"] > 5  # plain pixels are pixels, whatever their bits
    assert found["refused"] + found["read"] == 50


CRASHES = """
import os, sys
sys.path.append(FOLDER)
import fuzzing
def use(format, path):
    if len(path.read_bytes()) < 100:
        os.abort()
fuzzing.use, fuzzing.PROGRAM = use, __file__
fuzzing.main()
"""


def test_a_crash_is_seen_and_told_apart(tmp_path):
    program, good = tmp_path / "crashes.py", tmp_path / "good.npy"
    program.write_text(CRASHES.replace("FOLDER", repr(str(BENCHMARKS))), encoding="utf-8")
    good.write_bytes(bytes(range(256)))
    run = subprocess.run(
        [sys.executable, program, "npy", "--count", "20", "--good", good],
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = json.loads(run.stdout.partition(" ")[2])
    short = [n for n in range(20) if len(mutated("npy", good.read_bytes(), 0, n)) < 100]
    assert short
    assert [one["number"] for one in found["failures"]] == short
    assert all("ends with status -6" in one["how"] for one in found["failures"])
    assert (found["read"], found["refused"]) == (20 - len(short), 0)
