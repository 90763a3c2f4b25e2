import keras
import numpy as np
import pytest

import aezoo
from aezoo.training.precision import checked_precision, computing_in, plain


def test_layers_compute_in_it_and_the_policy_comes_back():
    before = keras.config.dtype_policy()
    with computing_in("bfloat16"):
        layer = keras.layers.Dense(2)
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    with pytest.raises(RuntimeError), computing_in("bfloat16"):
        raise RuntimeError
    assert keras.config.dtype_policy() == before


def test_the_same_weights_plain(rng):
    def build():
        return aezoo.denoising((16, 16, 1), backbone="unet", filters=(4,), stddev=0.1)

    with computing_in("bfloat16"):
        ae = build()
    x = rng.random((40, 16, 16, 1), "float32")
    # what goes around the network is not rounded
    np.testing.assert_array_equal(ae.reconstruct(x), x)
    assert ae.corruption.compute_dtype == "float32"
    ae.fit(x, epochs=2, verbose=0)
    exact = plain(ae, build)
    assert exact.compute_dtype == "float32"
    for ours, theirs in zip(exact.get_weights(), ae.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(exact.reconstruct(x), ae.reconstruct(x), atol=0.02)
    assert plain(exact, build) is exact


def test_unknown():
    assert checked_precision("float32") == "float32"
    with pytest.raises(ValueError, match="'float32' or 'bfloat16'. Received: 'half'"):
        checked_precision("half")


def test_a_training_computes_in_it(tmp_path, monkeypatch):
    def attempt(ae, *args, **how):
        raise ValueError(ae.compute_dtype)

    monkeypatch.setattr("aezoo.training.runs.attempt", attempt)
    for precision in ("bfloat16", "float32"):
        with pytest.raises(ValueError, match=f"^{precision}$"):
            aezoo.train("conv", "digits", precision=precision, output=tmp_path / precision)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["conv", "denoising", "variational", "vector_quantized"])
def test_a_run_ends_plain(model, tmp_path):
    run = aezoo.train(model, "digits", epochs=1, precision="bfloat16", output=tmp_path / "run")
    assert run.model.compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert (
        aezoo.training.folder.read_record(tmp_path / "run")["training"]["precision"] == "bfloat16"
    )
    x = aezoo.load_dataset("digits", "test").x
    assert run.metrics["mse"] == pytest.approx(run.model.reconstruction_error(x).mean(), rel=1e-5)
