"""Tables as people have them become numbers: categories, missing values, names that must stay."""

import logging
import math
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from aezoo.data.arrays import warn_of_coarse_steps
from aezoo.data.cells import Column, floats, holds_numbers, is_table, labelled, many, row_of
from aezoo.data.samples import DataError

MISSING = ("refuse", "median")
CATEGORIES = 100  # more of them are rather names, texts or times
FEW_CATEGORIES = 10  # so many may be in the shortest of tables
INFINITE = "Input X contains infinity or a value too large for dtype('float32')"

log = logging.getLogger("aezoo")


class Columns(BaseEstimator):
    """Turns a table into numbers, and remembers how.

    A pandas table keeps its columns of numbers and booleans; each other one becomes a column of
    zeros and ones for each of its categories. A category that `fit` has not seen has zeros there,
    and is logged once. NumPy arrays of any shape pass as they are.

    Args:
        missing: String, what becomes of missing values: `"refuse"` raises an error, `"median"`
            fills in the median of the column, and makes them a category of its own among
            categories. Which columns are filled is logged.

    Attributes:
        names: List of strings, the names of the encoded columns, such as `"colour=red"`. Those of
            an array are `x0`, `x1`, ...
        sources: Integer array of shape `(D,)`, which column each encoded one comes from.

    Example:

    >>> import pandas as pd
    >>> from aezoo.data.columns import Columns
    >>> columns = Columns().fit(pd.DataFrame({"size": [1, 2, 3], "colour": ["red", "blue", "red"]}))
    >>> columns.names
    ['size', 'colour=blue', 'colour=red']
    >>> columns.transform(pd.DataFrame({"size": [4], "colour": ["red"]})).tolist()
    [[4.0, 0.0, 1.0]]
    >>> columns.merge(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 5.0]]
    """

    def __init__(self, missing: str = "refuse"):
        self.missing = missing

    def fit(self, x: Any, owner: BaseEstimator | None = None) -> Self:
        """Learns the columns, their categories and medians.

        Args:
            x: Array of shape `(n, ...)`, or pandas `DataFrame`.
            owner: Estimator that gets `n_features_in_` and `feature_names_in_`, and whose class
                is named in errors. Default: this one.

        Returns:
            Itself.

        Raises:
            DataError: A `ValueError`, if a column is no number and no category, or has values that
                are not finite and not to be filled.
            TypeError: If the array is sparse, or holds objects.
        """
        if self.missing not in MISSING:
            raise ValueError(f"missing must be 'refuse' or 'median'. Received: {self.missing!r}")
        owner = self if owner is None else owner
        x = _validated(x, owner, numeric=True)
        validate_data(owner, x, skip_check_array=True, reset=True)
        self._told: set = set()
        self.shape_ = x.shape[1:]
        self.is_named_ = is_table(x) and all(isinstance(name, str) for name in x.columns)
        self.columns_ = []
        self.fill_ = None
        if is_table(x):
            self.columns_ = [self._learned(x.iloc[:, i]) for i in range(x.shape[1])]
            return self
        if self.missing == "median":
            empty = np.flatnonzero(np.isnan(x.reshape(len(x), -1)).all(axis=0))
            if empty.size:
                raise DataError(f"Column 'x{empty[0]}' is empty: leave it out.")
            self.fill_ = np.nanmedian(x, axis=0)
        self._filled(x)
        warn_of_coarse_steps(x, "input")
        return self

    def transform(self, x: Any, owner: BaseEstimator | None = None) -> np.ndarray:
        """Numbers of a table with the same columns, or of an array of the same shape.

        Args:
            x: Array of shape `(n, ...)`, or pandas `DataFrame`.
            owner: The estimator given to `fit`.

        Returns:
            Finite float32 array of shape `(n, D)`; `(n, ...)` if fitted on an array of that shape.

        Raises:
            ValueError: If number, names or order of the columns are not those of `fit`.
            DataError: A `ValueError`, if values are not finite and not to be filled.
        """
        check_is_fitted(self, "shape_")
        owner = self if owner is None else owner
        x = _validated(x, owner, all(column.categories is None for column in self.columns_))
        validate_data(owner, x, skip_check_array=True, reset=False)
        if x.shape[1:] != self.shape_:
            shape = ", ".join(map(str, ("n", *self.shape_)))
            raise ValueError(f"Expected input of shape ({shape}). Received: {x.shape}")
        if not self.columns_:
            if is_table(x):
                x = np.column_stack([floats(x.iloc[:, i], f"x{i}") for i in range(x.shape[1])])
            return self._filled(x)
        out = np.zeros((len(x), len(self.sources)), np.float32)
        begin = 0
        for i, column in enumerate(self.columns_):
            values = x.iloc[:, i] if is_table(x) else x[:, i]
            if column.categories is None:
                out[:, begin] = self._numbers(values, column)
            else:
                chosen = self._categories(values, column)
                known = np.flatnonzero(chosen >= 0)
                out[known, begin + chosen[known]] = 1
            begin += column.width
        return out

    @property
    def names(self) -> list[str]:
        """Names of the encoded columns."""
        if not self.columns_:
            return [f"x{i}" for i in range(math.prod(self.shape_))]
        return [name for column in self.columns_ for name in column.names]

    @property
    def sources(self) -> np.ndarray:
        """Which column each encoded one comes from."""
        if not self.columns_:
            return np.arange(math.prod(self.shape_))
        return np.repeat(np.arange(len(self.columns_)), [column.width for column in self.columns_])

    def merge(self, contributions: np.ndarray) -> np.ndarray:
        """Sums what categories of one column contribute.

        Args:
            contributions: Array of shape `(n, D)`, for each encoded column.

        Returns:
            Array of shape `(n, columns)`.
        """
        if not any(column.categories is not None for column in self.columns_):
            return contributions
        starts = np.searchsorted(self.sources, np.arange(len(self.columns_)))
        return np.add.reduceat(contributions, starts, axis=1)

    def to_config(self) -> dict[str, Any]:
        """What was learned, as JSON can hold it."""
        check_is_fitted(self, "shape_")
        return {
            "missing": self.missing,
            "shape": list(self.shape_),
            "is_named": self.is_named_,
            "columns": [column._asdict() for column in self.columns_],
            "fill": None if self.fill_ is None else self.fill_.ravel().tolist(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], owner: BaseEstimator | None = None) -> Self:
        """Columns as they were when `to_config` was called.

        Args:
            config: Dictionary.
            owner: As for `fit`.

        Returns:
            `Columns`.
        """
        columns = cls(config["missing"])
        columns._told = set()
        columns.shape_ = tuple(config["shape"])
        columns.is_named_ = config["is_named"]
        columns.columns_ = [Column(**column) for column in config["columns"]]
        fill = config["fill"]
        columns.fill_ = None if fill is None else np.reshape(fill, columns.shape_)
        for estimator in (columns, columns if owner is None else owner):
            estimator.n_features_in_ = columns.shape_[0]
            if columns.is_named_:
                names = [column.name for column in columns.columns_]
                estimator.feature_names_in_ = np.array(names, object)
        return columns

    def _learned(self, series):
        """What is to be known of a column of a pandas table."""
        name = str(series.name)
        if series.isna().all():
            raise DataError(f"Column {name!r} is empty: leave it out.")
        if holds_numbers(series, name):
            values = floats(series, name)
            fill = float(np.nanmedian(values)) if self.missing == "median" else None
            column = Column(name, fill=fill)
            self._numbers(series, column)
            warn_of_coarse_steps(values[~np.isnan(values), np.newaxis], f"column {name!r}")
            return column
        codes, texts = labelled(series, name)
        categories = [*sorted(set(texts)), *([None] if (codes < 0).any() else [])]
        if len(categories) > max(min(CATEGORIES, len(series) / 2), FEW_CATEGORIES):
            raise DataError(many(name, texts))
        column = Column(name, categories)
        self._categories(series, column)
        return column

    def _numbers(self, values, column):
        """Values of a column, finite in float32."""
        with np.errstate(over="ignore"):  # infinite then
            found = floats(values, column.name).astype(np.float32)
        infinite, lacks = np.isinf(found), np.isnan(found)
        if infinite.any():
            raise DataError(f"{INFINITE}: in column {column.name!r}, {row_of(values, infinite)}.")
        if lacks.any():
            self._accept_missing(values, lacks, column.name, "the median")
            found[lacks] = column.fill
        return found

    def _categories(self, values, column):
        """Which category each row is of; -1 for one that is not known."""
        codes, texts = labelled(values, column.name)
        if (codes < 0).any():
            what = "a category of their own" if None in column.categories else "no category"
            self._accept_missing(values, codes < 0, column.name, what)
        place = {text: i for i, text in enumerate(column.categories)}
        unknown = [text for text in texts if text not in place]
        if unknown and ("unknown", column.name) not in self._told:
            self._told.add(("unknown", column.name))
            log.warning(
                "Column %r has categories that training has not seen, such as %r: they count as "
                "none.",
                column.name,
                unknown[0],
            )
        return np.array([place.get(text, -1) for text in [*texts, None]])[codes]

    def _filled(self, x):
        """An array of numbers, finite in float32."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = x.astype(np.float32, copy=False)
            total = np.sum(found, dtype="float64")
        if np.isfinite(total):
            return found
        infinite, lacks = np.isinf(found), np.isnan(found)
        if infinite.any():
            rows = infinite.reshape(len(x), -1).any(axis=1)
            raise DataError(f"{INFINITE}: in column {_first(infinite)!r}, {row_of(x, rows)}.")
        rows = lacks.reshape(len(x), -1).any(axis=1)
        self._accept_missing(x, rows, _first(lacks), "the median")
        return np.where(lacks, self.fill_, found).astype(np.float32)

    def _accept_missing(self, values, lacks, name, what):
        if self.missing == "refuse":
            raise DataError(
                f"Input X contains NaN: in column {name!r}, {row_of(values, lacks)}. Fill missing "
                "values, remove these rows, or fit with missing='median'."
            )
        if ("missing", name) not in self._told:
            self._told.add(("missing", name))
            log.warning("Column %r: %d missing values become %s.", name, lacks.sum(), what)


def _first(chosen):
    """The name of the first column, pixel or step in which an entry is true."""
    return "x" + ",".join(str(axis[0]) for axis in np.nonzero(chosen)[1:])


def _validated(x, owner, numeric):
    """A pandas table as it is, or an array of real numbers."""
    if is_table(x):
        if 0 in x.shape:
            what = f"{'feature' if len(x) else 'sample'}(s)"
            raise ValueError(
                f"Found array with 0 {what} (shape={x.shape}) while a minimum of 1 is required."
            )
        if not x.columns.is_unique:
            twice = x.columns[x.columns.duplicated()][0]
            raise DataError(f"Expected columns of different names. Received: {twice!r} twice")
        return x
    if isinstance(x, np.ma.MaskedArray):
        x = x.astype("float64").filled(np.nan)
    if getattr(x, "dtype", np.dtype(float)).kind in "mM":
        raise DataError(f"Expected numbers. Received: an array of {x.dtype}")
    return check_array(
        x,
        dtype="numeric" if numeric else None,
        ensure_all_finite=False,
        allow_nd=True,
        estimator=owner,
        input_name="X",
    )
