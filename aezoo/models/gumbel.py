"""Codes that are categories, drawn so that gradients pass: Gumbel-softmax."""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aezoo.autoencoder.vector_quantized import VectorQuantized
from aezoo.checks import Shape, number, positive
from aezoo.layers import backbones
from aezoo.layers.gaussian import share
from aezoo.layers.likelihoods import loss_of
from aezoo.layers.objectives import Term
from aezoo.layers.quantizers import Codebook
from aezoo.registry import register


@register(purpose="compression")
def gumbel(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    categories: int = 16,
    temperature: float = 1.0,
    final_temperature: float = 0.5,
    temperature_steps: int = 10_000,
    straight_through: bool = True,
    beta: float | None = None,
    normalization: str | None = None,
    **options: Any,
) -> VectorQuantized:
    """Categories as codes (Gumbel-softmax): a VAE whose code is a few integers.

    The loss is the reconstruction's + beta * KL / N, with N values in a sample and the KL
    divergence of a code's categories from all of them alike. While training, a draw of a category
    is a softmax with noise, the nearer to one category the lower the temperature is.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many categories tell a sample; of a backbone with places,
            each of them.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood, beta: See `aezoo.variational`.
        categories: Integer, 2 or more, that there are to choose from.
        temperature: Float above 0, of the softmax at the start of training.
        final_temperature: Float above 0, at most `temperature`, to which it falls.
        temperature_steps: Positive integer, the updates in which it does.
        straight_through: Boolean, whether the decoder is given the likeliest category itself while
            training, too, with the gradient of the softmax; else the softmax.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`.

    Returns:
        A compiled `VectorQuantized`, see `aezoo.vector_quantized`, whose codes have the shape
        `(latent_dim, categories)`, one 1 each. `encode_indices` gives the categories, `sample` new
        samples, of categories drawn alike unless a sampler is named. Its log has `kl`, the mean
        total in nats, and `perplexity`, how many categories are in use. In int8 a file's `encode`
        gives categories, its `decode` takes them; there is no export in int16x8.

    Raises:
        ValueError: For temperatures out of their range or order, an unknown backbone or option, or
            a value out of its range.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.gumbel(input_shape=(8, 8, 1), latent_dim=5, categories=4)
    >>> ae.encode_indices(np.zeros((2, 8, 8, 1))).shape, ae.sample(3).shape
    ((2, 5), (3, 8, 8, 1))

    Reference:
        Jang, Gu and Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017,
        arXiv:1611.01144, equation 2; Maddison, Mnih and Teh, "The Concrete Distribution", ICLR
        2017, arXiv:1611.00712.
    """
    if options.get("linear_path"):
        raise ValueError("Categories are no components of PCA: there is no linear_path.")
    if options.get("latent_activation", "linear") != "linear":
        raise ValueError(
            "Categories come from logits of any sign: latent_activation must be 'linear'. "
            f"Received: {options['latent_activation']!r}"
        )
    loss = loss_of(likelihood, options)
    shape = positive("latent_dim", latent_dim), positive("categories", categories)
    encoder, decoder = backbones.build(backbone, input_shape, math.prod(shape), **options)
    layer = Categories(
        math.prod(encoder.input_shape[1:]),
        beta=1.0 if beta is None and likelihood == "bernoulli" else beta,
        categories=categories,
        temperature=temperature,
        final_temperature=final_temperature,
        temperature_steps=temperature_steps,
        straight_through=straight_through,
        name="bottleneck",
        dtype="float32",
    )
    inner = encoder.output_shape[1:]
    shape = (*inner[:-1], *shape)  # (..., L * K) -> (..., L, K)
    encoder = backbones.with_bottleneck(encoder, layers.Reshape(shape, name="categories"))
    codes = keras.Input(shape, name="code")
    outputs = decoder(layers.Reshape(inner, name="flat")(codes))
    return VectorQuantized(
        backbones.with_bottleneck(encoder, layer),
        keras.Model(codes, outputs, name="decoder"),
        normalization=normalization,
        loss=loss,
        name="gumbel",
    )


@keras.saving.register_keras_serializable("aezoo")
class Categories(Codebook):
    """Draws categories while training; gives the likeliest ones otherwise, as rows of 0 and one 1.

    Args:
        values: Positive integer, the values of an input, which nats are divided by.
        beta: Float above 0, or `None` for a learned one, see `aezoo.variational`.
        categories, temperature, final_temperature, temperature_steps, straight_through: See
            `gumbel`.
        seed: Integer or `None`, for repeatable draws.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of logits of shape `(B, ..., K)`.
    """

    has_prior = True
    term_names = ("perplexity", "kl")

    def __init__(
        self,
        values,
        beta=1.0,
        categories=16,
        temperature=1.0,
        final_temperature=0.5,
        temperature_steps=10_000,
        straight_through=True,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if positive("categories", categories) < 2:
            raise ValueError(f"categories must be an integer, 2 or more. Received: {categories!r}")
        if not isinstance(straight_through, bool):
            raise ValueError(f"straight_through must be a boolean. Received: {straight_through!r}")
        self.values = values
        self.beta = beta if beta is None else number("beta", beta, above=0)
        self.categories = self.num_embeddings = categories
        self.temperature = number("temperature", temperature, above=0)
        bounds = {"above": 0, "most": self.temperature}
        self.final_temperature = number("final_temperature", final_temperature, **bounds)
        self.temperature_steps = positive("temperature_steps", temperature_steps)
        self.straight_through = straight_through
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        fixed = {"trainable": False, "dtype": "float32"}
        self.updates = self.add_weight(name="updates", shape=(), initializer="zeros", **fixed)
        # a codebook like others, for exports
        shape = (self.categories, self.categories)
        self.embeddings = self.add_weight(
            name="embeddings", shape=shape, initializer="identity", **fixed
        )

    def call(self, inputs, training=False):
        if not training:
            return self.lookup(self.indices(inputs))
        return self.draw(inputs, self.seed_generator)

    def draw(self, features, seed=None):
        # 0 and 1 have no finite noise
        uniform = keras.random.uniform(ops.shape(features), 1e-7, 1 - 1e-7, seed=seed)
        noisy = features - ops.log(-ops.log(uniform))
        soft = ops.softmax(noisy / self.current_temperature())
        if not self.straight_through:
            return soft
        return soft + ops.stop_gradient(self.lookup(self.indices(noisy)) - soft)

    def current_temperature(self):
        """The temperature after the updates so far, which falls by equal parts."""
        passed = ops.minimum(self.updates / self.temperature_steps, 1.0)
        return self.temperature * (self.final_temperature / self.temperature) ** passed

    def terms(self, forward):
        if forward.training and not forward.again:
            self.updates.assign_add(1.0)
        kl = ops.sum(ops.mean(self.divergence(forward.features), axis=0))
        cost = share(kl, self.values, self.beta, forward)
        return {**super().terms(forward), "kl": Term(kl, cost)}

    def divergence(self, logits):
        """KL divergence of categories from all alike, in nats: `(B, ..., K) -> (B, ...)`."""
        log_q = ops.log_softmax(logits)
        return math.log(self.categories) + ops.sum(ops.exp(log_q) * log_q, axis=-1)

    def indices(self, inputs):
        """Categories: `(B, ..., K) -> (B, ...)`."""
        return ops.top_k(inputs, 1)[1][..., 0]  # argmax has bitwise steps that TFLite has not

    def lookup(self, indices):
        """Codes: `(B, ...) -> (B, ..., K)`."""
        return ops.take(self.embeddings, indices, axis=0)

    def closeness(self):
        """A dense layer with ReLU whose largest unit is the category: logits less their mean."""
        k = self.categories
        return np.float32(np.eye(k) - 1 / k), np.zeros(k, "float32")

    def prior(self, n, latent_shape, seed=None):
        drawn = np.random.default_rng(seed).integers(self.categories, size=(n, *latent_shape[:-1]))
        return np.eye(self.categories, dtype="float32")[drawn]

    def get_config(self):
        names = ("values", "beta", "categories", "temperature", "final_temperature")
        names += ("temperature_steps", "straight_through", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
