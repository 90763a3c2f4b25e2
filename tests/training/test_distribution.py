import subprocess
import sys

import keras
import pytest

import aezoo
from aezoo.training.distribution import Devices

ON_TWO = """
import os, sys
import numpy as np, tensorflow as tf
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
import aezoo, keras
folder = sys.argv[1]
np.save(folder + "/x.npy", np.random.default_rng(0).normal(size=(400, 12)).astype("float32"))
"""
SAME = """
runs = []
for i, distribute in enumerate((None, "mirrored")):
    how = {"epochs": 3, "output": f"{folder}/{i}", "hidden_units": (8,), "linear_path": False}
    runs.append(aezoo.train("deep", folder + "/x.npy", distribute=distribute, **how))
alone, both = runs
assert both.chosen == ["2 devices have 16 of each 32 samples"], both.chosen
np.testing.assert_allclose(both.history["loss"], alone.history["loss"], rtol=2e-3)
assert not hasattr(both.model.weights[0].value, "values")  # no mirrored variable
assert type(both.model.distribute_strategy) is type(alone.model.distribute_strategy)
kept = keras.saving.load_model(folder + "/1/model.keras")
x = np.load(folder + "/x.npy")
np.testing.assert_allclose(kept.reconstruct(x), both.model.reconstruct(x), atol=1e-6)
"""
EVERY = """
for name in aezoo.list_models():
    run = aezoo.train(name, "digits", epochs=1, distribute="mirrored", output=f"{folder}/{name}")
    assert np.isfinite(run.history["loss"]).all(), name
    assert run.metrics["mse"] < 2 * run.metrics["mean_mse"], (name, run.metrics)
    print(name)
"""


def on_two(script, folder):
    command = [sys.executable, "-c", ON_TWO + script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


@pytest.mark.slow
def test_two_devices_train_as_one(tmp_path):
    on_two(SAME, tmp_path)


@pytest.mark.slow
def test_every_family(tmp_path):
    assert on_two(EVERY, tmp_path) == aezoo.list_models()


def test_parts_of_a_batch(monkeypatch):
    devices = Devices(None)
    assert (devices.count, devices.part_of(33)) == (1, 33)
    devices.count = 4
    assert devices.part_of(32) == 8
    with pytest.raises(ValueError, match="a multiple of 4. Received: 33"):
        devices.part_of(33)


def test_refusals(monkeypatch):
    with pytest.raises(ValueError, match="must be 'mirrored' or 'multihost'. Received: 'both'"):
        Devices("both")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="unset KERAS_BACKEND, which is 'jax'"):
        Devices("mirrored")
