"""A progress bar for `fit`, in the terminal."""

from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingProgress(keras.callbacks.Callback):
    """Shows the epoch, the losses and the time left while a model trains.

    Args:
        console: `rich.console.Console` to draw on.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
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
        fields = {"epoch": 1, "epochs": epochs, "losses": "loss ...", "of_time": "left"}
        self.task = self.progress.add_task("", total=epochs * self.steps, **fields)
        self.progress.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch
        self.progress.update(self.task, epoch=epoch + 1, completed=epoch * self.steps)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.progress.update(self.task, completed=self.epoch * self.steps + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        losses = f"loss {logs['loss']:.5f}  val_loss {logs['val_loss']:.5f}"
        self.progress.update(self.task, completed=(epoch + 1) * self.steps, losses=losses)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.trained = True
        done = max(1, (self.epoch + 1) * self.steps)  # fewer than planned, if it stopped early
        self.progress.update(self.task, total=done, completed=done, of_time="in all")

    def stop(self) -> None:
        """Takes the bar's last state as final. Call it however the training ended."""
        self.progress.stop()
