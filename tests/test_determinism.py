"""The same seed gives the same model: at once, in another process, and after loading."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import aezoo

OPTIONS = {"deep": {"dropout": 0.2}}
HOW = {"batch_size": 16, "verbose": 0}
QUICK = ("deep", "masked", "variational", "vector_quantized")
FAMILIES = [
    pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow)
    for name in aezoo.list_models()
]


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).random((48, 8, 8, 1)).astype("float32")


def trained(name, x, **how):
    keras.utils.set_random_seed(0)
    ae = aezoo.build(name, (8, 8, 1), 4, **OPTIONS.get(name, {}))
    ae.fit(x, epochs=2, **HOW, **how)
    return ae


def assert_equal(a, b, most=0.0):
    for p, q in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(p, q, rtol=0, atol=most)


@pytest.mark.parametrize("name", FAMILIES)
def test_continuing_a_loaded_model_is_not_having_stopped(name, x, tmp_path):
    ae = trained(name, x, shuffle=False)
    before = ae.get_weights()
    ae.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for model in (ae, again):
        model.fit(x, epochs=2, shuffle=False, **HOW)
    assert_equal(ae, again, 1e-6)
    moved = [np.abs(a - b).max() > 1e-3 for a, b in zip(before, ae.get_weights(), strict=True)]
    assert any(moved) == (name != "pca")  # which is solved at once


@pytest.mark.parametrize("name", FAMILIES)
def test_outputs_depend_on_neither_batch_nor_order(name, x):
    ae = trained(name, x)
    order = np.random.default_rng(1).permutation(len(x))
    for found in (ae.reconstruct, ae.encode, ae.reconstruction_error):
        together = found(x)
        alone = np.concatenate([found(x[i : i + 1]) for i in range(8)])
        np.testing.assert_allclose(alone, together[:8], rtol=0, atol=1e-6)
        np.testing.assert_allclose(found(x[order]), together[order], rtol=0, atol=1e-6)


def test_random_states_of_files_are_optional(x, tmp_path):
    with_dropout = aezoo.build("deep", (8, 8, 1), 4, dropout=0.2)
    without = aezoo.build("deep", (8, 8, 1), 4)
    for one, other in ((with_dropout, without), (without, with_dropout)):
        one.save_weights(tmp_path / "one.weights.h5")
        other.load_weights(tmp_path / "one.weights.h5")
        assert_equal(one, other)


TRAINED = """
import sys
from tests.test_determinism import trained
import numpy as np
x = np.random.default_rng(0).random((48, 8, 8, 1)).astype("float32")
np.savez(sys.argv[2], *trained(sys.argv[1], x).get_weights())
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", aezoo.list_models())
def test_one_seed_gives_the_same_weights_in_another_process(name, x, tmp_path, xla):
    command = [sys.executable, "-c", TRAINED, name, str(tmp_path / "weights.npz")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    ae = trained(name, x)
    assert_equal(ae, trained(name, x))
    with np.load(tmp_path / "weights.npz") as saved:
        for i, weights in enumerate(ae.get_weights()):
            np.testing.assert_array_equal(weights, saved[f"arr_{i}"])
