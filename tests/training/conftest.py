import keras
import pytest

import aezoo


@pytest.fixture
def quick(tmp_path):
    """A short training in a folder of this test."""

    def train(name="run", **kwargs):
        usual = {"model": "deep", "epochs": 3, "hidden_units": (32,), "report": False}
        kwargs = {**usual, **kwargs}
        kwargs = {key: value for key, value in kwargs.items() if value is not None}
        return aezoo.train(output=tmp_path / name, **kwargs)

    return train


@pytest.fixture
def undrawn(monkeypatch):
    """Leaves the pictures out, for tests of something else."""
    monkeypatch.setattr("aezoo.training.writing._draw", lambda *args: None)
    monkeypatch.setattr("aezoo.training.runs.try_report", lambda *args: None)


class _Interrupt(keras.callbacks.Callback):
    def __init__(self, epoch, spoil):
        super().__init__()
        self.epoch, self.spoil = epoch, spoil

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            if self.spoil:
                self.model.set_weights([w + 9 for w in self.model.get_weights()])
            raise KeyboardInterrupt


@pytest.fixture
def interrupt():
    """Ctrl-C at the start of an epoch, after weights were ruined where that is asked for."""
    return lambda epoch, spoil=False: _Interrupt(epoch, spoil)
