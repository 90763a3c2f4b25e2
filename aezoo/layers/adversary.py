"""The network that an encoder plays against."""

import keras
from keras import layers, ops

from aezoo.checks import positive, sequence


@keras.saving.register_keras_serializable("aezoo")
class Discriminator(layers.Layer):
    """A dense network that tells two kinds of codes apart, by a logit for each.

    Args:
        units: Sequence of positive integers, the sizes of its hidden layers, one at least.
        seed: Integer or `None`, for repeatable weights.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, M)`.

    Raises:
        ValueError: Without a layer, or for one of no width.

    Example:

    >>> import numpy as np
    >>> from aezoo.layers.adversary import Discriminator
    >>> Discriminator((8,))(np.zeros((3, 2), "float32")).shape[0]
    3
    """

    def __init__(self, units=(256, 256), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.units = [positive("discriminator_units", unit) for unit in checked(units)]
        self.seed = seed
        self.stack = []
        for i, unit in enumerate([*self.units, 1]):
            start = keras.initializers.GlorotUniform(seed if seed is None else seed + i)
            last = i == len(self.units)
            activation = "linear" if last else "leaky_relu"
            how = {"activation": activation, "kernel_initializer": start, "dtype": "float32"}
            self.stack.append(layers.Dense(unit, **how))

    def build(self, input_shape):
        for layer in self.stack:
            layer.build(input_shape)
            input_shape = (*input_shape[:-1], layer.units)

    def call(self, inputs):
        x = inputs
        for layer in self.stack:
            x = layer(x)
        return ops.squeeze(x, axis=-1)  # (B, 1) -> (B,)

    def compute_output_shape(self, input_shape):
        return input_shape[:-1]

    def loss(self, yes, no):
        """Cross-entropy of telling two kinds apart, in nats: log 2 where it cannot.

        Args:
            yes, no: Tensors of shape `(B, M)`, to be told by logits above 0, and below.

        Returns:
            Scalar tensor.
        """
        return 0.5 * (ops.mean(ops.softplus(-self(yes))) + ops.mean(ops.softplus(self(no))))

    def get_config(self):
        return {**super().get_config(), "units": self.units, "seed": self.seed}


def checked(units):
    """Returns the sizes of hidden layers, of which there is one at least."""
    units = sequence("discriminator_units", units)
    if not units:
        raise ValueError("discriminator_units must name at least one layer. Received: ()")
    return units
