import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import PCA

import aezoo
from aezoo.layers.linear_path import awaits_start, components, start_at_pca

# Shapes of a few hundred values or fewer, for which sklearn's PCA is exact.
NETWORKS = {
    "dense": (6, {"backbone": "dense", "hidden_units": (8,)}),
    "blocks": (6, {"backbone": "residual", "hidden_units": (8,), "blocks": 2}),
    "only a code": (6, {"backbone": "dense", "hidden_units": ()}),
    "batch normalization": (
        6,
        {"backbone": "dense", "hidden_units": (8,), "batch_normalization": True},
    ),
    "limited": (6, {"backbone": "dense", "hidden_units": (8,), "limit": 0.5}),
    "only a code, limited": (6, {"backbone": "dense", "hidden_units": (), "limit": 0.5}),
    "images": ((6, 5, 2), {"filters": (4, 3)}),
    "a code of a convolution": ((6, 5, 2), {"filters": (4,), "bottleneck": "conv"}),
    "residual": ((6, 5, 2), {"backbone": "residual", "filters": (4,)}),
    "images to dense": ((6, 5, 2), {"backbone": "dense", "hidden_units": (8,)}),
    "signals": ((9, 2), {"filters": (4,)}),
    "refined": ((7, 5, 2), {"filters": (4,), "refinement": 1}),
    "only refined": ((7, 5, 2), {"filters": (), "refinement": 2, "refinement_filters": 4}),
    "refined signals": ((9, 2), {"filters": (), "refinement": 1}),
    "refined volumes": ((4, 3, 5, 1), {"filters": (3,), "refinement": 1}),
    "volumes": ((4, 3, 5, 1), {"filters": (4,), "bottleneck": "conv"}),
}


def samples(rng, shape=(6,), n=200):
    """Samples of a few directions and some noise, most values of which are in [0, 1]."""
    values = int(np.prod(shape))
    x = rng.normal(size=(n, 4)) @ rng.normal(size=(4, values)) + rng.normal(size=(n, values)) / 4
    return (0.5 + 0.12 * x).reshape(n, *np.atleast_1d(shape)).astype("float32")


def by_pca(x, latent_dim, of=None):
    """What scikit-learn's PCA makes of samples, in float64."""
    fitted = (x if of is None else of).reshape(-1, x[0].size).astype("float64")
    pca = PCA(min(latent_dim, *fitted.shape), svd_solver="full").fit(fitted)
    flat = x.reshape(len(x), -1).astype("float64")
    return pca.inverse_transform(pca.transform(flat)).reshape(x.shape)


def without_updates(ae, x, **options):
    """What `fit` does before its first update."""
    ae.compile(keras.optimizers.SGD(0.0), loss="mse")
    ae.fit(x, verbose=0, **options)
    return ae


def started(ae, x):
    start_at_pca(ae.encoder, ae.decoder, x)
    return ae


def flat_codes(ae, x):
    return ae.encode(x).reshape(len(x), -1)


def network(name, **options):
    shape, own = NETWORKS[name]
    backbone = {**own, **options}
    encoder, decoder = aezoo.backbones.build(
        backbone.pop("backbone", "conv"), shape, 3, linear_path=True, **backbone
    )
    return aezoo.Autoencoder(encoder, decoder)


@pytest.mark.parametrize("latent_activation", ["linear", "leaky_relu", "relu"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_starts_as_pca(name, latent_activation, rng):
    x = samples(rng, NETWORKS[name][0])
    ae = network(name, output_activation="linear", latent_activation=latent_activation)
    assert awaits_start(ae.encoder, ae.decoder)
    started(ae, x)
    assert not awaits_start(ae.encoder, ae.decoder)
    np.testing.assert_allclose(ae.reconstruct(x), by_pca(x, 3), atol=2e-5)
    codes = flat_codes(ae, x)
    np.testing.assert_allclose(codes.var(axis=0, ddof=1), 1, rtol=1e-3)
    centre = 0 if latent_activation == "linear" else 5
    np.testing.assert_allclose(codes.mean(axis=0), centre, atol=1e-3)


@pytest.mark.parametrize("shape", [(6, 5, 2), (4, 3, 5, 1)])
def test_a_clip_is_never_worse_than_pca(shape, rng):
    x = np.clip(samples(rng, shape), 0, 1)
    ae = started(aezoo.conv(shape, 3, filters=(4,), linear_path=True), x)
    exact = by_pca(x, 3)
    np.testing.assert_allclose(ae.reconstruct(x), np.clip(exact, 0, 1), atol=2e-5)
    at_pca = np.square(exact - x).reshape(len(x), -1).mean(axis=1)
    assert np.all(ae.reconstruction_error(x) <= at_pca + 1e-7)
    assert exact.min() < -0.01  # there is something to cut off
    assert exact.max() > 1.01


@pytest.mark.parametrize("mode", ["standard", "minmax"])
@pytest.mark.parametrize("streamed", [False, True])
def test_components_are_those_of_normalized_values(mode, streamed, rng):
    x = samples(rng) * [1, 10, 100, 1, 1, 1000] + [0, 5, 0, -3, 0, 9000]
    x = x.astype("float32")
    ae = aezoo.deep(6, 3, hidden_units=(8,), linear_path=True, normalization=mode)
    without_updates(ae, tf.data.Dataset.from_tensor_slices(x).batch(200) if streamed else x)
    scaled = ae.normalize(x)
    found = ae.normalize(ae.reconstruct(x))
    np.testing.assert_allclose(found, by_pca(scaled, 3), atol=1e-3)


def test_targets_are_what_is_reconstructed(rng):
    clean = samples(rng)
    noisy = clean + rng.normal(0, 0.05, clean.shape).astype("float32")
    ae = aezoo.deep(6, 3, hidden_units=(8,), linear_path=True)
    ae.compile(keras.optimizers.SGD(0.0), loss="mse")
    ae.fit(noisy, clean, verbose=0)
    np.testing.assert_allclose(ae.reconstruct(noisy), by_pca(noisy, 3, of=clean), atol=2e-5)


def test_corruption_does_not_reach_the_components(rng):
    x = samples(rng)
    ae = without_updates(aezoo.denoising(6, 3, stddev=2.0, linear_path=True), x)
    np.testing.assert_allclose(ae.reconstruct(x), by_pca(x, 3), atol=2e-5)


@pytest.mark.parametrize("offset", [10.0, 1000.0])
def test_a_large_mean_does_not_drown_what_varies(offset, rng):
    x = samples(rng, n=500) + np.float32(offset)
    ae = started(aezoo.deep(6, 3, hidden_units=(8,), linear_path=True), x)
    np.testing.assert_allclose(ae.reconstruct(x), by_pca(x, 3), atol=3e-7 * offset)


@pytest.mark.parametrize("shift", [0.0, 0.3, 12345.678])
@pytest.mark.parametrize("family", ["deep", "variational"])
@pytest.mark.parametrize("n", [1, 50])
def test_samples_that_are_all_the_same(family, shift, n, recwarn):
    x = np.full((n, 6), shift, "float32")
    ae = started(getattr(aezoo, family)(6, 3, hidden_units=(8,), linear_path=True), x)
    np.testing.assert_allclose(ae.reconstruct(x), x, rtol=1e-6)
    assert np.abs(ae.encode(x)).max() < 0.01
    assert np.abs(ae.encode(x + 1)).max() < 10  # nothing was divided by a variance of 0
    assert not [w for w in recwarn if "divide" in str(w.message)]
    assert not awaits_start(ae.encoder, ae.decoder)


def test_a_constant_feature_and_units_without_variance(rng):
    x = samples(rng)
    x[:, 2] = 7.0
    x[:, 4] = x[:, 3]
    ae = started(aezoo.deep(6, 5, hidden_units=(8,), linear_path=True), x)
    np.testing.assert_allclose(ae.reconstruct(x), x, atol=2e-5)
    variances = np.sort(ae.encode(x).var(axis=0, ddof=1))
    np.testing.assert_allclose(variances[1:], 1, rtol=1e-3)
    assert variances[0] < 0.01


@pytest.mark.parametrize("latent_activation", ["linear", "relu"])
def test_units_of_a_wide_code_have_less_for_small_components(latent_activation, rng):
    x = (rng.normal(size=(400, 70)) * np.geomspace(1, 1e-3, 70)).astype("float32")
    given = {"hidden_units": (8,), "linear_path": True, "latent_activation": latent_activation}
    ae = started(aezoo.deep(70, 65, **given), x)
    pca = PCA(65, svd_solver="full").fit(x)
    np.testing.assert_allclose(
        ae.reconstruct(x), pca.inverse_transform(pca.transform(x)), atol=1e-4
    )
    found = ae.encode(x).std(axis=0, ddof=1)
    expected = (np.sqrt(pca.explained_variance_) / np.sqrt(pca.explained_variance_[0])) ** 0.3
    np.testing.assert_allclose(found[:30], expected[:30], rtol=0.01)
    narrow = started(aezoo.deep(70, 64, **given), x)
    np.testing.assert_allclose(narrow.encode(x).std(axis=0, ddof=1)[:30], 1, rtol=0.01)


def test_units_with_a_prior_are_all_alike(rng):
    x = (rng.normal(size=(400, 70)) * np.geomspace(1, 0.05, 70)).astype("float32")
    ae = started(aezoo.variational(70, 65, hidden_units=(8,), linear_path=True), x)
    means, logs = ae.encode_distribution(x)
    # the variance of what is drawn is 1 in every unit
    np.testing.assert_allclose(means.var(axis=0) + np.exp(logs).mean(axis=0), 1, rtol=0.05)


@pytest.mark.parametrize("latent_activation", ["linear", "relu"])
@pytest.mark.parametrize(("n", "latent_dim"), [(2, 4), (3, 9), (200, 9)])
def test_more_units_than_components(n, latent_dim, latent_activation, rng):
    x = samples(rng, n=n)
    ae = aezoo.deep(
        6, latent_dim, hidden_units=(8,), linear_path=True, latent_activation=latent_activation
    )
    started(ae, x)
    np.testing.assert_allclose(ae.reconstruct(x), x, atol=2e-5)
    unused = ae.encode(x)[:, min(n, 6) :]
    np.testing.assert_array_equal(unused, 0)


@pytest.mark.parametrize("batch_size", [1, 7, 199, 200])
@pytest.mark.parametrize("family", ["deep", "variational"])
def test_of_a_dataset_of_batches(family, batch_size, rng):
    x = samples(rng)
    pair = [getattr(aezoo, family)(6, 3, hidden_units=(8,), linear_path=True) for _ in range(2)]
    without_updates(pair[0], tf.data.Dataset.from_tensor_slices(x).batch(batch_size))
    started(pair[1], x)
    errors = [ae.reconstruction_error(x).mean() for ae in pair]
    assert errors[0] == pytest.approx(errors[1], rel=1e-4)
    variances = [ae.encode(x).var(axis=0) for ae in pair]
    np.testing.assert_allclose(*variances, rtol=1e-3)
    if family == "variational":
        spread = [ae.encode_distribution(x)[1] for ae in pair]
        np.testing.assert_allclose(*spread, atol=1e-3)


def test_all_of_a_dataset_is_read(rng):
    """Also what comes after the samples that the mean is taken from."""
    x = samples(rng, n=1500)
    x[1100:, 5] += np.linspace(0, 9, 400, dtype="float32")
    ae = aezoo.deep(6, 1, hidden_units=(8,), linear_path=True)
    without_updates(ae, tf.data.Dataset.from_tensor_slices(x).batch(50))
    assert np.corrcoef(ae.encode(x)[:, 0], x[:, 5])[0, 1] ** 2 > 0.99


def test_of_a_generator_nothing_is_lost(rng):
    x = samples(rng)
    ae = aezoo.deep(6, 3, hidden_units=(8,), linear_path=True)
    without_updates(ae, ((x[i : i + 50],) for i in range(0, 200, 50)), steps_per_epoch=4)
    np.testing.assert_allclose(ae.reconstruct(x), by_pca(x, 3), atol=2e-5)
    assert int(ae.optimizer.iterations.numpy()) == 4


def test_of_a_dataset_without_end_what_an_epoch_takes(rng):
    x = samples(rng)
    data = tf.data.Dataset.from_tensor_slices(x).batch(50).repeat()
    ae = aezoo.deep(6, 3, hidden_units=(8,), linear_path=True)
    without_updates(ae, data, steps_per_epoch=2)
    error = np.square(by_pca(x[:100], 3) - x[:100]).mean()
    assert ae.reconstruction_error(x[:100]).mean() == pytest.approx(error, rel=0.02)
    with pytest.raises(ValueError, match="without end"):
        ae.fit(data, verbose=0)


def test_what_is_kept_for_validation_is_not_looked_at(rng):
    x = samples(rng)
    ae = aezoo.deep(6, 3, hidden_units=(8,), linear_path=True)
    without_updates(ae, x, validation_split=0.25)
    np.testing.assert_allclose(ae.reconstruct(x), by_pca(x, 3, of=x[:150]), atol=2e-5)


def path_weights(ae):
    return [
        np.array(weight)
        for model in (ae.encoder, ae.decoder)
        for weight in model.get_layer("linear_path").weights
    ]


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_paths_start_once_and_do_not_move(rng, tmp_path):
    x = samples(rng, (6, 5, 2))
    ae = aezoo.conv((6, 5, 2), 3, filters=(4,), linear_path=True, output_activation="linear")
    ae.fit(x, epochs=1, verbose=0)
    first, weights = path_weights(ae), ae.get_weights()
    ae.fit(x[:50] * 2, epochs=1, verbose=0)
    assert equal(first, path_weights(ae))
    assert not equal(weights, ae.get_weights())  # what stands beside them does
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(x), ae.reconstruct(x), atol=1e-6)
    loaded.fit(x[:50] * 2, epochs=1, verbose=0)
    assert equal(first, path_weights(loaded))
    for model in (loaded.encoder, loaded.decoder):
        assert not model.get_layer("linear_path").trainable

    other = aezoo.conv((6, 5, 2), 3, filters=(4,), linear_path=True, output_activation="linear")
    other.set_weights(ae.get_weights())
    other.fit(x, epochs=1, verbose=0)
    assert equal(first, path_weights(other))


def test_without_a_network_beside_it_the_path_is_trained(rng):
    x = samples(rng)
    ae = aezoo.vanilla(6, 3, linear_path=True)
    without_updates(ae, x)
    first = path_weights(ae)
    ae.compile(keras.optimizers.Adam(1e-3), loss="mse")
    ae.fit(x, verbose=0)
    assert not any(np.array_equal(a, b) for a, b in zip(first, path_weights(ae), strict=True))


def test_training_goes_below_pca(rng):
    """On a bent line, of which one straight direction tells little."""
    angle = rng.uniform(0, 2.5, (400, 1))
    x = np.concatenate([np.cos(angle), np.sin(angle)], axis=1).astype("float32")
    ae = aezoo.deep(2, 1, hidden_units=(32,), linear_path=True)
    ae.compile(keras.optimizers.Adam(0.01), loss="mse")
    log = ae.fit(x, epochs=30, verbose=0).history["loss"]
    at_pca = np.square(by_pca(x, 1) - x).mean()
    assert log[0] < at_pca * 1.2
    assert ae.reconstruction_error(x).mean() < 0.2 * at_pca


def test_beyond_a_limit_there_is_only_the_path(rng, tmp_path):
    ae = aezoo.deep(6, 2, hidden_units=(8,), activation="tanh", linear_path=True, limit=3.0)
    x = samples(rng)
    ae.compile(loss="mse", optimizer="adam")
    ae.fit(x, epochs=3, verbose=0)
    ae.save(tmp_path / "m.keras")
    for model in (ae, keras.models.load_model(tmp_path / "m.keras")):
        for part, size in ((model.encoder, 6), (model.decoder, 2)):
            path = part.get_layer("linear_path")

            def of_network(value, part=part, size=size, path=path):
                values = np.full((1, size), value, "float32")
                return np.asarray(part(values) - path(values))

            assert np.allclose(of_network(3.0), of_network(300.0), atol=1e-4)
            assert np.allclose(of_network(-3.0), of_network(-300.0), atol=1e-4)
            assert not np.allclose(of_network(2.0), of_network(3.0), atol=1e-4)


@pytest.mark.parametrize("limit", [0, -1.0, np.nan, "ten"])
def test_limits_that_are_none(limit):
    with pytest.raises(ValueError, match="limit must be a number above 0"):
        aezoo.deep(6, 2, linear_path=True, limit=limit)
    with pytest.raises(ValueError, match="limit needs linear_path=True"):
        aezoo.deep(6, 2, limit=3.0)


def test_mixed_precision(rng):
    x = np.clip(samples(rng, (6, 5, 2)), 0, 1)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        ae = aezoo.conv((6, 5, 2), 3, filters=(4,), linear_path=True)
    finally:
        keras.config.set_dtype_policy("float32")
    without_updates(ae, x)
    np.testing.assert_allclose(ae.reconstruct(x), np.clip(by_pca(x, 3), 0, 1), atol=5e-3)
    ae.compile(keras.optimizers.Adam(1e-3), loss="mse")
    assert np.isfinite(ae.fit(x, epochs=2, verbose=0).history["loss"]).all()


def test_components_of_some_of_many_values(rng, monkeypatch):
    monkeypatch.setattr("aezoo.layers.linear_path.VALUES", 600)
    x = samples(rng, n=400)
    assert components(x, 3).n_samples_ == 100
    assert components(x, 3).mean_ == pytest.approx(x.mean(axis=0), abs=0.1)
    assert components(x[:90], 3).n_samples_ == 90


def test_noise_is_what_components_leave_in_a_value(rng):
    x = samples(rng, n=300)
    expected = PCA(2, svd_solver="full").fit(x.astype("float64")).noise_variance_
    assert components(x, 2).noise_variance_ == pytest.approx(expected, rel=1e-4)
    found = components((x[i : i + 20] for i in range(0, 300, 20)), 2).noise_variance_
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("exact", [True, False])
def test_of_batches_as_of_an_array(rng, monkeypatch, exact):
    monkeypatch.setattr("aezoo.layers.linear_path.EXACT", 20 if exact else 10)
    monkeypatch.setattr("aezoo.layers.linear_path.TOGETHER", 64)
    x = samples(rng, (20,), n=3000)
    if exact:  # later ones may be others, and far from the first mean
        x[1500:, :5] += 3 * x[1500:, 5:10] + 2
    x = (x + 100).astype("float32")
    found = components((x[i : i + 50] for i in range(0, 3000, 50)), 4)
    expected = PCA(4, svd_solver="full").fit(x.astype("float64"))
    np.testing.assert_allclose(found.mean_, expected.mean_, rtol=1e-6)
    close = 1e-4 if exact else 0.05
    for name in ("explained_variance_", "noise_variance_"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=close)
    kept = np.linalg.svd(found.components_ @ expected.components_.T)[1]
    np.testing.assert_allclose(kept, 1, atol=close)  # the same space
    np.testing.assert_allclose(found.components_ @ found.components_.T, np.eye(4), atol=1e-5)


@pytest.mark.parametrize("cuts", [1, 300])
def test_many_samples_far_from_0_are_as_exact(rng, cuts):
    x = (1e6 + rng.normal(size=(300 * 1024, 4)) * [3, 2, 1, 0.5]).astype("float32")
    x[len(x) // 2 :] += 1e6  # nor are they near the first
    found = components(iter(np.split(x, cuts)), 2)
    expected = np.linalg.eigvalsh(np.cov(x.T.astype("float64")))[::-1]
    np.testing.assert_allclose(found.mean_, x.mean(axis=0, dtype="float64"), rtol=1e-12)
    np.testing.assert_allclose(found.explained_variance_[0], expected[0], rtol=1e-8)
    np.testing.assert_allclose(found.explained_variance_[1], expected[1], rtol=1e-2)
    assert found.noise_variance_ == pytest.approx(expected[2:].mean(), rel=0.1)


def test_noise_of_fewer_samples_than_values_is_of_all_values(rng):
    """Tipping and Bishop, equation 8: eigenvalues of 0 count, where samples do not vary."""
    x = samples(rng, (40,), n=15)
    expected = np.sort(np.linalg.eigvalsh(np.cov(x.T)))[:-3].mean()
    assert components(x, 3).noise_variance_ == pytest.approx(expected, rel=1e-4)
    assert components(iter([x]), 3).noise_variance_ == pytest.approx(expected, rel=1e-4)
    assert components(x[:1], 3).noise_variance_ == 0
    assert components(iter([x[:1]]), 3).noise_variance_ == 0


def test_the_last_samples_of_a_dataset_are_looked_at(rng):
    x = samples(rng, n=23)
    pca = components((x[i : i + 1] for i in range(23)), 4)
    assert pca.n_samples_ == 23
    np.testing.assert_allclose(pca.mean_, x.mean(axis=0), atol=1e-5)


def test_data_are_not_changed(rng):
    x = samples(rng)
    before = x.copy()
    ae = aezoo.deep(6, 3, hidden_units=(8,), linear_path=True)
    start_at_pca(ae.encoder, ae.decoder, x)
    start_at_pca(ae.encoder, ae.decoder, iter([x[:100], x[100:]]))
    np.testing.assert_array_equal(x, before)
