"""The commands: `aezoo train` and its like, one group a file."""

import importlib

from aezoo.cli.console import app

__all__ = ["app"]

for group in (
    "train",
    "search",
    "evaluate",
    "export",
    "pretrained",
    "detect",
    "scoring",
):  # in the order of the help
    importlib.import_module(f"aezoo.cli.{group}")
