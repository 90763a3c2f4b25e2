"""How good a model is, beside what would have done as well."""

from aezoo.evaluation.metrics import evaluate, remarks
from aezoo.evaluation.probing import probe

__all__ = ["evaluate", "probe", "remarks"]
