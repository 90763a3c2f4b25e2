import keras
import numpy as np
import pytest

import aezoo
from aezoo.layers.objectives import Forward
from aezoo.models.regularized import SmoothDecoder, SpectralNorm


def forward_of(code, decoder, training=True):
    return Forward(None, None, code, code, None, decoder, training)


def test_size_of_codes(rng, terms):
    z = rng.normal(size=(20, 3, 2)).astype("float32")
    value, loss = terms(SmoothDecoder(10, code_weight=0.5), z)["code_size"]
    expected = 0.5 * np.square(z).sum(axis=(1, 2)).mean()
    assert float(value) == pytest.approx(expected, rel=1e-5)
    assert float(loss) == pytest.approx(0.5 * expected / 10, rel=1e-5)


def test_slope_of_a_linear_decoder(rng):
    """In the mean the squared Frobenius norm, of which this is the mean over 20,000 directions."""
    kernel = rng.normal(size=(4, 7)).astype("float32")
    code = rng.normal(size=(20_000, 4)).astype("float32")
    layer = SmoothDecoder(7, slope_weight=2.0, seed=0)
    value, loss = layer.terms(forward_of(code, lambda z, training: z @ kernel))["slope"]
    assert float(value) == pytest.approx(np.square(kernel).sum(), rel=0.03)
    assert float(loss) == pytest.approx(2 * float(value) / 7, rel=1e-5)


def test_slope_of_a_network_against_its_jacobian(rng):
    ae = aezoo.regularized(5, 2, smoothness="gradient", hidden_units=(8,), activation="tanh")
    z, step = rng.normal(size=(1, 2)).astype("float32"), 1e-2
    ends = [ae.decode(z + sign * step * np.eye(2, dtype="float32")) for sign in (1, -1)]
    expected = np.square((ends[0] - ends[1]) / (2 * step)).sum()
    forward = forward_of(np.repeat(z, 20_000, axis=0), ae.decoder)
    assert float(ae.bottleneck.slope(forward)) == pytest.approx(expected, rel=0.05)


def test_penalty_is_of_the_decoder_alone(rng):
    ae = aezoo.regularized(6, 2, hidden_units=(4,), weight=0.3, code_weight=0)
    x = rng.random((30, 6)).astype("float32")
    kernels = [layer.kernel for layer in ae.decoder.layers if hasattr(layer, "kernel")]
    expected = 0.3 * sum(np.square(kernel).sum() for kernel in kernels)
    expected += ae.reconstruction_error(x).mean()
    assert ae.evaluate(x, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shape", [(30, 40), (3, 3, 20, 8)])
def test_spectral_norm_against_the_singular_values(shape, rng):
    w = rng.normal(size=shape).astype("float32")
    flat = w.reshape(-1, shape[-1])
    singular = np.linalg.svd(flat, compute_uv=False)[0]
    limited = np.asarray(SpectralNorm(0.5)(w))
    assert np.linalg.norm(limited.reshape(flat.shape), 2) == pytest.approx(0.5, rel=0.05)
    small = w / (4 * singular)
    np.testing.assert_array_equal(SpectralNorm(0.5)(small), small)


def test_spectral_norms_stay_below_the_limit(rng, tmp_path):
    x = rng.random((64, 8, 8, 1)).astype("float32")
    ae = aezoo.regularized((8, 8, 1), 3, smoothness="spectral", norm=0.7, filters=(4,))
    ae.fit(x, epochs=3, verbose=0)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.fit(x, epochs=3, verbose=0)
    kernels = [np.asarray(la.kernel) for la in loaded.decoder.layers if hasattr(la, "kernel")]
    norms = [np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2) for kernel in kernels]
    assert len(norms) == 2
    assert max(norms) < 0.7 * 1.05
    assert min(norms) > 0.1
    assert not any(la.kernel_constraint for la in loaded.encoder.layers if hasattr(la, "kernel"))


@pytest.mark.slow
def test_gradient_penalty_makes_a_smoother_decoder(rng):
    x = rng.random((128, 6)).astype("float32")
    slopes = []
    for weight in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        options = {"smoothness": "gradient", "weight": weight, "code_weight": 1.0}
        ae = aezoo.regularized(6, 2, hidden_units=(16,), dropout=0.1, **options)
        slopes.append(ae.fit(x, epochs=20, verbose=0).history["slope"][-1])
    assert slopes[1] < 0.5 * slopes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smoothness": "l1"}, "smoothness must be one of.*'l1'"),
        ({"weight": -1}, "weight must be a number at least 0.*-1"),
        ({"norm": 1.0}, "norm is of no use for smoothness='l2'"),
        ({"smoothness": "spectral", "weight": 1}, "weight is of no use for smoothness='spectral'"),
        ({"smoothness": "spectral", "norm": 0}, "norm must be a number above 0.*0"),
        ({"smoothness": "spectral", "linear_path": True}, "linear path has the norm"),
        ({"code_weight": -0.1}, "code_weight must be a number at least 0"),
        ({"likelihood": "bernoulli", "output_activation": "linear"}, "needs output_activation"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.regularized(9, 4, **options)
