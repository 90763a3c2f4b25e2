"""How good a model is, beside what would have done as well."""

from aezoo.evaluation.metrics import evaluate, remarks

__all__ = ["evaluate", "remarks"]
