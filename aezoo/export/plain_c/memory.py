"""Which tensors share memory, and where in it they lie."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aezoo.export.plain_c.graph import Graph
from aezoo.export.plain_c.operators import IN_PLACE, VIEWS, Call
from aezoo.export.plain_c.planning import Buffer, planned


class Memory(NamedTuple):
    """Where the tensors of a graph lie.

    Attributes:
        places: Dictionary of a tensor's index to `"input"`, `"output"`, or how many bytes behind
            the arena's beginning.
        arena: Integer, bytes.
    """

    places: dict[int, str | int]
    arena: int


def memory_of(graph: Graph, calls: Sequence[Call]) -> Memory:
    """Places tensors that are not needed at once in the same memory.

    What is a view of another tensor lies where that does. What is computed value by value
    overwrites its input if nothing else needs that. The caller's arrays hold the graph's ends; the
    input is never written.

    Args:
        graph: `aezoo.export.plain_c.graph.Graph`.
        calls: Sequence of `aezoo.export.plain_c.operators.Call`, in order.

    Returns:
        `Memory`.

    Raises:
        ValueError: If the graph's output is its input as it is.
    """
    owner = {}  # of each tensor the first of those that lie where it does

    def owner_of(index):
        while index in owner:
            index = owner[index]
        return index

    for step in graph.steps:
        if step.op in VIEWS:
            owner[step.output.index] = step.inputs[0].index
    for place, call in enumerate(calls):
        later = {owner_of(tensor.index) for other in calls[place + 1 :] for tensor in other.inputs}
        kept = {*later, owner_of(graph.input.index), owner_of(graph.output.index)}
        if call.kernel in IN_PLACE:
            for tensor in call.inputs:
                free = tensor.data is None and owner_of(tensor.index) not in kept
                if free and tensor.size == call.output.size:
                    owner[call.output.index] = owner_of(tensor.index)
                    break

    given, returned = (owner_of(tensor.index) for tensor in (graph.input, graph.output))
    if given == returned:
        raise ValueError(f"There is nothing to compute in {graph.name}.")
    uses: dict[int, list[tuple[int, int]]] = {}  # steps and bytes
    for place, call in enumerate(calls):
        for tensor in (*call.inputs, call.output):
            if tensor.data is None:
                size = tensor.size * np.dtype(tensor.dtype).itemsize
                uses.setdefault(owner_of(tensor.index), []).append((place, size))
    inner = [index for index in uses if index not in (given, returned)]
    buffers = []
    for index in inner:
        steps, sizes = zip(*uses[index], strict=True)
        buffers.append(Buffer(max(sizes), min(steps), max(steps)))
    offsets, arena = planned(buffers)
    found: dict[int, str | int] = dict(zip(inner, offsets, strict=True))
    found |= {given: "input", returned: "output"}
    tensors = {tensor.index for call in calls for tensor in (*call.inputs, call.output)}
    places = {index: found[owner_of(index)] for index in tensors if owner_of(index) in found}
    return Memory(places, arena)
