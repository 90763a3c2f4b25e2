import json

import numpy as np
import pytest
from PIL import Image


def test_table_and_picture(run, trained, tmp_path):
    picture = tmp_path / "there" / "probe.png"
    result = run("probe", trained[0], "--labels", 50, "--labels", 200, "--draws", 2, "-o", picture)
    assert result.exit_code == 0, result.stderr
    assert "codes" in result.stdout
    assert "±" in result.stdout
    with Image.open(picture) as image:
        assert image.size[0] > 300
    result = run("probe", trained[0], "--labels", 200, "--draws", 2, "-o", picture, "--json")
    document = json.loads(result.stdout, parse_constant=pytest.fail)
    assert len(document["rows"]) == 6
    best = max(row["accuracy"] for row in document["rows"])
    assert (
        f"{best:.4f}"
        in run("probe", trained[0], "--labels", 200, "--draws", 2, "-o", picture).stdout
    )


def test_without_labels(run, trained, tmp_path, rng):
    np.save(tmp_path / "x.npy", rng.random((40, 8, 8, 1), dtype="float32"))
    result = run("probe", trained[0], "--data", tmp_path / "x.npy")
    assert result.exit_code == 2
    assert "x.npy has no labels" in result.words
    assert not (trained[0] / "probe.png").exists()


def test_more_labels_than_there_are(run, trained):
    result = run("probe", trained[0], "--labels", 5000)
    assert result.exit_code == 2
    assert "to 1,437, all there are" in result.words
