import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aezoo.cli import app


@pytest.fixture(scope="session")
def run():
    """Runs a command in this process: its result, with all its words in one line."""

    def invoke(*args, charset="utf-8"):
        result = CliRunner(charset=charset).invoke(app, [str(arg) for arg in args])
        result.words = " ".join((result.stdout + result.stderr).split())
        return result

    return invoke


@pytest.fixture(scope="session")
def trained(run, tmp_path_factory):
    """A run folder with an int8 export, and what the command said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aezoo.export.report.RUNS", 3)
        patch.setattr("aezoo.export.report.PREDICT_RUNS", 1)
        folder = tmp_path_factory.mktemp("runs") / "run"
        options = ["-O", "hidden-units=32", "-O", "activation=tanh"]
        result = run("train", "deep", "--epochs", 8, "-o", folder, *options, "--export", "int8")
    assert result.exit_code == 0, result.stderr
    return folder, result


@pytest.fixture
def short_reports(monkeypatch):
    monkeypatch.setattr("aezoo.export.micro.CHECKED", 5)
    monkeypatch.setattr("aezoo.export.report.RUNS", 3)
    monkeypatch.setattr("aezoo.export.report.PREDICT_RUNS", 1)


@pytest.fixture
def table(tmp_path, rng) -> Path:
    """A small table of related columns."""
    file = tmp_path / "table.csv"
    with open(file, "w", newline="") as opened:
        csv.writer(opened).writerows(rng.normal(size=(60, 2)) @ rng.normal(size=(2, 6)))
    return file
