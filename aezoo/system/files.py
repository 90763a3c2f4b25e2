"""Files that are whole or not there."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}  # none names its file


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a path to write to, and moves it to the wanted one when all is written.

    What was at the wanted path stays as it was until then, and after any error. Writers at once
    do not meet: the last one's file stands, whole. A file keeps the permissions of the one that it
    replaces. Of nested ones the inner is moved first: a report within a model's, so that no model
    stands without its report.

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
        with tempfile.TemporaryDirectory(
            prefix=".partial-", dir=path.parent, ignore_cleanup_errors=True
        ) as folder:
            beside = Path(folder) / path.name
            yield beside
            if path.is_file():
                beside.chmod(stat.S_IMODE(path.stat().st_mode))
            os.replace(beside, path)
    except OSError as error:
        if folder is None or _is_of(error, folder):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _is_of(error, folder):
    """Whether an error is that something in the folder could not be written."""
    if error.filename is None:
        return error.errno in DISK
    name = error.filename
    return isinstance(name, (str, os.PathLike)) and Path(folder) in Path(name).parents
