# %% [markdown]
# # Latent space: what the codes know
#
# The codes of an autoencoder are points in a space of few dimensions, the **latent space**. Samples that
# are alike have codes that lie close together, although nobody has told the network what they are. Here
# we look at that space in several ways, and then use it: codes as the input of a classifier.

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

keras.utils.set_random_seed(0)
train = aezoo.load_dataset("digits", "train")
test = aezoo.load_dataset("digits", "test")

ae = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=8)
ae.fit(train.x, epochs=60, batch_size=32, verbose=0)
codes = ae.encode(test.x)
codes.shape

# %% [markdown]
# ## Two pictures of eight dimensions
#
# **PCA** shows the two directions in which the codes differ most. It is like a shadow on a wall: points
# that lie behind each other fall together.

# %%
aezoo.plots.latent(codes, test.y)

# %% [markdown]
# **t-SNE** bends the space so that neighbours stay neighbours. Groups come apart, but how far apart they
# are drawn, and how large, means nothing.

# %%
aezoo.plots.latent(codes, test.y, method="tsne")

# %% [markdown]
# The trustworthiness says how many of the neighbours in the picture are neighbours in the code, too: 1 is all.

# %% [markdown]
# ## From one digit to another
#
# The straight way between two codes leads through codes of no image that was ever seen. Decoded, they
# show what the network thinks lies in between.

# %%
zero, one = (test.x[test.y == label][0] for label in (0, 1))
between = ae.interpolate(zero, one, steps=9)

figure, row = plt.subplots(1, 9, figsize=(9, 1.2))
for axes, image in zip(row, between):
    axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
    axes.axis("off")
plt.show()

# %% [markdown]
# ## What does each number mean?
#
# A **traversal** starts at the mean of all codes and changes one of its numbers, over the range that it
# has in the training images. Each row is one number of the code, those that change most first.

# %%
walks = aezoo.evaluation.traversals(ae, train.x)
aezoo.plots.sample_grid(walks.samples, rows=walks.units, title="each row changes one number")

# %% [markdown]
# Hardly any number has a meaning of its own: each one changes several strokes. A plain autoencoder is
# free to turn its space as it likes.
#
# ## The whole space at once
#
# With a code of two numbers the space can be drawn as it is: a grid of codes, each shown as the image
# that it decodes to.

# %%
keras.utils.set_random_seed(0)
flat = aezoo.build("deep", input_shape=(8, 8, 1), latent_dim=2, hidden_units=(256, 128))
flat.fit(train.x, epochs=100, batch_size=32, verbose=0)
plane = flat.encode(train.x)
aezoo.plots.latent(plane, train.y)

# %%
aezoo.plots.sample_grid(aezoo.evaluation.decoded_grid(flat, train.x))

# %% [markdown]
# The regions run into each other; between them lie images that are no digit. That is why a plain
# autoencoder is no good at inventing images, see `06_generation`.
#
# ## Are all numbers of use?
#
# A unit that never changes says nothing, and two that always change together say one thing twice.

# %%
units = aezoo.evaluation.unit_statistics(ae, test.x)
aezoo.plots.units(units.deviation, units.correlation, units.dead)

# %% [markdown]
# ## Codes as features
#
# Labels are dear, images are cheap. The autoencoder has learned from all the training images without
# any label. Now let simple classifiers learn the labels from a few of them: from the 8 numbers of the code,
# from the 64 pixels, and from 8 numbers of PCA. Which images have a label is chance, and matters: so they are
# drawn ten times, and the bars show how far the draws lie apart.

# %%
rows = aezoo.probe(ae, train.x, train.y, test.x, test.y, labels=[20, 50, 100, 1000])
aezoo.plots.label_efficiency(rows, title="digits")

# %% [markdown]
# Eight numbers hold most of what tells digits apart, an eighth of the pixels. With many labels the
# pixels win: what the code has dropped was of little use for rebuilding, but of some use for
# telling digits apart.
#
# ## The encoder as the first layers of a classifier
#
# Codes stay as they are when a classifier learns from them. But an encoder is a Keras model like any other:
# put a layer after it, and train both. With 100 labels, the encoder that has seen all images without labels
# is a better start than random numbers. Freeze it for a while first: the new layer knows nothing yet, and
# its first mistakes would spoil what the encoder has learned.


# %%
def accuracy(encoder, seed):
    keras.utils.set_random_seed(seed)
    rows = keras.random.shuffle(np.arange(len(train.x)), seed=seed)[:100]
    x, y = train.x[np.asarray(rows)], train.y[np.asarray(rows)]
    classifier = keras.Sequential([encoder, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for trainable, rate, epochs in ((False, 1e-2, 50), (True, 1e-3, 50)):
        encoder.trainable = trainable
        classifier.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
        classifier.fit(x, y, epochs=epochs, batch_size=20, verbose=0)
    return classifier.evaluate(test.x, test.y, verbose=0)[1]


def pretrained():
    encoder = keras.models.clone_model(ae.encoder)
    encoder.set_weights(ae.encoder.get_weights())
    return encoder


for name, make in (
    ("encoder of the autoencoder", pretrained),
    ("same network, random start", lambda: keras.models.clone_model(ae.encoder)),
):
    found = [accuracy(make(), seed) for seed in range(5)]
    print(f"{name}: {np.mean(found):.3f} of {len(test.y)} digits, spread {np.std(found):.3f}")

# %% [markdown]
# Next: new images, in `06_generation`.
