"""One training: to the best epoch, along a schedule, until it is done, stopped or interrupted."""

import math
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from aezoo.autoencoder import Autoencoder
from aezoo.data.shares import together
from aezoo.training.checkpoints import Checkpoints


def fit_to_best(
    ae: Autoencoder,
    data: dict[str, Any],
    *,
    validation_data: np.ndarray | tuple[np.ndarray, np.ndarray],
    log_file: str | os.PathLike,
    callbacks: Sequence[keras.callbacks.Callback],
    epochs: int,
    learning_rate: float | None,
    patience: int,
    seconds: float | None = None,
    checkpoints: Checkpoints | None = None,
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Trains a model, and leaves it with the weights of its best epoch.

    Args:
        ae: `aezoo.Autoencoder`, compiled.
        data: Dictionary of what `fit` is fed with.
        validation_data: Array of shape `(n, *input_shape)`, or a pair of inputs and targets, which
            decides.
        log_file: String or path of the table of losses to write.
        callbacks: Sequence of `keras.callbacks.Callback`. What has a method `after_fit` is called
            by that after errors, too, of which Keras says nothing.
        epochs: Positive integer.
        learning_rate: Positive float, where the learning rate starts to fall along a half cosine;
            `None` for models that have a schedule of their own.
        patience: Positive integer, the epochs without a better validation loss after which the
            training stops. So does it after Ctrl-C.
        seconds: Positive float, after which the training stops and the learning rate has fallen;
            `None` for as long as it takes.
        checkpoints: `Checkpoints`, where it begins, and what it writes while it goes on.

    Returns:
        A pair of dictionaries: the history, lists by epoch, and what became of the plan:
        `epochs_run`, `best_epoch` and `interrupted`.
    """
    history = keras.callbacks.History()
    table = _Log(log_file)
    best = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    used, first = [history, table, best, *callbacks], 0
    if checkpoints is not None:
        checkpoints.follow(best, history, table)
        used, first = [*used, checkpoints], checkpoints.first_epoch(epochs)
    if seconds is not None:
        used = [_Clock(seconds, learning_rate, epochs), *used]
    if learning_rate is not None:
        falling = keras.callbacks.LearningRateScheduler(
            lambda epoch: _fallen(learning_rate, epoch / epochs)
        )
        used = [falling, *used]  # before the clock, after which the rate may have to be lower
    interrupted = False
    try:
        how = {"initial_epoch": first, "epochs": epochs, "verbose": 0, "callbacks": used}
        ae.fit(**data, validation_data=validation_data, **how)
    except KeyboardInterrupt:
        if together():  # other processes wait for this one, which cannot even set weights alone
            raise
        if checkpoints is not None and not checkpoints.has_begun:  # what was saved is not in yet
            raise
        interrupted = True
        if best.best_weights is not None:
            ae.set_weights(best.best_weights)
    finally:
        for callback in callbacks:
            getattr(callback, "after_fit", lambda: None)()
        if table.csv_file:  # Keras closes it after trainings that come to their end
            with suppress(OSError):  # on a full disk closing fails as writing did
                table.csv_file.close()
    if learning_rate is not None:
        ae.optimizer.learning_rate = learning_rate  # a loaded model can be trained further
    outcome = {
        "epochs_run": len(history.history.get("loss", [])),
        "best_epoch": best.best_epoch + 1 if history.history else None,
        "interrupted": interrupted,
    }
    return history.history, outcome


def has_schedule(ae: Autoencoder) -> bool:
    """Whether a model was compiled with a `LearningRateSchedule` of its own.

    Args:
        ae: `aezoo.Autoencoder`, compiled.

    Returns:
        Boolean.
    """
    return isinstance(ae.optimizer.get_config()["learning_rate"], dict)  # else a number


class _Clock(keras.callbacks.Callback):
    """Lets the learning rate fall over a time, within epochs, too, and ends the training with it.

    Args:
        seconds: Positive float.
        learning_rate: Positive float, or `None` for models that have a schedule of their own.
        epochs: Positive integer, over which the rate falls if these take less time.
    """

    def __init__(self, seconds, learning_rate, epochs):
        super().__init__()
        self.end = time.perf_counter() + seconds
        self.seconds = seconds
        self.start = learning_rate
        self.epochs = epochs
        self.done = 0.0  # of the epochs
        self.over = 0.0  # of the time

    def on_epoch_begin(self, epoch, logs=None):
        self.done = epoch / self.epochs
        self._fall()

    def on_train_batch_end(self, batch, logs=None):
        left = max(0.0, self.end - time.perf_counter())
        self.over = 1 - left / self.seconds
        self._fall()
        if not left:
            self.model.stop_training = True

    def _fall(self):
        if self.start is not None:
            rate = _fallen(self.start, max(self.done, self.over))
            self.model.optimizer.learning_rate = rate


def _fallen(start, part):
    """A rate after a part of its half cosine."""
    return start * (1 + math.cos(math.pi * part)) / 2


class _Log(keras.callbacks.CSVLogger):
    """The table of losses, whose errors name its file."""

    def on_epoch_end(self, epoch, logs=None):
        try:
            super().on_epoch_end(epoch, logs)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.filename)) from error
