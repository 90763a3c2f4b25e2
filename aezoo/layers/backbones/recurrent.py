"""Recurrent layers over time."""

import keras
from keras import layers

from aezoo.checks import Shape, number, positive, sequence
from aezoo.layers.backbones.options import activation_layer, l2_penalty, output_layer, steps_of

CELLS = {"gru": layers.GRU, "lstm": layers.LSTM}


def recurrent(
    input_shape: tuple[int, ...],
    latent_dim: int,
    *,
    units: Shape = (64,),
    cell: str = "lstm",
    latent_activation: str = "linear",
    output_activation: str = "auto",
    dropout: float = 0.0,
    l2: float = 0.0,
) -> tuple[keras.Model, keras.Model]:
    """Recurrent layers that read step by step, and others that tell the steps from the code.

    The first axis is time, and all that is at a step its channels: a vector is a signal of one
    channel, an image a sequence of its rows. Each step of the decoder is given the code.

    Args:
        input_shape: Tuple of positive integers, `(steps, ...)`.
        latent_dim: Positive integer, how many numbers the code has.
        units: Sequence of positive integers, the sizes of the layers from the input to the code;
            the decoder has them in reverse.
        cell: `"lstm"` or `"gru"`, which has a quarter less weights.
        latent_activation, output_activation: As in `dense`.
        dropout: Float in [0, 1), the rate of what comes into each layer but the first.
        l2: Float, 0 or more: the factor of the L2 penalty on kernels.

    Returns:
        The encoder and the decoder, each a `keras.Model`.

    Raises:
        ValueError: For a value out of its range.

    Example:

    >>> import aezoo
    >>> encoder, decoder = aezoo.backbones.recurrent((20, 3), 4, units=(16,), cell="gru")
    >>> encoder.output_shape, decoder.output_shape
    ((None, 4), (None, 20, 3))

    Reference:
        Srivastava, Mansimov and Salakhutdinov, "Unsupervised Learning of Video Representations
        using LSTMs", ICML 2015, arXiv:1502.04681; of signals: Malhotra et al., "LSTM-based
        Encoder-Decoder for Multi-sensor Anomaly Detection", 2016, arXiv:1607.00148.
    """
    if cell not in CELLS:
        raise ValueError(f"cell must be one of {tuple(CELLS)}. Received: {cell!r}")
    steps, channels = steps_of(input_shape)
    units = [positive("units", unit) for unit in sequence("units", units)]
    if not units:
        raise ValueError("units must name at least one layer. Received: ()")
    dropout = number("dropout", dropout, least=0, below=1)
    shared = {"kernel_regularizer": l2_penalty(l2)}

    def layer(x, unit, i, whole):
        if dropout and i > 1:
            x = layers.Dropout(dropout, name=f"dropout_{i}")(x)
        return CELLS[cell](unit, return_sequences=whole, name=f"{cell}_{i}", **shared)(x)

    inputs = keras.Input(input_shape, name="input")
    x = inputs
    if len(input_shape) != 2:
        x = layers.Reshape((steps, channels), name="steps")(x)  # (B, ...) -> (B, T, C)
    for i, unit in enumerate(units, start=1):
        x = layer(x, unit, i, whole=i < len(units))  # (B, T, C) -> (B, T, U), at last (B, U)
    x = layers.Dense(latent_dim, name="latent", **shared)(x)
    code = activation_layer(latent_activation, "latent_activation")(x)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input((latent_dim,), name="code")
    x = layers.RepeatVector(steps, name="repeat")(inputs)  # (B, D) -> (B, T, D)
    for i, unit in enumerate(reversed(units), start=1):
        x = layer(x, unit, i, whole=True)
    x = layers.Dense(channels, name="output", **shared)(x)  # (B, T, U) -> (B, T, C)
    if len(input_shape) != 2:
        x = layers.Reshape(input_shape, name="shape")(x)
    outputs = output_layer(output_activation, input_shape, False)(x)
    return encoder, keras.Model(inputs, outputs, name="decoder")
