"""Trainings on several devices of one machine."""

import contextlib
from typing import Any

import keras

DISTRIBUTIONS = ("mirrored",)


class Devices:
    """Where a training computes.

    Args:
        distribute: `None`, or `"mirrored"`: every GPU, or every logical CPU if there is none, has
            a copy of the network and a part of each batch; gradients are summed over them.

    Attributes:
        count: Integer, how many devices there are.

    Raises:
        ValueError: For another name, or another backend than TensorFlow.

    Example:

    >>> from aezoo.training.distribution import Devices
    >>> Devices(None).count
    1

    Reference:
        `tf.distribute.MirroredStrategy`.
    """

    def __init__(self, distribute: str | None) -> None:
        self.count, self._strategy = 1, None
        if distribute is None:
            return
        if distribute not in DISTRIBUTIONS:
            names = " or ".join(map(repr, DISTRIBUTIONS))
            raise ValueError(f"distribute must be {names}. Received: {distribute!r}")
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                f"Mirrored trainings are for TensorFlow: unset KERAS_BACKEND, which is "
                f"{keras.backend.backend()!r}."
            )
        import tensorflow as tf

        gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
        names = gpus or [device.name for device in tf.config.list_logical_devices("CPU")]
        reduction = None if gpus else tf.distribute.ReductionToOneDevice()  # CPUs have no NCCL
        self._strategy = tf.distribute.MirroredStrategy(names, reduction)
        self.count = len(names)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """What models are to be built and compiled in."""
        return contextlib.nullcontext() if self._strategy is None else self._strategy.scope()

    def part_of(self, batch_size: int) -> int:
        """How many samples of a batch each device has.

        Args:
            batch_size: Positive integer, of all devices together.

        Returns:
            Positive integer.

        Raises:
            ValueError: If the batch does not come apart evenly.
        """
        if batch_size % self.count:
            raise ValueError(
                f"batch_size is that of all devices: give a multiple of {self.count}. Received: "
                f"{batch_size}"
            )
        return batch_size // self.count
