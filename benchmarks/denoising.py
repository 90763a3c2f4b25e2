"""How much noise do the pretrained denoisers remove? Beside a median filter, PCA and ridge.

    python benchmarks/denoising.py

MNIST with Gaussian noise of standard deviation 0.5, clipped to [0, 1]. The ridge regression goes
from the noisy pixels to the clean ones, with noise of its own on the training split; PCA, fitted to
clean images, projects the noisy ones less the mean of such noisy ones. Both have the settings that
are best on the test split. Of the two pretrained denoisers one has a code of 64 numbers, the other,
with skip connections, none. The figures are peak signal-to-noise ratios in dB, of the mean squared
error over all pixels.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import median_filter
from skimage.metrics import peak_signal_noise_ratio
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

import aezoo

STDDEV = 0.5
LEAST = 21.0
HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default=str(HERE / "denoising.json"), help="or none")
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    rng = np.random.default_rng(0)
    noisy_train, noisy = (with_noise(x, rng) for x in (train, test))

    def flat(x):
        return x.reshape(len(x), -1)

    found = {"as they are": psnr(test, noisy)}
    for size in (3, 5):
        filtered = median_filter(noisy, (1, size, size, 1))
        found[f"median filter, {size} x {size}"] = psnr(test, filtered)
    pca = PCA(128, svd_solver="covariance_eigh").fit(flat(train))
    scores = (flat(noisy) - flat(noisy_train).mean(axis=0)) @ pca.components_.T
    by_size = {
        n: psnr(flat(test), scores[:, :n] @ pca.components_[:n] + pca.mean_)
        for n in (16, 32, 48, 64, 96, 128)
    }
    best = max(by_size, key=by_size.get)
    found[f"PCA, {best} components"] = by_size[best]
    by_alpha = {}
    for alpha in (10, 100, 1000, 10000):
        ridge = Ridge(alpha).fit(flat(noisy_train), flat(train))
        by_alpha[alpha] = psnr(flat(test), ridge.predict(flat(noisy)))
    best = max(by_alpha, key=by_alpha.get)
    found[f"ridge regression, alpha {best}"] = by_alpha[best]
    for weights in ("mnist", "mnist-unet"):
        ae = aezoo.build("denoising", weights=weights)
        found[f"denoising, {weights}"] = psnr(test, ae.reconstruct(noisy))

    if arguments.output != "none":
        Path(arguments.output).write_text(json.dumps(found, indent=2) + "\n")
    table = Table("noisy MNIST", "PSNR (dB)")
    for name, figure in found.items():
        table.add_row(name, f"{figure:.1f}")
    table.add_row("at least", f"{LEAST}")
    Console().print(table)


def with_noise(x, rng):
    noisy = x + rng.normal(0, STDDEV, x.shape).astype("float32")
    return np.clip(noisy, 0, 1)


def psnr(clean, denoised):
    return float(peak_signal_noise_ratio(clean, np.clip(denoised, 0, 1), data_range=1))


if __name__ == "__main__":
    main()
