"""Keeps what TensorFlow says of its own doings off terminals and notebooks."""

import logging
import os
from contextlib import contextmanager


@contextmanager
def native_output_discarded(both=False):
    """Discards what is written to the error stream below Python, as TensorFlow does on import.

    Its log, too, which goes to the output in notebooks, has only warnings in the meantime.

    Args:
        both: Boolean, whether what is written to the output is discarded, too.
    """
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(max(level, logging.WARNING))
    saved = {number: os.dup(number) for number in ((1, 2) if both else (2,))}
    with open(os.devnull, "w") as nowhere:
        for number in saved:
            os.dup2(nowhere.fileno(), number)
    try:
        yield
    finally:
        for number, copy in saved.items():
            os.dup2(copy, number)
            os.close(copy)
        log.setLevel(level)


@contextmanager
def retracing_unremarked():
    """Leaves out TensorFlow's warnings that functions are traced anew: of new models they are."""
    log = logging.getLogger("tensorflow")

    def other(record):
        return "retracing" not in record.getMessage()

    log.addFilter(other)
    try:
        yield
    finally:
        log.removeFilter(other)
