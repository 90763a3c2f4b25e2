"""One shard scored: read, judged and written in batches, and there only when it is whole."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aezoo.data.parquet import open_parquet
from aezoo.data.samples import DataError
from aezoo.data.shards import Shard, stamp_of
from aezoo.scale.inputs import Archive, Input, listed
from aezoo.scale.models import Scorer
from aezoo.system.files import replacing

ROW, ERROR, FLAG = "row", "reconstruction_error", "flag"
KEY = b"aezoo"  # in the metadata of an output


class Settings(NamedTuple):
    """What decides what stands in the outputs, but for the inputs.

    Attributes:
        digest: String, a hash of all of it, the model's too.
        columns: Tuple of strings, what the model takes.
        keep: `pyarrow.Schema` of what is copied.
        threshold: Float, or `None` for no flags.
        batch_size: Integer, or `None` for the model's own. It changes no more than roundings.
    """

    digest: str
    columns: tuple[str, ...]
    keep: Any
    threshold: float | None
    batch_size: int | None


class Done(NamedTuple):
    """What came of a shard.

    Attributes:
        name: String, of the input.
        rows: Integer.
        flagged: Integer; 0 without a threshold.
    """

    name: str
    rows: int
    flagged: int


def schema_of(scorer: Scorer, settings: Settings) -> Any:
    """The columns of an output: the row, what is copied, the code, the error and the flag.

    A code has a column a number, `code_0` and so on, not one column of lists: pandas, SQL and
    spreadsheets filter, join and plot plain columns, Parquet reads just those that are asked for,
    and lists come to NumPy an object a row.

    Args:
        scorer: `Scorer`.
        settings: `Settings`.

    Returns:
        `pyarrow.Schema`.

    Raises:
        DataError: If a column that is copied has the name of another one.
    """
    import pyarrow

    codes = [f"code_{i}" for i in range(scorer.code_size)]
    own = [ROW, *codes, ERROR, *([FLAG] if settings.threshold is not None else [])]
    for name in settings.keep.names:
        if name in own:
            raise DataError(f"keep must not name a column that is written anew. Received: {name!r}")
    of_codes = pyarrow.from_numpy_dtype(scorer.code_type)
    types = {ROW: pyarrow.int64(), ERROR: pyarrow.float32(), FLAG: pyarrow.bool_()}
    fields = [pyarrow.field(name, types.get(name, of_codes)) for name in own]
    return pyarrow.schema([fields[0], *settings.keep, *fields[1:]])


def refuse_unfit(scorer: Scorer, archive: Archive, model: str) -> None:
    """Says early that rows have more or fewer numbers than a model takes.

    Args:
        scorer: `Scorer`.
        archive: `Archive`.
        model: String, what to call the model.

    Raises:
        DataError: If so.
    """
    if len(archive.columns) != scorer.columns:
        raise DataError(
            f"{model} takes {scorer.columns} columns. Received: {len(archive.columns)}, "
            f"{listed(archive.columns)}. Choose them with columns (--column) or drop (--drop)."
        )


def score_shard(scorer: Scorer, shard: Input, settings: Settings, target: Path) -> Done:
    """Scores a shard, which changes nothing but the target, all at once.

    Args:
        scorer: `Scorer`.
        shard: `Input`.
        settings: `Settings`.
        target: `pathlib.Path` of the output.

    Returns:
        `Done`.

    Raises:
        DataError: If a value is missing or not finite, or the input has changed.
    """
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    schema = schema_of(scorer, settings)
    rows = flagged = 0
    _refuse_changed(shard)
    with replacing(target) as beside:
        with ParquetWriter(beside, schema, use_dictionary=settings.keep.names or False) as writer:
            for piece in _pieces(shard, settings, settings.batch_size or scorer.batch_size):
                codes, errors = scorer.run(_numbers(piece, settings.columns, shard, rows))
                found = [pyarrow.array(np.arange(rows, rows + len(errors)))]
                found += [piece[field.name].cast(field.type) for field in settings.keep]
                found += [] if codes is None else map(pyarrow.array, codes.T.copy())  # (n, D) -> D
                found.append(pyarrow.array(errors))
                if settings.threshold is not None:
                    flags = errors.astype("float64") > settings.threshold
                    found.append(pyarrow.array(flags))
                    flagged += int(flags.sum())
                writer.write_batch(pyarrow.record_batch(found, schema=schema))
                rows += len(errors)
            done = Done(shard.name, rows, flagged)
            told = {"settings": settings.digest, "input": shard.stamp, **done._asdict()}
            writer.add_key_value_metadata({KEY: json.dumps(told)})
        _refuse_changed(shard)
        with beside.open("rb") as file:  # on the disk before it has its name: power may fail
            os.fsync(file.fileno())
    return done


def read_done(path: Path) -> dict[str, Any] | None:
    """What an output says of itself.

    Args:
        path: `pathlib.Path`.

    Returns:
        Dictionary with `settings`, `input` and the parts of `Done`, and with `stored`, the rows
        that there are; or `None` if the file is damaged or no output.
    """
    try:
        metadata = open_parquet(path).metadata
        told = json.loads(metadata.metadata[KEY])
        return {**told, "stored": metadata.num_rows}
    except (DataError, KeyError, TypeError, ValueError):
        return None


def _pieces(shard, settings, rows) -> Iterator[Any]:
    """Batches of the columns that are needed, group after group."""
    import pyarrow

    names = list(dict.fromkeys([*settings.columns, *settings.keep.names]))
    if not shard.rows:
        return
    try:
        # buffered: or all of a column's part in a group would be brought into memory at once
        yield from open_parquet(shard.path, buffer_size=2**20).iter_batches(rows, columns=names)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{shard.path} cannot be read as Parquet: {error}") from error


def _numbers(piece, columns, shard, begin):
    """The columns of a batch as float32 of shape (n, columns), of which all are finite."""
    import pyarrow

    x = np.empty((piece.num_rows, len(columns)), np.float32)
    for i, name in enumerate(columns):
        column = piece[name]
        if pyarrow.types.is_decimal(column.type):
            column = column.cast(pyarrow.float64())
        with np.errstate(over="ignore"):  # infinite then
            x[:, i] = column.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    bad = ~np.isfinite(x)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{shard.path} must hold what is finite in float32. Received: {x[row, column]} in row "
            f"{begin + row} (counted from 0) of column {columns[column]!r}, the first of "
            f"{int(bad.sum())} in the batch. Fill such values, or leave out their rows."
        )
    return x


def _refuse_changed(shard):
    try:
        (stamp,) = stamp_of(Shard(shard.path))
    except OSError as error:
        raise DataError(f"{shard.path} cannot be read: {error.strerror}.") from error
    if stamp != shard.stamp:
        raise DataError(f"{shard.path} has changed while it was scored: start again.")
