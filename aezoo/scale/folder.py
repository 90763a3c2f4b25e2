"""The folder of outputs: whose it is, what is whole in it, and that one at a time writes to it."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from aezoo.data.parquet import open_parquet
from aezoo.data.samples import DataError
from aezoo.scale.inputs import Input, listed
from aezoo.scale.outputs import Done, read_done
from aezoo.system.files import replacing

MANIFEST, LOCK = "_scoring.json", ".lock"  # neither is read where the folder is read as data
PARTIAL = ".partial-*"
VERSION = 1


@contextmanager
def scored_folder(output: Path, dataset: Path, told: Mapping[str, Any]) -> Iterator[None]:
    """Takes a folder for outputs, new or of an earlier call with the same settings.

    Args:
        output: `pathlib.Path` of the folder.
        dataset: `pathlib.Path` of what is scored.
        told: Dictionary that JSON can hold: the settings, which the manifest keeps.

    Yields:
        Nothing, with the folder locked. The lock is the system's, which ends with its process.
        If nothing comes of a new folder, it is gone afterwards.

    Raises:
        FileExistsError: If the folder holds something else, is of other settings, or another
            process writes to it.
        ValueError: If one lies in the other.
    """
    _refuse_nested(output, dataset)
    _refuse_other(output, told)
    is_new = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(output / LOCK)
        with lock.acquire(timeout=0):
            _refuse_other(output, told)  # which another one may have made meanwhile
            if not (output / MANIFEST).exists():
                with replacing(output / MANIFEST) as beside:
                    beside.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
            _sweep(output)
            try:
                yield
            finally:
                _sweep(output)
                if not any(_outputs(output)):
                    with suppress(OSError):
                        (output / MANIFEST).unlink()
                    if is_new:
                        shutil.rmtree(output, ignore_errors=True)
    except Timeout:
        raise FileExistsError(
            f"Another process is writing to {output}: wait for it, or choose another folder."
        ) from None


def whole(output: Path, shards: Sequence[Input], digest: str) -> dict[str, Done]:
    """The outputs that need not be made again.

    Args:
        output: `pathlib.Path` of the folder.
        shards: Sequence of `Input`.
        digest: String, of the settings.

    Returns:
        Dictionary of names to `Done`.

    Raises:
        FileExistsError: If an output is of a shard that has changed since, or is no more.
    """
    names = {shard.name for shard in shards}
    strange = sorted(name for name in _outputs(output) if name not in names)
    if strange:
        raise FileExistsError(
            f"{output} holds outputs of shards that are not in the data: {listed(strange)}. Remove "
            "them, or choose another folder."
        )
    found = {}
    for shard in shards:
        path = output / shard.name
        if not path.exists():
            continue
        told = read_done(path)
        if told is None or told["stored"] != told["rows"]:  # damaged on the disk
            continue
        if told["settings"] != digest or tuple(told["input"]) != shard.stamp:
            raise FileExistsError(
                f"{shard.path} has changed since {path} was made of it. Remove that output to have "
                "it made again, or choose another folder."
            )
        found[shard.name] = Done(told["name"], told["rows"], told["flagged"])
    return found


def refuse_lost(output: Path, shards: Sequence[Input]) -> None:
    """Compares what there is now with the data: no row may be lost or doubled.

    Args:
        output: `pathlib.Path` of the folder.
        shards: Sequence of `Input`.

    Raises:
        DataError: If an output is not there, or has other rows than its shard.
    """
    for shard in shards:
        path = output / shard.name
        rows = open_parquet(path).metadata.num_rows if path.is_file() else 0
        if rows != shard.rows or not path.is_file():
            raise DataError(
                f"{path} must have the {shard.rows} rows of {shard.path}. Received: {rows}. Remove "
                "it, and start again."
            )


def _refuse_nested(output, dataset):
    outside, inside = output.expanduser().resolve(), dataset.resolve()
    if outside.is_relative_to(inside) or inside.is_relative_to(outside):
        raise ValueError(
            f"output must be a folder beside the data, neither around nor in them. Received: "
            f"{output} for {dataset}"
        )


def _refuse_other(output, told):
    if not output.exists():
        return
    if not output.is_dir():
        raise FileExistsError(f"output must be a folder. Received: {output}, a file")
    file = output / MANIFEST
    if not file.is_file():
        others = sorted(
            path.name for path in output.iterdir() if path.name != LOCK and not path.match(PARTIAL)
        )
        if others:
            raise FileExistsError(
                f"{output} holds something else: {listed(others)}. Choose another folder."
            )
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
        different = [key for key in told if before.get(key) != told[key]]
    except (OSError, ValueError, AttributeError) as error:
        raise FileExistsError(f"{file} is damaged: choose another folder.") from error
    if different:
        raise FileExistsError(
            f"{output} was begun with another {', '.join(different)}: choose another folder. "
            f"Expected {_said(before, different)}. Received: {_said(told, different)}"
        )


def _said(told, keys):
    return ", ".join(f"{key} {json.dumps(told.get(key))}" for key in keys)


def _outputs(output):
    """The names of all shards in a folder."""
    for path in output.rglob("*"):
        parts = path.relative_to(output).parts
        if path.suffix.lower() == ".parquet" and not any(part[0] in "._" for part in parts):
            yield "/".join(parts)


def _sweep(output):
    """Removes what writers have left that were killed."""
    for folder in list(output.rglob(PARTIAL)):
        shutil.rmtree(folder, ignore_errors=True)
