"""Images of any size through a network of convolutions, a tile at a time."""

import itertools
import math

import keras
import numpy as np

from aezoo.layers.local import coarsest_step, for_size, last_step, reach

TILE = 512  # pixels along each axis that go through the network at a time, or a few more


class AnySize:
    """A network of convolutions for images of any size: as if at once, though a tile at a time.

    Each tile comes with as much around it as the network sees, so that memory does not grow with
    the image, but for the result.

    Args:
        network: `keras.Model` of convolutions, see `aezoo.layers.local.is_local`.
        step: Positive integer, how many pixels lie between the values that it is given.

    Attributes:
        last: Positive integer, how many pixels lie between the values that it gives.
        unit: Positive integer, of which sizes in pixels are multiples.

    Call arguments:
        x: float32 array of shape `(n, rows, columns, C)`. Returns a float32 array of shape
        `(n, rows * step / last, columns * step / last, D)`.

    Example:

    >>> import aezoo, numpy as np
    >>> encoder, _ = aezoo.backbones.lapped((16, 16, 1), 4, block=8, filters=(4,))
    >>> AnySize(encoder)(np.zeros((2, 24, 40, 1), "float32")).shape
    (2, 3, 5, 4)
    """

    def __init__(self, network: keras.Model, step: int = 1):
        self.step, self.last = step, last_step(network, step)
        self.unit = math.lcm(coarsest_step(network, step), self.last)
        self.margin = -(-reach(network, step) // self.unit) * self.unit
        self.network = for_size(network, (None, None, network.input_shape[-1]))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        tile = -(-TILE // self.unit) * self.unit
        size = [n * self.step for n in x.shape[1:3]]  # in pixels, as all that follows
        units = self.network.output_shape[-1]
        result = np.empty((len(x), *(n // self.last for n in size), units), np.float32)
        for place in itertools.product(*(range(0, n, tile) for n in size)):
            core = [(at, min(at + tile, n)) for at, n in zip(place, size, strict=True)]
            seen = [
                (max(0, low - self.margin), min(high + self.margin, n))
                for (low, high), n in zip(core, size, strict=True)
            ]
            inside = [(c[0] - s[0], c[1] - s[0]) for c, s in zip(core, seen, strict=True)]
            given = _slices(seen, self.step)
            kept, inner = _slices(core, self.last), _slices(inside, self.last)
            at_once = max(1, TILE**2 // math.prod(high - low for low, high in seen))
            for start in range(0, len(x), at_once):
                images = slice(start, start + at_once)
                found = self.network(x[(images, *given)], training=False)
                result[(images, *kept)] = keras.ops.convert_to_numpy(found)[(slice(None), *inner)]
        return result


def _slices(spans, step):
    return tuple(slice(low // step, high // step) for low, high in spans)
