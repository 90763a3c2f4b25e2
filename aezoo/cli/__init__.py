"""The commands: `aezoo train` and its like."""

from aezoo.cli.commands import app

__all__ = ["app"]
