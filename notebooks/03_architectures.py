# %% [markdown]
# # Architectures: which network, and how large a code?
#
# An autoencoder squeezes each sample into a code and rebuilds the sample from it. Two choices decide
# how well that goes: what the layers are, and how many numbers a code has. This notebook trains the
# four plain families of the zoo on the same digits and compares them, with principal component
# analysis (PCA), the classical method without a network, as the measure that they have to beat.

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
import time

import keras
from IPython.display import display

import aezoo

DATA = "digits"  # "mnist" for larger images; it then takes an hour
train = aezoo.load_dataset(DATA, "train").x
test = aezoo.load_dataset(DATA, "test").x
train.shape

# %% [markdown]
# ## What each family adds
#
# - **vanilla** has one layer each way. The code is the only thing between input and output.
# - **deep** puts more layers around the code, each followed by a curve, so that it can bend: a digit
#   that leans over can be described by how much it leans, which no straight direction in the space of
#   pixels can say.
# - **conv** (convolution) knows that images are made of neighbourhoods. The same small filter looks at
#   every place, so a stroke is the same stroke wherever it is, and there are far fewer weights to learn
#   than connections.
# - **residual** adds pairs of convolutions that compute a correction to what comes in, instead of
#   computing it all anew. That lets more layers learn as easily as few.
#
# With a code of 8 numbers each, an eighth of an image:

# %%
EPOCHS = 30


def trained(name, latent_dim):
    keras.utils.set_random_seed(0)
    ae = aezoo.build(name, input_shape=train.shape[1:], latent_dim=latent_dim)
    begin = time.perf_counter()
    ae.fit(train, epochs=EPOCHS, batch_size=32, verbose=0)
    return ae, time.perf_counter() - begin


families = ("vanilla", "deep", "conv", "residual")
models = {}
for name in families:
    models[name], seconds = trained(name, 8)
    metrics = aezoo.evaluate(models[name], test, x_train=train)
    print(
        f"{name:8}  test error {metrics['mse']:.4f}, {metrics['mse'] / metrics['pca_mse']:.2f} of PCA's;"
        f" {metrics['parameters']:>7,} weights, {seconds:.0f} s"
    )

# %% [markdown]
# A test error below PCA's means that the layers earn their keep. `vanilla` is close to PCA, and has to
# be: with one layer each way it can do little else. On images as small as these `deep` is ahead, with
# eight times the weights of `conv`; the larger the images, the more connections each pixel of `deep`
# needs, and `conv` needs no more. `residual` makes convolutions better, and slower. Look at what is lost:

# %%
for name in ("vanilla", "residual"):
    figure = aezoo.plots.reconstructions(test, models[name].reconstruct(test))
    figure.suptitle(name)
    display(figure)

# %% [markdown]
# ## How many numbers?
#
# More numbers mean a smaller error, but each one brings less than the one before. Somewhere more
# numbers begin to be of little use; a curve of the error bends there, and the place is called the
# **elbow**. Few curves have a sharp one. Here both axes are logarithmic: each step to the right doubles
# the numbers, and equal steps down divide the error by equal factors.

# %%
sizes = (1, 2, 4, 8, 16, 32)
errors = {"PCA": {}, "deep": {}, "conv": {}}
for size in sizes:
    for name in ("deep", "conv"):
        ae, _ = trained(name, size)
        metrics = aezoo.evaluate(ae, test, x_train=train)
        errors[name][size] = metrics["mse"]
    errors["PCA"][size] = metrics["pca_mse"]
aezoo.plots.elbow(errors)

# %% [markdown]
# Between 2 and 16 numbers the networks are well ahead of PCA: they have to choose what to keep, and can
# describe it by curves. With half as many numbers as pixels nearly everything
# can be kept by straight directions, too, and PCA, which finds the very best of those, catches up and
# overtakes networks that have been trained for seconds. So:
#
# - for strong compression use a network: `deep` for tables and small images, `conv` for larger images;
# - for codes nearly as large as the sample try PCA first;
# - double the size until the error is small enough for what you want, or hardly falls.
#
# ## Words for the options
#
# The families take options: the layers of `deep` are `hidden_units=(256, 64)`, those of `conv` are
# `filters=(32, 64)`. What they are for stands in `help(aezoo.conv)`. A conv autoencoder with a
# quarter of the filters at each level, for example:

# %%
small = aezoo.build("conv", input_shape=train.shape[1:], latent_dim=8, filters=(8, 16))
small.fit(train, epochs=EPOCHS, batch_size=32, verbose=0)
print(
    f"{small.count_params():,} weights in place of {models['conv'].count_params():,}: "
    f"test error {small.reconstruction_error(test).mean():.4f}"
)

# %% [markdown]
# Next: networks that remove noise, in `04_denoising`.
