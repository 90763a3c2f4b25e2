# %% [markdown]
# # Compression: files of a few bytes
#
# The code of an autoencoder is smaller than the sample that it stands for. But 8 numbers of 32 bits are
# 32 bytes, and a PNG file of the same digit has hardly more. What is missing are the three steps of every
# codec: **transform**, which the autoencoder is, **quantization**, rounding each number to what matters,
# and **entropy coding**, short words for what is frequent. `aezoo.compress` does all three.

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
import io

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import aezoo

keras.utils.set_random_seed(0)
train = aezoo.load_dataset("digits", "train")
test = aezoo.load_dataset("digits", "test")

ae = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=8, linear_path=True)
ae.fit(train.x, epochs=60, batch_size=32, verbose=0)
ae.latent_shape

# %% [markdown]
# ## All three steps
#
# The 360 images that the network has never seen, as one string of bytes, and back. Nothing but the model
# is needed for it.

# %%
data = aezoo.compress(ae, test.x)
again = aezoo.decompress(data, ae)
print(f"{len(data):,} bytes, {len(data) / len(test.x):.1f} an image")
print(f"as numbers of 32 bits: {ae.encode(test.x).nbytes / len(test.x):.0f} an image")
for name, rebuilt in (("as numbers", ae.reconstruct(test.x)), ("as bytes", again)):
    print(f"mean squared error, codes {name}: {np.square(rebuilt - test.x).mean():.5f}")
aezoo.plots.reconstructions(test.x, again)

# %% [markdown]
# By default rounding changes what comes out by 1 % of the error that the autoencoder makes anyway. You can
# ask for a **step**, the width that codes are rounded to, or for a number of **bits per pixel**.
#
# ## Against the codecs that everybody has
#
# A fair comparison gives each codec all images at once, side by side in one picture: a file for each would
# be mostly headers. The quality is the peak signal-to-noise ratio; higher is better.


# %%
def quality(images):
    images = np.rint(255 * np.clip(images, 0, 1)) / 255
    return -10 * np.log10(np.square(images - test.x).mean())


def whole(images):
    """(360, 8, 8, 1) -> (144, 160), 18 rows of 20 images."""
    return images.reshape(18, 20, 8, 8).swapaxes(1, 2).reshape(144, 160)


picture = Image.fromarray(np.rint(255 * whole(test.x)).astype("uint8"))
curves = {"conv": []}
for bits in (0.15, 0.25, 0.4, 0.6):
    data = aezoo.compress(ae, test.x, bits_per_pixel=bits)
    curves["conv"].append([8 * len(data) / test.x.size, quality(aezoo.decompress(data, ae))])
for form in ("JPEG", "WEBP"):
    curves[form] = []
    for level in (1, 5, 15, 30, 60):
        file = io.BytesIO()
        picture.save(file, form, quality=level)
        pixels = np.asarray(Image.open(file).convert("L")) / 255
        images = pixels.reshape(18, 8, 20, 8).swapaxes(1, 2).reshape(test.x.shape)
        curves[form].append([8 * file.tell() / test.x.size, quality(images)])
aezoo.plots.rate_distortion(curves, title="360 digits of 8x8")

# %% [markdown]
# The autoencoder has seen digits, and knows nothing else: that is where its advantage comes from. The curve
# ends where eight numbers can say no more, however exactly they are kept; then the general codecs, which
# can be as exact as you like, win. And the model has to be on both sides: its size is not counted here.
#
# ## What the steps look like
#
# Units of a code do not matter alike. Each has a step of its own, the finer the more it changes the output.
# The error of rounding is then about the same for each of them.

# %%
from aezoo.uses.compressed import unpacked

head = unpacked(aezoo.compress(ae, test.x))
steps = head.step * 2.0 ** (head.widths / 4)
units = aezoo.evaluation.unit_statistics(ae, test.x)
figure, row = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
for axes, values, title in zip(row, (units.deviation, steps), ("deviation", "step")):
    axes.bar(range(8), values, color=aezoo.plots.COLOURS[0])
    axes.set(xlabel="unit", title=title)
plt.show()

# %% [markdown]
# ## Files, and what they refuse
#
# The bytes say of which model they are, and have a checksum. A flipped bit or another model is an error, not
# a wrong picture.

# %%
damaged = bytearray(data)
damaged[100] ^= 1
other = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=8)
for content, model in ((bytes(damaged), ae), (data, other)):
    try:
        aezoo.decompress(content, model)
    except ValueError as error:
        print(error)

# %% [markdown]
# ## Photographs
#
# A photograph has no one code. The network for it gives a code to each block of 16 x 16 pixels
# (`backbone="lapped"`): at first their cosine transform, as in JPEG, and then trained, together with networks
# that correct what goes in and what comes out. And it was trained for its **rate** (`aezoo.compressive`): noise
# stood for the rounding, and the bits that codes take were part of the loss. The bits of a number follow from how
# large the numbers around it are. It takes photographs of any size.

# %%
from skimage import data as photographs

photo = photographs.camera()
codec = aezoo.build("compressive", weights="photographs")
x = photo[np.newaxis, ..., np.newaxis] / 255
for bits in (0.15, 0.25, 0.5):
    data = aezoo.compress(codec, x, bits_per_pixel=bits)
    again = aezoo.decompress(data, codec)[0, ..., 0]
    for level in range(95, 0, -1):  # the best JPEG that is no larger
        file = io.BytesIO()
        Image.fromarray(photo).save(file, "JPEG", quality=level, optimize=True)
        if file.tell() <= len(data):
            break
    jpeg = np.asarray(Image.open(file)) / 255
    ours, theirs = (-10 * np.log10(np.mean((image - photo / 255) ** 2)) for image in (again, jpeg))
    print(f"{len(data):6,} bytes: {ours:.1f} dB, JPEG with {file.tell():6,} {theirs:.1f} dB")

# %%
data = aezoo.compress(codec, x, bits_per_pixel=0.15)
aezoo.plots.before_after(photo / 255, aezoo.decompress(data, codec)[0, ..., 0])

# %% [markdown]
# In a shell: `aezoo compress photo.png --model compressive-photographs --bits-per-pixel 0.25` writes `photo.aez`,
# and `aezoo decompress photo.aez --model compressive-photographs` the picture. With a run in place of the name,
# `--model runs/conv-digits`, it is your own model; images of another size are cut into tiles of the model's.
