import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

import aezoo
from aezoo.layers.linear_path import start_at_pca
from aezoo.layers.objectives import Forward
from aezoo.models.variational import GaussianSampling


def params(rng, rows=50, dims=3):
    return rng.normal(size=(rows, 2 * dims)).astype("float32")


def test_kl_against_the_closed_form(rng, terms):
    inputs = params(rng)
    mean, log_var = np.split(inputs.astype("float64"), 2, axis=1)
    expected = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    layer = GaussianSampling(10)
    np.testing.assert_allclose(layer.divergence(inputs), expected, rtol=1e-4, atol=1e-6)
    value, loss = terms(layer, inputs)["kl"]
    assert float(value) == pytest.approx(expected.sum(axis=1).mean(), rel=1e-4)
    assert float(loss) == pytest.approx(expected.sum(axis=1).mean() / 10, rel=1e-4)


def test_kl_against_monte_carlo(rng):
    mean, log_var = 0.7, -0.8
    z = rng.normal(mean, np.exp(log_var / 2), 400_000)
    log_q = -0.5 * ((z - mean) ** 2 / np.exp(log_var) + log_var)
    expected = np.mean(log_q + 0.5 * z**2)  # without the constants of both, which are equal
    found = GaussianSampling(1).divergence(np.float32([[mean, log_var]]))
    assert float(found[0, 0]) == pytest.approx(expected, abs=0.01)


def test_moments_of_samples():
    inputs = np.tile(np.float32([[1.5, -2.0, 0.5, np.log(4.0)]]), (20_000, 1))
    layer = GaussianSampling(10, seed=0)
    z = np.asarray(layer(inputs, training=True))
    np.testing.assert_allclose(z.mean(axis=0), [1.5, -2.0], atol=0.05)
    np.testing.assert_allclose(z.var(axis=0), [np.exp(0.5), 4.0], rtol=0.05)
    np.testing.assert_array_equal(layer(inputs), inputs[:, :2])


def test_free_bits(rng, terms):
    inputs = params(rng)
    each = np.asarray(GaussianSampling(1).divergence(inputs)).mean(axis=0)
    bits = float(np.sort(each)[1]) + 1e-4
    layer = GaussianSampling(1, free_bits=bits)
    loss = terms(layer, inputs)["kl"].loss
    assert float(loss) == pytest.approx(np.maximum(each, bits).sum(), rel=1e-4)


def test_capacity_grows(rng, terms):
    """Also past the KL, from where on the penalty is for too small a one."""
    inputs = params(rng)
    total = float(np.asarray(GaussianSampling(1).divergence(inputs)).sum(axis=1).mean())
    for capacity in (0.5 * total, 3 * total):
        layer = GaussianSampling(1, beta=3.0, capacity=capacity, capacity_steps=4)
        layer.build((None, 6))
        for updates in range(6):
            expected = 3 * abs(total - capacity * min(updates / 4, 1))
            assert float(terms(layer, inputs)["kl"].loss) == pytest.approx(expected, rel=1e-4)
            terms(layer, inputs, training=True)


def test_distribution_and_divergence_of_a_model(rng):
    ae = aezoo.variational((8, 8, 1), 3, filters=(4,))
    x = rng.random((300, 8, 8, 1)).astype("float32")  # more than one batch
    mean, log_var = ae.encode_distribution(x)
    np.testing.assert_allclose(mean, ae.encode(x), atol=1e-6)
    expected = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    np.testing.assert_allclose(ae.kl_divergence(x), expected, atol=1e-4)
    logged = ae.evaluate(x, verbose=0, return_dict=True)
    assert logged["kl"] == pytest.approx(expected.sum(axis=1).mean(), rel=1e-3)
    assert logged["loss"] == ae.evaluate(x, verbose=0, return_dict=True)["loss"]


def test_validation_is_of_the_bound(rng):
    """That is of draws of the code: where its spread matters, they differ from its mean."""
    x = rng.random((2000, 6)).astype("float32")
    ae = aezoo.variational(6, 2, hidden_units=(), beta=1.0)
    ae.decoder.get_layer("output").kernel.assign(2 * rng.normal(size=(2, 6)))
    mean, log_var = ae.encode_distribution(x)
    draws = mean + np.exp(log_var / 2) * rng.normal(size=(50, *mean.shape))
    errors = [np.mean((ae.decode(z.astype("float32")) - x) ** 2) for z in draws]
    bound = np.mean(errors) + ae.kl_divergence(x).sum(axis=1).mean() / 6
    assert np.mean(errors) > 2 * ae.reconstruction_error(x).mean()
    found = ae.evaluate(x, batch_size=1000, verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(bound, rel=0.05)


def test_learned_beta_is_of_the_errors_of_the_loss(rng):
    """Of draws of the code and of the target that is given, in training and in evaluation."""
    x = rng.random((500, 6)).astype("float32")
    ae = aezoo.variational(6, 2, hidden_units=())
    ae.decoder.get_layer("output").kernel.assign(2 * rng.normal(size=(2, 6)))
    ae.decoder.get_layer("output").bias.assign(np.full(6, 0.1))  # so that fit leaves it
    divergence = ae.kl_divergence(x).sum(axis=1).mean()
    mean, log_var = ae.encode_distribution(x)
    draws = mean + np.exp(log_var / 2) * rng.normal(size=(50, *mean.shape))
    outputs = [ae.decode(z.astype("float32")) for z in draws]
    ae.compile(keras.optimizers.SGD(0.0), loss="mse", run_eagerly=True)
    for target in (None, x, x + 5):
        error = np.mean([(out - (x if target is None else target)) ** 2 for out in outputs])
        found = [ae.evaluate(x, target, batch_size=500, verbose=0)[0]]
        found += ae.fit(x, target, batch_size=500, verbose=0).history["loss"]
        assert found == pytest.approx([error * (1 + 2 * divergence / 6)] * 2, rel=0.1)


@pytest.mark.slow
def test_beta_trades_divergence_for_reconstruction(rng):
    x = (rng.random((256, 2)) @ rng.random((2, 6))).astype("float32")
    divergences = []
    for beta in (0.001, 1.0):
        keras.utils.set_random_seed(0)
        ae = aezoo.variational(6, 2, hidden_units=(32,), beta=beta)
        divergences.append(ae.fit(x, epochs=30, verbose=0).history["kl"][-1])
    assert divergences[1] < 0.2 * divergences[0]


def test_beta_is_twice_the_variance_of_the_errors(rng):
    inputs = params(rng)
    target, output = rng.normal(size=(2, 50, 8)).astype("float32")
    layer = GaussianSampling(8, beta=None)
    forward = Forward(None, target, inputs, layer(inputs), output, None, True)
    kl, loss = layer.terms(forward)["kl"]
    expected = 2 * np.mean((target - output) ** 2) * float(kl) / 8
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    assert GaussianSampling.from_config(layer.get_config()).beta is None
    assert aezoo.variational(6, 2).bottleneck.beta is None
    assert aezoo.variational(6, 2, likelihood="bernoulli").bottleneck.beta == 1


def test_a_learned_beta_is_a_constant_to_the_gradient(rng):
    tf = pytest.importorskip("tensorflow")
    layer = GaussianSampling(8, beta=None)
    output = tf.Variable(rng.normal(size=(50, 8)).astype("float32"))
    with tf.GradientTape() as tape:
        forward = Forward(None, tf.zeros((50, 8)), params(rng), None, output, None, True)
        loss = layer.terms(forward)["kl"].loss
    assert tape.gradient(loss, output) is None


@pytest.mark.slow
def test_learned_errors_use_the_code(rng):
    """Errors of the variance that beta = 1 stands for leave the codes of such values empty."""
    x = (rng.random((256, 2)) @ rng.random((2, 6))).astype("float32")
    found = {}
    for beta in (None, 1.0):
        keras.utils.set_random_seed(0)
        ae = aezoo.variational(6, 2, hidden_units=(32,), beta=beta)
        found[beta] = ae.fit(x, epochs=80, verbose=0).history["kl"][-1]
    assert found[1.0] < 0.05
    assert found[None] > 1


def test_bernoulli(rng):
    x = (rng.random((64, 6)) < 0.5).astype("float32")
    ae = aezoo.variational(6, 2, hidden_units=(8,), likelihood="bernoulli", beta=1e-6)
    ae.encoder.get_layer("latent").kernel.assign(np.zeros((8, 4)))
    ae.encoder.get_layer("latent").bias.assign([0.3, -0.2, -20, -20])  # draws are the mean
    out = ae.reconstruct(x)
    expected = -np.mean(x * np.log(out) + (1 - x) * np.log(1 - out))
    assert ae.evaluate(x, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("shape", "options"),
    [((8,), {"hidden_units": (6,)}), ((4, 4, 1), {"filters": (4,), "bottleneck": "conv"})],
)
def test_a_linear_path_starts_at_probabilistic_pca(shape, options, rng):
    """Tipping and Bishop: W = U (L - s)^(1/2), p(z | x) = N(M^-1 W'(x - mean), s M^-1)."""
    values = int(np.prod(shape))
    flat = rng.normal(size=(300, 4)) @ rng.normal(size=(4, values))
    flat += rng.normal(size=(300, values)) / 2 + 3
    x = flat.astype("float32").reshape(300, *shape)
    ae = aezoo.variational(shape, 3, linear_path=True, output_activation="linear", **options)
    start_at_pca(ae.encoder, ae.decoder, x)

    pca = PCA(3, svd_solver="full").fit(flat)
    noise = pca.noise_variance_
    w = pca.components_.T * np.sqrt(pca.explained_variance_ - noise)  # (N, D)
    m = w.T @ w + noise * np.eye(3)
    expected = (flat - pca.mean_) @ w @ np.linalg.inv(m)
    found, log_var = (part.reshape(300, 3) for part in ae.encode_distribution(x))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    variance = noise * np.diag(np.linalg.inv(m))
    np.testing.assert_allclose(np.exp(log_var), np.broadcast_to(variance, (300, 3)), rtol=1e-3)
    np.testing.assert_allclose(w @ w.T + noise * np.eye(values), pca.get_covariance(), atol=1e-8)
    rebuilt = ae.decode(ae.encode(x)).reshape(300, values)
    np.testing.assert_allclose(rebuilt, expected @ w.T + pca.mean_, atol=1e-4)


def test_units_without_a_component_start_at_the_prior(rng):
    x = rng.normal(size=(3, 8)).astype("float32")
    ae = aezoo.variational(8, 5, hidden_units=(6,), linear_path=True)
    start_at_pca(ae.encoder, ae.decoder, x)
    mean, log_var = ae.encode_distribution(x)
    np.testing.assert_array_equal(mean[:, 3:], 0)
    np.testing.assert_array_equal(log_var[:, 3:], 0)
    np.testing.assert_allclose(ae.reconstruct(x), x, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": 0}, "beta must be a number above 0.*0"),
        ({"beta": -1}, "beta.*-1"),
        ({"beta": "1"}, "beta.*'1'"),
        ({"beta": True}, "beta.*True"),
        ({"capacity": 0}, "capacity must be a number above 0"),
        ({"capacity": 5, "capacity_steps": 0}, "capacity_steps.*0"),
        ({"capacity_steps": 5}, "capacity_steps are of a capacity"),
        ({"free_bits": -0.1}, "free_bits must be a number at least 0"),
        ({"likelihood": "poisson"}, "likelihood must be one of.*'poisson'"),
        ({"likelihood": "bernoulli", "output_activation": "linear"}, "needs output_activation"),
        ({"latent_activation": "relu"}, "must be 'linear'.*'relu'"),
        ({"likelihood": "bernoulli", "linear_path": True}, "output_activation among.*'sigmoid'"),
        ({"backbone": "conv"}, "dense backbone"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.variational(9, 4, **options)
