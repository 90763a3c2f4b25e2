"""Files that are whole or not there."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """Gives a path beside the wanted one, and renames it when all is written.

    Args:
        path: String or path of the file or folder to write.

    Yields:
        `pathlib.Path` to write to. What is left there after an error is removed, and what was at
        the wanted path stays as it was.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.partial{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        if beside.is_dir():
            shutil.rmtree(beside)
        else:
            beside.unlink(missing_ok=True)
