"""Parquet files, read a group of rows at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        return ParquetFile(path, buffer_size=buffer_size)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error


def groups_of(path: Path) -> int:
    """How many groups of rows a file has."""
    return open_parquet(path).metadata.num_row_groups


def columns_in(path: Path) -> tuple[str, ...]:
    """The names of the columns of a file, without an index that pandas has written."""
    empty = open_parquet(path).schema_arrow.empty_table()
    return tuple(map(str, empty.to_pandas().columns))


def rows_of_group(path: Path, group: int, rows: int = ROWS) -> Iterator[Any]:
    """The rows of one group.

    Args:
        path: Path of the file.
        group: Integer, its number.
        rows: Positive integer, how many rows a piece has at most.

    Yields:
        pandas `DataFrame`.
    """
    for batch in open_parquet(path).iter_batches(batch_size=rows, row_groups=[group]):
        yield batch.to_pandas()


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
