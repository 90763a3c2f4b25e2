"""The Python of the README and of the guides runs as written, and their commands exist."""

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

from aezoo import registry
from aezoo.cli import app

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md")), *sorted((DOCS / "guides").glob("*.md"))]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)


def lines(*pages):
    return [line for page in pages for block in blocks(page, "bash") for line in block.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page.stem) for page in PAGES if blocks(page, "python")]
)
def test_python_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code in blocks(page, "python"):
        exec(compile(code, page.name, "exec"), names)
    pictures = re.findall(r'savefig\("(.*?)"\)', "".join(blocks(page, "python")))
    assert all((tmp_path / picture).stat().st_size > 1000 for picture in pictures)


def test_two_commands_set_everything_up():
    assert [line for line in lines(README) if line.startswith("pip install -e")] == [
        "pip install -e . && aezoo train conv",
        'pip install -e ".[dev]" && pytest',
    ]


@pytest.mark.parametrize(
    "line", [line for line in dict.fromkeys(lines(*PAGES)) if re.search(r"(^|&& )aezoo ", line)]
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
    tables, commands = (
        block for block in blocks(DOCS / "guides" / "anomalies.md", "bash") if "table.csv" in block
    )
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


def test_what_families_are_for():
    text = README.read_text("utf-8")
    assert all(purpose in text for purpose in registry.purposes())


def test_one_screen():
    assert len(README.read_text("utf-8").split()) <= 700


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")):
        assert (ROOT / link).exists(), link


def test_results_are_those_measured(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    table = runpy.run_path(str(ROOT / "benchmarks" / "table.py"))
    for page, written in ((README, table["summary"]()), (table["PAGE"], table["results"]())):
        assert table["BEGIN"] + written + table["END"] in page.read_text("utf-8")
