"""Streams that are such as an estimator was fitted to."""

from aezoo.data.columns import Columns
from aezoo.data.streams import Stream


def accepted(columns: Columns, stream: Stream) -> Stream:
    """A stream, if its samples are such as a detector was fitted to.

    Args:
        columns: `aezoo.data.columns.Columns`, fitted.
        stream: `aezoo.Stream`.

    Returns:
        The stream.

    Raises:
        ValueError: If the shape is another, columns have other names, or some hold categories.
    """
    known = [column.name for column in columns.columns_] if columns.is_named_ else None
    categories = [column.name for column in columns.columns_ if column.categories is not None]
    if categories:
        raise ValueError(
            f"A stream is of numbers, and the detector was fitted to categories, {categories[0]!r}:"
            " read tables piece by piece."
        )
    if stream.shape != columns.shape_:
        shape = ", ".join(map(str, ("n", *columns.shape_)))
        raise ValueError(f"Expected a stream of shape ({shape}). Received: {stream}")
    if known and stream.names and list(stream.names) != known:
        raise ValueError(
            f"Expected the columns {', '.join(known)}. Received: {', '.join(stream.names)}"
        )
    return stream
