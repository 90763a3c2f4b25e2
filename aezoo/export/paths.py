"""Where an export may be written: nothing is replaced but an earlier export."""

import os
from pathlib import Path

from aezoo.export.report import ExportReport


def new_folder(path: str | os.PathLike) -> Path:
    """The path of a folder to write, and of its report beside it.

    Args:
        path: String or path of the folder.

    Returns:
        `pathlib.Path`.

    Raises:
        FileExistsError: If the folder exists, or a file of another kind is where its report goes.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists already: choose another folder.")
    _report_may_be_written(path)
    return path


def file_to_write(path: str | os.PathLike, suffix: str) -> Path:
    """The path of a file to write, which an earlier export may be at, and of its report.

    Args:
        path: String or path of the file.
        suffix: String, what it must end in, such as `".tflite"`.

    Returns:
        `pathlib.Path`.

    Raises:
        ValueError: If the path ends in something else.
        FileNotFoundError: If there is no folder for it.
        FileExistsError: If what is there has no report of an export beside it, or a file of another
            kind is where the report goes.
    """
    path = Path(path)
    if path.suffix != suffix:
        raise ValueError(f"The path must end in {suffix}. Received: {path}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: choose another file.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent}.")
    _report_may_be_written(path)
    if path.exists() and not report_of(path).exists():
        raise FileExistsError(
            f"{path} exists already, without the report {report_of(path).name} of an export: "
            "choose another file, or remove it."
        )
    return path


def report_of(path: str | os.PathLike) -> Path:
    """Where the report of an export lies: beside it, with `.json` after its name."""
    return Path(f"{path}.json")


def _report_may_be_written(path):
    report = report_of(path)
    if report.exists() and not _is_report(report):
        raise FileExistsError(
            f"{report} exists already, and is no report of an export, which would be written "
            "there: choose another path, or move it."
        )


def _is_report(path):
    try:
        ExportReport.load(path)
    except (OSError, ValueError):
        return False
    return True
