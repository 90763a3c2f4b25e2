"""Smooth codes without a distribution: a decoder that is kept from changing much."""

import math
from typing import Any

import keras
from keras import ops

from aezoo.autoencoder import Autoencoder
from aezoo.checks import Shape, number
from aezoo.layers import backbones
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.likelihoods import loss_of
from aezoo.layers.objectives import Term
from aezoo.registry import register

WEIGHTS = {"l2": 1e-6, "gradient": 0.01, "spectral": None}
STEP = 0.05  # that gradients are taken over: half precision has no finer ones
ITERATIONS = 10  # from a fixed start, after which norms are low by some per cent at most
FIXED = 0  # seed of what is drawn in evaluation


@register(purpose="generation")
def regularized(
    input_shape: Shape = (28, 28, 1),
    latent_dim: int = 32,
    *,
    backbone: str = "auto",
    likelihood: str = "gaussian",
    smoothness: str = "l2",
    weight: float | None = None,
    norm: float | None = None,
    code_weight: float = 0.01,
    normalization: str | None = None,
    **options: Any,
) -> Autoencoder:
    """Smooth codes without noise (RAE): samples from a mixture fitted to them afterwards.

    The loss is the reconstruction's + code_weight * half the squared length of codes / N + what
    keeps the decoder smooth, with N values in a sample. `ae.sample(n, x=x_train)` fits a mixture to
    the codes, as the paper does.

    Args:
        input_shape: Tuple of positive integers, or one integer for vectors.
        latent_dim: Positive integer, how many numbers a code has.
        backbone: `"dense"`, `"conv"`, `"residual"` or `"auto"`, see `aezoo.backbones.build`.
        likelihood: `"gaussian"` or `"bernoulli"`, see `aezoo.variational`.
        smoothness: `"l2"` for a penalty on the squares of the decoder's kernels, `"gradient"` on
            those of its derivatives by the code, `"spectral"` for kernels, as matrices, whose
            spectral norm stays below a limit.
        weight: Float, 0 or more: the factor of the penalty of `"l2"`, their sum (default 1e-6), or
            `"gradient"`, their sum by input value (default 0.01).
        norm: Float above 0, the limit of `"spectral"`. Default: 2; with 1, as in the paper, the
            error on digits was twice as large.
        code_weight: Float, 0 or more: the factor of the penalty on codes.
        normalization: `None`, `"minmax"` or `"standard"`, see `aezoo.Autoencoder`.
        **options: Options of the backbone, see `aezoo.backbones`; `l2` is the encoder's.

    Returns:
        A compiled `aezoo.Autoencoder`. Its log has `code_size`, half the mean squared length of
        codes, and with `"gradient"` `slope`, the squared Frobenius norm of the decoder's Jacobian:
        an estimate by differences in one random direction for each sample, which is right in the
        mean.

    Raises:
        ValueError: For an unknown smoothness, an option of another one, an unknown backbone or
            option, or a value out of its range.

    Example:

    >>> import aezoo, numpy as np
    >>> x = np.random.rand(40, 6)
    >>> ae = aezoo.regularized(6, 2, smoothness="gradient")
    >>> sorted(ae.fit(x, verbose=0).history)
    ['code_size', 'loss', 'slope']
    >>> ae.sample(3, x=x).shape
    (3, 6)

    Reference:
        Ghosh et al., "From Variational to Deterministic Autoencoders", ICLR 2020,
        arXiv:1903.12436, equations 8 to 11; spectral norms: Miyato et al., arXiv:1802.05957, here
        of what exceeds the limit alone.
    """
    if smoothness not in WEIGHTS:
        raise ValueError(f"smoothness must be one of {tuple(WEIGHTS)}. Received: {smoothness!r}")
    for name, value, fits in (
        ("weight", weight, smoothness != "spectral"),
        ("norm", norm, smoothness == "spectral"),
    ):
        if value is not None and not fits:
            raise ValueError(f"{name} is of no use for smoothness={smoothness!r}. It is {value!r}.")
    if smoothness == "spectral" and options.get("linear_path"):
        raise ValueError("A linear path has the norm of its data: leave it, or the spectral one.")
    if smoothness == "l2" and options.get("decoder") is not None:
        raise ValueError(
            "smoothness='l2' is of the kernels of the zoo's own decoders. Give the layers of "
            "yours a kernel_regularizer, or take smoothness='gradient' or 'spectral'."
        )
    weight = WEIGHTS[smoothness] if weight is None else number("weight", weight, least=0)
    loss = loss_of(likelihood, options)
    encoder, decoder = backbones.build(backbone, input_shape, latent_dim, **options)
    if smoothness == "l2":
        decoder = backbones.build(backbone, input_shape, latent_dim, **options | {"l2": weight})[1]
    elif smoothness == "spectral":
        _limit(decoder, SpectralNorm(2.0 if norm is None else norm))
    layer = SmoothDecoder(
        math.prod(encoder.input_shape[1:]),
        code_weight,
        weight if smoothness == "gradient" else None,
        options.get("latent_activation", "linear"),
        name="bottleneck",
        dtype="float32",
    )
    return Autoencoder(
        backbones.with_bottleneck(encoder, layer),
        decoder,
        normalization=normalization,
        loss=loss,
        name="regularized",
    )


@keras.saving.register_keras_serializable("aezoo")
class SmoothDecoder(Bottleneck):
    """Penalizes codes that are large, and a decoder that changes much with them.

    Args:
        values: Positive integer, the values of an input, which penalties are divided by.
        code_weight: Float, 0 or more, the factor of |z|^2 / 2.
        slope_weight: Float, 0 or more, the factor of the Jacobian's square, or `None`.
        activation: String, of the code.
        seed: Integer or `None`, for repeatable directions.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(
        self, values, code_weight=0.01, slope_weight=None, activation="linear", seed=None, **kwargs
    ):
        super().__init__(activation, **kwargs)
        self.values = values
        self.code_weight = number("code_weight", code_weight, least=0)
        self.slope_weight = slope_weight
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.term_names = ("code_size",) if slope_weight is None else ("code_size", "slope")

    def terms(self, forward):
        # (B, ..., D) -> (B,) -> ()
        axes = range(1, len(forward.code.shape))
        size = ops.mean(ops.sum(ops.square(forward.code), axis=axes)) / 2
        found = {"code_size": Term(size, self.code_weight * size / self.values)}
        if self.slope_weight is not None:
            slope = self.slope(forward)
            found["slope"] = Term(slope, self.slope_weight * slope / self.values)
        return found

    def slope(self, forward):
        """An estimate of the mean of |d output / d code|^2, of which |J v|^2 is the mean over v."""
        code = forward.code
        seed = self.seed_generator if forward.training else FIXED
        step = STEP * keras.random.normal(ops.shape(code), dtype=code.dtype, seed=seed)
        ends = (forward.decoder(code + sign * step, training=False) for sign in (1, -1))
        ahead, behind = (ops.cast(end, "float32") for end in ends)
        squares = ops.square((ahead - behind) / (2 * STEP))
        return ops.mean(ops.sum(squares, axis=range(1, len(squares.shape))))  # (B, ...) -> ()

    def get_config(self):
        names = ("values", "code_weight", "slope_weight", "seed")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "activation": self.code_activation}


@keras.saving.register_keras_serializable("aezoo")
class SpectralNorm(keras.constraints.Constraint):
    """Keeps the largest singular value of a kernel, as a matrix, below a limit.

    Args:
        most: Float above 0.
    """

    def __init__(self, most=2.0):
        self.most = number("norm", most, above=0)

    def __call__(self, w):
        matrix = ops.reshape(w, (-1, w.shape[-1]))
        v = keras.random.normal((w.shape[-1], 1), seed=FIXED)
        for _ in range(ITERATIONS):
            u = ops.normalize(ops.matmul(matrix, v), axis=0)
            v = ops.normalize(ops.matmul(ops.transpose(matrix), u), axis=0)
        norm = ops.sqrt(ops.sum(ops.square(ops.matmul(matrix, v))))
        return w / ops.maximum(norm / self.most, 1.0)

    def get_config(self):
        return {"most": self.most}


def _limit(decoder, constraint):
    """Gives all kernels a constraint, which holds from the start on."""
    for layer in decoder.layers:
        if hasattr(layer, "kernel"):
            layer.kernel_constraint = layer.kernel.constraint = constraint
            layer.kernel.assign(constraint(layer.kernel))
