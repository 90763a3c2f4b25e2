"""Where an untrained network starts."""

import keras
import numpy as np
from scipy.special import logit

from aezoo.layers.output import ending

# Inverses of output activations. The ends of a sigmoid's range are at infinity.
INVERSES = {
    "clip": lambda mean: mean,
    "linear": lambda mean: mean,
    "sigmoid": lambda mean: logit(np.clip(mean, 0.01, 0.99)),
}


def start_at_mean(decoder: keras.Model, mean: np.ndarray) -> None:
    """Sets the output bias of an untrained decoder so that it begins at the mean of the data.

    Otherwise the first updates all push the outputs the same way, to the mean, and beyond it where
    the network is wide or the learning rate high: sigmoids saturate, no gradient is left, and the
    model answers with one constant image for ever. From the mean on, training is also faster.

    Args:
        decoder: `keras.Model` that returns arrays of shape `(B, ...)`. Left alone unless it ends
            in a trainable bias that is still zero and an activation that is linear, a sigmoid or a
            clip, see `aezoo.layers.output.ending`.
        mean: Array of the shape of one output, the mean of the targets, in the decoder's units.

    Example:

    >>> import aezoo, numpy as np
    >>> ae = aezoo.vanilla(2, 1)
    >>> start_at_mean(ae.decoder, np.array([2.0, 20.0]))
    >>> ae.decoder.get_layer("output").bias.numpy().tolist()
    [2.0, 20.0]
    """
    activation, bias, _ = ending(decoder)
    inverse = INVERSES.get(activation)
    if inverse is None or bias is None or not bias.trainable or not decoder.trainable:
        return
    if np.any(keras.ops.convert_to_numpy(bias)):
        return
    if bias.shape == mean.shape[-1:]:  # a convolution has one bias a channel
        mean = mean.reshape(-1, mean.shape[-1]).mean(axis=0)  # (..., C) -> (C,)
    if mean.size == bias.shape[0]:
        bias.assign(inverse(mean.ravel()))
