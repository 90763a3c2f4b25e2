import pytest

from aezoo.export.plain_c.graph import graph_of
from aezoo.export.plain_c.memory import memory_of
from aezoo.export.plain_c.operators import call_of
from tests.export.plain_c.conftest import constant, options, tensor

ADD = options("AddOptions")
ROW = (1, 8)


def memory(network, tensors, operators):
    graph = graph_of(network(tensors, operators))
    tables = {step.place: None for step in graph.steps if step.op == "RELU"}
    calls = [call for step in graph.steps if (call := call_of(step, tables))]
    return memory_of(graph, calls)


def test_value_by_value_overwrites(network):
    """x, a = x + c, b = relu(a), c = view of b, out = relu(c): all in the caller's output."""
    tensors = [tensor(ROW, 0.1), constant([1] * 8, 0.1), *[tensor(ROW, 0.1)] * 4]
    operators = [
        ("ADD", [0, 1], 2, ADD),
        ("RELU", [2], 3),
        ("RESHAPE", [3], 4),
        ("RELU", [4], 5),
    ]
    found = memory(network, tensors, operators)
    assert found.places == {0: "input", **dict.fromkeys((2, 3, 4, 5), "output")}
    assert found.arena == 0


def test_what_is_needed_later_is_kept(network):
    """A residual block: a = relu(x), b = relu(a), out = a + b."""
    tensors = [tensor(ROW, 0.1)] * 4
    operators = [("RELU", [0], 1), ("RELU", [1], 2), ("ADD", [1, 2], 3, ADD)]
    found = memory(network, tensors, operators)
    assert found.places[0] == "input"
    assert found.places[1] != found.places[2]
    assert found.places[3] in ("output", found.places[1])
    assert found.arena == 8


def test_the_input_is_never_written(network):
    found = memory(network, [tensor(ROW, 0.1)] * 3, [("RESHAPE", [0], 1), ("RELU", [1], 2)])
    assert found.places == {1: "input", 2: "output"}


def test_nothing_to_compute(network):
    with pytest.raises(ValueError, match="nothing to compute in encode"):
        memory(network, [tensor(ROW, 0.1)] * 2, [("RESHAPE", [0], 1)])
