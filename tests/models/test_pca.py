import keras
import numpy as np
import pytest

import aezoo


def made(rng, rows=200, values=12):
    x = rng.normal(size=(rows, values)) @ rng.normal(size=(values, values)) + 3
    return x.astype("float32")


def rebuilt_by_svd(x, size):
    mean = x.mean(axis=0, dtype="float64")
    _, singular, axes = np.linalg.svd(x - mean, full_matrices=False)
    kept = axes[:size]
    return mean + (x - mean) @ kept.T @ kept, singular**2 / (len(x) - 1)


def test_against_the_singular_values_of_numpy(rng):
    x = made(rng, rows=1500)  # more than one piece
    ae = aezoo.pca(12, 4)
    history = ae.fit(x, epochs=2, verbose=0).history["loss"]
    expected, variances = rebuilt_by_svd(x, 4)
    np.testing.assert_allclose(ae.reconstruct(x), expected, atol=1e-3)
    np.testing.assert_allclose(ae.explained_variance(x), variances[:4], rtol=1e-4)
    np.testing.assert_allclose(history, variances[4:].sum() * 1499 / 1500 / 12, rtol=1e-3)
    np.testing.assert_allclose(np.cov(ae.encode(x).T), np.eye(4), atol=1e-3)


def test_each_fit_is_of_its_own_samples(rng, tmp_path):
    x, other = made(rng), made(rng) * 2 - 7
    ae = aezoo.pca(12, 3)
    ae.fit(x, verbose=0)
    ae.save(tmp_path / "pca.keras")
    again = keras.saving.load_model(tmp_path / "pca.keras")
    assert not again.trainable_variables
    again.fit(other, verbose=0)
    np.testing.assert_allclose(again.reconstruct(other), rebuilt_by_svd(other, 3)[0], atol=1e-3)
    again.fit(x, verbose=0, epochs=2, initial_epoch=1)  # which goes on with what there is
    np.testing.assert_allclose(again.reconstruct(other), rebuilt_by_svd(other, 3)[0], atol=1e-3)


def test_correlations_and_images(rng):
    x = made(rng).reshape(200, 2, 3, 2)
    ae = aezoo.pca((2, 3, 2), 5, normalization="standard")
    ae.fit(x, verbose=0)
    scale = x.std(axis=(0, 1, 2))
    scaled = ((x - x.mean(axis=(0, 1, 2))) / scale).reshape(200, 12)
    expected = rebuilt_by_svd(scaled, 5)[0].reshape(x.shape)
    np.testing.assert_allclose(ae.normalize(ae.reconstruct(x)), expected, atol=1e-3)


def test_more_components_than_samples_have(rng):
    x = made(rng, rows=4)
    ae = aezoo.pca(12, 8)
    ae.fit(x, verbose=0)
    np.testing.assert_allclose(ae.reconstruct(x), x, atol=1e-3)
    np.testing.assert_array_equal(ae.encode(x)[:, 4:], 0)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow exports")
def test_in_int8(rng, tmp_path):
    x = made(rng)
    ae = aezoo.pca(12, 6, normalization="standard")
    ae.fit(x, verbose=0)
    path = tmp_path / "pca.tflite"
    report = aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x)
    assert report.contents["float_ops"] == {}
    lite = aezoo.LiteModel(path)
    scale = x.std(axis=0)
    assert np.abs((lite.reconstruct(x) - ae.reconstruct(x)) / scale).mean() < 0.05


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_units": (3,)}, "'hidden_units' for pca. It takes: normalization"),
        ({"latent_dim": 0}, "latent_dim.*0"),
        ({"normalization": "z"}, "normalization.*'z'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.build("pca", 9, **{"latent_dim": 2, **options})
