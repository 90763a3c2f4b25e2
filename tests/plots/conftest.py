import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tests.browsing import browser, visit

__all__ = ["browser", "visit"]


@pytest.fixture
def rendered():
    """The colours of a rendered picture, as a set of RGB triples."""

    def colours(figure):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3]
        return {tuple(colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0).tolist()}

    return colours
