import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo.training import sweeping
from aezoo.training.sweeping import elbow_of, sweep


@pytest.fixture
def trained(monkeypatch):
    """Trainings that take no time: which there were, and errors that bend at 8."""
    told = SimpleNamespace(calls=[], failing=(), interrupted=())

    def train(model, data, *, latent_dim, output, **settings):
        name = f"{model}-{latent_dim}"
        told.calls.append((name, settings))
        if name in told.failing:
            raise RuntimeError("it diverged")
        error = {2: 0.1, 4: 0.05, 8: 0.01, 16: 0.009, 32: 0.0085}[latent_dim]
        metrics = {
            "latent_size": latent_dim, "mse": error, "pca_mse": 0.2 / latent_dim,
            "pca_components": latent_dim,
        }  # fmt: skip
        if name not in told.interrupted:
            output.mkdir()
            record = {"data": {"source": data}, "metrics": metrics}
            (output / "metrics.json").write_text(json.dumps(record))
        return SimpleNamespace(interrupted=name in told.interrupted)

    monkeypatch.setattr(sweeping, "train", train)
    return told


def test_errors_by_size_and_where_they_bend(trained, tmp_path):
    said = []
    found = sweep("digits", output=tmp_path / "s", epochs=3, progress=said.append)
    assert found.errors["conv"] == {2: 0.1, 4: 0.05, 8: 0.01, 16: 0.009, 32: 0.0085}
    assert found.errors["PCA"][4] == 0.05
    assert found.elbows == {"PCA": None, "conv": 8, "deep": 8}
    assert len(trained.calls) == 10
    assert all(settings == {"epochs": 3} for _, settings in trained.calls)
    assert said[-1].startswith("10 of 10: deep-32")
    record = json.loads((tmp_path / "s/sweep.json").read_text())
    assert record["errors"]["deep"]["8"] == 0.01
    with Image.open(tmp_path / "s/elbow.png") as image:
        assert image.size[0] > 300


def test_goes_on_and_may_grow(trained, tmp_path):
    how = {"output": tmp_path / "s", "models": ["conv"]}
    sweep(latent_dims=(2, 8), **how)
    found = sweep(latent_dims=(2, 4, 8), **how)
    assert [name for name, _ in trained.calls] == ["conv-2", "conv-8", "conv-4"]
    assert sorted(found.errors["conv"]) == [2, 4, 8]
    with pytest.raises(ValueError, match="something else"):
        sweep(latent_dims=(2,), seed=3, **how)


def test_one_that_fails_leaves_the_others(trained, tmp_path):
    trained.failing = ("deep-4",)
    found = sweep(output=tmp_path / "s", latent_dims=(2, 4, 8))
    assert found.failed == {"deep-4": "it diverged"}
    assert sorted(found.errors["deep"]) == [2, 8]
    trained.failing = ("vanilla-2",)
    with pytest.raises(RuntimeError, match="Nothing was trained: it diverged"):
        sweep(output=tmp_path / "t", models=["vanilla"], latent_dims=(2,))


def test_interrupted_it_can_go_on(trained, tmp_path):
    trained.interrupted = ("conv-4",)
    how = {"output": tmp_path / "s", "models": "conv", "latent_dims": (2, 4)}
    with pytest.raises(KeyboardInterrupt):
        sweep(**how)
    trained.interrupted = ()
    assert sorted(sweep(**how).errors["conv"]) == [2, 4]
    assert [name for name, _ in trained.calls] == ["conv-2", "conv-4", "conv-4"]


@pytest.mark.slow
def test_at_once_they_give_the_same(tmp_path):
    how = {"models": ["vanilla"], "latent_dims": (2, 4), "epochs": 1}
    one = sweep(output=tmp_path / "one", **how)
    two = sweep(output=tmp_path / "two", jobs=2, **how)
    for size in (2, 4):
        np.testing.assert_allclose(
            one.errors["vanilla"][size], two.errors["vanilla"][size], rtol=1e-3
        )


def test_where_a_curve_bends():
    assert elbow_of({2: 1.0, 4: 0.3, 8: 0.25, 16: 0.22}) == 4
    assert elbow_of({2: 1.0, 4: 0.5, 8: 0.25}) is None  # straight
    assert elbow_of({2: 1.0, 4: 0.9, 8: 0.1}) is None  # bends the other way
    assert elbow_of({2: 1.0, 4: 0.5}) is None
    assert elbow_of({2: 0.5, 4: 0.5, 8: 0.6}) is None
    assert elbow_of({1: 1.0, 2: 0.1, 4: 0.0}) is None


def test_what_is_refused(trained, tmp_path):
    for options, words in (
        ({"models": ["conf"]}, "models are of"),
        ({"models": []}, "a family and a size"),
        ({"latent_dims": []}, "a family and a size"),
        ({"latent_dims": [0]}, "latent_dims"),
        ({"jobs": 0}, "jobs"),
    ):
        with pytest.raises(ValueError, match=words):
            sweep(output=tmp_path / "s", **options)
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="no sweep"):
        sweep(output=tmp_path / "mine")
    assert not trained.calls
    assert not (tmp_path / "s").exists()
    assert aezoo.sweep is sweep
