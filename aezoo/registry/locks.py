"""`aezoo.lock`: the commits and the hashes that addresses on the Hub stand for."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from aezoo.system.files import replacing

COMMIT, HASH = re.compile("[0-9a-f]{40}"), re.compile("[0-9a-f]{64}")
MOST = 2**20  # bytes, for some thousand addresses


def read(lock: str | os.PathLike) -> dict[str, Any] | None:
    """What a lock has pinned.

    Args:
        lock: String or path of a file from `update`.

    Returns:
        Dictionary of addresses to dictionaries: `revision`, the commit, and `files`, the SHA-256
        of each. `None` if there is no such file.

    Raises:
        ValueError: If it is no lock, damaged, or leads to nothing.
        OSError: If it cannot be read.
    """
    try:
        os.lstat(lock)  # a link to nothing is not no lock
    except FileNotFoundError:
        return None
    if not os.path.isfile(lock):
        raise ValueError(
            f"{lock} is no file, or a link to nothing: expected what aezoo lock has written, or "
            "nothing there."
        )
    try:
        with open(lock, "rb") as file:
            content = file.read(MOST + 1)
        if len(content) > MOST:
            raise ValueError(f"it has more than {MOST:,} bytes")
        pinned = json.loads(content.decode("utf-8"))["hub"]
        for address, entry in pinned.items():
            if not _is_whole(entry):
                raise ValueError(f"{address!r} has no commit or hashes")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{lock} is damaged, or no lock: expected what aezoo lock has written. If it was one, "
            f"remove it, and pin again what it had. ({type(error).__name__}: {error})"
        ) from error
    return pinned


def update(lock: str | os.PathLike, entries: Mapping[str, Any]) -> dict[str, Any]:
    """Adds to what a lock has pinned; several processes may at once.

    Args:
        lock: String or path of the file, which is made if there is none.
        entries: Dictionary as from `read`. What the lock had of these addresses is replaced.

    Returns:
        Dictionary of all that is pinned now.

    Raises:
        ValueError, OSError: As `read`, or if it cannot be written.
    """
    path = Path(os.path.realpath(lock))  # of a link, what it leads to
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent):
        pinned = {**(read(lock) or {}), **entries}
        with replacing(path) as beside:
            beside.write_text(json.dumps({"hub": pinned}, indent=1, sort_keys=True) + "\n", "utf-8")
    return pinned


def _is_whole(entry):
    files = entry["files"]
    return bool(
        COMMIT.fullmatch(entry["revision"]) and files and all(map(HASH.fullmatch, files.values()))
    )


@contextmanager
def _alone(folder) -> Iterator[None]:
    """Waits until no other process writes a lock in a folder; leaves no file, as filelock does."""
    with ExitStack() as stack:
        with suppress(ImportError, OSError):  # Windows, and file systems that lock no folders
            import fcntl

            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
