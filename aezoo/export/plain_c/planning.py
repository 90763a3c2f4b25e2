"""Where activations lie in memory: none for longer than it is needed."""

from collections.abc import Sequence
from typing import NamedTuple

ALIGNMENT = 4  # bytes, of int32


class Buffer(NamedTuple):
    """Memory that is needed for a while.

    Attributes:
        size: Integer, bytes.
        first: Integer, the step that writes it first.
        last: Integer, the step that needs it last.
    """

    size: int
    first: int
    last: int


def planned(buffers: Sequence[Buffer]) -> tuple[list[int], int]:
    """Places for buffers, of which no two that are needed at once overlap.

    The largest first, each at the lowest place that is free as long as it is needed.

    Args:
        buffers: Sequence of `Buffer`.

    Returns:
        A pair: list of integers, where each buffer begins, multiples of 4 bytes, and an integer,
        how many bytes all take.

    Example:

    >>> planned([Buffer(100, 0, 1), Buffer(48, 1, 2), Buffer(100, 2, 3)])
    ([0, 100, 0], 148)

    Reference:
        Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020,
        arXiv:2001.03288, section 5.2, greedy by size.
    """
    places: dict[int, int] = {}
    for i in sorted(range(len(buffers)), key=lambda i: -buffers[i].size):
        taken = sorted(
            (place, place + buffers[j].size)
            for j, place in places.items()
            if buffers[i].first <= buffers[j].last and buffers[j].first <= buffers[i].last
        )
        place = 0
        for begin, end in taken:
            if place + buffers[i].size <= begin:
                break
            place = max(place, -(-end // ALIGNMENT) * ALIGNMENT)
        places[i] = place
    whole = max((place + buffers[i].size for i, place in places.items()), default=0)
    return [places[i] for i in range(len(buffers))], -(-whole // ALIGNMENT) * ALIGNMENT
