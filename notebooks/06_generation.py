# %% [markdown]
# # Generation: images that nobody has drawn
#
# A decoder turns codes into images. Then a code made up at random should give a new image? With a plain
# autoencoder it does not, and this notebook shows why, and two kinds of autoencoders that are made for
# it.

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
import matplotlib.pyplot as plt
import numpy as np

import aezoo

train = aezoo.load_dataset("digits", "train").x
test = aezoo.load_dataset("digits", "test").x
rng = np.random.default_rng(0)


def show(images, title):
    figure, grid = plt.subplots(2, 12, figsize=(9, 1.9))
    for axes, image in zip(grid.flat, images):
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.axis("off")
    figure.suptitle(title)
    plt.show()


# %% [markdown]
# ## Why a plain autoencoder samples badly
#
# Nothing tells a plain autoencoder where to put its codes. They fill some odd shape, with gaps, and in
# the gaps the decoder has never learned anything. Even codes that have the right mean and standard
# deviation in each number often fall into gaps.

# %%
keras.utils.set_random_seed(0)
plain = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=8)
plain.fit(train, epochs=60, batch_size=32, verbose=0)

codes = plain.encode(train)
print("standard deviation of each number of the code:", codes.std(axis=0).round(1))
drawn = codes.mean(axis=0) + codes.std(axis=0) * rng.normal(size=(24, 8))
show(plain.decode(drawn), "each number of the code drawn on its own")

# %% [markdown]
# Better codes come from a model of where the codes are. `sample` fits a mixture of Gaussian
# distributions to the codes of the training images, and draws from that.

# %%
show(plain.sample(24, x=train, seed=0), "codes drawn from a mixture of Gaussians")

# %% [markdown]
# A **normalizing flow** (Dinh and others, 2017) is a network that is trained for it: it bends the space of
# codes until they are normally distributed, and can be run backwards.

# %%
show(plain.sample(24, "normalizing_flow", x=train, seed=0), "codes drawn by a normalizing flow")

# %% [markdown]
# ## The variational autoencoder
#
# A **variational autoencoder** (Kingma and Welling, 2014) is told where its codes belong: all together
# they should look like draws from one normal distribution. To that end the encoder gives for each image
# no point, but a small cloud, a mean and a variance, and the decoder has to do with a point drawn from
# it. A second part of the error, the **KL divergence**, measures how far the clouds are from the normal
# distribution.
#
# The two parts pull against each other: precise codes make good images, wide clouds leave no gaps.
# `beta` is the weight of the second part.

# %%
keras.utils.set_random_seed(0)
vae = aezoo.build("variational", input_shape=(8, 8, 1), latent_dim=8, beta=0.1)
vae.fit(train, epochs=60, batch_size=32, verbose=0)
show(vae.sample(24, seed=0), "drawn from the variational autoencoder")

# %% [markdown]
# The price is paid in reconstructions, which are less exact:

# %%
for name, ae in (("plain", plain), ("variational", vae)):
    print(f"{name:12} test error {ae.reconstruction_error(test).mean():.4f}")
aezoo.plots.reconstructions(test, vae.reconstruct(test))

# %% [markdown]
# How many of the 8 numbers does it use? Those with a KL divergence near 0 say nothing: their cloud is
# the whole normal distribution, whatever the image. Here all eight are used; with a larger `beta` fewer.

# %%
by_number = vae.kl_divergence(test).mean(axis=0)
plt.figure(figsize=(6, 2.5))
plt.bar(range(8), by_number)
plt.xlabel("number of the code"), plt.ylabel("KL divergence (nats)")
plt.show()

# %% [markdown]
# ## Codes out of a codebook
#
# A **vector-quantized** autoencoder (van den Oord and others, 2017) has a list of vectors, the codebook.
# Each place of a small map of features is replaced by the nearest vector of the list, so an image
# becomes a few whole numbers, the places in the list. That is a strong compression:

# %%
keras.utils.set_random_seed(0)
vq = aezoo.build("vector_quantized", input_shape=(8, 8, 1), latent_dim=8, num_embeddings=32)
vq.fit(train, epochs=60, batch_size=32, verbose=0)
indices = vq.encode_indices(test)
print("an image as whole numbers below 32:")
print(indices[0])
bits = indices[0].size * 5
print(f"{bits} bits in place of {64 * 4} (64 pixels of 4 bits); test error", end=" ")
print(f"{vq.reconstruction_error(test).mean():.4f}")
aezoo.plots.reconstructions(test, vq.decode_indices(indices))

# %% [markdown]
# To invent images from a codebook one needs to know which numbers go together. Each place drawn on its own,
# as often as it has each number in the training images, gives strokes, but few digits:

# %%
train_indices = vq.encode_indices(train)
drawn = rng.permuted(train_indices, axis=0)[:24]  # each place of its own accord
show(vq.decode_indices(drawn), "each place drawn on its own")

# %% [markdown]
# What makes a digit is how its places go together. That can be learned, by a second network that tells each
# place from those before it. `sample` trains a small transformer for it, in half a minute here:

# %%
show(vq.sample(24, x=train, seed=0), "place after place, by a transformer")

# %% [markdown]
# ## How good are they?
#
# Looking is a start. Measured is how far samples lie from images that nobody has trained on: the **Frechet
# distance** compares means and covariances, **precision** is the share of samples that lie among real images,
# **recall** the share of real images that lie among samples. They are of features; here of the first
# principal components, for MNIST there is a classifier, `aezoo.evaluation.class_features`. Training images
# in place of samples show what would be perfect.

# %%
from sklearn.decomposition import PCA

pca = PCA(32, random_state=0).fit(train.reshape(len(train), -1))


def features(images):
    return pca.transform(images.reshape(len(images), -1))


for name, images in (
    ("training images", rng.permutation(train)[:360]),
    ("plain, mixture", plain.sample(360, x=train, seed=0)),
    ("plain, flow", plain.sample(360, "normalizing_flow", x=train, seed=0)),
    ("variational", vae.sample(360, seed=0)),
    ("codebook", vq.sample(360, x=train, seed=0)),
):
    found = aezoo.evaluation.likeness(features(test), features(images))
    print(
        f"{name:16} Frechet distance {found.frechet:5.2f}  precision {found.precision:.2f}"
        f"  recall {found.recall:.2f}"
    )

# %% [markdown]
# In a shell: `aezoo sample runs/conv-digits --sampler normalizing_flow` does all of that, and shows beside each
# sample the training image that is nearest.
#
# Next: small devices, in `07_edge`.
