# %% [markdown]
# # Denoising: learn to undo what is wrong with an image
#
# A code has room for what the samples have in common, and noise is what they have not. A **denoising
# autoencoder** makes use of that: while it is trained its input is spoiled, anew every time, and what
# it should return is the clean image. In the end it can take noise away that it has never seen.

# %%
# On Colab this installs aezoo: from the wheel that AEZOO_WHEEL names, a path or an address, else from
# one that was uploaded beside this notebook, else from PyPI. Anywhere else it does nothing.
import importlib.util
import os
import sys
from pathlib import Path

if "google.colab" in sys.modules:
    wheels = sorted(map(str, Path.cwd().glob("aezoo-*.whl")))
    wheel = os.environ.get("AEZOO_WHEEL") or (wheels or [""])[-1]
    place = Path(wheel).resolve().as_uri() if wheel and "://" not in wheel else wheel
    wanted = f"aezoo @ {place}" if wheel else "aezoo"
    get_ipython().run_line_magic("pip", f'install -q "{wanted}"')
    importlib.invalidate_caches()
    if importlib.util.find_spec("aezoo") is None:
        raise ModuleNotFoundError(
            f"{wanted} could not be installed. Until a release is on PyPI: upload aezoo-*.whl with the "
            "file browser at the left, or type %env AEZOO_WHEEL=ADDRESS, and run this cell again."
        )

# %%
import keras
import numpy as np
from IPython.display import display
from scipy.ndimage import median_filter
from skimage.metrics import peak_signal_noise_ratio

import aezoo

keras.utils.set_random_seed(0)
train = aezoo.load_dataset("digits", "train").x
test = aezoo.load_dataset("digits", "test").x

# %% [markdown]
# ## Three ways to spoil an image
#
# - **Gaussian noise** adds a random number to every pixel; `stddev` is how large they are, beside
#   pixels between 0 and 1.
# - **Masking noise** sets a part of the pixels, the `rate`, to 0, as if they had not been measured.
# - **Salt and pepper** sets a part of them to white or black, as broken sensors do.

# %%
corruptions = {
    "gaussian": {"stddev": 0.3},
    "masking": {"rate": 0.3},
    "salt_and_pepper": {"rate": 0.2},
}
models = {}
for name, strength in corruptions.items():
    models[name] = aezoo.build(
        "denoising", input_shape=(8, 8, 1), latent_dim=16, corruption=name, **strength
    )

# %% [markdown]
# The noise is a part of the model, so training needs the clean images alone. `corrupt` shows what the
# network gets to see. When the model is used, or saved, or exported, the noise is gone.

# %%
for name, ae in models.items():
    ae.fit(train, epochs=60, batch_size=32, verbose=0)
    noisy = ae.corrupt(test)
    figure = aezoo.plots.reconstructions(test, ae.reconstruct(noisy), corrupted=noisy)
    figure.suptitle(name)
    display(figure)

# %% [markdown]
# ## How much better?
#
# The measure is the **peak signal-to-noise ratio** (PSNR) in decibels (dB): the higher, the closer to
# the clean image. 10 dB more are a tenth of the squared error. The opponent is a **median filter**,
# which sets each pixel to the middle one of its 3 x 3 neighbours. It knows nothing of digits.


# %%
def psnr(image):
    return peak_signal_noise_ratio(test, np.clip(image, 0, 1), data_range=1)


print(f"{'':16} {'noisy':>7} {'median':>7} {'autoencoder':>12}   (PSNR in dB)")
for name, ae in models.items():
    noisy = ae.corrupt(test)
    filtered = median_filter(noisy, (1, 3, 3, 1))
    print(f"{name:16} {psnr(noisy):7.1f} {psnr(filtered):7.1f} {psnr(ae.reconstruct(noisy)):12.1f}")

# %% [markdown]
# The median filter can even do harm: in 8 x 8 pixels a stroke is one pixel wide, and looks like noise to
# it. The network knows what digits look like.
#
# ## Noise of your own
#
# What if the noise is that of your camera, and you have pairs of noisy and clean images? Then give both
# to `fit`, and use a model that adds none: `fit(noisy, clean)`. Here the noise comes in stripes.


# %%
def with_stripes(images, rng):
    stripes = rng.normal(0, 0.4, (len(images), 1, 8, 1))  # one value for each column
    return np.clip(images + stripes, 0, 1).astype("float32")


rng = np.random.default_rng(0)
striped = with_stripes(test, rng)
ae = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=16)
for _ in range(60):
    ae.fit(with_stripes(train, rng), train, epochs=1, batch_size=32, verbose=0)
print(
    f"PSNR with stripes {psnr(striped):.1f} dB, without them {psnr(ae.reconstruct(striped)):.1f} dB"
)
aezoo.plots.reconstructions(test, ae.reconstruct(striped), corrupted=striped)

# %% [markdown]
# ## Where it ends
#
# A denoising autoencoder returns what it has learned to expect. Under so much noise that a digit could
# be two, the mean squared error asks for the average of both, and that is what it draws. And a clean
# image loses something, too:

# %%
gaussian = models["gaussian"]
print(f"PSNR of clean images after the network: {psnr(gaussian.reconstruct(test)):.1f} dB")
for stddev in (0.1, 0.3, 0.5, 0.7):
    noisy = np.clip(test + rng.normal(0, stddev, test.shape), 0, 1).astype("float32")
    print(
        f"noise of {stddev}: {psnr(noisy):4.1f} dB before, {psnr(gaussian.reconstruct(noisy)):4.1f} dB after"
    )

# %% [markdown]
# With weak noise there is nothing to gain: below what the network loses itself, leave the image as it is.
#
# A denoiser for MNIST comes pretrained: `aezoo.build("denoising", weights="mnist")`.
#
# ## Photographs
#
# A photograph is no digit: what it shows could be anything, and no narrow code could hold it. The network for
# it has **skip connections** (`backbone="unet"`): it looks at the image at several sizes, finds what is noise,
# and subtracts that. It is made of convolutions alone, so that the same weights do for photographs of any size.
# `aezoo.denoise` takes them tile by tile, with margins that leave no seams. This one was trained on pieces of
# 400 photographs, with noise of any strength from 10 to 50 of 255.

# %%
from skimage import data
from skimage.restoration import denoise_nl_means

photo = data.camera()[100:356, 100:356] / 255
noisy = photo + rng.normal(0, 0.1, photo.shape)
denoiser = aezoo.build("denoising", weights="photographs")
clean = aezoo.denoise(denoiser, noisy)
aezoo.plots.before_after(noisy, clean, photo)

# %% [markdown]
# The opponent are **non-local means**, which average pixels whose surroundings look alike. They have to be told
# how much noise there is; the network is not.

# %%
for stddev in (0.05, 0.1, 0.2):
    noisy = photo + rng.normal(0, stddev, photo.shape)
    means = denoise_nl_means(noisy, 5, 6, h=0.6 * stddev, sigma=stddev, fast_mode=False)
    found = [
        peak_signal_noise_ratio(photo, np.clip(image, 0, 1), data_range=1)
        for image in (noisy, means, aezoo.denoise(denoiser, noisy))
    ]
    print(
        f"noise of {stddev:4}: {found[0]:.1f} dB, non-local means {found[1]:.1f}, unet {found[2]:.1f}"
    )

# %% [markdown]
# Noise of another kind, such as that of a camera in the dark, it has not learned: it was trained for Gaussian
# noise, each pixel on its own.
#
# Next: what codes know, in `05_latent_space`.
