"""Every picture, one function each. They return a matplotlib Figure: `figure.savefig(path)`.

`hover_page` alone returns a page of HTML.
"""

from aezoo.plots.anomaly import contributions, score_histogram
from aezoo.plots.before_after import before_after
from aezoo.plots.codes import latent
from aezoo.plots.curves import precision_recall, roc
from aezoo.plots.grids import sample_grid, units
from aezoo.plots.labels import label_efficiency
from aezoo.plots.maps import error_map
from aezoo.plots.page import hover_page
from aezoo.plots.pareto import pareto
from aezoo.plots.rates import rate_distortion
from aezoo.plots.recordings import events
from aezoo.plots.samples import reconstructions
from aezoo.plots.style import COLOURS
from aezoo.plots.training import elbow, histories, history

__all__ = [
    "COLOURS",
    "before_after",
    "contributions",
    "elbow",
    "error_map",
    "events",
    "histories",
    "history",
    "hover_page",
    "label_efficiency",
    "latent",
    "pareto",
    "precision_recall",
    "rate_distortion",
    "reconstructions",
    "roc",
    "sample_grid",
    "score_histogram",
    "units",
]
