"""The shards that are to be scored, all of one form, which is known before a row is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aezoo.data.parquet import columns_in, open_parquet
from aezoo.data.samples import DataError
from aezoo.data.shards import Shard, shard_files, stamp_of

SHOWN = 8  # names in an error


class Input(NamedTuple):
    """A shard to score.

    Attributes:
        path: `pathlib.Path` of the Parquet file.
        name: String, its path within the archive, with `/` between folders.
        rows: Integer, how many it has, by its metadata.
        stamp: Tuple of two integers, when it was written, and its size.
    """

    path: Path
    name: str
    rows: int
    stamp: tuple[int, int]


class Archive(NamedTuple):
    """All shards, and what is read of them.

    Attributes:
        shards: List of `Input`, in the order of their names.
        columns: Tuple of strings, the columns that the model takes, in their order.
        keep: `pyarrow.Schema` of those that are copied.
    """

    shards: list[Input]
    columns: tuple[str, ...]
    keep: Any


def archive_of(
    dataset: Path,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Archive:
    """Looks at the shards of a folder, or at the only one; only at what their ends say.

    Args:
        dataset: `pathlib.Path` of a `.parquet` file, or of a folder of such, in subfolders, too.
        columns: Sequence of strings, the columns for the model, in its order. Default: all but
            those that are dropped or kept.
        drop: Sequence of strings, columns to leave out.
        keep: Sequence of strings, columns to copy.

    Returns:
        `Archive`.

    Raises:
        FileNotFoundError: If there is nothing.
        DataError: If there are no shards, one is damaged or of another form than the first, or a
            column is not there or not of numbers.
        ImportError: Without the extra `aezoo[tables]`.

    Example:

    >>> import pandas as pd, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"id": ["p"], "a": [1], "b": [2.5]}).to_parquet(f"{folder}/0.parquet")
    ...     archive = archive_of(Path(folder), keep=["id"])
    >>> archive.columns, archive.keep.names, archive.shards[0].rows
    (('a', 'b'), ['id'], 1)
    """
    if not dataset.exists():
        raise FileNotFoundError(f"There is no file or folder {dataset}.")
    files = shard_files(dataset)
    others = sorted({file.suffix.lower() for file in files} - {".parquet"})
    if others or not files:
        raise DataError(
            f"Expected a .parquet file or a folder of such. Received: {dataset}, which "
            f"{f'is of {others[0]}' if others else 'holds none'}"
        )
    root = dataset if dataset.is_dir() else dataset.parent
    opened = [(file, *_form(file)) for file in files]
    first = next((entry for entry in opened if entry[2]), opened[0])  # its types are known
    names = columns_in(first[0])
    _refuse_unknown(names, {"columns": columns or (), "drop": drop, "keep": keep}, dataset)
    left_out = {*drop, *keep}
    chosen = tuple(columns or (name for name in names if name not in left_out))
    if not chosen:
        raise DataError(f"{dataset} has no column left for the model.")
    kept = _kept(first[1], keep)
    shards = []
    for file, schema, rows in opened:
        _refuse_other_form(file, schema, first, rows, chosen, kept)
        (stamp,) = stamp_of(Shard(file))
        shards.append(Input(file, file.relative_to(root).as_posix(), rows, stamp))
    return Archive(shards, chosen, kept)


def listed(names: Sequence[str]) -> str:
    """Names in an error, the first of them if they are many."""
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*map(repr, names[:SHOWN]), *more]) or "none"


def _form(file):
    found = open_parquet(file)
    return found.schema_arrow, found.metadata.num_rows


def _refuse_unknown(names, asked, dataset):
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{dataset} has two columns of the name {twice[0]!r}.")
    for option, wanted in asked.items():
        for name in wanted:
            if name not in names:
                raise DataError(
                    f"{option} must name columns of {dataset}: {listed(names)}. Received: {name!r}"
                )
        if len(set(wanted)) < len(wanted):
            raise DataError(f"{option} must name each column once. Received: {listed(wanted)}")


def _kept(schema, keep):
    import pyarrow

    return pyarrow.schema([(name, _plain(schema.field(name).type)) for name in keep])


def _plain(kind):
    """A type as all shards have it: dictionaries differ, and texts have several names."""
    import pyarrow

    kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    texts = (pyarrow.large_string(), pyarrow.string_view())
    return pyarrow.string() if kind in texts else kind


def _refuse_other_form(file, schema, first, rows, chosen, kept):
    import pyarrow

    if set(schema.names) != set(first[1].names) or len(schema.names) != len(first[1].names):
        different = sorted(set(schema.names) ^ set(first[1].names))
        raise DataError(
            f"All shards must have the same columns. {file} and {first[0]} differ in: "
            f"{listed(different)}"
        )
    if not rows:  # whose types may be none
        return
    kinds = pyarrow.types
    for name in chosen:
        kind = schema.field(name).type
        if not any(
            test(kind)
            for test in (kinds.is_integer, kinds.is_floating, kinds.is_boolean, kinds.is_decimal)
        ):
            raise DataError(
                f"{file}: column {name!r} must be of numbers. Received: {kind}. Leave it out with "
                f"drop=[{name!r}] (--drop {name}), or copy it with keep=[{name!r}] (--keep {name})."
            )
    for field in kept:
        kind = _plain(schema.field(field.name).type)
        if kind != field.type:
            raise DataError(
                f"Kept columns must have one type in all shards: {field.name!r} is {kind} in "
                f"{file}, and {field.type} in {first[0]}."
            )
