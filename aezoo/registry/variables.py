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

_alone = threading.RLock()


@contextmanager
def no_more_than_in(shapes: Iterable[tuple[int, ...]]) -> Iterator[None]:
    """Refuses variables of models when they are beyond what a file is for, before they are made.

    Whatever a configuration declares, a model that is built here is as large as its file, so that
    no small file takes much memory.

    Args:
        shapes: Shapes of the arrays in the file.

    Raises:
        RefusedError: A `ValueError`, where the variables of this thread are more.
    """
    sizes = [math.prod(shape) for shape in shapes]
    left, thread = FOR_EACH * sum(sizes) + FURTHER, threading.get_ident()
    left_variables = FOR_EACH * len(sizes) + FURTHER_VARIABLES
    # each backend's variables begin here: there is no hook before they have a value
    owner = next(kind for kind in keras.Variable.__mro__ if "__init__" in vars(kind))
    initialize = owner.__init__

    @functools.wraps(initialize)
    def counted(self, initializer, shape=None, *args, **kwargs):
        nonlocal left, left_variables
        if threading.get_ident() == thread:
            left -= int(np.size(initializer)) if shape is None else math.prod(shape)
            left_variables -= 1
            if left < 0 or left_variables < 0:
                raise RefusedError(
                    f"the model has weights of shape {tuple(shape or ())}, and more in all than "
                    f"the {sum(sizes):,} numbers in {len(sizes):,} arrays of its file can be for"
                )
        initialize(self, initializer, shape, *args, **kwargs)

    with _alone:
        owner.__init__ = counted
        try:
            yield
        finally:
            owner.__init__ = initialize
