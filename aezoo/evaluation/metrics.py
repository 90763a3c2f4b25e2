"""How good reconstructions are, beside PCA's with codes of the same size."""

import math
from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import ArrayLike
from skimage.metrics import structural_similarity
from sklearn.decomposition import PCA

from aezoo.data.streams import Stream
from aezoo.layers.linear_path import components

FLOAT_BITS = 32  # of a number in a sample or a continuous code
RADIUS = 5  # of the SSIM's window, 11 pixels wide with a standard deviation of 1.5 as in the paper
SAME = 1e-3  # of PCA's error: a model that starts there and learns nothing rounds otherwise
LEAST_ERROR = 1e-10  # of an image: 100 dB, far more than a screen shows
LOWER_BETA = "Lower beta, since the pull of the codes towards their prior may leave them empty,"


def evaluate(
    ae: keras.Model, x: ArrayLike, x_train: ArrayLike | Stream | None = None
) -> dict[str, float | int]:
    """Measures reconstructions of a model, and of PCA with codes of the same size.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`, samples that the model was not trained on.
        x_train: Array of shape `(m, *input_shape)`, the training samples, that PCA is fitted on; or
            an `aezoo.Stream` of them, all of which it is fitted on, see
            `aezoo.layers.linear_path.components`. Without it the baselines are left out.

    Returns:
        Dictionary of

        - `mse`: mean squared error over all values, in normalized units;
        - `psnr`: for images in [0, 1], the peak signal-to-noise ratio in dB of reconstructions
          clipped to that range, the mean over images. A perfect image counts with 100 dB, the
          most that an image can have here;
        - `ssim`: for images in [0, 1] of 3 x 3 pixels or more, their mean structural similarity
          in [-1, 1]. The window is Wang's, 11 x 11 pixels weighted by a Gaussian with a standard
          deviation of 1.5; where it does not fit, the largest of an odd width that does, with a
          standard deviation in proportion (0.9 for 8 x 8 images, whose window is 7 x 7);
        - `noisy_mse`, `denoised_mse`: for models with a corruption, the error of corrupted samples
          before and after reconstruction, against the clean ones;
        - `mean_mse`: the error of answering the mean of the training samples always;
        - `pca_mse`, `pca_psnr`, `pca_ssim`: the same of PCA, whose code takes as many bits as the
          model's, or one number where that has fewer;
        - `pca_components`: the numbers in that code of PCA;
        - `relative_mse`: `mse` over `pca_mse`, left out where PCA is exact but for rounding;
        - `latent_size`: how many numbers tell a code, or indices for one with a codebook;
        - `code_bits`: how many bits tell a code, 32 for each number that is no index; of codes
          that were trained to be rounded what `aezoo.compress` makes of the samples, all in one,
          and the errors are those after `aezoo.decompress`;
        - `compression_ratio`: bits in a sample, 32 for each number, to bits in its code;
        - `parameters`: how many weights the model has.

    Raises:
        ValueError: If the samples do not fit the model, or cannot be used, see
            `aezoo.Autoencoder.fit`.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.build("vanilla", input_shape=(8,), latent_dim=2)
    >>> sorted(aezoo.evaluate(ae, np.random.rand(20, 8)))
    ['code_bits', 'compression_ratio', 'latent_size', 'mse', 'parameters']

    Reference:
        SSIM: Wang et al., "Image Quality Assessment: From Error Visibility to Structural
        Similarity", IEEE TIP 13, 2004.
    """
    if not hasattr(ae, "reconstruct"):
        raise ValueError(f"ae must be an aezoo.Autoencoder. Received: {ae!r}")
    clean = ae.normalize(x)  # in the units of the errors; refuses what fit refuses
    x = np.asarray(x, "float32")
    bits, rebuilt = ae.bottleneck.code_bits(ae.latent_shape), None
    if ae.bottleneck.step is not None:
        from aezoo.uses.compression import compress, decompress  # which most uses do not need

        data = compress(ae, x)
        bits, rebuilt = 8 * len(data) / len(x), decompress(data, ae)
    image = x.ndim == 4 and x.min() >= 0 and x.max() <= 1
    if rebuilt is None:
        metrics = {"mse": float(np.mean(ae.reconstruction_error(x)))}
    else:
        metrics = {"mse": _mse(clean, ae.normalize(rebuilt))}
    if image:
        metrics |= _image_quality(x, ae.reconstruct(x) if rebuilt is None else rebuilt)
    if ae.corruption:
        noisy = ae.corrupt(x)
        metrics["noisy_mse"] = _mse(ae.normalize(noisy), clean)
        metrics["denoised_mse"] = _mse(ae.normalize(ae.reconstruct(noisy)), clean)
    if x_train is not None:
        flat = _flat(clean)
        mean, axes = _principal(ae, x_train, max(1, int(bits // FLOAT_BITS)))
        metrics["mean_mse"] = _mse(flat, mean)
        centred = flat - mean
        # as many components as values: it is exact
        by_pca = centred if axes is None else centred @ axes.T @ axes
        metrics["pca_mse"] = _mse(centred, by_pca)
        metrics["pca_components"] = flat.shape[1] if axes is None else len(axes)
        if metrics["pca_mse"] > _rounding(flat):
            metrics["relative_mse"] = metrics["mse"] / metrics["pca_mse"]
        if image:
            quality = _image_quality(x, ae.denormalize((by_pca + mean).reshape(x.shape)))
            metrics |= {f"pca_{name}": value for name, value in quality.items()}
    return metrics | {
        "latent_size": ae.bottleneck.code_size(ae.latent_shape),
        "code_bits": bits,
        "compression_ratio": FLOAT_BITS * math.prod(x.shape[1:]) / bits,
        "parameters": ae.count_params(),
    }


def _principal(ae, x_train, most):
    """The mean of training samples, and their principal components, `None` if these were all."""
    if isinstance(x_train, Stream):
        exact = most >= math.prod(x_train.shape)
        pca = components(map(ae.normalize, x_train.arrays()), 1 if exact else most)
        mean, axes = pca.mean_.astype("float32"), pca.components_.astype("float32")
        return mean, None if exact else axes
    flat = _flat(ae.normalize(x_train))
    count = min(most, *flat.shape)
    mean = flat.mean(axis=0, dtype="float64").astype("float32")
    if count == flat.shape[1]:
        return mean, None
    # or a covariance in float32 drowns in a large mean
    return mean, PCA(count, copy=False, random_state=0).fit(flat - mean).components_


def remarks(
    metrics: Mapping[str, float], *, stopped_early: bool = False, has_prior: bool = False
) -> list[str]:
    """What a user must not miss in the metrics.

    Args:
        metrics: Dictionary from `evaluate`, with baselines.
        stopped_early: Boolean, whether training ended because it made no more progress, so that
            more epochs are no advice.
        has_prior: Boolean, whether the codes are drawn towards a prior, which `beta` weighs: see
            `aezoo.layers.bottleneck.Bottleneck`.

    Returns:
        List of sentences, empty if all is well.

    Example:

    >>> from aezoo.evaluation import remarks
    >>> metrics = {"mse": 0.2, "pca_mse": 0.1, "mean_mse": 0.5}
    >>> for remark in remarks(metrics | {"compression_ratio": 4.0}, stopped_early=True):
    ...     print(remark.split(":")[0])
    PCA with a code of the same size does better (MSE 0.10000, the model 0.20000). Training ended
    because it made no more progress
    """
    mse, mean_mse, pca_mse = metrics["mse"], metrics["mean_mse"], metrics["pca_mse"]
    if not mse < 0.99 * mean_mse:
        found = (
            f"The model does no better than predicting the mean (MSE {mse:.5f}, the mean "
            f"{mean_mse:.5f}): it has learned nothing."
        )
        if has_prior:
            advice = f"{LOWER_BETA} or try a lower learning rate."
        elif stopped_early:
            advice = "Try a lower learning rate or another activation."
        else:
            advice = "Try a lower learning rate, more epochs or another activation."
        return [f"{found} {advice}"]
    if metrics["compression_ratio"] <= 1:
        if metrics.get("denoised_mse", math.inf) < metrics.get("noisy_mse", 0):
            return []  # that is what it is for
        return [
            f"The code takes as much as the sample or more ({metrics['latent_size']} numbers): "
            "nothing is compressed."
        ]
    if math.isclose(mse, pca_mse, rel_tol=SAME):
        return [f"The model does as well as PCA with a code of the same size (MSE {mse:.5f})."]
    if not mse < pca_mse:
        found = (
            f"PCA with a code of the same size does better (MSE {pca_mse:.5f}, the model "
            f"{mse:.5f})."
        )
        if has_prior:
            advice = f"{LOWER_BETA} or use PCA."
        elif stopped_early:
            advice = (
                "Training ended because it made no more progress: give the model more capacity or "
                "another learning rate, or use PCA."
            )
        else:
            advice = "Train longer, give the model more capacity, or use PCA."
        return [f"{found} {advice}"]
    return []


def _mse(a, b):
    return float(np.mean(np.square(a - b)))


def _rounding(flat):
    """The largest error that float32 may leave where PCA is exact."""
    return float(np.mean(np.square(8 * np.finfo("float32").eps * flat)))


def _image_quality(x, rebuilt):
    rebuilt = np.clip(rebuilt, 0, 1)
    errors = np.mean(np.square(x - rebuilt), axis=(1, 2, 3))  # (B, H, W, C) -> (B,)
    quality = {"psnr": float(np.mean(-10 * np.log10(np.maximum(errors, LEAST_ERROR))))}
    radius = min(RADIUS, (min(x.shape[1:3]) - 1) // 2)
    if radius >= 1:
        options = {
            "gaussian_weights": True,
            "sigma": 0.3 * radius,  # scikit-image derives the radius from it, at 3.5 sigma
            "use_sample_covariance": False,
            "data_range": 1,
            "channel_axis": -1,
        }
        pairs = zip(x, rebuilt, strict=True)
        quality["ssim"] = float(
            np.mean([structural_similarity(*pair, **options) for pair in pairs])
        )
    return quality


def _flat(x):
    return x.reshape(len(x), -1)  # (B, ...) -> (B, N)
