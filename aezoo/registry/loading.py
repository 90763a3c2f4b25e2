"""Models from files that may come from anywhere."""

from __future__ import annotations

import errno
import importlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from aezoo.registry import archives, configurations, hdf5, variables
from aezoo.registry.archives import RefusedError
from aezoo.system.files import DISK

LONGEST = 2000  # characters of what Keras tells, which repeats the configuration

REMEDIES = {
    ".h5": "the legacy format of Keras, whose files may run code. Where you trust who made it, "
    "load it with Keras and save it as .keras",
    ".pkl": "a pickle, which may run any code. Ask for a .keras file",
}
REMEDIES |= {".hdf5": REMEDIES[".h5"]}
REMEDIES |= dict.fromkeys((".pickle", ".joblib", ".pt", ".pth"), REMEDIES[".pkl"])


class LoadingError(ValueError):
    """A file that is damaged, or asks for what no file should."""


def load_model(
    path: str | os.PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    *,
    compile: bool = True,
    max_bytes: int = hdf5.MAX_BYTES,
) -> keras.Model:
    """Loads a `.keras` file, which may come from anywhere: nothing in it is run.

    Before anything is made of a file, its members, its configuration and its weights are checked:
    it may name layers, losses and other parts of Keras and aezoo alone, none of which runs code or
    reads other files, and the model that it describes must be as large as its weights. See
    `SECURITY.md` for what is promised.

    Args:
        path: String or path of a `.keras` file.
        custom_objects: `None` or dictionary of names to your own classes and functions that the
            model has, and that were not registered with the package `"aezoo"`. A
            `keras.saving.custom_object_scope` around the call does the same, by class names.
        compile: Boolean, whether to restore the loss, the metrics and the state of training.
        max_bytes: Positive integer, how many bytes the weights may have, with the state of the
            optimizer.

    Returns:
        The model: an `aezoo.Autoencoder`, or another `keras.Model`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, of another format, or asks for what no file should.

    Example:

    >>> import aezoo, tempfile
    >>> ae = aezoo.vanilla(4, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ae.save(f"{folder}/model.keras")
    ...     loaded = aezoo.load_model(f"{folder}/model.keras")
    >>> loaded.latent_shape
    (2,)
    """
    path = Path(path)
    _check_kind(path)
    importlib.import_module("aezoo.models")  # registers the classes of the families
    # what is loaded is what was checked, whatever becomes of the file meanwhile
    with tempfile.TemporaryDirectory() as copy:
        try:
            return _checked(path, Path(copy), dict(custom_objects or {}), compile, max_bytes)
        except RefusedError as error:
            raise LoadingError(f"{path} is refused: {error}.") from error
        except Exception as error:  # of zipfile, json, h5py or Keras, in a file that has gone wrong
            if isinstance(error, OSError) and error.errno in {*DISK, errno.EACCES}:
                raise
            told = str(error).replace(copy, str(path))[:LONGEST]
            raise LoadingError(
                f"{path} is damaged, or of another version of Keras: get it again, or train "
                f"again. ({type(error).__name__}: {told})"
            ) from error


def _checked(path, folder, custom_objects, compile, max_bytes):
    archives.extract(path, folder, max_bytes)
    file = folder / archives.CONFIG
    config = json.loads(file.read_text(encoding="utf-8"))
    configurations.check(config, custom_objects)
    # Keras decodes the text as the machine does, which may find another end to a string in it
    file.write_text(json.dumps(config), encoding="ascii")
    arrays = hdf5.arrays(folder / archives.WEIGHTS, max_bytes)
    with variables.no_more_than_in(shape for _, shape in arrays):
        model = keras.saving.load_model(str(folder), custom_objects, compile, safe_mode=True)
    _check_rest(model, arrays)
    return model


def _check_kind(path):
    if path.is_dir():
        saved = (path / "saved_model.pb").is_file()
        what = "a SavedModel, which is a program of its own" if saved else "a folder"
        raise ValueError(f"{path} is {what}: expected a .keras file.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no model {path}.")
    if path.suffix != ".keras":
        if path.name.endswith(".weights.h5"):
            raise ValueError(
                f"{path} has weights alone: aezoo.build(name, ..., weights={str(path)!r})."
            )
        what = REMEDIES.get(path.suffix, "of no format that aezoo loads. Expected a .keras file")
        raise ValueError(f"{path} is {what}.")


def _check_rest(model, arrays):
    """Refuses weights that the model has no use for: those of another, or data of some kind."""
    numbers = sum(math.prod(shape) for name, shape in arrays if not name.startswith("optimizer/"))
    if numbers > 2 * sum(math.prod(v.shape) for v in model.variables) + variables.FURTHER:
        raise RefusedError(f"it has {numbers:,} numbers, many more than its model")
