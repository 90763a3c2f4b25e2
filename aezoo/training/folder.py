"""The folder of a run: it has the wanted name when it is whole, and another one when it is not."""

import itertools
import json
import logging
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import keras

from aezoo.autoencoder import Autoencoder
from aezoo.registry import loading
from aezoo.system.files import replacing

MODEL = "model.keras"
RECORD = "metrics.json"
UNFINISHED = "unfinished"

log = logging.getLogger("aezoo")


@contextmanager
def new_folder(
    output: str | os.PathLike | None, name: str, again: Path | None = None
) -> Iterator[Path]:
    """Makes the folder of a run, and sets it aside if the run does not come to its end.

    Args:
        output: String or path of the folder, which must not exist, or `None` for `runs/NAME`,
            numbered if that exists.
        name: String.
        again: `pathlib.Path` of the folder of a run that is resumed, in place of a new one. It is
            brought back to its name.

    Yields:
        `pathlib.Path` of the folder, empty if it is new. After an error it is called
        `OUTPUT.unfinished` (numbered, too), so that it is not taken for a run and not in the way
        of the next one; with nothing in it, it is removed.

    Raises:
        FileExistsError: If the output exists.
        OSError: If the folder cannot be made.
    """
    if again is None:
        folder = _made(_numbered(Path("runs") / name) if output is None else [Path(output)])
    else:
        folder = wanted_name(again)
        if folder != again:
            again.rename(folder)
    was_whole = (folder / RECORD).exists()  # until Ctrl-C
    try:
        yield folder
    except BaseException:
        with suppress(OSError):  # the error that ended the run is the one to be told
            if not was_whole:
                set_aside(folder)
        raise


def refuse_existing(output: str | os.PathLike | None) -> None:
    """Says early that there is no place for a run.

    Args:
        output: String or path of the folder to be made, or `None`.

    Raises:
        FileExistsError: If it exists.
    """
    if output is not None and os.path.lexists(output):
        raise _exists(output)


def wanted_name(folder: Path) -> Path:
    """The name that a run has when it is whole.

    Args:
        folder: `pathlib.Path` of its folder.

    Returns:
        `pathlib.Path`.

    Example:

    >>> wanted_name(Path("night.unfinished-2")).name, wanted_name(Path("night")).name
    ('night', 'night')
    """
    name = re.sub(rf"(.)\.{UNFINISHED}(-\d+)?$", r"\1", folder.name)
    return folder if name == folder.name else folder.with_name(name)


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Writes what was done and measured.

    Args:
        folder: `pathlib.Path` of the run folder.
        record: Dictionary; options may be objects of Keras.
    """
    with replacing(folder / RECORD) as beside:
        text = json.dumps(record, indent=2, default=keras.saving.serialize_keras_object)
        beside.write_text(text + "\n", encoding="utf-8")


def read_record(folder: Path) -> dict[str, Any]:
    """Reads what `write_record` wrote.

    Args:
        folder: `pathlib.Path` of the run folder.

    Returns:
        Dictionary: `model`, `input_shape`, `latent_dim`, `options`, `data`, `training`,
        `versions` and `metrics`.

    Raises:
        FileNotFoundError: If there is none.
        OSError: If it is damaged.
    """
    file = folder / RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(record["data"]["source"], str):
            raise TypeError("the source is no text")
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"There is no {file}: expected the folder of a run.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"{file} is damaged: it does not say which data the run had.") from error
    return record


def stopped_early(training: dict[str, Any]) -> bool:
    """Whether a training ended before its last epoch because it made no more progress.

    Args:
        training: Dictionary, that part of a record.

    Returns:
        Boolean. False for trainings of so many minutes, which end with their time.
    """
    if training["interrupted"] or "minutes" in training:
        return False
    return training["epochs_run"] < training["epochs"]


def load_model(file: str | os.PathLike) -> Autoencoder:
    """Loads the model of a run.

    Args:
        file: String or path of a `.keras` file.

    Returns:
        `aezoo.Autoencoder`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, another model, or asks for what no file should, see
            `aezoo.load_model`.
    """
    ae = loading.load_model(file)
    if not isinstance(ae, Autoencoder):
        raise ValueError(f"{file} is a {type(ae).__name__}, not an aezoo.Autoencoder.")
    return ae


def _numbered(folder: Path) -> Iterator[Path]:
    names = itertools.chain([folder.name], (f"{folder.name}-{i}" for i in itertools.count(2)))
    return (folder.with_name(name) for name in names)


def _made(folders: Iterable[Path]) -> Path:
    for folder in folders:
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise OSError(
                f"The run folder {folder} cannot be made ({error.strerror}): choose another output "
                "folder."
            ) from error
    raise _exists(folder)


def set_aside(folder: Path) -> None:
    """Gives the folder of a run that did not come to its end another name, or removes it if empty.

    Args:
        folder: `pathlib.Path`.
    """
    if not any(path.stat().st_size for path in folder.rglob("*") if path.is_file()):
        shutil.rmtree(folder)
        return
    named = folder.with_name(f"{folder.name}.{UNFINISHED}")
    aside = next(path for path in _numbered(named) if not os.path.lexists(path))
    folder.rename(aside)
    log.warning(f"The run was not finished. What there is of it is in {aside}.")


def _exists(output):
    return FileExistsError(f"{output} exists already: choose another output folder.")
