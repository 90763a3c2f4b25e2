"""What a training computes in, and the same network in float32 after it."""

import contextlib
from collections.abc import Callable, Iterator

import keras

from aezoo.autoencoder import Autoencoder
from aezoo.autoencoder.fitting import copies_of

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextlib.contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Lets layers that are made meanwhile compute in a precision, with weights in float32.

    Args:
        precision: String, `"float32"` or `"bfloat16"`.

    Yields:
        `None`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def checked_precision(precision: str) -> str:
    """Returns a precision that is known, or raises `ValueError`."""
    if precision not in POLICIES:
        names = " or ".join(map(repr, POLICIES))
        raise ValueError(f"precision must be {names}. Received: {precision!r}")
    return precision


def plain(trained: Autoencoder, build: Callable[[], Autoencoder]) -> Autoencoder:
    """A network in float32, on one device, with the weights of one that was trained otherwise.

    Args:
        trained: `aezoo.Autoencoder`.
        build: Function that builds it again, and is called where layers compute in float32.

    Returns:
        `aezoo.Autoencoder`: the one that was trained, if it is so already.
    """
    if trained.compute_dtype == "float32" and copies_of(trained) == 1:
        return trained
    with computing_in("float32"):
        ae = build()
    ae.set_weights(trained.get_weights())
    return ae
