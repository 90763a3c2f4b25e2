"""A page of a run: what became of it, to look at in a browser."""

from aezoo.training.report.parts import FILE
from aezoo.training.report.writing import try_report, update_report, write_report

__all__ = ["FILE", "try_report", "update_report", "write_report"]
