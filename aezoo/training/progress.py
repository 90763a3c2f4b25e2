"""A progress bar for `fit`, in the terminal."""

import keras
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingProgress(keras.callbacks.Callback):
    """Shows the epoch, the losses and the time left while a model trains.

    Args:
        console: `rich.console.Console` to draw on.
    """

    def __init__(self, console):
        super().__init__()
        self.progress = Progress(
            TextColumn("Epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
        )

    def on_train_begin(self, logs=None):
        epochs = self.params["epochs"]
        self.steps = self.params["steps"] or 1
        self.task = self.progress.add_task(
            "", total=epochs * self.steps, epoch=1, epochs=epochs, losses="loss ..."
        )
        self.progress.start()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.progress.update(self.task, epoch=epoch + 1, completed=epoch * self.steps)

    def on_train_batch_end(self, batch, logs=None):
        self.progress.update(self.task, completed=self.epoch * self.steps + batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        losses = f"loss {logs['loss']:.5f}  val_loss {logs['val_loss']:.5f}"
        self.progress.update(self.task, completed=(epoch + 1) * self.steps, losses=losses)

    def stop(self):
        """Takes the bar's last state as final. Call it however the training ended."""
        self.progress.stop()
