"""Dilated convolutions over time."""

import keras
from keras import layers

from aezoo.checks import Shape, positive, sequence
from aezoo.layers.backbones.options import (
    activation_layer,
    between_layers,
    cropped,
    l2_penalty,
    output_layer,
    steps_of,
)


def temporal(
    input_shape: tuple[int, ...],
    latent_dim: int,
    *,
    filters: int = 32,
    kernel_size: int = 3,
    dilations: Shape = (1, 2, 4, 8),
    pooling: int = 4,
    activation: str = "relu",
    latent_activation: str = "linear",
    output_activation: str = "auto",
    dropout: float = 0.0,
    l2: float = 0.0,
    batch_normalization: bool = False,
) -> tuple[keras.Model, keras.Model]:
    """Dilated convolutions, each of which sees further, a mean over steps, and the same back.

    The first axis is time, and all that is at a step its channels: a vector is a signal of one
    channel, an image a sequence of its rows.

    Args:
        input_shape: Tuple of positive integers, `(steps, ...)`.
        latent_dim: Positive integer, how many numbers the code has.
        filters: Positive integer, the channels of all convolutions.
        kernel_size: Positive integer, the steps that each sees, so far apart as it is dilated.
        dilations: Sequence of positive integers, one for each residual block of two convolutions,
            from the input on. With the defaults a step of the code knows of 61 of the input.
        pooling: Positive integer, how many steps one mean is of, before the code.
        activation: String, activation of the hidden layers.
        latent_activation, output_activation, dropout, l2, batch_normalization: As in `dense`.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.temporal((140, 1), 8, dilations=(1, 4))
    >>> encoder.output_shape, decoder.output_shape
    ((None, 8), (None, 140, 1))

    Reference:
        Bai, Kolter and Koltun, "An Empirical Evaluation of Generic Convolutional and Recurrent
        Networks for Sequence Modeling", 2018, arXiv:1803.01271; as an autoencoder, which needs no
        causal convolutions: Thill et al., "Temporal Convolutional Autoencoder for Unsupervised
        Anomaly Detection in Time Series", Applied Soft Computing 112, 2021.
    """
    steps, channels = steps_of(input_shape)
    filters, pooling = positive("filters", filters), positive("pooling", pooling)
    kernel_size = positive("kernel_size", kernel_size)
    dilations = [positive("dilations", d) for d in sequence("dilations", dilations)]
    if not dilations:
        raise ValueError("dilations must name at least one. Received: ()")
    between = between_layers(activation, dropout, batch_normalization)
    shared = {"kernel_regularizer": l2_penalty(l2)}

    def block(x, dilation, name):
        if x.shape[-1] != filters:
            x = layers.Conv1D(filters, 1, name=f"width_{name}", **shared)(x)
        branch = x
        for i in (1, 2):
            how = {"padding": "same", "dilation_rate": dilation, "name": f"conv_{name}_{i}"}
            branch = layers.Conv1D(filters, kernel_size, **how, **shared)(branch)
            branch = between(branch, f"{name}_{i}")
        return layers.Add(name=f"add_{name}")([x, branch])

    inputs = keras.Input(input_shape, name="input")
    x = inputs
    if len(input_shape) != 2:
        x = layers.Reshape((steps, channels), name="steps")(x)  # (B, ...) -> (B, T, C)
    for i, dilation in enumerate(dilations, start=1):
        x = block(x, dilation, i)
    x = layers.AveragePooling1D(pooling, padding="same", name="pooling")(x)  # -> (B, P, F)
    places = x.shape[1]
    x = layers.Flatten(name="flatten")(x)  # (B, P, F) -> (B, P * F)
    x = layers.Dense(latent_dim, name="latent", **shared)(x)
    code = activation_layer(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input((latent_dim,), name="code")
    x = layers.Dense(places * filters, name="features", **shared)(inputs)
    x = layers.Reshape((places, filters), name="reshape")(x)  # (B, P * F) -> (B, P, F)
    x = between(x, 0)
    if pooling > 1:
        x = layers.Conv1DTranspose(filters, pooling, strides=pooling, name="spread", **shared)(x)
        x = cropped(x, (steps,), "crop")
    for i, dilation in enumerate(reversed(dilations), start=1):
        x = block(x, dilation, i)
    x = layers.Conv1D(channels, 1, name="output", **shared)(x)  # -> (B, T, C)
    if len(input_shape) != 2:
        x = layers.Reshape(input_shape, name="shape")(x)
    outputs = output_layer(output_activation, input_shape, False)(x)
    return encoder, keras.Model(inputs, outputs, name="decoder")
