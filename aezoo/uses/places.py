"""Images of any size through a network of convolutions, a tile at a time."""

import itertools

import keras
import numpy as np

from aezoo.layers.local import coarsest_step, for_size, reach

TILE = 512  # pixels along each axis that go through the network at a time, or a few more


def in_tiles(network: keras.Model, x: np.ndarray, step: int, last: int) -> np.ndarray:
    """What a network makes of images at once, though of a tile at a time: memory does not grow.

    Each tile comes with as much around it as the network sees.

    Args:
        network: `keras.Model` of convolutions, see `aezoo.layers.local.is_local`.
        x: float32 array of shape `(n, rows, columns, C)`, so many that sizes in pixels are
            multiples of the network's coarsest step.
        step: Positive integer, how many pixels lie between the values of `x`.
        last: Positive integer, likewise of what comes out.

    Returns:
        float32 array of shape `(n, rows * step / last, columns * step / last, D)`.
    """
    unit = coarsest_step(network, step)
    margin = -(-reach(network, step) // unit) * unit
    tile = -(-TILE // unit) * unit
    anywhere = for_size(network, (None, None, x.shape[-1]))
    size = [n * step for n in x.shape[1:3]]  # in pixels, as all that follows
    result = np.empty((len(x), *(n // last for n in size), network.output_shape[-1]), np.float32)
    for i, *place in itertools.product(range(len(x)), *(range(0, n, tile) for n in size)):
        core = [(at, min(at + tile, n)) for at, n in zip(place, size, strict=True)]
        seen = [
            (max(0, low - margin), min(high + margin, n))
            for (low, high), n in zip(core, size, strict=True)
        ]
        given, kept, inner = (
            tuple(slice(low // per, high // per) for low, high in spans)
            for spans, per in (
                (seen, step),
                (core, last),
                ([(c[0] - s[0], c[1] - s[0]) for c, s in zip(core, seen, strict=True)], last),
            )
        )
        found = anywhere(x[(i, *given)][np.newaxis], training=False)
        result[(i, *kept)] = keras.ops.convert_to_numpy(found)[(0, *inner)]
    return result
