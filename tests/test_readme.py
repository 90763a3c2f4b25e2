"""The README's Python runs as written, and its commands exist."""

import re
import runpy
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)


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
    result = CliRunner().invoke(app, [words[1], "--help"])
    assert result.exit_code == 0
    assert all(word in result.stdout for word in words if word.startswith("-"))


def test_families_are_listed():
    table = README.read_text("utf-8").split("## The families")[1]
    assert all(f"`{name}`" in table for name in aezoo.list_models())


def test_results_are_those_measured():
    table = runpy.run_path(str(README.parent / "benchmarks" / "table.py"))
    assert table["BEGIN"] + table["results"]() + table["END"] in README.read_text("utf-8")
