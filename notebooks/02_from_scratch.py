# %% [markdown]
# # From scratch: what happens inside
#
# An autoencoder learns to squeeze a sample into a few numbers, the code, and to rebuild the sample
# from them. This notebook does it by hand with NumPy: the forward pass, the error, the chain rule, the
# update. First for points along a line, where everything can be drawn, then for handwritten digits.
# At the end the same networks come from `aezoo.build`, and their errors and gradients are the same
# numbers.

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

rng = np.random.default_rng(0)

# %% [markdown]
# ## Points along a line: two numbers to one
#
# Each sample is a point, two numbers. But the points lie along a line, give or take a little, so one
# number, how far along, is almost enough to know a point. A network that has to send two numbers
# through one must find that line.

# %%
along = rng.uniform(-1, 1, (200, 1))
points = along @ [[1.0, 0.5]] + 0.03 * rng.normal(size=(200, 2))

plt.figure(figsize=(4, 3))
plt.scatter(*points.T, s=8)
plt.xlabel("first number"), plt.ylabel("second number")
plt.axis("equal")
plt.show()

# %% [markdown]
# **The forward pass.** The smallest network has two layers: one to the code $z$, one back.
#
# $$z = x W_1 + b_1 \qquad y = z W_2 + b_2$$
#
# $x$ holds a point in each row, so $W_1$ has the shape (2, 1) and $W_2$ the shape (1, 2). The weights
# start at random, so at first $y$ is nothing like $x$.

# %%
W1, b1 = rng.normal(0, 0.5, (2, 1)), np.zeros(1)
W2, b2 = rng.normal(0, 0.5, (1, 2)), np.zeros(2)


def forward(x):
    z = x @ W1 + b1  # (200, 2) @ (2, 1) -> (200, 1), the codes
    y = z @ W2 + b2  # (200, 1) @ (1, 2) -> (200, 2), the reconstructions
    return z, y


z, y = forward(points)
print(
    "a point", points[0].round(2), "has the code", z[0].round(2), "and comes out as", y[0].round(2)
)

# %% [markdown]
# **The error.** The mean squared error over all $N$ numbers of all points:
#
# $$L = \frac{1}{N} \sum (y - x)^2$$

# %%
loss = np.mean((y - points) ** 2)
print(f"mean squared error at the start: {loss:.4f}")

# %% [markdown]
# **The chain rule.** In which direction should each weight move, so that the error falls? That is what
# its derivative says. We go backwards, from the error to the weights, and each step needs only the
# result of the one before:
#
# - How does $L$ change with the output? $\;\frac{\partial L}{\partial y} = \frac{2}{N} (y - x)$
# - $y$ depends on $W_2$ through $z W_2$, so $\;\frac{\partial L}{\partial W_2} = z^T \frac{\partial L}{\partial y}$,
#   and on $b_2$ directly: the sum over the points.
# - How does $L$ change with the code? $\;\frac{\partial L}{\partial z} = \frac{\partial L}{\partial y} W_2^T$
# - $z$ depends on $W_1$ through $x W_1$, so $\;\frac{\partial L}{\partial W_1} = x^T \frac{\partial L}{\partial z}$.
#
# All the derivatives together are the **gradient**. A derivative can be checked without any
# mathematics: move the weight a little and look how far the error moves.


# %%
def gradient(x):
    z, y = forward(x)
    dy = 2 * (y - x) / x.size
    dz = dy @ W2.T
    return x.T @ dz, dz.sum(axis=0), z.T @ dy, dy.sum(axis=0)  # of W1, b1, W2, b2


by_chain_rule = gradient(points)[0][0, 0]
step = 1e-5
W1[0, 0] += step
moved = np.mean((forward(points)[1] - points) ** 2)
W1[0, 0] -= step
print(
    f"derivative by the chain rule {by_chain_rule:.6f}, by moving the weight {(moved - loss) / step:.6f}"
)

# %% [markdown]
# **The update.** Every weight takes a small step against its derivative. How small is the **learning
# rate**. Then all of it again: that is gradient descent, and there is nothing more to training.

# %%
losses = []
for _ in range(5000):
    losses.append(np.mean((forward(points)[1] - points) ** 2))
    for weight, slope in zip((W1, b1, W2, b2), gradient(points), strict=True):
        weight -= 0.4 * slope

z, y = forward(points)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.plot(losses)
left.set(xlabel="step", ylabel="mean squared error", yscale="log")
right.scatter(*points.T, s=8, label="points")
right.scatter(*y.T, s=8, label="rebuilt from one number")
right.set(xlabel="first number", ylabel="second number", aspect="equal")
right.legend()
plt.show()

# %% [markdown]
# The rebuilt points lie exactly on a line: one number cannot say more. What is lost is how far each
# point was off the line. This line is also what principal component analysis finds, and the errors are
# nearly the same: gradient descent comes closer with every step.

# %%
from sklearn.decomposition import PCA

pca = PCA(1).fit(points)
by_pca = np.mean((pca.inverse_transform(pca.transform(points)) - points) ** 2)
print(f"mean squared error: network {np.mean((y - points) ** 2):.6f}, PCA {by_pca:.6f}")

# %% [markdown]
# ## Digits: 64 numbers to 16
#
# Now images of 8 x 8 pixels, and more layers: 64-32-16-32-64. One thing is new. After each layer comes
# a curve, here the **sigmoid** $\sigma(s) = 1 / (1 + e^{-s})$. Without it all the layers together could
# do no more than one. On the way back it adds one factor, its slope: $\sigma'(s) = a (1 - a)$, where
# $a = \sigma(s)$.

# %%
digits = aezoo.load_dataset("digits").x.reshape(-1, 64)
sizes = (64, 32, 16, 32, 64)


def initial_weights(rng):
    """Kernels and biases by layer; kernels in the range of Glorot and Bengio (2010)."""
    weights = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        limit = np.sqrt(6 / (fan_in + fan_out))
        weights += [rng.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)]
    return weights


def layer_values(weights, x):
    values = [x]
    for kernel, bias in zip(weights[::2], weights[1::2]):
        values.append(1 / (1 + np.exp(-(values[-1] @ kernel + bias))))
    return values


def loss_and_gradient(weights, x):
    values = layer_values(weights, x)
    loss = np.mean((values[-1] - x) ** 2)
    upstream = 2 * (values[-1] - x) / x.size  # dL/dy
    slopes = []
    for i in reversed(range(len(sizes) - 1)):
        upstream = upstream * values[i + 1] * (1 - values[i + 1])  # through the sigmoid
        slopes = [values[i].T @ upstream, upstream.sum(axis=0), *slopes]
        upstream = upstream @ weights[2 * i].T  # through the layer, to the one before
    return loss, slopes


# %% [markdown]
# Instead of all images at once, each step takes 32 of them, a **batch**: the direction is a bit less
# exact, but there are many more steps.

# %%
weights = initial_weights(np.random.default_rng(0))
order = np.random.default_rng(0)
scratch_losses = []
for _ in range(100):
    shuffled = order.permutation(digits)
    by_batch = []
    for begin in range(0, len(shuffled), 32):
        loss, slopes = loss_and_gradient(weights, shuffled[begin : begin + 32])
        by_batch.append(loss)
        weights = [weight - 10 * slope for weight, slope in zip(weights, slopes)]
    scratch_losses.append(np.mean(by_batch))
print(
    f"mean squared error after 1 epoch {scratch_losses[0]:.4f}, after 100 {scratch_losses[-1]:.4f}"
)

# %%
rebuilt = layer_values(weights, digits[:8])[-1]
aezoo.plots.reconstructions(digits[:8].reshape(-1, 8, 8, 1), rebuilt.reshape(-1, 8, 8, 1))

# %% [markdown]
# The digits can be told apart, but they are blurred: the network has found the average of many
# images more than the single one. Plain gradient descent with sigmoids is slow.
#
# ## The same from aezoo
#
# `aezoo.build("deep", ...)` makes the same network. Given the same weights it has the same error; and
# after one step of plain gradient descent with the learning rate 1 its weights have moved by the
# gradient that we have written by hand, but for rounding. (The biases are moved off 0 before: where they are all 0,
# aezoo takes the network for an untrained one, and first sets them to what gives the average image.)

# %%
options = {"activation": "sigmoid", "latent_activation": "sigmoid", "output_activation": "sigmoid"}
options |= {"input_shape": 64, "latent_dim": 16, "hidden_units": (32,)}
ae = aezoo.build("deep", **options)
start = [weight + rng.uniform(-0.1, 0.1, weight.shape) for weight in initial_weights(rng)]
ae.set_weights(start)
ae.compile(keras.optimizers.SGD(1.0), loss="mse")

batch = digits[:32]
loss, slopes = loss_and_gradient(start, batch)
print(f"error: by hand {loss:.6f}, aezoo {ae.evaluate(batch, verbose=0):.6f}")

ae.fit(batch, batch_size=32, verbose=0)
moved = [before - after for before, after in zip(start, ae.get_weights())]
worst = max(np.abs(step - slope).max() for step, slope in zip(moved, slopes))
largest = max(np.abs(slope).max() for slope in slopes)
print(f"gradients differ by {worst:.1e} at most; the largest is {largest:.1e}")

# %% [markdown]
# As `build` gives it, the network trains with Adam, a kind of gradient descent that has a learning rate
# of its own for each weight. It gets further in twenty epochs than plain gradient descent in a hundred.

# %%
keras.utils.set_random_seed(0)
ae = aezoo.build("deep", **options)
history = ae.fit(digits, batch_size=32, epochs=100, verbose=0).history

plt.figure(figsize=(6, 3.5))
plt.plot(scratch_losses, label="NumPy, gradient descent")
plt.plot(history["loss"], label="aezoo, Adam")
plt.xlabel("epoch"), plt.ylabel("mean squared error"), plt.yscale("log")
plt.legend()
plt.show()

# %%
images = digits[:8].reshape(-1, 8, 8, 1)
aezoo.plots.reconstructions(images, ae.reconstruct(digits[:8]).reshape(-1, 8, 8, 1))

# %% [markdown]
# And the points along the line? A network with a code of one number and no curves at all is the one
# from above, and it finds the same line.

# %%
keras.utils.set_random_seed(0)
line = aezoo.build("vanilla", input_shape=2, latent_dim=1, latent_activation="linear")
line.fit(points, epochs=1000, batch_size=32, verbose=0)
print(f"mean squared error: aezoo {line.reconstruction_error(points).mean():.6f}, PCA {by_pca:.6f}")

# %% [markdown]
# Next: which network for which data, in `03_architectures`.
