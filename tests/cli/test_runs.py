import json
import shutil

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the run, to be changed, without what other tests have exported there."""
    only = shutil.ignore_patterns("model-float16*", "micro*", "c", "c.json")
    return shutil.copytree(trained[0], tmp_path / "run", ignore=only)


def test_a_training_writes_a_page_with_the_proof_of_its_export(trained):
    folder, result = trained
    assert f"To look at in a browser: {folder / 'report.html'}" in result.words
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Proof of model-int8.tflite: as proved" in text


def test_an_export_writes_it_anew(run, copied, short_reports):
    page = copied / "report.html"
    assert run("report", copied).exit_code == 0
    assert "model-float16" not in page.read_text(encoding="utf-8")
    assert run("export", copied, "--quantize", "float16").exit_code == 0
    assert "Proof of model-float16.tflite: as proved" in page.read_text(encoding="utf-8")


def test_report(run, copied):
    page = copied / "report.html"
    page.unlink()
    result = run("report", copied)
    assert result.exit_code == 0, result.stderr
    assert str(page) in result.words
    assert page.stat().st_size > 10_000
    np.save(copied / "other.npy", np.zeros((20, 3)))
    result = run("report", copied, "--data", copied / "other.npy")
    assert result.exit_code != 0
    result = run("report", copied.parent)
    assert result.exit_code == 1
    assert "expected the folder of a run" in result.words


def test_no_report(run, tmp_path):
    result = run("train", "vanilla", "--epochs", 1, "--no-report", "-o", tmp_path / "run")
    assert result.exit_code == 0
    assert "browser" not in result.words
    assert not (tmp_path / "run" / "report.html").exists()


def test_compare(run, copied, tmp_path):
    first = shutil.copytree(copied, tmp_path / "first")
    record = json.loads((copied / "metrics.json").read_text())
    record["metrics"]["mse"] *= 2
    record["model"] = "[red]conv"
    (copied / "metrics.json").write_text(json.dumps(record))
    other = copied.rename(tmp_path / "[b]other")
    picture = tmp_path / "losses.png"
    result = run("compare", first, other, "-o", picture)
    assert result.exit_code == 0, result.stderr
    assert "Runs on digits" in result.words
    for text in ("[b]other", "[red]conv", "deep", "model-int8.tflite"):
        assert text in result.words
    assert "losses by epoch, which have terms of their own" in result.words
    with Image.open(picture) as opened:
        assert opened.size[0] > 500
    found = json.loads(run("compare", first, other, "--json").stdout)
    assert found["best"] == "first"
    assert found["rows"][1]["mse"] == pytest.approx(2 * found["rows"][0]["mse"])
    assert found["picture"] is None


def test_compare_of_other_data_says_so(run, trained, copied):
    record = json.loads((copied / "metrics.json").read_text())
    record["data"]["source"] = "mnist"
    (copied / "metrics.json").write_text(json.dumps(record))
    result = run("compare", trained[0], copied)
    assert "Errors are not comparable" in result.words
    assert " data " in result.words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "Two runs or more"),
        (["run", "run"], "one twice"),
        (["run", "nothing"], "expected the folder of a run"),
        (["run", "run", "-o", "x.txt"], "--output ends in"),
    ],
)
def test_mistakes(run, trained, arguments, words):
    given = [trained[0] if word == "run" else word for word in arguments]
    result = run("compare", *given)
    assert result.exit_code in (1, 2)
    assert words in " ".join(result.words.replace("│", " ").split())
