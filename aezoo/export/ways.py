"""In which ways an export in integers can be made, and which of them is taken."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np

from aezoo.export.bounds import is_near, refusal
from aezoo.export.conversion import ACTIVATIONS
from aezoo.export.report import ExportReport

log = logging.getLogger("aezoo")

Tuning: TypeAlias = tuple[np.ndarray, int | None]
Made: TypeAlias = tuple[ExportReport, dict[Path, bytes]]


def ways(
    quantize: str | None, asked: Tuning | None, calibration_data: np.ndarray | None
) -> list[tuple[bool, Tuning | None]]:
    """The ways that are worth a try, one after the other.

    One scale a kernel makes smaller files than one for each unit of dense layers, and ranges as
    they are calibrated take no time. Ranges of int8 that are narrowed, so that steps are finer and
    what is far out is cut off, often lose less.

    Args:
        quantize: String, a precision, or `None`.
        asked: Samples and epochs of a fine-tuning, or `None`.
        calibration_data: Array of shape `(n, *input_shape)`, or `None`.

    Returns:
        List of pairs: whether dense layers have a scale for each unit; and samples and epochs of a
        fine-tuning, `None` for ranges as they are calibrated.
    """
    if quantize not in ACTIVATIONS:
        return [(False, None)]
    if quantize == "int4":
        return [(True, asked)]
    if quantize == "int8":
        tuning = asked or (calibration_data, 0)
        found = [(False, tuning), (True, tuning), (True, None)]
        return found if asked else [(False, None), *found]
    return [(False, None), (True, None)]


def nearest(
    ways: Iterable[tuple[bool, Tuning | None]],
    make: Callable[[bool, Tuning | None], Made],
    tolerance: float | None = None,
) -> Made:
    """Makes exports until one is good, and returns the one whose outputs are nearest to the model.

    A first one has to be near (see `aezoo.export.bounds.is_near`) to be good; after that it is
    enough that one of them is right. What goes wrong with a later way is no error: not every model
    can be simulated.

    Args:
        ways: See `ways`.
        make: Function of a way that returns a report and the bytes of the files.
        tolerance: Float or `None`, of what is right, see `aezoo.export.bounds.refusal`.

    Returns:
        What `make` returned of that one. Where none is right it is one that is not.
    """
    made, right = [], []
    for way in ways:
        try:
            one = make(*way)
        except Exception as error:
            if not made:
                raise
            log.debug(f"A way to export did not work: {error}")
            continue
        made.append(one)
        if refusal(one[0], tolerance=tolerance) is None:
            right.append(one)
        if is_near(one[0]) or (right and len(made) > 1):
            break
    return max(right or made, key=_nearness)


def _nearness(made):
    psnr = made[0].parity["psnr"]
    return np.inf if psnr is None else psnr
