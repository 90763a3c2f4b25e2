"""A training that was killed or interrupted goes on."""

import os
from collections.abc import Sequence
from contextlib import nullcontext

import keras

from aezoo.training.checkpoints import Resumed, held, newest
from aezoo.training.hosts import WAIT
from aezoo.training.places import place_of
from aezoo.training.runs import Run, train


def resume(
    run: str | os.PathLike,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    coordinator: str | None = None,
    processes: int | None = None,
    rank: int | None = None,
    wait: float = WAIT,
) -> Run:
    """Goes on with a training that was killed or interrupted, from its newest checkpoint.

    A training that takes ten seconds or more writes its state after whole epochs: weights,
    optimizer, the order of samples, random generators, the losses and the best weights so far.
    What is resumed comes to the weights of a training that nothing stopped: to the last bit on one
    CPU, to rounding elsewhere. But arrays come in another order with `distribute="mirrored"` on
    several devices.

    Args:
        run: String or path of the folder of a run that was killed, or `RUN` of a
            `RUN.unfinished`, or of one that Ctrl-C has ended.
        callbacks: Sequence of `keras.callbacks.Callback`. All else is what `train` was told, but
            for the rest:
        coordinator, processes, rank, wait: As for `train`, for `distribute="multihost"`. All
            processes need to see the folder.

    Returns:
        A `Run`.

    Raises:
        FileNotFoundError: If there is no checkpoint, as of trainings of so many `minutes`, or the
            data cannot be found.
        FileExistsError: If the name of what is unfinished is taken.
        ValueError: If the data are others now.
        OSError: If no checkpoint can be read, or the training is still going on.

    Example:

    >>> import aezoo
    >>> aezoo.resume("runs/night")
    Traceback (most recent call last):
    FileNotFoundError: There is no folder runs/night.
    """
    folder, saved = newest(run)
    told = {**saved.told, "coordinator": coordinator, "processes": processes, "rank": rank}
    others = told["distribute"] == "multihost" and place_of(coordinator, processes, rank).rank > 0
    with nullcontext() if others else held(folder) as lock:
        resumed = Resumed(folder, saved, lock)
        return train(**told, wait=wait, callbacks=callbacks, resumed=resumed)
