"""Fully connected stacks."""

import math

import keras
from keras import layers

from aezoo.checks import Shape, count, number, positive, sequence
from aezoo.layers.backbones.options import (
    activation_layer,
    between_layers,
    check_linear_path,
    l2_penalty,
    output_layer,
    residual_block,
)
from aezoo.layers.linear_path import Limit, beside_linear_path, linear_layer


def dense(
    input_shape: tuple[int, ...],
    latent_dim: int,
    *,
    hidden_units: Shape = (512, 256),
    activation: str = "leaky_relu",
    latent_activation: str = "linear",
    output_activation: str = "auto",
    dropout: float = 0.0,
    l2: float = 0.0,
    batch_normalization: bool = False,
    blocks: int = 0,
    linear_path: bool = False,
    limit: float | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Fully connected encoder and its mirror image, for inputs of any shape.

    Args:
        input_shape: Tuple of positive integers, the shape of one sample.
        latent_dim: Positive integer, the number of units of the code.
        hidden_units: Sequence of positive integers, the layer sizes from the input to the code;
            the decoder has them in reverse. Empty for a network whose only hidden layer is the
            code.
        activation: String, activation of the hidden layers. The default trained better here than
            ReLU, and runs in int8 on every TFLite runtime.
        latent_activation: String, activation of the code.
        output_activation: String, activation of the output. `"auto"` is `"sigmoid"` for images
            and volumes (three axes or more, values in [0, 1]), else `"linear"`. `"clip"` cuts off
            at 0 and 1.
        dropout: Float in [0, 1), the rate after each hidden layer.
        l2: Float, 0 or more: the factor of the L2 penalty on kernels.
        batch_normalization: Boolean, whether to normalize before each hidden activation.
        blocks: Integer, 0 or more: residual blocks `x + W2 f(W1 f(x))` after each hidden layer,
            before its activation. Their second kernel starts at 0, and with it the block at `x`.
        linear_path: Boolean, whether a linear map goes beside the network, there and back, which
            `fit` sets to the principal components of its data: the model starts as PCA, and
            learns what that leaves. `latent_activation` is `"linear"`, `"leaky_relu"` or `"relu"`
            then, `output_activation` `"clip"`, `"linear"`, `"relu"` or `"auto"`, which is
            `"clip"` for images and volumes.
        limit: Positive float, or `None`: how far from 0 inputs and units of the code may be for
            the network beside the linear path. It sees what is further away cut off there, and
            leaves the rest to the path: of values that it never met it would make anything.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.dense((4,), 2, hidden_units=(3,))
    >>> encoder.count_params()
    23

    Reference:
        Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
        Science 313, 2006; for blocks He et al., "Identity Mappings in Deep Residual Networks",
        ECCV 2016, arXiv:1603.05027.
    """
    units = [positive("hidden_units", unit) for unit in sequence("hidden_units", hidden_units)]
    between = between_layers(activation, dropout, batch_normalization)
    regularizer = l2_penalty(l2)
    blocks = count("blocks", blocks)
    check_linear_path(linear_path, latent_activation, output_activation)
    if limit is not None:
        limit = number("limit", limit, above=0)
        if not linear_path:
            raise ValueError("limit needs linear_path=True, which carries what is further away.")

    def within(x):
        return x if limit is None or not units else Limit(limit)(x)

    def layer(x, unit, i):
        x = layers.Dense(unit, kernel_regularizer=regularizer, name=f"dense_{i}")(x)
        for j in range(1, blocks + 1):
            x = residual_block(
                x,
                lambda **kw: layers.Dense(unit, kernel_regularizer=regularizer, **kw),
                between,
                f"{i}_{j}",
            )
        return between(x, i)

    def last(x, beside, unit, name):
        if linear_path and not units:  # the path is all that there is
            return linear_layer(unit, True, regularizer)(x)
        x = layers.Dense(unit, kernel_regularizer=regularizer, name=name)(x)
        return beside_linear_path(x, beside) if linear_path else x

    inputs = keras.Input(input_shape, name="input")
    x = inputs
    if len(input_shape) > 1:
        x = layers.Flatten(name="flatten")(x)  # (B, ...) -> (B, N)
    flat = x
    x = within(x)
    for i, unit in enumerate(units, start=1):
        x = layer(x, unit, i)
    x = last(x, flat, latent_dim, "latent")
    code = activation_layer(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input(encoder.output_shape[1:], name="code")
    x = within(inputs)
    for i, unit in enumerate(reversed(units), start=1):
        x = layer(x, unit, i)
    x = last(x, inputs, math.prod(input_shape), "output")
    if len(input_shape) > 1:
        x = layers.Reshape(input_shape, name="reshape")(x)  # (B, N) -> (B, ...)
    outputs = output_layer(output_activation, input_shape, True, linear_path)(x)
    return encoder, keras.Model(inputs, outputs, name="decoder")
