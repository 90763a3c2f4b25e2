"""Keeps what native libraries print, past Python, off the terminal."""

import os
from contextlib import contextmanager


@contextmanager
def native_output_discarded():
    """Discards what is written to the error stream below Python, as TensorFlow does on import."""
    saved = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
