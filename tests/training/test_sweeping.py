import json
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
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
        interrupted = name in told.interrupted  # such a run is written, too
        output.mkdir()
        record = {
            "model": model, "latent_dim": latent_dim, "data": {"source": data},
            "training": {"interrupted": interrupted}, "metrics": metrics,
        }  # fmt: skip
        (output / "metrics.json").write_text(json.dumps(record))
        return SimpleNamespace(interrupted=interrupted)

    monkeypatch.setattr(sweeping, "train", train)
    return told


def test_errors_by_size_and_where_they_bend(trained, tmp_path):
    said = []
    found = sweep("digits", output=tmp_path / "s", epochs=3, progress=said.append)
    assert found.errors["conv"] == {2: 0.1, 4: 0.05, 8: 0.01, 16: 0.009, 32: 0.0085}
    assert found.errors["PCA"][4] == 0.05
    assert found.elbows == {"PCA": None, "conv": 8, "deep": 8}
    assert len(trained.calls) == 10
    assert all(settings == {"report": False, "epochs": 3} for _, settings in trained.calls)
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


def test_what_was_killed_or_damaged_is_trained_again(trained, tmp_path):
    how = {"output": tmp_path / "s", "models": "conv"}
    sweep(latent_dims=(2, 4, 8), **how)
    (tmp_path / "s/conv-2/metrics.json").unlink()
    (tmp_path / "s/conv-4/metrics.json").write_text("{")
    other = json.loads((tmp_path / "s/conv-8/metrics.json").read_text())
    (tmp_path / "s/conv-8/metrics.json").write_text(json.dumps({**other, "model": "deep"}))
    trained.calls.clear()
    assert sorted(sweep(latent_dims=(2, 4, 8), **how).errors["conv"]) == [2, 4, 8]
    assert len(trained.calls) == 3
    (tmp_path / "s/sweep.json").write_text("{}")
    with pytest.raises(OSError, match=r"sweep.json is damaged"):
        sweep(latent_dims=(2,), **how)


def test_two_at_once_do_not_meet(trained, tmp_path):
    how = {"output": tmp_path / "s", "models": "conv", "latent_dims": (2,)}
    sweep(**how)
    with FileLock(tmp_path / "s/.lock"), pytest.raises(FileExistsError, match="at work"):
        sweep(**how)
    sweep(**how)


def test_nothing_is_left_of_what_was_wrong(trained, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("epochs must be positive")

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "train", refuse)
        with pytest.raises(ValueError, match="epochs"):
            sweep(output=tmp_path / "s", epochs=0)
    assert not (tmp_path / "s").exists()
    assert sweep(output=tmp_path / "s", epochs=1).errors


def test_the_same_however_it_is_spelled(trained, tmp_path):
    how = {"output": tmp_path / "s", "models": "conv", "latent_dims": 2}
    sweep(**how)
    sweep(seed=0, epochs=None, data_dir=None, callbacks=[object()], **how)
    assert len(trained.calls) == 1


def test_interrupted_it_can_go_on(trained, tmp_path):
    trained.interrupted = ("conv-4",)
    how = {"output": tmp_path / "s", "models": "conv", "latent_dims": (2, 4)}
    with pytest.raises(KeyboardInterrupt):
        sweep(**how)
    trained.interrupted = ()
    assert sorted(sweep(**how).errors["conv"]) == [2, 4]
    assert [name for name, _ in trained.calls] == ["conv-2", "conv-4", "conv-4"]


def test_jobs_share_the_cores(trained, tmp_path, monkeypatch):
    asked = []

    class Pool:
        def __init__(self, *given):
            asked.append(given)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            asked.append("left")

        def imap_unordered(self, function, calls):
            return map(function, calls)

    monkeypatch.setattr(sweeping.os, "cpu_count", lambda: 8)
    context = SimpleNamespace(Pool=Pool)
    monkeypatch.setattr(sweeping.multiprocessing, "get_context", lambda kind: context)
    sweep(output=tmp_path / "s", models="conv", latent_dims=(2, 4, 8), jobs=2)
    assert asked == [(2, sweeping._share_cores, (4,)), "left"]
    assert len(trained.calls) == 3


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
    assert elbow_of({1: 1.0, 2: 0.45, 4: 0.25}) == 2  # a little
    assert elbow_of({1: 1.0, 2: 0.49, 4: 0.25}) is None  # too little


def test_what_is_refused(trained, tmp_path):
    for options, words in (
        ({"models": ["conf"]}, "models are of"),
        ({"models": []}, "a family and a size"),
        ({"latent_dims": []}, "a family and a size"),
        ({"latent_dims": [0]}, "latent_dims"),
        ({"jobs": 0}, "jobs"),
        ({"latent_dim": 3}, "leave latent_dim out"),
    ):
        with pytest.raises(ValueError, match=words):
            sweep(output=tmp_path / "s", **options)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    with pytest.raises(FileExistsError, match="no sweep"):
        sweep(output=tmp_path / "mine")
    assert not trained.calls
    assert not (tmp_path / "s").exists()
    assert aezoo.sweep is sweep
