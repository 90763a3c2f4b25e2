"""The door of a model: what is given to it is checked, and brought into one form, here."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aezoo.data.arrays import checked_array, checked_weights, warn_of_coarse_steps

FIRST = 1000  # samples of a dataset that are looked at before it is trained on
FEW = 100  # batches that these may come from
NO_TARGET = (
    "An autoencoder's target has the shape of its input, {expected}. Received a target of shape "
    "{received}. If it holds labels (as_supervised=True), leave them out: "
    "dataset.map(lambda x, y: x)."
)


@dataclass(frozen=True)
class Door:
    """What a model takes, and every check of it.

    Args:
        shape: Tuple of integers, the shape of one sample.
        raw: Boolean, whether values in any units are welcome, because the model scales them.
        bounded: Boolean, whether the model can only return values in [0, 1].
    """

    shape: tuple[int, ...]
    raw: bool = False
    bounded: bool = False

    def array(self, x: Any, what: str = "input", target: bool = False) -> np.ndarray:
        """An array that the model can take.

        Args:
            x: Array-like of shape `(n, *shape)`.
            what: String, what to call it in errors.
            target: Boolean, whether the model is to return it.

        Returns:
            float32 NumPy array.

        Raises:
            ValueError: For what `checked_array` refuses, or a target outside [0, 1] for a model
                whose output cannot leave that range.
        """
        x = checked_array(x, self.shape, what, self.raw)
        if target and self.bounded and not self.raw and (x.min() < 0 or x.max() > 1):
            raise ValueError(
                "A sigmoid output or a clip can only give values in [0, 1]. Received values from "
                f"{x.min():g} to {x.max():g}. Scale the data, or build the model with "
                "normalization='minmax' or output_activation='linear'."
            )
        return x

    def batches(self, x: Any, size: int) -> Iterator[np.ndarray]:
        """The inputs of an array or a dataset, a batch at a time.

        Args:
            x: Array-like of shape `(n, *shape)`, or a dataset of batches, or of tuples of them
                whose first member counts.
            size: Positive integer, the samples of a batch of an array.

        Returns:
            Iterator of float32 arrays.

        Raises:
            ValueError: For what cannot be taken, or a dataset without end.
        """
        if not is_dataset(x):
            x = self.array(x)
            return (x[i : i + size] for i in range(0, len(x), size))
        refuse_endless(x)
        return (self.array(parts[0]) for parts in _tuples(x))

    def targets(self, x: Any, most: int | None = None) -> Iterator[np.ndarray]:
        """The targets of an array or a dataset: the second of a pair if it has their shape.

        Args:
            x: Array-like of shape `(n, *shape)`, or a dataset.
            most: Positive integer, the batches of a dataset to read, or `None` for all.

        Returns:
            Iterator of float32 arrays.

        Raises:
            ValueError: For what cannot be taken, or a dataset that cannot be read twice, or to
                its end.
        """
        if not is_dataset(x):
            return iter([self.array(x)])
        if iter(x) is x:
            raise ValueError(
                "A generator can be read only once: call adapt with an array or a "
                "tf.data.Dataset before fit."
            )
        if not most:
            refuse_endless(x)
        return (self.array(self._target(parts)) for parts in itertools.islice(_tuples(x), most))

    def read(self, x: Any) -> Any:
        """Inputs as Keras takes them, where no target is asked for.

        Args:
            x: Array-like of shape `(n, *shape)`, or a dataset of batches, or of tuples of them
                whose first member counts.

        Returns:
            float32 NumPy array, or a dataset.

        Raises:
            ValueError: For what cannot be taken.
        """
        if not is_dataset(x):
            return self.array(x)
        first, x = _looked_at(x)
        self._check_first(_parts(first)[:1], "")
        return x

    def fed(self, x: Any, y: Any = None, sample_weight: Any = None, what: str = "") -> tuple:
        """Input, target and weights as Keras takes them.

        Args:
            x: Array-like of shape `(n, *shape)`, or a dataset of batches, of pairs of input and
                target, or of triples with weights.
            y: Array-like of that shape or `None`, the target.
            sample_weight: Array-like of shape `(n,)` or `None`.
            what: String, such as `"validation "`, before the names in errors.

        Returns:
            A tuple `(x, y, sample_weight)` of checked arrays, or of the dataset and twice `None`;
            a generator comes back as one that has not been looked at.

        Raises:
            ValueError: For what no model can take, or this one cannot, in `x`, `y` or the weights,
                or in the first batch of a dataset.
        """
        if is_dataset(x):
            if y is not None or sample_weight is not None:
                raise ValueError(
                    "A dataset holds its own targets and weights: give one of pairs (x, y) or of "
                    "triples (x, y, weights), without y and sample_weight."
                )
            first, x = _looked_at(x)
            self._check_first(first, what)
            return x, None, None
        given, x = x, self.array(x, f"{what}input", target=y is None)
        warn_of_coarse_steps(np.asarray(given), f"{what}input")
        y = None if y is None else self.array(y, f"{what}target", target=True)
        if sample_weight is not None:
            sample_weight = checked_weights(sample_weight, len(x))
            y = x if y is None else y  # Keras drops the weights of samples without a target
        lengths = [len(part) for part in (x, y, sample_weight) if part is not None]
        if len(set(lengths)) > 1:
            raise ValueError(
                "Input, target and weights must have as many samples as each other. Received: "
                f"{', '.join(map(str, lengths))}"
            )
        return x, y, sample_weight

    def validation(self, data: Any) -> Any:
        """Validation data as Keras takes them.

        Args:
            data: `None`, an array, a tuple `(x, y)` or `(x, y, weights)`, or a dataset.

        Returns:
            `None`, a dataset, or a tuple of arrays.

        Raises:
            ValueError: As `fed`.
        """
        if data is None:
            return None
        if isinstance(data, list) and len(data) in (2, 3):
            pair = np.ndim(data[0]) == len(self.shape) + 1  # of arrays, not of samples
            data = tuple(data) if pair else data
        parts = data if isinstance(data, tuple) else (data,)
        if len(parts) > 3:
            raise ValueError(
                "validation_data is an array, (x, y) or (x, y, weights). Received: a tuple of "
                f"{len(parts)}"
            )
        x, y, weights = self.fed(*parts, what="validation ")
        return x if y is None else (x, y) if weights is None else (x, y, weights)

    def first_targets(self, x: Any, y: Any = None) -> tuple[np.ndarray, Any]:
        """Targets to start from: all of an array, those of the first batches of a dataset.

        Args:
            x: What `fed` returned for the input.
            y: What it returned for the target.

        Returns:
            A pair: a float32 array of shape `(m, *shape)`, and the input, for a generator one
            that has not been looked at.
        """
        if not is_dataset(x):
            return (x if y is None else y), x
        seen, found = [], []
        once = iter(x) is x
        for batch in itertools.islice(x if once else _items(x), FEW):
            seen.append(batch)
            found.append(self.array(self._target(_parts(batch)), "dataset", target=True))
            if sum(map(len, found)) >= FIRST:
                break
        return np.concatenate(found), _again(seen, x) if once else x

    def _target(self, parts):
        fitting = [part for part in parts[:2] if np.shape(part)[1:] == self.shape]
        return fitting[-1] if fitting else parts[0]

    def _check_first(self, batch, what):
        parts = _parts(batch)
        if np.shape(parts[0]) == self.shape:
            raise ValueError(
                "The dataset has samples, not batches of them: dataset.batch(32) makes batches. "
                f"Received elements of shape {np.shape(parts[0])}"
            )
        alone = len(parts) == 1 or parts[1] is None
        self.array(parts[0], f"{what}input in the first batch", target=alone)
        if not alone:
            if np.ndim(parts[1]) <= 1:
                received = np.shape(parts[1])[1:]
                raise ValueError(NO_TARGET.format(expected=self.shape, received=received))
            self.array(parts[1], f"{what}target in the first batch", target=True)
        if len(parts) == 3 and parts[2] is not None:
            checked_weights(parts[2], len(parts[0]))


def is_dataset(x: Any) -> bool:
    """Whether data come in batches (`tf.data.Dataset`, `PyDataset`, generator), not as an array.

    Args:
        x: Anything.

    Returns:
        Boolean.
    """
    if hasattr(x, "shape") or isinstance(x, (list, tuple, dict, str, bytes)):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "num_batches")


def refuse_endless(x: Any) -> None:
    """Refuses datasets that cannot be read to their end.

    Args:
        x: Dataset, see `is_dataset`.

    Raises:
        ValueError: If the dataset never ends.
    """
    cardinality = getattr(x, "cardinality", None)
    if cardinality is not None and int(cardinality()) == -1:  # tf.data.INFINITE_CARDINALITY
        raise ValueError("The dataset is without end (repeat()): limit it with take(n).")


def _looked_at(x):
    """The first batch of a dataset, and the dataset with that batch still in it."""
    once = iter(x) is x
    first = next(iter(x if once else _items(x)), None)
    if first is None:
        raise ValueError("Expected at least one sample. Received: an empty dataset")
    return first, _again([first], x) if once else x


def _again(seen, x):
    """A generator that has not been looked at, of tuples as Keras wants them."""
    yield from (tuple(_parts(batch)) for batch in itertools.chain(seen, x))


def _items(x):
    length = getattr(x, "num_batches", None)  # of a keras.utils.PyDataset
    return iter(x) if length is None else (x[i] for i in range(length))


def _tuples(x):
    empty = True
    for batch in _items(x):
        empty = False
        yield _parts(batch)
    if empty:
        raise ValueError("Expected at least one sample. Received: an empty dataset")


def _parts(batch):
    if isinstance(batch, dict):
        raise ValueError(
            "A dataset of dictionaries must say which entry is the image: "
            f"dataset.map(lambda d: d[NAME]). Its entries are: {', '.join(map(str, batch))}."
        )
    return batch if isinstance(batch, (tuple, list)) else (batch,)
