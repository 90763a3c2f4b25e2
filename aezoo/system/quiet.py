"""Keeps what TensorFlow says of its own doings off terminals and notebooks."""

import logging
import os
from contextlib import contextmanager


@contextmanager
def native_output_discarded():
    """Discards what is written to the error stream below Python, as TensorFlow does on import.

    Its log, too, which goes to the output in notebooks, has only warnings in the meantime.
    """
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(max(level, logging.WARNING))
    saved = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
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
