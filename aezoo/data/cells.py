"""One column of a table: numbers, or texts of categories."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aezoo.data.samples import DataError

NUMBERS = ("boolean", "decimal", "floating", "integer", "mixed-integer-float")  # of objects
TIMES = ("date", "datetime", "datetime64", "period", "time", "timedelta", "timedelta64")


class Column(NamedTuple):
    """What is known of a column.

    Attributes:
        name: String.
        categories: List of strings, of which `None` is that of missing values; or `None` for a
            column of numbers.
        fill: Number that missing ones become, or `None`.
    """

    name: str
    categories: list[str | None] | None = None
    fill: float | None = None

    @property
    def names(self) -> list[str]:
        """Names of what is made of it."""
        if self.categories is None:
            return [self.name]
        texts = ("(missing)" if text is None else text for text in self.categories)
        return [f"{self.name}={text}" for text in texts]

    @property
    def width(self) -> int:
        """How many columns are made of it."""
        return 1 if self.categories is None else len(self.categories)


def is_table(x: Any) -> bool:
    """Whether something is a pandas `DataFrame`."""
    return hasattr(x, "iloc") and hasattr(x, "columns")


def holds_numbers(series: Any, name: str) -> bool:
    """Whether a column of a pandas table is of numbers, else it is of categories.

    Args:
        series: pandas `Series`.
        name: String, for errors.

    Returns:
        Boolean.

    Raises:
        DataError: If it is of neither.
    """
    from pandas import CategoricalDtype
    from pandas.api import types

    if isinstance(series.dtype, CategoricalDtype):
        return False
    kind = types.infer_dtype(series, skipna=True)
    if kind in TIMES:
        raise DataError(
            f"Column {name!r} holds times: leave it out, or make numbers of it, such as the hour "
            "of the day."
        )
    if kind == "complex" or types.is_complex_dtype(series):
        raise DataError(f"Complex data not supported: in column {name!r}")
    if types.is_numeric_dtype(series) or types.is_bool_dtype(series):
        return True
    return kind in NUMBERS


def floats(values: Any, name: str) -> np.ndarray:
    """Values of a column as numbers.

    Args:
        values: pandas `Series`, or array of shape `(n,)`.
        name: String, for errors.

    Returns:
        float64 array of shape `(n,)`, with NaN for missing values.

    Raises:
        DataError: If one is not a number.
    """
    try:
        if hasattr(values, "iloc"):
            return values.to_numpy("float64", na_value=np.nan)
        return np.asarray(values, "float64")
    except (TypeError, ValueError) as error:
        for i, value in enumerate(values):
            if not _is_number(value):
                raise DataError(
                    f"Column {name!r} was of numbers. Received: {value!r} in "
                    f"{row_of(values, np.arange(len(values)) == i)}"
                ) from error
        raise


def labelled(values: Any, name: str) -> tuple[np.ndarray, list[str]]:
    """Values of a column as texts, so that 1, 1.0 and "1" are the same category.

    Args:
        values: pandas `Series`, or array of shape `(n,)`.
        name: String, for errors.

    Returns:
        Integer array of shape `(n,)`, which text each is, with -1 for missing ones, and the texts.

    Raises:
        DataError: If one is no category, such as a list.
    """
    if hasattr(values, "iloc"):
        try:
            codes, found = values.factorize()
        except TypeError:  # not hashable
            codes, found = np.zeros(1, int), [values.iloc[0]]
    else:
        places: dict = {}
        keys = (None if value is None or value != value else value for value in values.tolist())
        codes = np.array([-1 if k is None else places.setdefault(k, len(places)) for k in keys])
        found = list(places)
    for value in found:
        if not isinstance(value, (str, int, float, np.generic)):
            raise DataError(
                f"Column {name!r} must hold numbers or categories. Received: a value of type "
                f"{type(value).__name__}"
            )
    return codes, [_text(value) for value in found]


def row_of(values: Any, chosen: np.ndarray) -> str:
    """The first of some rows in words, and how many there are.

    Args:
        values: pandas `Series`, whose index names the rows, or array.
        chosen: Boolean array of shape `(n,)`.

    Returns:
        String, such as `"row 4, counted from 0 (of 12 such rows)"`.
    """
    rows = np.flatnonzero(chosen)
    row = values.index[rows[0]] if hasattr(values, "iloc") else rows[0]
    words = f"row {row}" + (", counted from 0" if hasattr(row, "__index__") else "")
    return words + (f" (of {len(rows):,} such rows)" if len(rows) > 1 else "")


def many(name: str, texts: Sequence[str]) -> str:
    """Why a column of so many texts is refused, and what to do.

    Args:
        name: String, the column's name.
        texts: Sequence of its different texts.

    Returns:
        String.
    """
    numbers = sum(map(_is_number, texts))
    commas = sum(bool(re.fullmatch(r"\s*[-+]?\d+,\d+\s*", text)) for text in texts)
    if 2 * numbers > len(texts):
        other = next((text for text in texts if not _is_number(text)), None)
        if other is None:
            return f"Column {name!r} holds numbers as text: make numbers of them."
        return (
            f"Column {name!r} holds {other!r} among its numbers: make it a missing value, or "
            "remove the row."
        )
    if 2 * commas > len(texts):
        return f"Column {name!r} holds numbers such as {texts[0]!r}: write a decimal point."
    return (
        f"Column {name!r} holds {len(texts):,} different texts, such as {texts[0]!r}, which are no "
        "categories: leave it out, or make fewer of them."
    )


def _is_number(value):
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None or value != value
    return True


def _text(value):
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return str(value)
