"""The commands: `aezoo train` and its like, one group a file."""

import importlib

from aezoo.cli.console import app

__all__ = ["app"]

for group in (
    "train",
    "search",
    "sweep",
    "evaluate",
    "runs",
    "probe",
    "plot",
    "sample",
    "export",
    "page",
    "pretrained",
    "detect",
    "scoring",
    "score",
    "denoise",
    "compress",
):  # in the order of the help
    importlib.import_module(f"aezoo.cli.{group}")
