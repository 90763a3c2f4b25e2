"""What every family of the zoo promises."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import aezoo

LONG = ((28, 28, 1), (32, 32, 3), (140, 1))
WITH_XLA = ((8, 8, 1), (30,))
VECTORS_TOO = (  # of others, whose networks are these, images are quick alone
    *("compressive", "contractive", "deep", "denoising", "masked", "pca", "residual", "sparse"),
    *("vanilla", "variational", "vector_quantized"),
)
CASES = [
    pytest.param(
        *(name, shape),
        marks=[]
        if shape == (8, 8, 1) or (shape == (30,) and name in VECTORS_TOO)
        else pytest.mark.slow,
        id=f"{name}-{shape}",
    )
    for name in aezoo.list_models()
    for shape in (*WITH_XLA, *LONG)
]

DRAWING = (  # while training: noise of codes, of inputs, or of what an objective compares
    *("adversarial", "compressive", "denoising", "disentangled", "factor", "gumbel", "info"),
    *(
        "hierarchical",
        "hyperspherical",
        "importance_weighted",
        "masked",
        "total_correlation",
        "vamp",
    ),
    *("variational", "vector_quantized", "wasserstein"),
)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_build_fit_save_load(name, shape, rng, tmp_path, request):
    if name == "conv" and len(shape) == 1:
        with pytest.raises(ValueError, match="spatial|signals"):
            aezoo.build(name, shape, 4)
        return
    if shape in WITH_XLA:
        request.getfixturevalue("xla")
    # smooth samples, as real ones are: a few sines with random phases
    phase = rng.uniform(0, 6.28, (64, 1))
    x = 0.5 + 0.4 * np.sin(phase + np.linspace(0, 6, np.prod(shape)))
    x = x.reshape(64, *shape).astype("float32")

    keras.utils.set_random_seed(3)
    weights = aezoo.build(name, shape, 4).get_weights()
    keras.utils.set_random_seed(3)
    ae = aezoo.build(name, shape, 4)
    for a, b in zip(weights, ae.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    before = ae.reconstruction_error(x).mean()
    start = [np.array(v) for v in everything(ae)]
    drawn_before = draws(ae)
    logs, outputs = [], []
    for _ in range(2):
        for variable, value in zip(everything(ae), start, strict=True):
            variable.assign(value)
        keras.utils.set_random_seed(3)
        logs.append(ae.fit(x, epochs=4, batch_size=16, verbose=0).history["loss"])
        outputs.append(ae.reconstruct(x))
    assert ae.reconstruction_error(x).mean() < before
    in_fit = draws(ae) - drawn_before
    ae(x, training=True)
    in_call = draws(ae) - drawn_before - in_fit
    np.testing.assert_array_equal(in_fit[in_call > 0], 16 * in_call[in_call > 0])
    assert any(in_fit) == (name in DRAWING)
    # equal but for the order in which threads add, which Adam enlarges where gradients are near 0
    np.testing.assert_allclose(*logs, rtol=1e-3)
    np.testing.assert_allclose(*outputs, atol=5e-3)

    assert ae.encode(x).shape == (64, *ae.latent_shape)
    assert ae.decode(ae.encode(x)).shape == x.shape
    ae.save(tmp_path / "model.keras")
    for load in (aezoo.load_model, keras.saving.load_model):
        loaded = load(tmp_path / "model.keras")
        np.testing.assert_allclose(loaded.reconstruct(x), ae.reconstruct(x), atol=1e-6)
        np.testing.assert_allclose(loaded.encode(x), ae.encode(x), atol=1e-6)
        for a, b in zip(stored(loaded), stored(ae), strict=True):
            np.testing.assert_array_equal(a, b)


# whose codes have nothing of components, or nothing else
WITHOUT_PCA = ("contractive", "gumbel", "hyperspherical", "pca", "vector_quantized")
WITHOUT_PCA += ("recurrent", "temporal")


def on_a_linear_path(name, rng):
    phase = rng.uniform(0, 6.28, (64, 1))
    x = 0.5 + 0.4 * np.sin(phase + np.linspace(0, 6, 64)) + rng.normal(0, 0.1, (64, 64))
    x = np.clip(x, 0, 1).reshape(64, 8, 8, 1).astype("float32")
    dense = {"backbone": "dense", "hidden_units": (8,)}
    small = {
        "conv": {"filters": (), "refinement": 1, "refinement_filters": 4},
        "residual": {"filters": (4,), "refinement": 1},
        "deep": {"hidden_units": (8,)},
        "vanilla": {},
    }.get(name, dense)
    ae = aezoo.build(name, (8, 8, 1), 4, linear_path=True, **small)
    ae.fit(x, epochs=1, batch_size=16, verbose=0)
    return ae, x


@pytest.mark.slow
@pytest.mark.parametrize("name", aezoo.list_models())
def test_linear_path(name, rng, tmp_path):
    """Fitted, saved, loaded and trained on, with what it started from."""
    if name in WITHOUT_PCA:
        with pytest.raises(ValueError, match="linear_path"):
            aezoo.build(name, (8, 8, 1), 4, linear_path=True)
        return
    ae, x = on_a_linear_path(name, rng)
    assert ae.reconstruction_error(x).mean() < 0.3 * x.var(axis=0).mean()
    ae.save(tmp_path / "model.keras")
    loaded = aezoo.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(x), ae.reconstruct(x), atol=1e-6)
    assert 0 <= loaded.reconstruct(3 * x).min() <= loaded.reconstruct(3 * x).max() <= 1
    paths = [model.get_layer("linear_path") for model in (loaded.encoder, loaded.decoder)]
    before = [np.array(path.kernel) for path in paths]
    loaded.fit(x[:32] ** 2, epochs=1, batch_size=16, verbose=0)
    for path, kernel in zip(paths, before, strict=True):
        assert np.array_equal(path.kernel, kernel) == (name != "vanilla")  # which has no other
        np.testing.assert_allclose(path.kernel, kernel, atol=0.1)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow exports")
@pytest.mark.parametrize("name", [n for n in aezoo.list_models() if n not in WITHOUT_PCA])
def test_linear_path_in_int8(name, rng, tmp_path):
    ae, x = on_a_linear_path(name, rng)
    options = {"calibration_data": x, "signatures": "reconstruct"}
    report = aezoo.export_tflite(ae, tmp_path / "model.tflite", quantize="int8", **options)
    assert report.contents["float_ops"] == {}


def everything(ae):
    """The variables of a model and of its training, the states of random numbers among them."""
    return [*ae.variables, *ae.optimizer.variables]


def stored(ae):
    """What files have of a model and of its training."""
    return [*ae.weights, *ae.optimizer.variables]


def draws(ae):
    """How often each random generator of a model has drawn."""
    states = [v for v in ae.variables if v.path.endswith("seed_generator_state")]
    return np.array([int(state[1]) for state in states])


# solved at once, or their noise hides what six epochs are good for
SLOW = ("factor", "gumbel", "info", "pca", "total_correlation", "vamp")


def of_one_backend(folder, x):
    """Models trained here, saved with what they make of samples."""
    made = {}
    for name in aezoo.list_models():
        keras.utils.set_random_seed(0)
        ae = made[name] = aezoo.build(name, (8, 8, 1), 4)
        log = ae.fit(x, validation_data=x, epochs=6, batch_size=16, verbose=0).history
        first, *later = log["val_loss"]
        assert min(later) < first or name in SLOW, (name, log)
        for key in ae.bottleneck.term_names:
            assert log[key][-1] != 0, (name, log)
    ae = made["linear_path"] = aezoo.conv((8, 8, 1), 4, linear_path=True, refinement=1)
    ae.compile(keras.optimizers.SGD(0.0), "mse")
    ae.fit(x, verbose=0)
    centred = x.reshape(64, -1) - x.reshape(64, -1).mean(axis=0)
    left = np.square(np.linalg.svd(centred, compute_uv=False)[4:]).sum() / centred.size
    assert ae.reconstruction_error(x).mean() < left + 1e-6
    ae.compile("adam", "mse")
    ae.fit(x, epochs=2, verbose=0)
    raw, weights = 100 * x[:, 0, :5, 0], np.linspace(0, 1, 64)
    for mode in ("minmax", "standard"):
        ae = made[mode] = aezoo.deep(5, 2, hidden_units=(8,), normalization=mode)
        ae.compile("adam", "mse", metrics=["mse"])
        log = ae.fit(raw, validation_data=(raw, None, weights), epochs=5, verbose=0).history
        assert log["val_loss"][-1] < log["val_loss"][0]
        assert abs(log["val_loss"][-1] - np.mean(weights * ae.reconstruction_error(raw))) < 1e-4
        assert abs(log["val_mse"][-1] - ae.reconstruction_error(raw).mean()) < 1e-4
        other = aezoo.deep(5, 2, hidden_units=(8,), normalization=mode)
        other.set_weights(ae.get_weights())
        assert abs(other.evaluate(raw, verbose=0) - ae.reconstruction_error(raw).mean()) < 1e-4
    for name, ae in made.items():
        ae.save(folder / f"{name}.keras")
        given = raw if name in ("minmax", "standard") else x
        np.savez(folder / f"{name}.npz", x=given, **found_by(ae, given))


def found_by(ae, x):
    return {
        "codes": ae.encode(x),
        "outputs": ae.reconstruct(x),
        "errors": ae.reconstruction_error(x),
    }


def judge_by_this_backend(folder):
    """Whether models of another one give here what they gave there."""
    names = sorted(path.stem for path in folder.glob("*.keras"))
    assert {*aezoo.list_models(), "linear_path", "minmax", "standard"} == set(names)
    for name in names:
        with np.load(folder / f"{name}.npz") as expected:
            ae = aezoo.load_model(folder / f"{name}.keras")
            for key, values in found_by(ae, expected["x"]).items():
                # in raw units a rounding of float32 is larger
                scale = max(1, np.abs(expected["x"]).max()) if key == "outputs" else 1
                message = f"{name}: {key}"
                np.testing.assert_allclose(
                    values, expected[key], rtol=0, atol=1e-5 * scale, err_msg=message
                )


JAX = """
import sys
from pathlib import Path
import numpy as np
from tests.test_contract import judge_by_this_backend, of_one_backend
folder = Path(sys.argv[1])
judge_by_this_backend(folder / "tensorflow")
of_one_backend(folder / "jax", np.load(folder / "x.npy"))
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="starts JAX from TensorFlow")
def test_weights_of_either_backend_give_the_outputs_of_the_other(rng, tmp_path):
    pytest.importorskip("jax", reason="needs JAX")
    x = 0.5 + 0.4 * np.sin(rng.uniform(0, 6.28, (64, 1)) + np.linspace(0, 6, 64))
    x += rng.normal(0, 0.02, x.shape)  # or PCA would scale what is rounding alone
    np.save(tmp_path / "x.npy", x := x.clip(0, 1).reshape(64, 8, 8, 1).astype("float32"))
    for backend in ("tensorflow", "jax"):
        (tmp_path / backend).mkdir()
    of_one_backend(tmp_path / "tensorflow", x)
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", JAX, str(tmp_path)], check=True, env=environment)
    judge_by_this_backend(tmp_path / "jax")


@pytest.mark.slow
@pytest.mark.parametrize("name", aezoo.list_models())
def test_mixed_precision(name, rng):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        ae = aezoo.build(name, (8, 8, 1), 4)
    finally:
        keras.config.set_dtype_policy("float32")
    x = np.repeat(rng.random((64, 1, 8, 1)), 8, axis=1).astype("float32")  # which can be learned
    before = ae.reconstruction_error(x).mean()
    log = ae.fit(x, epochs=6, batch_size=16, verbose=0).history["loss"]
    assert np.isfinite(log).all()
    assert ae.reconstruction_error(x).mean() < before
    assert np.isfinite(ae.reconstruct(x)).all()


@pytest.mark.parametrize("name", aezoo.list_models())
def test_interpolation(name, rng):
    ae = aezoo.build(name, (8, 8, 1), 4)
    x = rng.random((30, 8, 8, 1)).astype("float32")
    if ae.bottleneck.discrete:
        with pytest.raises(ValueError, match="discrete"):
            ae.interpolate(x[0], x[1])
        return
    ends = ae.interpolate(x[0], x[1], steps=3)[[0, 2]]
    np.testing.assert_allclose(ends, ae.reconstruct(x[:2]), atol=1e-5)
    assert ae.sample(5, "gaussian_mixture", x=x).shape == (5, 8, 8, 1)


@pytest.mark.parametrize("name", aezoo.list_models())
def test_factory_is_documented(name):
    doc = getattr(aezoo, name).__doc__
    for part in ("Args:", "Returns:", "Raises:", "Example:", "Reference:"):
        assert part in doc
