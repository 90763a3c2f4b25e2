import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

import aezoo


def test_4_2_4():
    ae = aezoo.vanilla(4, 2, latent_activation="relu", output_activation="linear")
    dense = [la for m in (ae.encoder, ae.decoder) for la in m.layers if hasattr(la, "units")]
    assert [(layer.kernel.shape[0], layer.units) for layer in dense] == [(4, 2), (2, 4)]
    assert ae.count_params() == 4 * 2 + 2 + 2 * 4 + 4 == 22
    assert ae.decoder.layers[-1].activation is keras.activations.linear
    assert ae.encoder.layers[-1].activation is keras.activations.relu


def test_points_along_a_line_become_one_number(rng):
    position = rng.random((200, 1))
    points = np.float32(position * [3, -4] + [1, 2])
    ae = aezoo.vanilla(2, 1, latent_activation="linear", normalization="standard")
    ae.compile(keras.optimizers.Adam(0.05), loss="mse", steps_per_execution=20)
    ae.fit(points, epochs=60, verbose=0)
    assert ae.reconstruction_error(points).max() < 1e-3
    assert abs(np.corrcoef(ae.encode(points)[:, 0], position[:, 0])[0, 1]) > 0.999


@pytest.mark.slow
def test_linear_network_learns_the_subspace_of_pca(rng):
    x = (rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))).astype("float32")
    x -= x.mean(axis=0)
    ae = aezoo.vanilla(6, 2, latent_activation="linear")
    ae.compile(keras.optimizers.Adam(0.02), loss="mse", steps_per_execution=20)
    ae.fit(x, epochs=200, batch_size=300, verbose=0)
    pca = PCA(2).fit(x)
    best = np.mean((pca.inverse_transform(pca.transform(x)) - x) ** 2)
    error = ae.reconstruction_error(x).mean()
    assert best * (1 - 1e-4) <= error <= best * 1.01


def test_linear_path_starts_at_pca_and_is_trained_from_there(rng):
    x = (rng.normal(size=(300, 4)) @ rng.normal(size=(4, 6))).astype("float32") + 2
    ae = aezoo.vanilla(6, 2, linear_path=True)
    assert ae.count_params() == aezoo.vanilla(6, 2).count_params()
    assert len(ae.trainable_variables) == 4
    ae.compile(keras.optimizers.SGD(0.0), loss="mse")
    ae.fit(x, verbose=0)
    pca = PCA(2, svd_solver="full").fit(x.astype("float64"))
    np.testing.assert_allclose(
        ae.reconstruct(x), pca.inverse_transform(pca.transform(x)), atol=1e-4
    )
    at_pca = ae.reconstruction_error(x).mean()
    ae.compile(keras.optimizers.Adam(1e-3), loss="mse")
    ae.fit(x, epochs=20, verbose=0)
    assert ae.reconstruction_error(x).mean() < at_pca * 1.01


def test_option_of_another_family():
    with pytest.raises(ValueError, match="'hidden_units' for vanilla. It takes: l2"):
        aezoo.build("vanilla", 4, 2, hidden_units=(3,))
