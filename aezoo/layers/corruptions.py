"""Layers that spoil the input while training, and do nothing otherwise.

`fit` hides the spoiling from the target: the network sees the corrupted sample and learns to
return the clean one. Call one with `training=True` to make noisy data by hand.
"""

import math
import numbers
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo.checks import number


@keras.saving.register_keras_serializable("aezoo")
class GaussianNoise(keras.layers.Layer):
    """Adds Gaussian noise, and clips to a range if one is given.

    Args:
        stddev: Float, 0 or more: the standard deviation, in the units of the input. Or a pair of
            such, between which each sample draws its own.
        clip: `None`, or a pair of floats, the range that noisy values are clipped to.
        seed: Integer or `None`, for repeatable noise.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: For a negative standard deviation, a pair out of order or an empty range.

    Example:

    >>> import aezoo, numpy as np
    >>> noise = aezoo.corruptions.GaussianNoise(0.5, clip=(0, 1), seed=0)
    >>> float(np.min(noise(np.zeros((2, 3)), training=True)))
    0.0

    Reference:
        Vincent et al., "Stacked Denoising Autoencoders", JMLR 11, 2010, section 3.3.
    """

    def __init__(
        self,
        stddev: float | tuple[float, float] = 0.3,
        clip: tuple[float, float] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if isinstance(stddev, np.ndarray):
            stddev = stddev.tolist()
        pair = stddev if isinstance(stddev, (list, tuple)) else (stddev, stddev)
        real = all(isinstance(n, numbers.Real) and not isinstance(n, bool) for n in pair)
        if not real or len(pair) != 2 or not 0 <= pair[0] <= pair[1] < math.inf:
            raise ValueError(
                f"stddev must be 0 or more, or a pair (least, most) of such. Received: {stddev!r}"
            )
        if clip is not None and not clip[0] < clip[1]:
            raise ValueError(f"clip must be a pair (low, high), low < high. Received: {clip}")
        self.stddev = tuple(stddev) if isinstance(stddev, (list, tuple)) else stddev
        self.clip = clip and tuple(clip)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        stddev, own = self.stddev, isinstance(self.stddev, tuple)
        noise = keras.random.normal(
            ops.shape(inputs),
            stddev=1.0 if own else stddev,
            dtype=inputs.dtype,
            seed=self.seed_generator,
        )
        if own:  # (B, 1, ..., 1), one for each sample
            each = (ops.shape(inputs)[0], *(1 for _ in inputs.shape[1:]))
            noise *= keras.random.uniform(
                each, *stddev, dtype=inputs.dtype, seed=self.seed_generator
            )
        return ops.clip(inputs + noise, *self.clip) if self.clip else inputs + noise

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "stddev": self.stddev,
            "clip": self.clip,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("aezoo")
class MaskingNoise(keras.layers.Layer):
    """Sets a random fraction of the values to 0, without scaling the others as dropout does.

    Args:
        rate: Float in [0, 1), the expected fraction of values set to 0.
        seed: Integer or `None`, for repeatable noise.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: For a rate outside [0, 1).

    Example:

    >>> import aezoo, numpy as np
    >>> noise = aezoo.corruptions.MaskingNoise(0.5, seed=0)
    >>> bool(0.4 < np.mean(noise(np.ones((1, 1000)), training=True)) < 0.6)
    True

    Reference:
        Vincent et al., "Extracting and Composing Robust Features with Denoising Autoencoders",
        ICML 2008.
    """

    def __init__(self, rate: float = 0.3, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.rate = _rate(rate)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        chance = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        return ops.where(chance < self.rate, ops.zeros_like(inputs), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("aezoo")
class SaltAndPepper(keras.layers.Layer):
    """Sets a random fraction of the values to the lowest or the highest, with equal chance.

    Args:
        rate: Float in [0, 1), the expected fraction of values that are replaced.
        low: Float, the value of pepper, or `None` for each feature's lowest in the batch.
        high: Float, the value of salt, or `None` for each feature's highest in the batch.
        seed: Integer or `None`, for repeatable noise.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: For a rate outside [0, 1).

    Example:

    >>> import aezoo, numpy as np
    >>> noise = aezoo.corruptions.SaltAndPepper(0.2, seed=0)
    >>> np.unique(noise(np.full((1, 100), 0.5), training=True)).tolist()
    [0.0, 0.5, 1.0]

    Reference:
        Vincent et al., "Stacked Denoising Autoencoders", JMLR 11, 2010, section 3.3.
    """

    def __init__(
        self,
        rate: float = 0.1,
        low: float | None = 0.0,
        high: float | None = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.rate = _rate(rate)
        self.low = low
        self.high = high
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        chance = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        features = tuple(range(len(inputs.shape) - 1))
        low = ops.min(inputs, axis=features) if self.low is None else self.low
        high = ops.max(inputs, axis=features) if self.high is None else self.high
        low, high = (ops.cast(end, inputs.dtype) for end in (low, high))
        spoiled = ops.where(chance < self.rate / 2, low, high)
        return ops.where(chance < self.rate, spoiled, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "low": self.low,
            "high": self.high,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("aezoo")
class RandomAffine(keras.layers.Layer):
    """Turns, moves, scales and slants each image a little.

    A network that has to return the image as it was learns to tell what stays the same, such as
    which digit it is, from where it stands: codes of its encoder are good features. What moves in
    is as at the image's border. All draws are uniform, from minus the argument to it. Values are
    those of the nearest pixels: means of several would be blurred, and a network that has seen
    nothing sharp makes little of it (on MNIST twice the error).

    Args:
        degrees: Float in [0, 180]: most that an image is turned, to either side.
        translate: Float in [0, 1): most that it is moved along each axis, as part of its size.
        scale: Float in [0, 3]: height and width are each divided by `exp(s)`, `s` up to this.
        shear: Float in [0, 90): most degrees that it is slanted.
        seed: Integer or `None`, for repeatable draws.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of shape `(B, height, width, channels)`.
        training: Boolean, whether images are changed.

    Raises:
        ValueError: For a value out of its range, or an input that is no image.

    Example:

    >>> import aezoo, numpy as np
    >>> bar = np.zeros((1, 9, 9, 1))
    >>> bar[:, 4] = 1
    >>> turn = aezoo.corruptions.RandomAffine(degrees=90, translate=0, scale=0, shear=0)
    >>> float(turn(bar, training=True)[0, 4, 4, 0])
    1.0

    Reference:
        Simard et al., "Best Practices for Convolutional Neural Networks Applied to Visual Document
        Analysis", ICDAR 2003, section 2; the clean target is that of Vincent et al., ICML 2008.
    """

    def __init__(
        self,
        degrees: float = 25.0,
        translate: float = 0.1,
        scale: float = 0.25,
        shear: float = 15.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.degrees = number("degrees", degrees, least=0, most=180)
        self.translate = number("translate", translate, least=0, below=1)
        self.scale = number("scale", scale, least=0, most=3)
        self.shear = number("shear", shear, least=0, below=90)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_jit = False  # XLA cannot compile the sampling of TensorFlow's backend

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(
                "Only images (height, width, channels) can be turned and moved. Received: samples "
                f"of shape {tuple(input_shape[1:])}"
            )

    def call(self, inputs, training=False):
        if not training:
            return inputs
        return ops.image.affine_transform(
            inputs,
            self._maps(inputs),
            interpolation="nearest",
            fill_mode="nearest",
            data_format="channels_last",
        )

    def _maps(self, inputs):
        """For each image the map from a place in the result to that in the image, (B, 8)."""
        count, height, width, _ = ops.shape(inputs)
        height, width = ops.cast(height, "float32"), ops.cast(width, "float32")
        draw = partial(self._draw, count)
        angle, slant = draw(math.radians(self.degrees)), draw(math.radians(self.shear))
        x_scale, y_scale = ops.exp(draw(self.scale)), ops.exp(draw(self.scale))
        cos, sin = ops.cos(angle), ops.sin(angle)
        # the place in the result is scaled, then slanted, then turned, all around the center
        a = cos * x_scale, (cos * ops.tan(slant) - sin) * y_scale
        b = sin * x_scale, (sin * ops.tan(slant) + cos) * y_scale
        x, y = (width - 1) / 2, (height - 1) / 2
        x_move = x - a[0] * x - a[1] * y + draw(self.translate * width)
        y_move = y - b[0] * x - b[1] * y + draw(self.translate * height)
        return ops.stack(
            [*a, x_move, *b, y_move, ops.zeros_like(x_move), ops.zeros_like(x_move)], 1
        )

    def _draw(self, count, most):
        return keras.random.uniform(
            (count,), -most, most, dtype="float32", seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("degrees", "translate", "scale", "shear", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _rate(rate):
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be in [0, 1). Received: {rate}")
    return rate
