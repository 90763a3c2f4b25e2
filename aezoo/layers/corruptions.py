"""Layers that spoil the input while training, and do nothing otherwise.

`fit` hides the spoiling from the target: the network sees the corrupted sample and learns to
return the clean one. Call one with `training=True` to make noisy data by hand.
"""

import math
import numbers
from typing import Any

import keras
import numpy as np
from keras import ops


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


def _rate(rate):
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be in [0, 1). Received: {rate}")
    return rate
