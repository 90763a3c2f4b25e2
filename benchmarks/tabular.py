"""Reads what was measured, and writes tables of it."""

import json
from pathlib import Path

HERE = Path(__file__).parent


def exists(name):
    return (HERE / f"{name}.json").is_file()


def measured(name):
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def markdown(header, rows):
    """A table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
