"""A bound on what a model takes while it is built from a file."""

import functools
import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import keras
import numpy as np

from aezoo.registry.archives import RefusedError

# A model has its weights and, when it trains, up to four numbers for each: three of an optimizer
# and an average. Some more are not in files, such as those of metrics.
FOR_EACH, FURTHER, FURTHER_VARIABLES = 5, 2**20, 300
# Each call of a layer has some. Models in models that are called twice have twice as many a level.
MOST_TENSORS = 2**14

_alone = threading.RLock()


@contextmanager
def no_more_than_in(shapes: Iterable[tuple[int, ...]]) -> Iterator[None]:
    """Refuses variables of models when they are beyond what a file is for, before they are made.

    Whatever a configuration declares, a model that is built here is as large as its file, so that
    no small file takes much memory. Its layers are called no more often than models do, either.

    Args:
        shapes: Shapes of the arrays in the file.

    Raises:
        RefusedError: A `ValueError`, where the variables of this thread are more.
    """
    sizes = [math.prod(shape) for shape in shapes]
    left, thread = FOR_EACH * sum(sizes) + FURTHER, threading.get_ident()
    left_variables = FOR_EACH * len(sizes) + FURTHER_VARIABLES
    left_tensors = MOST_TENSORS

    def variable(self, initializer, shape=None, *args, **kwargs):
        count(np.shape(initializer) if shape is None else shape)

    def tensor(self, *args, **kwargs):
        nonlocal left_tensors
        left_tensors -= 1
        if left_tensors < 0:
            raise RefusedError(f"its layers have more than {MOST_TENSORS:,} inputs and outputs")

    def statistics(self, input_shape):
        if self.input_mean is not None and input_shape:  # which are no variables
            sizes = dict(enumerate(input_shape)) | dict(enumerate(input_shape, -len(input_shape)))
            count([sizes.get(axis) or 1 for axis in self.axis])

    def count(shape):
        nonlocal left, left_variables
        left -= math.prod(shape)
        left_variables -= 1
        if not left >= 0 or left_variables < 0:  # also where a size is not a number
            raise RefusedError(
                f"the model has weights of shape {tuple(shape)}, and more in all than "
                f"the {sum(sizes):,} numbers in {len(sizes):,} arrays of its file can be for"
            )

    # each backend's variables begin here: there is no hook before they have a value
    owner = next(kind for kind in keras.Variable.__mro__ if "__init__" in vars(kind))
    with (
        _alone,
        _before(owner, "__init__", variable, thread),
        _before(keras.KerasTensor, "__init__", tensor, thread),
        _before(keras.layers.Normalization, "build", statistics, thread),
    ):
        yield


@contextmanager
def _before(kind, name, look, thread):
    """Calls `look` before each call of a method on this thread."""
    method = getattr(kind, name)

    @functools.wraps(method)
    def looked_at(self, *args, **kwargs):
        if threading.get_ident() == thread:
            look(self, *args, **kwargs)
        return method(self, *args, **kwargs)

    setattr(kind, name, looked_at)
    try:
        yield
    finally:
        setattr(kind, name, method)
