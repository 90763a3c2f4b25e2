from types import SimpleNamespace

import numpy as np
import pytest

import aezoo
from aezoo.export.parity import parity
from aezoo.layers.bottleneck import Bottleneck


class Changed:
    """An export that returns what its model does, but for what is given."""

    parts = ("reconstruct", "encode", "decode", "score")

    def __init__(self, ae, **methods):
        model = {name: getattr(ae, name) for name in self.parts[:3]}
        vars(self).update({**model, "score": ae.reconstruction_error, **methods})


@pytest.fixture(scope="module")
def table():
    x = np.random.default_rng(0).normal(5, 10, (40, 3)).astype("float32")
    ae = aezoo.deep(3, 2, normalization="standard")
    ae.adapt(x)
    return ae, x


def test_the_same_differs_in_nothing(table):
    ae, x = table
    found = parity(ae, Changed(ae, score=lambda x: -ae.reconstruction_error(x)), x, exact=True)
    names = ("max_difference", "mean_difference", "encode_difference", "decode_difference")
    assert {found[name] for name in names} == {0}
    names = ("max_of_allowed", "encode_of_allowed", "decode_of_allowed", "encode_noise")
    assert {found[name] for name in names} == {0}
    assert found["mse_export"] == found["mse_keras"] == found["mse_decode"]
    assert found["mse_uncertainty"] == 0
    assert found["psnr"] == float("inf")
    assert found["rank_correlation"] == pytest.approx(-1)
    assert "prior_noise" not in found


def test_what_was_changed_is_measured(table):
    ae, x = table
    by = np.array([0.1, 0.2, -0.3], "float32")
    found = parity(ae, Changed(ae, reconstruct=lambda x: ae.reconstruct(x) + by), x)
    normalized = np.abs(by / x.std(axis=0))
    assert found["max_difference"] == pytest.approx(normalized.max(), rel=1e-3)
    assert found["mean_difference"] == pytest.approx(normalized.mean(), rel=1e-3)
    assert found["mse_keras"] == pytest.approx(ae.reconstruction_error(x).mean(), rel=1e-4)
    peak = np.ptp(ae.normalize(ae.reconstruct(x)))
    expected = 10 * np.log10(peak**2 / np.mean(normalized**2))
    assert found["psnr"] == pytest.approx(expected, rel=1e-3)
    errors = np.mean(
        (ae.normalize(ae.reconstruct(x) + by) - ae.normalize(x)) ** 2, axis=1
    ) - ae.reconstruction_error(x)
    assert found["mse_export"] - found["mse_keras"] == pytest.approx(errors.mean(), rel=1e-3)
    expected = errors.std(ddof=1) / np.sqrt(len(x))
    assert found["mse_uncertainty"] == pytest.approx(expected, rel=1e-3)
    assert found["decode_difference"] == 0


def test_one_element_off_is_seen(table):
    """Differences of parts are the largest, not means."""
    ae, x = table

    def one_off(function, by):
        def changed(given):
            out = function(given).copy()
            out[7, 1] += by
            return out

        return changed

    found = parity(ae, Changed(ae, encode=one_off(ae.encode, 0.5)), x)
    assert found["encode_difference"] == pytest.approx(0.5, rel=1e-4)
    codes = ae.encode(x)
    spread = np.sqrt(np.mean((codes - codes.mean(axis=0)) ** 2))
    assert found["encode_noise"] == pytest.approx(0.5 / np.sqrt(codes.size) / spread, rel=1e-3)
    assert found["max_difference"] == 0
    found = parity(ae, Changed(ae, decode=one_off(ae.decode, 5.0)), x)
    expected = 5 / x.std(axis=0)[1]
    assert found["decode_difference"] == pytest.approx(expected, rel=1e-4)
    assert found["mse_decode"] != found["mse_keras"] == found["mse_export"]
    assert found["mse_decode_uncertainty"] > 0 == found["mse_uncertainty"]


@pytest.mark.parametrize("offset", [0.0, 1e3, 1.7e9])
def test_float32_may_differ_by_its_own_spacing(rng, offset):
    x = rng.normal(offset, max(1, offset * 1e-5), (60, 3)).astype("float32")
    ae = aezoo.deep(3, 2, hidden_units=(4,), normalization="standard")
    ae.adapt(x)

    def rounded(steps):
        return lambda x: ae.reconstruct(x) + np.float32(steps) * np.spacing(np.float32(offset))

    assert parity(ae, Changed(ae, reconstruct=rounded(2)), x, exact=True)["max_of_allowed"] <= 1
    off = 2e-4 * x.std() + 16 * np.spacing(np.float32(offset))
    wrong = parity(ae, Changed(ae, reconstruct=lambda x: ae.reconstruct(x) + off), x, exact=True)
    assert wrong["max_of_allowed"] > 1
    wrong = parity(ae, Changed(ae, decode=lambda z: ae.decode(z) + off), x, exact=True)
    assert wrong["decode_of_allowed"] > 1
    assert wrong["max_of_allowed"] == 0
    moved = np.abs(ae.encode(x + np.spacing(np.abs(x))) - ae.encode(x)).max()
    off = 2e-4 * max(1, ae.encode(x).std()) + 4 * moved
    wrong = parity(ae, Changed(ae, encode=lambda x: ae.encode(x) + off), x, exact=True)
    assert wrong["encode_of_allowed"] > 1


def test_ranks_that_mean_nothing(table):
    ae, x = table
    exact = Changed(ae)

    class Perfect:  # the error of each sample is zero
        def __getattr__(self, name):
            return getattr(ae, name)

        def reconstruction_error(self, x):
            return np.zeros(len(x))

    assert parity(Perfect(), exact, x)["rank_correlation"] is None
    blind = Changed(ae, score=lambda x: np.ones(len(x)))
    assert parity(ae, blind, x)["rank_correlation"] == 0


def test_indices_that_differ(rng):
    x = rng.random((40, 6)).astype("float32")
    ae = aezoo.vector_quantized(6, 2, num_codes=2, num_embeddings=8, hidden_units=(4,))
    ae.fit(x, epochs=3, verbose=0)
    indices, book = ae.encode_indices(x), np.array(ae.bottleneck.embeddings)
    others = indices.copy()
    others[:10, 0] = (others[:10, 0] + 1) % 8
    options = {"encode": lambda x: others, "decode": ae.decode_indices}
    found = parity(ae, Changed(ae, **options), x, indices=True)
    assert found["encode_differing"] == 10 / 80
    farthest = np.abs(book[indices] - book[others]).max()
    assert found["encode_difference"] == pytest.approx(farthest, rel=1e-5)
    assert found["decode_difference"] == pytest.approx(0, abs=1e-6)


class Drawn(Bottleneck):
    has_prior = True

    def call(self, inputs):
        return inputs

    def prior(self, n, latent_shape, seed=None):
        return np.random.default_rng(seed).normal(9, 1, (n, *latent_shape)).astype("float32")


class Entries(Bottleneck):
    discrete = True

    def call(self, inputs):
        return inputs


def test_what_the_bottleneck_says_is_measured(rng):
    x = rng.normal(size=(40, 3)).astype("float32")

    def model(bottleneck):
        encoder, decoder = aezoo.backbones.build("dense", 3, 2, hidden_units=(4,))
        return aezoo.Autoencoder(aezoo.backbones.with_bottleneck(encoder, bottleneck), decoder)

    ae = model(Drawn())

    def decode(z):  # wrong where the encoder does not go
        return ae.decode(z) * np.where(np.abs(z).min(axis=1, keepdims=True) > 5, 1.5, 1)

    found = parity(ae, Changed(ae, decode=decode), x)
    assert found["decode_difference"] == 0
    outputs = ae.decode(Drawn().prior(40, (2,), seed=1))
    expected = 0.5 * np.sqrt(np.mean(outputs**2) / np.mean((outputs - outputs.mean(axis=0)) ** 2))
    assert found["prior_noise"] == pytest.approx(expected, rel=1e-4)
    ae = model(Entries())
    found = parity(ae, Changed(ae), x)
    assert "encode_noise" not in found
    assert found["encode_difference"] == 0


def test_noisy_samples_are_judged_by_the_clean_ones(rng):
    ae = aezoo.denoising((8, 8, 1), backbone="unet", filters=(2,), stddev=0.1)
    x = rng.random((30, 8, 8, 1), "float32")
    noisy = ae.corrupt(x)
    same = SimpleNamespace(
        parts=("reconstruct",), reconstruct=ae.reconstruct, score=ae.reconstruction_error
    )
    found = parity(ae, same, noisy, clean=x)
    error = np.mean(np.square(ae.reconstruct(noisy) - x))
    assert found["mse_keras"] == pytest.approx(error, rel=1e-5)
    assert found["mse_export"] == pytest.approx(error, rel=1e-5)
    assert found["rank_correlation"] is None
    assert parity(ae, same, noisy, clean=noisy)["rank_correlation"] == pytest.approx(1)
