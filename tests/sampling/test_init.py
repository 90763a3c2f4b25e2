import numpy as np
import pytest

import aezoo
from aezoo.sampling import learning


@pytest.fixture
def ae():
    return aezoo.deep(6, 3, hidden_units=(8,))


def test_interpolation_is_linear_in_the_code(ae, rng):
    a, b = rng.random((2, 6)).astype("float32")
    line = ae.interpolate(a, b, steps=5)
    first, last = ae.encode(np.stack([a, b]))
    expected = ae.decode(np.stack([first + t * (last - first) for t in (0, 0.25, 0.5, 0.75, 1)]))
    np.testing.assert_allclose(line, expected, atol=1e-5)


@pytest.fixture
def two_groups(rng):
    """A model whose code is the sample, and samples of two groups."""
    ae = aezoo.deep(2, 2, hidden_units=())
    for model in (ae.encoder, ae.decoder):
        model.set_weights([np.eye(2), np.zeros(2)])
    return ae, np.concatenate([rng.normal(c, 0.1, size=(200, 2)) for c in ((-5, 0), (5, 3))])


def test_mixture_draws_codes_like_those_of_the_samples(two_groups):
    ae, x = two_groups
    drawn = ae.sample(400, x=x, seed=0)
    assert drawn.shape == (400, 2)
    nearest = np.abs(drawn[:, None] - np.array([(-5, 0), (5, 3)])).sum(axis=-1).min(axis=1)
    assert np.quantile(nearest, 0.95) < 0.6
    assert 0.3 < np.mean(drawn[:, 0] > 0) < 0.7
    np.testing.assert_array_equal(drawn, ae.sample(400, x=x, seed=0))


def test_kernels_stay_near_the_samples(two_groups):
    ae, x = two_groups
    drawn = ae.sample(400, "kernel_density", x=x, seed=0)
    apart = np.linalg.norm(drawn[:, None] - x, axis=-1).min(axis=1)
    assert np.quantile(apart, 0.95) < 1
    assert apart.max() > 0  # they are none of the samples
    assert 0.4 < np.mean(drawn[:, 0] > 0) < 0.6
    np.testing.assert_array_equal(drawn, ae.sample(400, "kernel_density", x=x, seed=0))
    alone = ae.sample(50, "kernel_density", x=x[:1], seed=0)
    np.testing.assert_allclose(alone, np.repeat(x[:1], 50, axis=0), rtol=1e-5)


def test_a_wide_kernel_where_codes_are_normal(two_groups, rng):
    ae, _ = two_groups
    x = rng.normal(size=(300, 2))
    drawn = ae.sample(4000, "kernel_density", x=x, seed=0)
    assert 1.02 < drawn.std() / x.std() < 1.4


def test_a_normal_distribution_of_models_without_a_prior(two_groups):
    ae, x = two_groups
    drawn = ae.sample(4000, "normal", x=x, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), x.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(x.T), rtol=0.1)
    assert np.abs(drawn[:, 0]).min() < 1  # between the groups: it is no mixture


@pytest.mark.slow
@pytest.mark.parametrize(
    "sampler", ["normal", "gaussian_mixture", "kernel_density", "normalizing_flow"]
)
def test_codes_of_any_scale(two_groups, rng, sampler):
    ae, _ = two_groups
    x = rng.normal(size=(500, 2)) * [1e-4, 100]
    drawn = ae.sample(2000, sampler, x=x, seed=0)
    np.testing.assert_allclose(drawn.std(axis=0) / x.std(axis=0), 1, atol=0.4)


def test_normal_sampler_draws_from_the_prior():
    ae = aezoo.variational(3, 3, hidden_units=())
    ae.decoder.set_weights([np.eye(3), np.zeros(3)])
    drawn = ae.sample(5000, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(3), atol=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ae, x: ae.interpolate(x[0], x[1], 1), "steps.*1"),
        (lambda ae, x: ae.interpolate(x, x), r"one sample of shape \(6,\).*\(9, 6\)"),
        (lambda ae, x: ae.sample(0), "n must be.*positive integers.*0"),
        (lambda ae, x: ae.sample(3), "give x"),
        (lambda ae, x: ae.sample(3, x=x, seed=-1), "seed"),
        (lambda ae, x: ae.sample(3, x=x, seed=2**32), "seed must be below"),
        (lambda ae, x: ae.sample(3, "normal"), "give x"),
        (lambda ae, x: ae.sample(3, "kernel_density"), "give x"),
        (lambda ae, x: ae.sample(3, "uniform"), "'uniform'"),
    ],
)
def test_bad_input(ae, call, message):
    with pytest.raises(ValueError, match=message):
        call(ae, np.ones((9, 6), "float32"))


def test_discrete_codes_have_no_line_and_no_density():
    ae = aezoo.vector_quantized((8, 8, 1), 4, filters=(4,))
    with pytest.raises(ValueError, match="discrete"):
        ae.interpolate(np.zeros((8, 8, 1)), np.zeros((8, 8, 1)))
    with pytest.raises(ValueError, match="give x"):
        ae.sample(3)
    with pytest.raises(ValueError, match="'autoregressive'.*'normal'"):
        ae.sample(3, "normal")
    with pytest.raises(ValueError, match="for codebooks"):
        aezoo.vanilla(4, 2).sample(3, "autoregressive", x=np.zeros((5, 4)))


@pytest.mark.slow
def test_places_of_a_codebook_are_drawn_together(monkeypatch):
    monkeypatch.setattr(learning, "EPOCHS", 15)
    ae = aezoo.vector_quantized((8, 8, 1), 4, filters=(4,), num_embeddings=8)
    x = np.repeat(np.eye(8, dtype="float32").reshape(1, 8, 8, 1), 60, axis=0)
    drawn = ae.sample(5, x=x, seed=0)
    np.testing.assert_allclose(drawn, ae.reconstruct(x[:5]), atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_codes_that_are_all_alike(two_groups):
    ae, x = two_groups
    for alike in (x[:1], np.repeat(x[:1], 20, axis=0)):
        np.testing.assert_allclose(ae.sample(3, x=alike), np.repeat(x[:1], 3, axis=0), rtol=1e-5)


def test_a_mixture_is_not_drawn_group_by_group(two_groups):
    ae, x = two_groups
    right = ae.sample(400, x=x, seed=0)[:, 0] > 0
    assert np.count_nonzero(np.diff(right.astype(int))) > 50
