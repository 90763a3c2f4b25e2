"""How good a model is, beside what would have done as well."""

from aezoo.evaluation.disentanglement import mutual_information_gap
from aezoo.evaluation.features import class_features, classifiers
from aezoo.evaluation.generation import frechet_distance, likeness, nearest
from aezoo.evaluation.metrics import evaluate, remarks
from aezoo.evaluation.probing import probe
from aezoo.evaluation.views import decoded_grid, traversals, unit_statistics

__all__ = [
    "class_features",
    "classifiers",
    "decoded_grid",
    "evaluate",
    "frechet_distance",
    "likeness",
    "mutual_information_gap",
    "nearest",
    "probe",
    "remarks",
    "traversals",
    "unit_statistics",
]
