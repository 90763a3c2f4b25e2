import json
from pathlib import Path

import pytest

from aezoo.training import Sweep

FOUND = Sweep(
    {"PCA": {2: 0.5, 4: 0.25}, "conv": {2: 0.125, 4: 0.0625}},
    {"PCA": None, "conv": 4},
    {"deep-2": "it diverged"},
    Path("sweeps/digits"),
)


@pytest.fixture
def asked(monkeypatch):
    calls = []

    def sweep(data, **settings):
        calls.append((data, settings))
        settings["progress"]("1 of 2: conv-2")
        return FOUND

    monkeypatch.setattr("aezoo.training.sweep", sweep)
    return calls


def test_table(run, asked, tmp_path):
    options = ["--latent-dims", "2,4", "-m", "conv", "-m", "deep", "--epochs", 3, "--jobs", 2]
    result = run("sweep", "--data", "digits", *options, "-o", tmp_path)
    assert result.exit_code == 0, result.stderr
    for words in ("0.12500", "0.06250", "none", "deep-2 was not trained: it diverged"):
        assert words in result.words
    ((data, settings),) = asked
    settings.pop("progress")
    assert data == "digits"
    assert settings == {
        "models": ["conv", "deep"], "latent_dims": [2, 4], "jobs": 2, "epochs": 3, "seed": 0,
        "output": tmp_path, "data_dir": None,
    }  # fmt: skip


def test_json_and_defaults(run, asked):
    result = run("sweep", "--json")
    document = json.loads(result.stdout, parse_constant=pytest.fail)
    assert document["errors"]["conv"] == {"2": 0.125, "4": 0.0625}
    assert "models" not in asked[0][1]


def test_sizes_that_are_none(run, asked):
    result = run("sweep", "--latent-dims", "2;4")
    assert result.exit_code == 2
    assert "2,8,32" in result.words
    assert not asked
