"""What all pictures share: their colours, and how they are handed over."""

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

COLOURS = matplotlib.color_sequences["petroff10"]  # told apart with any colour vision
CHANNELS = 8  # of a signal that are drawn, each on its own


def finished(figure: Figure) -> Figure:
    """Returns a figure that pyplot has forgotten."""
    plt.close(figure)  # a notebook draws a returned figure; left open it would draw it twice
    return figure
