"""Terms of the loss, taken from the forward pass of training itself."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

Tensor = Any  # of the backend


class Forward(NamedTuple):
    """One pass of a batch through a model, in the units of its encoder and decoder, in float32.

    Attributes:
        x: Tensor of shape `(B, *input_shape)`, the input, normalized, before any corruption.
        target: Tensor of that shape, what should come out. For a bottleneck it is the input.
        features: Tensor, what came into the bottleneck.
        code: Tensor of shape `(B, *latent_shape)`, what came out of it; while training of a
            stochastic bottleneck one draw.
        output: Tensor of shape `(B, *input_shape)`, what the decoder made of the code.
        decoder: Function of a tensor of codes, for terms that decode others; with
            `training=False` as it is used, without dropout.
        training: Boolean.
        again: Boolean, whether terms of this step were taken before, so that what counts steps
            does not count it twice.
    """

    x: Tensor
    target: Tensor
    features: Tensor
    code: Tensor
    output: Tensor
    decoder: Callable
    training: bool
    again: bool = False


class Term(NamedTuple):
    """What an objective says of a batch.

    Attributes:
        value: Scalar tensor, which the training log shows under the term's name.
        loss: Scalar tensor that is added to the loss, or `None` for what is only looked at.
    """

    value: Tensor
    loss: Tensor | None = None


class Objective(keras.layers.Layer):
    """A layer that looks at a forward pass and returns named terms. Subclass it.

    A bottleneck is one; others are given to `aezoo.Autoencoder(objectives=...)`. An objective may
    have weights of its own, such as those of a discriminator, which train with the model's. What
    it returns is of one `fit`: terms that want opposite things of a tensor meet in
    `reversed_gradient`.

    Attributes:
        term_names: Tuple of strings, the names of the terms. They stand in the training log.

    Example:

    >>> import aezoo, keras, numpy as np
    >>> from aezoo.layers.objectives import Objective, Term
    >>> @keras.saving.register_keras_serializable("docs")
    ... class SmallCodes(Objective):
    ...     term_names = ("size",)
    ...     def terms(self, forward):
    ...         size = keras.ops.mean(keras.ops.square(forward.code))
    ...         return {"size": Term(size, 0.1 * size)}
    >>> parts = aezoo.backbones.build("dense", 6, 2)
    >>> ae = aezoo.Autoencoder(*parts, objectives=[SmallCodes()])
    >>> sorted(ae.fit(np.random.rand(32, 6), verbose=0).history)
    ['loss', 'size']
    """

    term_names: tuple[str, ...] = ()

    def terms(self, forward: Forward) -> dict[str, Term]:
        """Terms of a batch.

        Args:
            forward: `Forward`.

        Returns:
            Dictionary of each of the `term_names` to a `Term`.
        """
        return {}


def terms_of(objective: Objective, forward: Forward) -> dict[str, Term]:
    """The terms of an objective, whose weights are read in float32 whatever the model computes in.

    Args:
        objective: `Objective`.
        forward: `Forward`.

    Returns:
        Dictionary of its `term_names` to `Term`.
    """
    return _Reader(lambda: objective.terms(forward))(forward.code)


class _Reader(keras.layers.Layer):
    """A layer of float32, inside of which Keras casts no variable to the dtype of the model."""

    def __init__(self, read):
        super().__init__(name="terms", dtype="float32")
        self.read = read
        self.built = True

    def call(self, code):
        return self.read()


def reversed_gradient(x: Tensor, factor: float = 1.0) -> Tensor:
    """A tensor as it is, whose gradient is turned round on its way back.

    What comes after it learns to lower a loss, what comes before it to raise the same loss: an
    adversary in one `fit`.

    Args:
        x: Float tensor.
        factor: Float, the gradient is multiplied by its negative.

    Returns:
        Tensor, equal to `x` but for rounding.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.objectives import reversed_gradient
    >>> float(reversed_gradient(np.float32(3)))
    3.0

    Reference:
        Ganin and Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", ICML 2015,
        arXiv:1409.7495, equation 10.
    """
    return ops.stop_gradient((1.0 + factor) * x) - factor * x


def gradient_to(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What a function makes of a tensor, whose gradient goes to the tensor alone.

    The weights of the function learn nothing from it: one player's loss, in which the other one
    is as it is.

    Args:
        function: Function of a tensor, such as a Keras layer.
        x: Float tensor.

    Returns:
        Tensor, equal to `function(x)` but for rounding.

    Example:

    >>> from aezoo.layers.objectives import gradient_to
    >>> float(gradient_to(lambda x: 2 * x, 3.0))
    6.0
    """
    alone = function(ops.stop_gradient(x))
    return function(x) - alone + ops.stop_gradient(alone)


def without_value(loss: Tensor) -> Tensor:
    """A loss that is trained for, and counts for nothing: that of an adversary.

    Args:
        loss: Scalar tensor.

    Returns:
        Scalar tensor, 0, with the gradient of `loss`.

    Example:

    >>> from aezoo.layers.objectives import without_value
    >>> float(without_value(3.0))
    0.0
    """
    return loss - ops.stop_gradient(loss)
