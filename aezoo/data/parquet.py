"""Parquet files, read a group of rows at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aezoo.data.limits import check_columns
from aezoo.data.samples import DataError

ROWS = 65_536


def open_parquet(path: Path, buffer_size: int = 0) -> Any:
    """A Parquet file.

    Args:
        path: Path of the file.
        buffer_size: Integer, how many bytes of a column are read at a time; 0: all of a group.

    Returns:
        `pyarrow.parquet.ParquetFile`.

    Raises:
        DataError: If it is damaged.
        ImportError: Without the extra `aezoo[tables]`.
    """
    imported_pandas()
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        found = ParquetFile(path, buffer_size=buffer_size)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    check_columns(path, found.metadata.num_columns)
    return found


def groups_of(path: Path) -> int:
    """How many groups of rows a file has."""
    return open_parquet(path).metadata.num_row_groups


def columns_in(path: Path) -> tuple[str, ...]:
    """The names of the columns of a file, without an index that pandas has written."""
    empty = open_parquet(path).schema_arrow.empty_table()
    return tuple(map(str, _as_pandas(empty, path).columns))


def rows_of_group(path: Path, group: int, rows: int = ROWS) -> Iterator[Any]:
    """The rows of one group.

    Args:
        path: Path of the file.
        group: Integer, its number.
        rows: Positive integer, how many rows a piece has at most.

    Yields:
        pandas `DataFrame`.
    """
    return tables_of(path, batch_size=rows, row_groups=[group])


def tables_of(path: Path, **options: Any) -> Iterator[Any]:
    """The rows of a file, piece by piece.

    Args:
        path: Path of the file.
        **options: Of `pyarrow.parquet.ParquetFile.iter_batches`.

    Yields:
        pandas `DataFrame`.

    Raises:
        DataError: If it is damaged.
    """
    batches = iter(open_parquet(path).iter_batches(**options))
    while True:
        try:
            batch = next(batches, None)
        except Exception as error:  # of Arrow, also as errors of the system
            raise _damaged(path, error) from error
        if batch is None:
            return
        yield _as_pandas(batch, path)


def _as_pandas(table, path):
    try:
        return table.to_pandas()
    except Exception as error:  # of what the file says of pandas' types, whatever stands there
        raise _damaged(path, error) from error


def _damaged(path, error):
    return DataError(f"{path} cannot be read as Parquet: {error}")


def imported_pandas() -> Any:
    """The module pandas.

    Raises:
        ImportError: Without the extra `aezoo[tables]`.
    """
    try:
        import pandas
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "To read tables install pandas and pyarrow: pip install 'aezoo[tables]'"
        ) from error
    return pandas
