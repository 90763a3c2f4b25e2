# %% [markdown]
# # Latent space: what the codes know
#
# The codes of an autoencoder are points in a space of few dimensions, the **latent space**. Samples that
# are alike have codes that lie close together, although nobody has told the network what they are. Here
# we look at that space in several ways, and then use it: codes as the input of a classifier.

# %%
# On Colab this installs aezoo from PyPI; anywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    get_ipython().run_line_magic("pip", "install -q aezoo")

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE

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
flattened = TSNE(2, random_state=0).fit_transform(codes)
figure = aezoo.plots.latent(flattened, test.y)
figure.axes[0].set(xlabel="t-SNE 1", ylabel="t-SNE 2", title="Codes, by t-SNE")
figure

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
# A **traversal** starts at the code of one image and changes one of its numbers, over the range that it
# has in the training images. Each row is one number of the code.

# %%
train_codes = ae.encode(train.x)
start = ae.encode(test.x[:1])[0]
figure, grid = plt.subplots(8, 9, figsize=(7, 6.5))
for i, row in enumerate(grid):
    low, high = np.percentile(train_codes[:, i], [2, 98])
    moved = np.tile(start, (9, 1))
    moved[:, i] = np.linspace(low, high, 9)
    for axes, image in zip(row, ae.decode(moved)):
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[])
    row[0].set_ylabel(i, rotation=0, labelpad=10, va="center")
figure.suptitle("each row changes one number of the code")
plt.show()

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
(left, bottom), (right, top) = np.percentile(plane, [2, 98], axis=0)
columns, rows = np.linspace(left, right, 15), np.linspace(top, bottom, 15)
grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
images = flat.decode(grid).reshape(15, 15, 8, 8)

plt.figure(figsize=(6, 6))
plt.imshow(
    images.transpose(0, 2, 1, 3).reshape(120, 120), cmap="gray", extent=(left, right, bottom, top)
)
plt.gca().set_aspect("auto")
plt.xlabel("code 1"), plt.ylabel("code 2")
plt.show()

# %% [markdown]
# The regions run into each other; between them lie images that are no digit. That is why a plain
# autoencoder is no good at inventing images, see `06_generation`.
#
# ## Codes as features
#
# Labels are dear, images are cheap. The autoencoder has learned from all the training images without
# any label. Now let a simple classifier, logistic regression, learn the labels from a few of them, once
# from the 8 numbers of the code and once from the 64 pixels. Which images have a label is chance, and
# matters: so we draw them ten times, and look at the mean and at how far the draws lie apart.

# %%
features = {"pixels": lambda x: x.reshape(len(x), -1), "codes": ae.encode}
features = {name: (make(train.x), make(test.x)) for name, make in features.items()}
rng = np.random.default_rng(0)
print("labelled images      from pixels       from codes")
for count in (20, 50, 100, 1000):
    scores = {name: [] for name in features}
    for _ in range(10):
        chosen = rng.permutation(len(train.x))[:count]
        for name, (known, unseen) in features.items():
            classifier = LogisticRegression(max_iter=5000).fit(known[chosen], train.y[chosen])
            scores[name].append(classifier.score(unseen, test.y))
    cells = (f"{np.mean(s):7.1%} +- {np.std(s):.1%}" for s in scores.values())
    print(f"{count:15}   " + "  ".join(cells))

# %% [markdown]
# Eight numbers hold most of what tells digits apart, an eighth of the pixels. With many labels the
# pixels win: what the code has dropped was of little use for rebuilding, but of some use for
# telling digits apart.
#
# Next: new images, in `06_generation`.
