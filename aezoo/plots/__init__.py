"""Every picture, one function each. They return a matplotlib Figure: `figure.savefig(path)`."""

from aezoo.plots.anomaly import contributions, score_histogram
from aezoo.plots.codes import latent
from aezoo.plots.curves import precision_recall, roc
from aezoo.plots.maps import error_map
from aezoo.plots.pareto import pareto
from aezoo.plots.recordings import events
from aezoo.plots.samples import reconstructions
from aezoo.plots.style import COLOURS
from aezoo.plots.training import elbow, history

__all__ = [
    "COLOURS",
    "contributions",
    "elbow",
    "error_map",
    "events",
    "history",
    "latent",
    "pareto",
    "precision_recall",
    "reconstructions",
    "roc",
    "score_histogram",
]
