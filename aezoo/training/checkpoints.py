"""What a training that was killed goes on from: its state after a whole epoch, on disk."""

import glob
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from filelock import FileLock, Timeout

from aezoo.system.files import replacing
from aezoo.training.folder import UNFINISHED, refuse_existing, wanted_name

FOLDER = "checkpoints"
KEPT = 2
SECONDS = 10.0  # from one to the next, at least
MOST = 9  # as long as it takes to write one, at least: a slow disk takes a tenth of the time
FORMAT = 1
ARRAYS = ("variables", "optimizer", "best")

log = logging.getLogger("aezoo")


class Saved(NamedTuple):
    """The state of a training after a whole epoch.

    Attributes:
        told: Dictionary of the arguments of `aezoo.train`.
        digest: String, of the samples.
        history: Dictionary of lists by epoch.
        stopped: Boolean, whether it had stopped early.
        seconds: Float, how long it had trained.
        variables, optimizer, best: Lists of arrays: the variables of the model, states of random
            generators among them, those of its optimizer, and the weights of its best epoch.
    """

    told: dict[str, Any]
    digest: str
    history: dict[str, list[float]]
    stopped: bool
    seconds: float
    variables: list[np.ndarray]
    optimizer: list[np.ndarray]
    best: list[np.ndarray]

    @property
    def epochs(self) -> int:
        """How many whole epochs it had been trained for."""
        return len(self.history["loss"])


class Resumed(NamedTuple):
    """What a training goes on from.

    Attributes:
        folder: `pathlib.Path` of the run folder.
        saved: `Saved`.
        lock: `filelock.FileLock`, which keeps others from it, or `None` for one of several
            processes that does not write.
    """

    folder: Path
    saved: Saved
    lock: FileLock | None


class Checkpoints(keras.callbacks.Callback):
    """Writes the state of a training after epochs, and begins with one that was written.

    There are two at most, so that one is left if the newest is damaged. They are written beside,
    synced and renamed. What cannot be written, on a full disk or of an option that Keras cannot
    serialize, is logged and ends no training.

    Args:
        folder: `pathlib.Path` of the run folder.
        told: Dictionary of the arguments of `aezoo.train`, of what JSON knows or Keras serializes.
        digest: String, see `aezoo.data.samples.digest_of`.
        resumed: `Resumed`, what to begin with, or `None`.
        writes: Boolean; of several processes one does.

    Attributes:
        saved: `Saved`, what it begins with, or `None`.
        has_begun: Boolean, whether that is in the model.
    """

    def __init__(
        self,
        folder: Path,
        told: dict[str, Any],
        digest: str,
        resumed: Resumed | None = None,
        writes: bool = True,
    ) -> None:
        super().__init__()
        self._writes = writes
        self.saved, self._lock = (None, None) if resumed is None else resumed[1:]
        self._folder, self._told, self._digest = folder / FOLDER, told, digest
        self._before = 0.0 if self.saved is None else self.saved.seconds
        self._begin = time.perf_counter()
        self._next = self._begin + SECONDS
        self.has_begun = self.saved is None

    @property
    def own_seconds(self) -> float:
        """How long this process has trained."""
        return time.perf_counter() - self._begin

    @property
    def seconds(self) -> float:
        """How long it has trained, before it was resumed, too."""
        return self._before + self.own_seconds

    def first_epoch(self, epochs: int) -> int:
        """The epoch to begin with.

        Args:
            epochs: Positive integer, how many there are to be.

        Returns:
            Integer, from 0. `epochs`, if nothing is left to train.
        """
        if self.saved is None:
            return 0
        return epochs if self.saved.stopped else self.saved.epochs

    def follow(
        self, best: keras.callbacks.EarlyStopping, *tables: keras.callbacks.Callback
    ) -> None:
        """Takes callbacks that are brought to where the training was.

        Args:
            best: `keras.callbacks.EarlyStopping`, whose best weights are part of the state.
            *tables: `keras.callbacks.History` and others that write down losses by epoch. All
                stand before this one in the list of `fit`.
        """
        self._best, self._tables = best, tables

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.saved is None:
            return
        if self.saved.best:  # or playing epochs again would keep others as the best
            self.model.set_weights(self.saved.best)
        for epoch in range(self.saved.epochs):
            losses = {name: values[epoch] for name, values in self.saved.history.items()}
            for callback in (self._best, *self._tables):
                callback.on_epoch_end(epoch, dict(losses))
        for variables, values in (
            (self.model.variables, self.saved.variables),
            (self.model.optimizer.variables, self.saved.optimizer),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            values.clear()  # they take as much memory as the model
        self.has_begun = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        begin = time.perf_counter()
        if not self._writes or begin < self._next:
            return
        try:
            self._write(epoch)
        except (OSError, TypeError, ValueError) as error:
            log.warning("No checkpoint of epoch %d: %s. The training goes on.", epoch + 1, error)
        now = time.perf_counter()
        self._next = now + max(SECONDS, MOST * (now - begin))

    def close(self) -> None:
        """Lets other trainings have them."""
        if self._lock is not None:
            self._lock.release()

    def remove(self) -> None:
        """Removes them: the training has come to its end."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, epoch):
        self._folder.mkdir(exist_ok=True)
        if self._lock is None:
            self._lock = _locked(self._folder.parent)
        history = next(table.history for table in self._tables if hasattr(table, "history"))
        arrays = {
            "variables": self.model.variables,
            "optimizer": self.model.optimizer.variables,
            "best": self._best.best_weights or [],
        }
        manifest = {
            "format": FORMAT,
            "told": self._told,
            "digest": self._digest,
            "history": {name: list(map(float, values)) for name, values in history.items()},
            "stopped": bool(self.model.stop_training),
            "seconds": self.seconds,
            "counts": {name: len(values) for name, values in arrays.items()},
        }
        text = json.dumps(manifest, default=_serialized)
        named = {
            f"{name}-{i}": keras.ops.convert_to_numpy(value)
            for name, values in arrays.items()
            for i, value in enumerate(values)
        }
        with replacing(self._folder / f"{epoch + 1:06d}.npz") as beside, open(beside, "wb") as file:
            np.savez(file, manifest=np.array(text), **named)
            file.flush()
            os.fsync(file.fileno())
        for old in sorted(self._folder.glob("*.npz"))[:-KEPT]:
            old.unlink()


def newest(run: str | os.PathLike) -> tuple[Path, Saved]:
    """Reads the newest checkpoint of a run that is whole.

    Args:
        run: String or path of the run folder. If there is none, `RUN.unfinished` is taken.

    Returns:
        A pair of the folder's `pathlib.Path` and of `Saved`.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        FileExistsError: If the name of an unfinished run is taken.
        OSError: If all are damaged.
        ValueError: If there are several of this name, or it is of a later version of aezoo or has
            an option that Keras cannot read again.
    """
    folder = Path(run).expanduser()
    if folder.is_symlink() or not folder.name:
        folder = folder.resolve()
    if not folder.exists():
        folder = _set_aside_of(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {run}.")
    if wanted_name(folder) != folder:
        refuse_existing(wanted_name(folder))
    files = sorted((folder / FOLDER).glob("*.npz"), reverse=True)
    if not files:
        raise FileNotFoundError(
            f"{folder} has no checkpoint: it was trained for less than {SECONDS:g} seconds, for "
            "so many minutes, or to its end."
        )
    for file in files:
        try:
            manifest, arrays = _read(file)
        except Exception:  # whatever NumPy, zip and JSON make of damage
            log.warning("%s is damaged: the one before it is taken.", file)
            continue
        if manifest["format"] != FORMAT:
            raise ValueError(f"{file} was written by another version of aezoo: take that one.")
        told = {name: _deserialized(name, value) for name, value in manifest["told"].items()}
        rest = {name: manifest[name] for name in ("digest", "history", "stopped", "seconds")}
        return folder, Saved(told=told, **rest, **arrays)
    raise OSError(f"No checkpoint in {folder} can be read: train again.")


@contextmanager
def held(folder: Path) -> Iterator[FileLock]:
    """Keeps other trainings from the checkpoints of a run; the end of the process ends that, too.

    Args:
        folder: `pathlib.Path` of the run folder.

    Yields:
        `filelock.FileLock`, acquired.

    Raises:
        OSError: If another training has it.
    """
    lock = _locked(folder)
    try:
        yield lock
    finally:
        lock.release()


def _locked(folder):
    lock = FileLock(folder / FOLDER / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise OSError(f"{folder} is of a training that is going on.") from None
    return lock


def _set_aside_of(folder):
    """The one folder that was to have this name, and was not finished."""
    pattern = f"{glob.escape(folder.name)}.{UNFINISHED}*"
    found = sorted(each for each in folder.parent.glob(pattern) if (each / FOLDER).is_dir())
    if len(found) > 1:
        raise ValueError(
            f"Several runs were to be {folder}: give one of {', '.join(map(str, found))}."
        )
    aside = folder.with_name(f"{folder.name}.{UNFINISHED}") if folder.name else folder
    return found[0] if found else aside if aside.is_dir() else folder


def _read(file):
    with open(file, "rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        manifest = json.loads(str(arrays["manifest"]))
        counts = manifest["counts"]
        return manifest, {
            name: [arrays[f"{name}-{i}"] for i in range(counts[name])] for name in ARRAYS
        }


def _serialized(value):
    if hasattr(value, "tolist"):  # of NumPy
        return value.tolist()
    return keras.saving.serialize_keras_object(value)


def _deserialized(name, value):
    """An argument as it was: objects of Keras are dictionaries in JSON."""
    if not (isinstance(value, dict) and "class_name" in value):
        return value
    try:
        return keras.saving.deserialize_keras_object(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The option {name} of this training cannot be read again: register what it is with "
            "keras.saving.register_keras_serializable, and import it before. Lambdas cannot be."
        ) from error
