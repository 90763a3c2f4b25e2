"""How good a model is, beside what would have done as well."""

from aezoo.evaluation.metrics import evaluate, remarks
from aezoo.evaluation.probing import probe
from aezoo.evaluation.views import decoded_grid, traversals, unit_statistics

__all__ = [
    "decoded_grid",
    "evaluate",
    "probe",
    "remarks",
    "traversals",
    "unit_statistics",
]
