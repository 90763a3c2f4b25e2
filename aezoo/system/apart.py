"""What may end the process that it runs in, in a process of its own."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function in a process of its own, such as native code on a file of strangers.

    Args:
        function: A function of a module, which the other process imports.
        *arguments: What can be pickled; the first, for the error, is what is run.

    Returns:
        What the function returns.

    Raises:
        RuntimeError: If the process ends, as by a segmentation fault.
        Exception: What the function raises.

    Example:

    >>> apart(divmod, 7, 2)
    (3, 1)
    """
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            return pool.submit(function, *arguments).result()
    except BrokenProcessPool as error:
        raise RuntimeError(
            f"{arguments[0]}: what ran this has crashed, as damaged or harmful files make it do. "
            "Get the file anew from where you trust it."
        ) from error
