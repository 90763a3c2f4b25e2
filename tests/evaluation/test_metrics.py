import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import correlate
from skimage.metrics import peak_signal_noise_ratio
from sklearn.decomposition import PCA

import aezoo
from aezoo.evaluation.metrics import evaluate, remarks


@pytest.fixture(scope="module")
def digits():
    return aezoo.load_dataset("digits", "train").x, aezoo.load_dataset("digits", "test").x


def model(rebuilt, size=2, bits=64):
    """What `evaluate` asks of a model, whose reconstructions are given."""
    code = {"code_size": lambda shape: size, "code_bits": lambda shape: bits, "step": None}
    return SimpleNamespace(
        bottleneck=SimpleNamespace(**code),
        corruption=None,
        count_params=lambda: 7,
        denormalize=np.asarray,
        latent_shape=(size,),
        normalize=np.asarray,
        reconstruct=lambda x: rebuilt,
        reconstruction_error=lambda x: np.mean((x - rebuilt) ** 2, axis=tuple(range(1, x.ndim))),
    )


def wang(a, b, window):
    """The mean structural similarity of two (H, W) images by equations 6, 13 to 16 of the paper."""
    radius = window // 2
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-(places**2) / (2 * (0.3 * radius) ** 2))
    weights = np.outer(weights, weights) / np.outer(weights, weights).sum()
    inside = slice(radius, -radius)

    def local(image):
        return correlate(image.astype("float64"), weights)[inside, inside]

    mean_a, mean_b = local(a), local(b)
    var_a, var_b = local(a**2) - mean_a**2, local(b**2) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
    return np.mean(luminance * (2 * covariance + 0.03**2) / (var_a + var_b + 0.03**2))


def test_figures_of_images(digits):
    x_train, x = digits
    ae = aezoo.vanilla((8, 8, 1), 5)
    metrics = evaluate(ae, x, x_train)
    rebuilt = ae.reconstruct(x)
    mse = np.mean((x - rebuilt) ** 2)
    assert metrics["mse"] == pytest.approx(mse, rel=1e-5)
    pairs = list(zip(x, rebuilt, strict=True))
    psnr = [peak_signal_noise_ratio(*pair, data_range=1) for pair in pairs]
    assert metrics["psnr"] == pytest.approx(np.mean(psnr), rel=1e-5)
    ssim = [wang(a[..., 0], b[..., 0], 7) for a, b in pairs]
    assert metrics["ssim"] == pytest.approx(np.mean(ssim), rel=1e-4)
    assert metrics["mean_mse"] == pytest.approx(np.mean((x - x_train.mean(axis=0)) ** 2), rel=1e-4)

    pca = PCA(5).fit(x_train.reshape(-1, 64))
    by_pca = pca.inverse_transform(pca.transform(x.reshape(-1, 64))).reshape(x.shape)
    pca_mse = np.mean((by_pca - x) ** 2)
    assert metrics["pca_mse"] == pytest.approx(pca_mse, rel=1e-3)
    assert metrics["relative_mse"] == pytest.approx(mse / pca_mse, rel=1e-3)
    of_pca = evaluate(model(by_pca), x)
    assert metrics["pca_psnr"] == pytest.approx(of_pca["psnr"], rel=1e-4)
    assert metrics["pca_ssim"] == pytest.approx(of_pca["ssim"], rel=1e-4)
    assert (metrics["latent_size"], metrics["code_bits"]) == (5, 160)
    assert (metrics["pca_components"], metrics["compression_ratio"]) == (5, 12.8)
    assert metrics["parameters"] == 64 * 5 + 5 + 5 * 64 + 64


def test_psnr_is_the_mean_over_images():
    x = np.zeros((2, 1, 4, 1), "float32")
    rebuilt = np.stack([x[0] + 0.1, x[1] + 0.01])
    assert evaluate(model(rebuilt), x)["psnr"] == pytest.approx((20 + 40) / 2)
    rebuilt = np.stack([x[0] + 0.1, x[1] - 3])  # outside [0, 1], which is clipped
    assert evaluate(model(rebuilt), x)["psnr"] == pytest.approx((20 + 100) / 2)


def test_perfect_images_have_finite_figures(rng):
    x = rng.random((5, 12, 12, 1)).astype("float32")
    metrics = evaluate(model(x), x)
    assert (metrics["psnr"], metrics["ssim"]) == (pytest.approx(100), pytest.approx(1))
    json.dumps(metrics, allow_nan=False)


@pytest.mark.parametrize(
    ("shape", "window"),
    [((30, 20, 1), 11), ((11, 14, 3), 11), ((10, 14, 1), 9), ((4, 6, 3), 3), ((3, 3, 1), 3)],
)
def test_ssim_is_that_of_the_paper(rng, shape, window):
    x = rng.random((4, *shape)).astype("float32")
    rebuilt = np.clip(x + rng.normal(0, 0.2, x.shape), 0, 1).astype("float32")
    each = [
        wang(a[..., channel], b[..., channel], window)
        for a, b in zip(x, rebuilt, strict=True)
        for channel in range(shape[-1])
    ]
    assert evaluate(model(rebuilt), x)["ssim"] == pytest.approx(np.mean(each), rel=1e-4)


def test_images_without_room_for_a_window_have_no_ssim(rng):
    x = rng.random((4, 2, 9, 1)).astype("float32")
    metrics = evaluate(model(x), x)
    assert "ssim" not in metrics
    assert "psnr" in metrics
    assert "pca_mse" not in metrics


def test_pca_has_as_many_bits_as_a_codebook(rng):
    x = rng.random((40, 16)).astype("float32")
    metrics = evaluate(model(x, size=12, bits=12 * 8), x, x)
    pca = PCA(3).fit(x)
    expected = np.mean((pca.inverse_transform(pca.transform(x)) - x) ** 2)
    assert metrics["pca_mse"] == pytest.approx(expected, rel=1e-3)
    assert (metrics["latent_size"], metrics["code_bits"]) == (12, 96)
    assert (metrics["pca_components"], metrics["compression_ratio"]) == (3, 32 * 16 / 96)
    assert evaluate(model(x, bits=8.5), x, x)["pca_components"] == 1


def test_indices_of_a_codebook_are_counted_in_bits(rng):
    ae = aezoo.vector_quantized((8, 8, 1), 4, num_embeddings=32)
    x = rng.random((30, 8, 8, 1)).astype("float32")
    metrics = evaluate(ae, x, x)
    indices = ae.encode_indices(x)[0].size
    assert (metrics["latent_size"], metrics["code_bits"]) == (indices, 5 * indices)
    assert metrics["pca_components"] == max(1, 5 * indices // 32)


def test_errors_are_in_normalized_units(rng):
    x = rng.normal(1000, 50, (60, 6)).astype("float32")
    ae = aezoo.vanilla(6, 2, normalization="standard")
    ae.adapt(x)
    metrics = aezoo.evaluate(ae, x, x)
    assert metrics["mean_mse"] == pytest.approx(1, rel=1e-4)
    share = PCA(2).fit((x - x.mean(0)) / x.std(0)).explained_variance_ratio_.sum()
    assert metrics["pca_mse"] == pytest.approx(1 - share, rel=1e-3)
    assert "psnr" not in metrics


def test_pca_is_that_of_values_far_from_zero(rng):
    x = (rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6)) + 10_000).astype("float32")
    exact = x.astype("float64")
    pca = PCA(3).fit(exact)
    expected = np.mean((pca.inverse_transform(pca.transform(exact)) - exact) ** 2)
    metrics = evaluate(model(x, bits=3 * 32), x, x)
    assert metrics["pca_mse"] == pytest.approx(expected, rel=1e-3)
    assert metrics["mean_mse"] == pytest.approx(exact.var(axis=0).mean(), rel=1e-3)


@pytest.mark.parametrize("offset", [0, 1000])
def test_nothing_is_relative_to_an_exact_pca(rng, offset):
    x = (offset + rng.normal(size=(50, 6))).astype("float32")
    assert "relative_mse" not in evaluate(model(x + 0.1, bits=6 * 32), x, x)
    metrics = evaluate(model(x + 0.1, bits=5 * 32), x, x)
    assert metrics["relative_mse"] == pytest.approx(0.01 / metrics["pca_mse"], rel=1e-2)
    few = evaluate(model(x[:5], bits=9 * 32), x[:5], x[:5])  # as many as PCA can have
    assert (few["pca_components"], few["pca_mse"]) == (5, pytest.approx(0, abs=1e-6))


def test_denoising_is_measured_against_clean_samples(digits):
    x = digits[1]
    ae = aezoo.denoising((8, 8, 1), 2, corruption="masking", rate=0.5)
    ae.set_weights([np.zeros_like(weight) for weight in ae.get_weights()])
    np.testing.assert_array_equal(ae.reconstruct(x), 0.5)
    metrics = evaluate(ae, x)
    assert metrics["noisy_mse"] == pytest.approx(np.mean(x**2) / 2, rel=0.05)
    assert metrics["denoised_mse"] == pytest.approx(np.mean((0.5 - x) ** 2), rel=1e-6)
    assert metrics["mse"] == pytest.approx(metrics["denoised_mse"], rel=1e-6)


def test_what_fit_refuses_is_refused():
    with pytest.raises(ValueError, match="divide by 255"):
        evaluate(aezoo.vanilla((8, 8, 1), 2), np.full((2, 8, 8, 1), 255, "uint8"))


def test_ten_thousand_images_in_seconds(rng):
    x = rng.random((1000, 28, 28, 1)).astype("float32")
    begin = time.monotonic()
    evaluate(model(x, bits=32 * 32), x, x)
    assert time.monotonic() - begin < 6  # less than a minute for ten times as many


GOOD = {"mse": 0.1, "pca_mse": 0.2, "mean_mse": 1.0, "compression_ratio": 4.0, "latent_size": 2}


def test_remarks():
    assert remarks(GOOD) == []
    (remark,) = remarks({**GOOD, "mse": 0.3})
    assert remark.startswith("PCA with a code of the same size does better (MSE 0.20000, the model")
    assert "Train longer" in remark
    for mse in (1.0, 2.0, float("nan")):
        (remark,) = remarks({**GOOD, "mse": mse})
        assert "no better than predicting the mean" in remark
        assert "more epochs" in remark
    assert "nothing is compressed" in remarks({**GOOD, "compression_ratio": 1.0})[0]


@pytest.mark.parametrize("mse", [0.3, 1.0])
def test_more_epochs_are_no_advice_after_training_stopped_by_itself(mse):
    (remark,) = remarks({**GOOD, "mse": mse}, stopped_early=True)
    assert "learning rate" in remark
    assert "longer" not in remark
    assert "epochs" not in remark


@pytest.mark.parametrize("mse", [0.3, 1.0])
@pytest.mark.parametrize("stopped_early", [True, False])
def test_a_prior_that_empties_the_codes_is_to_be_weakened(mse, stopped_early):
    (remark,) = remarks({**GOOD, "mse": mse}, stopped_early=stopped_early, has_prior=True)
    assert "Lower beta" in remark
    assert "longer" not in remark
    assert remarks(GOOD, has_prior=True) == []


def test_a_code_as_large_as_the_sample(rng):
    """PCA of as many components is exact, and need not be fitted to say so."""
    ae = aezoo.denoising((8, 8, 1), backbone="unet", filters=(2,), stddev=0.1)
    x = rng.random((100, 8, 8, 1), "float32")
    metrics = evaluate(ae, x[:30], x[30:])
    assert metrics["pca_mse"] == 0
    assert "relative_mse" not in metrics
    assert metrics["noisy_mse"] == pytest.approx(0.01, rel=0.1)
    assert remarks({**metrics, "denoised_mse": 0.001}) == []
    worse = remarks({**metrics, "denoised_mse": 0.02})
    assert "nothing is compressed" in worse[0]


@pytest.mark.parametrize("size", [2, 6])
def test_pca_of_a_stream_is_of_all_its_samples(tmp_path, rng, monkeypatch, size):
    x = (rng.normal(size=(3000, 3)) @ rng.normal(size=(3, 6)) + 50).astype("float32")
    x[2900:] *= [1, 1, 1, 1, 1, 9]  # few, but all the more weighty
    x += rng.normal(size=x.shape).astype("float32")
    np.save(tmp_path / "x.npy", x)
    monkeypatch.setattr("aezoo.data.scanning.SAMPLE", 40)
    stream = aezoo.load_dataset(tmp_path, "all", stream=True)
    ae = model(x[:500] + 1, size=size, bits=32 * size)
    found, expected = evaluate(ae, x[:500], stream), evaluate(ae, x[:500], x)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-4), name
    by_sample = evaluate(ae, x[:500], stream.x)
    assert abs(by_sample["mean_mse"] / expected["mean_mse"] - 1) > 0.01
