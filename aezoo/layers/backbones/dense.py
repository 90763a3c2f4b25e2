"""Fully connected stacks."""

import math

import keras
from keras import layers

from aezoo.checks import Shape, count, positive, sequence
from aezoo.layers.backbones.options import (
    activation_layer,
    between_layers,
    l2_penalty,
    output_layer,
    residual_block,
)


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
            and volumes (three axes or more, values in [0, 1]), else `"linear"`.
        dropout: Float in [0, 1), the rate after each hidden layer.
        l2: Float, 0 or more: the factor of the L2 penalty on kernels.
        batch_normalization: Boolean, whether to normalize before each hidden activation.
        blocks: Integer, 0 or more: residual blocks `x + W2 f(W1 f(x))` after each hidden layer,
            before its activation. Their second kernel starts at 0, and with it the block at `x`.

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

    inputs = keras.Input(input_shape, name="input")
    x = inputs
    if len(input_shape) > 1:
        x = layers.Flatten(name="flatten")(x)  # (B, ...) -> (B, N)
    for i, unit in enumerate(units, start=1):
        x = layer(x, unit, i)
    x = layers.Dense(latent_dim, kernel_regularizer=regularizer, name="latent")(x)
    code = activation_layer(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input(encoder.output_shape[1:], name="code")
    x = inputs
    for i, unit in enumerate(reversed(units), start=1):
        x = layer(x, unit, i)
    x = layers.Dense(math.prod(input_shape), kernel_regularizer=regularizer, name="output")(x)
    if len(input_shape) > 1:
        x = layers.Reshape(input_shape, name="reshape")(x)  # (B, N) -> (B, ...)
    outputs = output_layer(output_activation, input_shape, xla=True)(x)
    return encoder, keras.Model(inputs, outputs, name="decoder")
