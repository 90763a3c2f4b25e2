"""Every picture, one function each. They return a matplotlib Figure: `figure.savefig(path)`."""

from aezoo.plots.codes import latent
from aezoo.plots.samples import reconstructions
from aezoo.plots.style import COLOURS
from aezoo.plots.training import elbow, history

__all__ = ["COLOURS", "elbow", "history", "latent", "reconstructions"]
