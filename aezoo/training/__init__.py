"""From a name and some data to a trained model in a run folder."""

from aezoo.training.exporting import EXPORTS, export_to
from aezoo.training.runs import Run, train
from aezoo.training.splits import split_validation

__all__ = ["EXPORTS", "Run", "export_to", "split_validation", "train"]
