"""Trainings on several devices of one machine, and what all distributed trainings have."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from aezoo.training.folder import new_folder

DISTRIBUTIONS = ("mirrored", "multihost")


class Devices:
    """Where a training computes.

    Args:
        distribute: `None`, or `"mirrored"`: every GPU, or every logical CPU if there is none, has
            a copy of the network and a part of each batch; gradients are summed over them.

    Attributes:
        count: Integer, how many devices there are.
        rank: Integer, 0: which of several processes this is, see `aezoo.training.hosts.Hosts`.

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
        self.count, self.rank, self._strategy = 1, 0, None
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

    def refuse(self, **given: Any) -> None:
        """Refuses arguments of `aezoo.train` that cannot be had here."""

    def meet(self, settings: Mapping[str, Any], seed: int) -> None:
        """Waits for other processes, if there are any."""

    def training(self) -> contextlib.AbstractContextManager[Any]:
        """What models are to be trained in."""
        return contextlib.nullcontext()

    def folder(
        self, output: str | os.PathLike | None, name: str, again: Path | None = None
    ) -> contextlib.AbstractContextManager[Path]:
        """The folder of a run, see `new_folder`."""
        return new_folder(output, name, again)

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """What a training needs besides the callbacks of its user."""
        return []

    def from_first(self, function: Callable[[], Any]) -> Any:
        """What a function returns that one process alone is to call."""
        return function()

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
