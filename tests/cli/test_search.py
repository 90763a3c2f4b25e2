import json
from pathlib import Path

import pytest

from aezoo.training import Point, Search

FRONT = [
    Point(
        Path("s/003-conv"), "conv", 12, {"filters": (8,)}, 61.25, 1234.4, None, 0.0043, 0.0044, 48
    ),
    Point(Path("s/001-deep"), "deep", 8, {"hidden_units": ()}, 20.0, 40.6, None, 0.0091, 0.0093, 8),
]
COUNTS = {"trained": 5, "stopped": 1, "refused": 0, "skipped": 7}


@pytest.fixture
def given(monkeypatch):
    """What the command asks for, of a search that finds two models."""
    asked = {"interrupted": False}

    def search(data, *, progress, **options):
        progress("trying 1: deep; best so far 0.00910")
        asked.update(options, data=data)
        return Search(FRONT[0], FRONT, COUNTS, Path("s"), 75.0, asked["interrupted"])

    monkeypatch.setattr("aezoo.training.search", search)
    return asked


def test_what_is_asked_for(run, given):
    limits = ["--max-kb", 100, "--max-us", 500, "--max-arena-kb", 64, "--device", "cortex-m4"]
    more = ["--minutes", 3, "--trials", 9, "--seed", 4, "--latent-dim", 12, "-o", "s"]
    result = run("search", "--data", "photos", "--size", "48x64", *limits, *more)
    assert result.exit_code == 0, result.stderr
    expected = {
        "data": "photos", "size": (48, 64), "max_kb": 100, "max_us": 500, "max_arena_kb": 64,
        "device": "cortex-m4", "minutes": 3, "trials": 9, "seed": 4, "latent_dim": 12,
        "output": Path("s"),
    }  # fmt: skip
    assert {**given, **expected} == given


def test_what_is_told(run, given):
    result = run("search", "--max-kb", 100)
    for text in ("conv", "61.2", "1,234", "0.00430", "0.00440", "003-conv", "measured"):
        assert text in result.stdout
    assert "kB of memory" not in result.stdout
    assert "Tried in 1.2 minutes: 5 trained, 1 stopped, 0 refused, 7 skipped." in result.words
    assert "s/003-conv: the best" in result.words
    estimated = run("search", "--max-kb", 100, "--device", "cortex-m7")
    assert "cortex-m7," in estimated.stdout
    assert "estimated" in estimated.stdout


def test_json_and_an_interrupted_search(run, given):
    given["interrupted"] = True
    result = run("search", "--max-kb", 100, "--json")
    assert result.exit_code == 130
    document = json.loads(result.stdout)
    assert document["best"]["folder"] == "s/003-conv"
    assert [point["kb"] for point in document["front"]] == [61.25, 20.0]
    assert "the same command goes on" in run("search", "--max-kb", 100).words


def test_what_is_refused(run):
    assert run("search").exit_code == 2
    result = run("search", "--max-kb", -1)
    assert (result.exit_code, "max_kb must be a number above 0" in result.words) == (2, True)
