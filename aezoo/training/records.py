"""What a run folder says of itself, whichever version wrote it."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aezoo.data.datasets import preparation
from aezoo.export import ExportReport
from aezoo.system.files import sha256
from aezoo.training import attempts, eight_bits
from aezoo.training.folder import read_record

AS_PROVED, UNTOLD = "as proved", ""
CHANGED, MISSING = "changed since it was proved", "missing"


class Exported(NamedTuple):
    """An export of a run.

    Attributes:
        name: String, of the file or folder in the run's.
        report: `aezoo.ExportReport`, its proof.
        state: String: whether the file is the one that was proved, by its hash; `""` for folders,
            of which nobody knows.
    """

    name: str
    report: ExportReport
    state: str


class Told(NamedTuple):
    """What a run folder says.

    Attributes:
        folder: `pathlib.Path`.
        record: Dictionary, see `aezoo.training.folder.read_record`.
        history: Dictionary of lists by epoch: `loss`, `val_loss` and others; empty without a table
            of losses.
        int8: Dictionary of that kind, of the epochs with the roundings of int8; often empty.
        exports: List of `Exported`, by name.
    """

    folder: Path
    record: dict[str, Any]
    history: dict[str, list[float]]
    int8: dict[str, list[float]]
    exports: list[Exported]

    @property
    def name(self) -> str:
        """What to call it: its folder."""
        return self.folder.resolve().name


def told_by(folder: Path) -> Told:
    """Reads all that a run folder says, but for its model and pictures.

    Args:
        folder: `pathlib.Path`.

    Returns:
        `Told`.

    Raises:
        FileNotFoundError: If it is none of a run that came to its end.
        OSError: If its record is damaged.
    """
    record = read_record(folder)
    for part in ("metrics", "training", "versions", "options"):
        if not isinstance(record.get(part, {}), dict):
            raise OSError(f"The record in {folder} is damaged: its {part} are no dictionary.")
        record.setdefault(part, {})
    if "compression_ratio" not in record["metrics"]:
        raise OSError(f"The record in {folder} is damaged: it has no metrics.")
    logs = (_read(folder / name) for name in (attempts.LOG, eight_bits.LOG))
    return Told(folder, record, *logs, list(_exports(folder)))


def data_of(
    recorded: Mapping[str, Any],
    data: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
) -> tuple[str, dict[str, Any]]:
    """Which data to load for a run, and how, prepared as they were for it.

    Args:
        recorded: Mapping, what its record says of its data.
        data: String or path of others to take, or `None`.
        data_dir: String or path, where TensorFlow Datasets keeps its data, or `None` for where the
            run had it, if that is here: a run may come from elsewhere.

    Returns:
        A pair: what `aezoo.load_dataset` is asked for, and the dictionary of its options.

    Example:

    >>> from aezoo.training.records import data_of
    >>> data_of({"source": "photos", "size": [32, 32], "data_dir": None})
    ('photos', {'data_dir': None, 'size': [32, 32]})
    """
    if data is None:
        where = recorded.get("data_dir")
        if data_dir is None and where and Path(where).is_dir():
            data_dir = Path(where)
        data = recorded["source"]
    return str(data), {"data_dir": data_dir, **preparation(recorded)}


def _read(file):
    """A table of losses as lists; without the last line, if a kill has left a part of it."""
    if not file.is_file():
        return {}
    with open(file, newline="", encoding="utf-8", errors="replace") as opened:
        names, *rows = [*csv.reader(opened)] or [[]]
    found: dict[str, list[float]] = {name: [] for name in names if name != "epoch"}
    for row in rows:
        try:
            values = [float(value or "nan") for value in row]
        except ValueError:
            continue
        if len(values) == len(names):
            for name, value in zip(names, values, strict=True):
                if name != "epoch":
                    found[name].append(value)
    return {name: values for name, values in found.items() if values}


def _exports(folder):
    for file in sorted(folder.glob("*.json")):
        path = file.with_suffix("")
        try:
            report = ExportReport.load(file)
        except ValueError:  # a record, or what a user keeps there
            continue
        try:
            report.sections()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OSError(f"{file} is damaged: export again, or remove it.") from error
        yield Exported(path.name, report, _state(path, report))


def _state(path, report):
    if not path.exists():
        return MISSING
    if not report.sha256 or path.is_dir():
        return UNTOLD
    return AS_PROVED if sha256(path) == report.sha256 else CHANGED
