"""Files that are whole or not there."""

import errno
import functools
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}  # none names its file

PARTIAL, LOCK = ".partial-", ".partial-lock"


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a path to write to, and moves it to the wanted one when all is written.

    What was at the wanted path stays as it was until then, and after any error. Writers at once
    do not meet: the last one's file stands, whole. A file keeps the permissions of the one that it
    replaces. Of nested ones the inner is moved first: a report within a model's, so that no model
    stands without its report. What processes that were killed have left beside the wanted path is
    removed when another process first writes there.

    Args:
        path: String or path of the file or folder to write. Folders above it that are missing are
            made.

    Yields:
        `pathlib.Path` of the same name in a folder of its own beside the wanted one. There is
        nothing at it yet.

    Raises:
        OSError: If it cannot be written, such as on a full disk, with the wanted path as its
            `filename`.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/a.txt") as beside:
    ...         _ = beside.write_text("whole")
    ...     os.listdir(folder)
    ['a.txt']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = None
    try:
        _sweep(path.parent.absolute())
        with _partial(path) as folder:
            beside = folder / path.name
            yield beside
            if path.is_file():
                beside.chmod(stat.S_IMODE(path.stat().st_mode))
            os.replace(beside, path)
    except OSError as error:
        if folder is None or _is_of(error, folder):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextmanager
def _partial(path):
    """A folder beside a path, locked: the system ends the lock with its process."""
    from filelock import FileLock, Timeout  # which takes longer than all else here

    with ExitStack() as stack:
        for _ in range(3):  # file systems without locks have none after all of them
            place = tempfile.TemporaryDirectory(
                prefix=PARTIAL, dir=path.parent, ignore_cleanup_errors=True
            )
            folder = Path(stack.enter_context(place))
            lock = FileLock(folder / LOCK)
            stack.callback(lock.release)
            with suppress(Timeout, FileNotFoundError, NotImplementedError):
                lock.acquire(timeout=0)
            if lock.is_locked and (folder / LOCK).exists():
                break  # nobody took it for what was left before it was locked
        yield folder


@functools.lru_cache(maxsize=256)  # a folder may hold more files than can be listed for each
def _sweep(parent):
    """Removes what killed processes have left: folders that are not locked."""
    from filelock import FileLock, Timeout

    for folder in parent.glob(f"{PARTIAL}*"):
        with suppress(OSError, NotImplementedError, Timeout):
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o777 != 0o700:
                continue  # links, or folders that others could put links into
            if found.st_uid != os.getuid():
                continue
            if not (folder / LOCK).exists():
                folder.rmdir()  # if it is empty: killed before it had one
                continue
            with FileLock(folder / LOCK).acquire(timeout=0):
                shutil.rmtree(folder, ignore_errors=True)


def _is_of(error, folder):
    """Whether an error is that something in the folder could not be written."""
    if error.filename is None:
        return error.errno in DISK
    name = error.filename
    return isinstance(name, (str, os.PathLike)) and Path(folder) in Path(name).parents


def sha256(path: str | os.PathLike) -> str:
    """The hash of a file.

    Args:
        path: String or path.

    Returns:
        String, hexadecimal.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
