"""How good reconstructions are, beside PCA's at the same code size."""

import math

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.decomposition import PCA


def evaluate(ae, x, x_train=None):
    """Measures reconstructions of a model, and of PCA with codes of the same size.

    Args:
        ae: `aezoo.Autoencoder`, trained.
        x: Array of shape `(n, *input_shape)`, samples that the model was not trained on.
        x_train: Array of shape `(m, *input_shape)`, the training samples, that PCA is fitted on.
            Without it the baselines are left out.

    Returns:
        Dictionary of

        - `mse`: mean squared error over all values, in normalized units;
        - `psnr`, `ssim`: for images in [0, 1], peak signal-to-noise ratio in dB, and mean
          structural similarity in [-1, 1], of reconstructions clipped to that range;
        - `noisy_mse`, `denoised_mse`: for models with a corruption, the error of corrupted samples
          before and after reconstruction, against the clean ones;
        - `mean_mse`: the error of answering the mean of the training samples always;
        - `pca_mse`, `pca_psnr`, `pca_ssim`: the same of PCA with `latent_size` components;
        - `latent_size`: how many numbers a code has, indices for one with a codebook;
        - `compression_ratio`: numbers in a sample to numbers in its code;
        - `parameters`: how many weights the model has.

    Raises:
        ValueError: If the samples do not fit the model.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.build("vanilla", input_shape=(8,), latent_dim=2)
    >>> sorted(aezoo.evaluate(ae, np.random.rand(20, 8)))
    ['compression_ratio', 'latent_size', 'mse', 'parameters']

    Reference:
        SSIM: Wang et al., "Image Quality Assessment: From Error Visibility to Structural
        Similarity", IEEE TIP 13, 2004.
    """
    x = np.asarray(x, "float32")
    shape = ae.latent_shape
    if hasattr(ae.bottleneck, "indices"):  # a code is one integer, however many numbers it means
        shape = shape[:-1]
    latent_size = math.prod(shape)
    image = x.ndim == 4 and x.min() >= 0 and x.max() <= 1
    metrics = {"mse": float(np.mean(ae.reconstruction_error(x)))}
    if image:
        metrics |= _image_quality(x, ae.reconstruct(x))
    if ae.corruption:
        noisy = ae.corrupt(x)
        clean = ae.normalize(x)
        metrics["noisy_mse"] = float(np.mean(np.square(ae.normalize(noisy) - clean)))
        denoised = ae.normalize(ae.reconstruct(noisy))
        metrics["denoised_mse"] = float(np.mean(np.square(denoised - clean)))
    if x_train is not None:
        flat_train = _flat(ae.normalize(x_train))
        flat = _flat(ae.normalize(x))
        rebuilt = _pca(flat_train, latent_size, flat)
        metrics["mean_mse"] = float(np.mean(np.square(flat - flat_train.mean(axis=0))))
        metrics["pca_mse"] = float(np.mean(np.square(flat - rebuilt)))
        if image:
            quality = _image_quality(x, ae.denormalize(rebuilt.reshape(x.shape)))
            metrics |= {f"pca_{name}": value for name, value in quality.items()}
    return metrics | {
        "latent_size": latent_size,
        "compression_ratio": math.prod(x.shape[1:]) / latent_size,
        "parameters": ae.count_params(),
    }


def remarks(metrics):
    """What a user must not miss in the metrics.

    Args:
        metrics: Dictionary from `evaluate`, with baselines.

    Returns:
        List of sentences, empty if all is well.
    """
    mse, mean_mse, pca_mse = metrics["mse"], metrics["mean_mse"], metrics["pca_mse"]
    if not mse < 0.99 * mean_mse:
        return [
            f"The model does no better than predicting the mean (MSE {mse:.5f}, the mean's "
            f"{mean_mse:.5f}): it has learned nothing. Try a lower learning rate, more epochs or "
            "another activation."
        ]
    if metrics["compression_ratio"] <= 1:
        return [
            f"The code has as many numbers as the sample or more ({metrics['latent_size']}): "
            "nothing is compressed."
        ]
    if not mse < pca_mse:
        return [
            f"PCA with as many numbers does better (MSE {pca_mse:.5f}, the model's {mse:.5f}). "
            "Train longer, give the model more capacity, or use PCA."
        ]
    return []


def _pca(flat_train, size, flat):
    pca = PCA(min(size, *flat_train.shape), random_state=0).fit(flat_train)
    return pca.inverse_transform(pca.transform(flat))


def _image_quality(x, rebuilt):
    rebuilt = np.clip(rebuilt, 0, 1)
    quality = {"psnr": float(peak_signal_noise_ratio(x, rebuilt, data_range=1))}
    window = min(7, *x.shape[1:3])
    window -= 1 - window % 2  # scikit-image wants an odd one
    if window >= 3:
        quality["ssim"] = float(
            structural_similarity(
                _stack(x), _stack(rebuilt), win_size=window, data_range=1, channel_axis=-1
            )
        )
    return quality


def _stack(x):
    return np.moveaxis(x, 0, 2).reshape(*x.shape[1:3], -1)  # (B, H, W, C) -> (H, W, B * C)


def _flat(x):
    return x.reshape(len(x), -1)  # (B, ...) -> (B, N)
