import numpy as np
import pytest
from skimage.metrics import structural_similarity
from sklearn.decomposition import PCA

import aezoo
from aezoo.evaluation.metrics import remarks


@pytest.fixture(scope="module")
def digits():
    return aezoo.load_dataset("digits", "train").x, aezoo.load_dataset("digits", "test").x


def test_figures_of_images(digits):
    x_train, x = digits
    ae = aezoo.vanilla((8, 8, 1), 5)
    metrics = aezoo.evaluate(ae, x, x_train)
    rebuilt = ae.reconstruct(x)
    mse = np.mean((x - rebuilt) ** 2)
    assert metrics["mse"] == pytest.approx(mse, rel=1e-5)
    assert metrics["psnr"] == pytest.approx(-10 * np.log10(mse), rel=1e-5)
    each = [
        structural_similarity(a[..., 0], b[..., 0], data_range=1)
        for a, b in zip(x, rebuilt, strict=True)
    ]
    assert metrics["ssim"] == pytest.approx(np.mean(each), rel=1e-4)
    assert metrics["mean_mse"] == pytest.approx(np.mean((x - x_train.mean(axis=0)) ** 2), rel=1e-4)

    pca = PCA(5).fit(x_train.reshape(-1, 64))
    flat = x.reshape(-1, 64)
    pca_mse = np.mean((pca.inverse_transform(pca.transform(flat)) - flat) ** 2)
    assert metrics["pca_mse"] == pytest.approx(pca_mse, rel=1e-3)
    assert metrics["pca_psnr"] >= -10 * np.log10(pca_mse) - 1e-3  # clipping to [0, 1] can only help
    assert 0.5 < metrics["pca_ssim"] < 1
    assert (metrics["latent_size"], metrics["compression_ratio"]) == (5, 12.8)
    assert metrics["parameters"] == 64 * 5 + 5 + 5 * 64 + 64


def test_errors_are_in_normalized_units(rng):
    x = rng.normal(1000, 50, (60, 6)).astype("float32")
    ae = aezoo.vanilla(6, 2, normalization="standard")
    ae.adapt(x)
    metrics = aezoo.evaluate(ae, x, x)
    assert metrics["mean_mse"] == pytest.approx(1, rel=1e-4)
    share = PCA(2).fit((x - x.mean(0)) / x.std(0)).explained_variance_ratio_.sum()
    assert metrics["pca_mse"] == pytest.approx(1 - share, rel=1e-3)
    assert "psnr" not in metrics


def test_more_numbers_than_the_data_has_components(rng):
    x = rng.random((5, 6)).astype("float32")
    metrics = aezoo.evaluate(aezoo.vanilla(6, 9), x, x)
    assert metrics["pca_mse"] == pytest.approx(0, abs=1e-9)


def test_small_and_coloured_images(rng):
    for shape in ((4, 6, 3), (2, 2, 1)):
        x = rng.random((6, *shape)).astype("float32")
        metrics = aezoo.evaluate(aezoo.vanilla(shape, 2), x)
        assert ("ssim" in metrics) == (min(shape[:2]) >= 3)
        assert "pca_mse" not in metrics


def test_denoising_is_measured(digits):
    x = digits[1]
    metrics = aezoo.evaluate(aezoo.denoising((8, 8, 1), 2, corruption="masking", rate=0.5), x)
    assert metrics["noisy_mse"] == pytest.approx(np.mean(x**2) / 2, rel=0.05)
    assert metrics["denoised_mse"] > 0


def test_remarks():
    good = {
        "mse": 0.1,
        "pca_mse": 0.2,
        "mean_mse": 1.0,
        "compression_ratio": 4.0,
        "latent_size": 2,
    }
    assert remarks(good) == []
    assert "PCA" in remarks({**good, "mse": 0.3})[0]
    for mse in (1.0, 2.0, float("nan")):
        assert "no better than predicting the mean" in remarks({**good, "mse": mse})[0]
    assert "nothing is compressed" in remarks({**good, "compression_ratio": 1.0})[0]
