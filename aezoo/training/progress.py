"""A progress bar for `fit`, in the terminal."""

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingProgress(keras.callbacks.Callback):
    """Shows the epoch, the losses and the time left while a model trains.

    Args:
        console: `rich.console.Console` to draw on.
        minutes: Positive float or `None`, the time that there is, for as many trainings as fit
            in; else the bar is of the epochs of one.
    """

    def __init__(self, console: Console, minutes: float | None = None) -> None:
        super().__init__()
        self.seconds = minutes and 60 * minutes
        self.task = None
        self.progress = Progress(
            TextColumn("Epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[of_time]}"),
            console=console,
        )
        self.trained = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        epochs = self.params["epochs"]
        self.steps = self.params["steps"] or 1
        self.trained = False  # again: this may be the next of several trainings
        self.epoch = epochs - 1  # if what is resumed has none left
        total = self.seconds or epochs * self.steps
        if self.task is None or not self.seconds:
            self.begin = time.perf_counter()
            fields = {"epoch": 1, "losses": "loss ...", "of_time": "left"}
            self.task = self.progress.add_task("", total=total, epochs=epochs, **fields)
        self.progress.update(self.task, epochs=epochs)
        self.progress.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch
        self._update(epoch * self.steps, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._update(self.epoch * self.steps + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        losses = f"loss {logs['loss']:.5f}  val_loss {logs['val_loss']:.5f}"
        self._update((epoch + 1) * self.steps, losses=losses)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.trained = True
        done = max(1, (self.epoch + 1) * self.steps)  # fewer than planned, if it stopped early
        if not self.seconds:
            self.progress.update(self.task, total=done, completed=done, of_time="in all")

    def _update(self, steps, **fields):
        done = min(time.perf_counter() - self.begin, self.seconds) if self.seconds else steps
        self.progress.update(self.task, completed=done, **fields)

    def stop(self) -> None:
        """Takes the bar's last state as final. Call it however the training ended."""
        if self.seconds and self.trained:
            self.progress.update(self.task, completed=self.seconds, of_time="in all")
        self.progress.stop()
