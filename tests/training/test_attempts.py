"""How often and how long is trained; the clock is one of the test, which moves by itself."""

import csv
import json

import keras
import numpy as np
import pytest

import aezoo
from aezoo.training import attempts, best_epoch, plan
from aezoo.training.attempts import best_within
from aezoo.training.plan import Plan, learned, start


@pytest.fixture
def x(rng):
    """Points near a plane in space, and a little bent."""
    flat = rng.normal(size=(80, 2)) @ rng.normal(size=(2, 5))
    return (flat + 0.1 * np.square(flat[:, ::-1]) + 0.01 * rng.normal(size=(80, 5))).astype("f")


class Clock:
    """A clock for `time.perf_counter`, and trainings that take so long, with so much success."""

    def __init__(self, monkeypatch, *trainings):
        self.now, self.made = 0.0, []
        self.trainings = iter(trainings)
        monkeypatch.setattr(attempts.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(attempts, "attempt", self.attempt)

    def build(self, plan, seed):
        self.made.append((seed, plan.options.get("dropout")))
        return f"model of {seed}"

    def attempt(self, ae, plan, seed, epochs, seconds, folder):
        took, best_epoch, loss = next(self.trainings)
        self.now += took
        self.made[-1] += (epochs, seconds)
        (folder / "log.csv").write_text(f"log of {seed}")
        outcome = {"epochs_run": 20, "best_epoch": best_epoch, "interrupted": loss is None}
        return attempts.Attempt(ae, {"val_loss": [9.0, loss or 9.0]}, outcome, plan)


def test_what_had_learned_by_heart_is_tried_anew_with_more_dropout(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, (30, 5, 0.3), (30, 5, 0.1), (30, 5, 0.2))
    plan = Plan({"dropout": 0.1})
    best = best_within(100, clock.build, plan, 7, 50, folder=tmp_path)
    assert clock.made == [(7, 0.1, 50, 100), (8, 0.2, 50, 70), (9, 0.3, 50, 40)]
    assert best.ae == "model of 8"
    assert best.outcome["best_attempt"] == 2
    assert best.outcome["attempts"] == 3  # 10 seconds are less than half of 30
    assert (tmp_path / "log.csv").read_text() == "log of 8"


def test_half_the_time_of_an_attempt_is_enough_for_another(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, (30, 5, 0.3), (30, 5, 0.4), (20, 5, 0.2))
    best = best_within(80, clock.build, Plan({}), 0, 20, folder=tmp_path)
    assert [made[-1] for made in clock.made] == [80, 50, 20]
    assert best.ae == "model of 2"


def test_what_was_still_getting_better_is_trained_longer(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, (10, 20, 0.3), (90, 50, 0.4))
    best = best_within(100, clock.build, Plan({"dropout": 0.1}), 0, 20, folder=tmp_path)
    assert clock.made == [(0, 0.1, 20, 100), (1, 0.1, 180, 90)]
    assert best.ae == "model of 0"


def test_an_interruption_ends_all(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, (10, 5, 0.3), (10, 5, None))
    best = best_within(100, clock.build, Plan({}), 0, 20, folder=tmp_path)
    assert len(clock.made) == 2
    assert best.ae == "model of 0"
    assert best.outcome["interrupted"]


def test_an_interruption_between_trainings_keeps_the_best(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, (10, 5, 0.3))

    def build(plan, seed):
        if seed:
            raise KeyboardInterrupt
        return clock.build(plan, seed)

    best = best_within(100, build, Plan({}), 0, 20, folder=tmp_path)
    assert best.ae == "model of 0"
    assert best.outcome["interrupted"]
    assert best.outcome["attempts"] == 1
    with pytest.raises(KeyboardInterrupt):  # nothing is there to keep
        best_within(100, build, Plan({}), 1, 20, folder=tmp_path)


def test_the_rate_falls_with_the_time(x, monkeypatch, tmp_path):
    """Each look at the clock takes a second: after 10 of them the time is over."""
    ticks = iter(range(1000))
    monkeypatch.setattr(best_epoch.time, "perf_counter", lambda: next(ticks))
    before, rates = [], []

    class Rates(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            before.append(float(self.model.optimizer.learning_rate))

        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    ae = aezoo.deep(5, 2, hidden_units=(8,))
    ae.compile("adam", "mse", steps_per_execution=1)
    _, outcome = best_epoch.fit_to_best(
        ae, {"x": x, "batch_size": 20}, validation_data=x, log_file=tmp_path / "log",
        callbacks=[Rates()], epochs=100, learning_rate=0.01, patience=50, seconds=10,
    )  # fmt: skip
    expected = [0.01 * (1 + np.cos(np.pi * i / 10)) / 2 for i in range(1, 11)]
    assert rates == pytest.approx(expected, abs=1e-8)
    assert before == pytest.approx([0.01, *expected[:-1]], abs=1e-8)  # in new epochs, too
    assert outcome["epochs_run"] == 3  # the third is cut short


def test_minutes_end_a_training(tmp_path, undrawn):
    run = aezoo.train("vanilla", minutes=1e-3, output=tmp_path / "run")
    training = json.loads((run.folder / "metrics.json").read_text())["training"]
    assert training["minutes"] == 1e-3
    assert training["attempts"] == training["epochs_run"] == 1
    with (run.folder / "log.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 1
    assert run.metrics["mse"] < 1.01 * run.metrics["pca_mse"]


@pytest.mark.parametrize("kwargs", [{"minutes": 0}, {"minutes": -1}, {"minutes": np.nan}])
def test_minutes_are_positive(kwargs):
    with pytest.raises(ValueError, match="minutes must be a positive number"):
        aezoo.train("vanilla", **kwargs)
    with pytest.raises(ValueError, match="minutes or epochs, not both"):
        aezoo.train("vanilla", minutes=1, epochs=2)


@pytest.mark.slow
def test_a_network_that_learned_nothing_goes_back_to_pca(x):
    ae = aezoo.deep(5, 2, hidden_units=(8,), linear_path=True)
    start(ae, x[:60], Plan({"linear_path": True}))
    first, before = ae.get_weights(), ae.reconstruction_error(x[60:])
    ae.set_weights([w + 0.1 for w in first])
    assert not learned(ae, first, x[60:])
    assert ae.reconstruction_error(x[60:]) == pytest.approx(before)
    ae.set_weights(first)
    ae.fit(x[:60], epochs=60, batch_size=20, verbose=0)
    after = ae.reconstruction_error(x[60:])
    assert learned(ae, first, x[60:])
    assert ae.reconstruction_error(x[60:]) == pytest.approx(after)


def test_a_run_that_learned_nothing_is_the_pca_of_all_training_samples(tmp_path, rng, undrawn):
    noise = rng.normal(size=(60, 6)) * [3, 2, 1, 1, 1, 1]  # nothing but directions to be learned
    np.savez(tmp_path / "x.npz", x_train=noise, x_test=rng.normal(size=(40, 6)))
    options = {"latent_dim": 2, "learning_rate": 1e-7, "epochs": 2, "normalization": None}
    run = aezoo.train("deep", tmp_path / "x.npz", output=tmp_path / "run", **options)
    assert run.chosen[-1] == plan.IS_PCA
    assert run.metrics["mse"] == pytest.approx(run.metrics["pca_mse"], rel=1e-4)


def test_without_a_narrow_code_noisy_samples_decide(rng, tmp_path, monkeypatch):
    """Clean ones would choose the weights that change nothing."""
    x = rng.random((60, 8, 8, 1), "float32")
    seen = []
    monkeypatch.setattr(
        attempts, "fit_to_best", lambda ae, fed, **how: seen.append(how) or ({}, {})
    )
    for backbone in ("unet", "conv"):
        ae = aezoo.denoising((8, 8, 1), 4, backbone=backbone, filters=(2,), stddev=0.2)
        how = {"batch_size": 8, "folder": tmp_path, "callbacks": ()}
        rest = {"learning_rate": 1e-3, "patience": 3}
        attempts.attempt(ae, Plan({}), 0, 2, x=x[:40], held_out=x[40:], **how, **rest)
    (noisy, clean), alone = (how["validation_data"] for how in seen)
    np.testing.assert_array_equal(clean, x[40:])
    assert (noisy - clean).std() == pytest.approx(0.2, rel=0.1)
    assert alone is not None
    np.testing.assert_array_equal(alone, x[40:])


def test_each_attempt_is_judged_by_the_same_noise(rng):
    ae = aezoo.denoising((8, 8, 1), backbone="unet", filters=(2,), stddev=0.2)
    x = rng.random((20, 8, 8, 1), "float32")
    first = attempts._noisy(ae, x)
    drawn = ae.corrupt(x)
    np.testing.assert_array_equal(attempts._noisy(ae, x), first)
    assert (ae.corrupt(x) != drawn).any()  # the training's goes on


def test_images_are_turned(rng, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(attempts.augmentation, "shifted", lambda *args: asked.append(args))
    monkeypatch.setattr(attempts, "fit_to_best", lambda ae, fed, **how: ({}, {}))
    x = rng.random((40, 8, 8, 1), "float32")
    how = {"batch_size": 8, "folder": tmp_path, "callbacks": (), "learning_rate": 1e-3}
    plan = Plan({}, max_shift=1, flip=True, turn=True)
    attempts.attempt(
        aezoo.conv((8, 8, 1), 2), plan, 5, 2, x=x[:30], held_out=x[30:], patience=3, **how
    )
    assert asked[0][1:] == (8, 1, 5, True, True, 0)
