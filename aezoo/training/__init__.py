"""From a name and some data to a trained model in a run folder."""

from aezoo.training.comparing import Comparison, compare
from aezoo.training.exporting import EXPORTS, export_to
from aezoo.training.report import write_report
from aezoo.training.resuming import resume
from aezoo.training.runs import Run, train
from aezoo.training.searching import Point, Search, search
from aezoo.training.splits import split_validation
from aezoo.training.sweeping import Sweep, sweep

__all__ = [
    "EXPORTS",
    "Comparison",
    "Point",
    "Run",
    "Search",
    "Sweep",
    "compare",
    "export_to",
    "resume",
    "search",
    "split_validation",
    "sweep",
    "train",
    "write_report",
]
