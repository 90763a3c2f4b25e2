"""The README's Python runs as written, and its commands exist."""

import importlib.util
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)


@pytest.mark.slow
def test_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), names)
    assert names["codes"].shape == (360, 8)
    assert (tmp_path / "digits.png").stat().st_size > 1000


def test_two_commands_set_everything_up():
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    assert [line for line in lines if line.startswith("pip install -e")] == [
        "pip install -e . && aezoo train conv",
        'pip install -e ".[dev]" && pytest',
    ]


@pytest.mark.parametrize(
    "line", [line for block in blocks("bash") for line in block.splitlines() if "aezoo " in line]
)
def test_commands_exist(line):
    words = shlex.split(line.split("&&")[-1], comments=True)
    assert words[0] == "aezoo"
    command = words[1:3] if words[1] == "detect" else words[1:2]
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert all(word in result.stdout for word in words if word.startswith("-"))


@pytest.mark.slow
def test_from_a_table_to_a_yes_or_no_on_a_microcontroller(tmp_path):
    for module in ("pandas", "tflite_micro"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}")
    for program in ("bash", "cc"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    tables, commands = (b for b in blocks("bash") if "table.csv" in b and "train" not in b)
    assert len(commands.splitlines()) == 4
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    said = ""
    for script in (tables, commands):
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    assert float(re.search(r"AUROC +│ ([\d.]+)", said)[1]) > 0.94
    assert float(re.search(r"false alarms, of normal rows +│ ([\d.]+)", said)[1]) < 0.05
    judged = re.findall(r"^score [\d.]+: (normal|anomaly)$", said, re.M)
    assert judged == sorted(judged, reverse=True)
    assert set(judged) == {"normal", "anomaly"}
    assert said.endswith(f"{len(judged)} of {len(judged)} as in Python\n")


def test_families_are_listed():
    table = README.read_text("utf-8").split("## The families")[1]
    assert all(f"`{name}`" in table for name in aezoo.list_models())


def test_results_are_those_measured():
    table = runpy.run_path(str(README.parent / "benchmarks" / "table.py"))
    assert table["BEGIN"] + table["results"]() + table["END"] in README.read_text("utf-8")
