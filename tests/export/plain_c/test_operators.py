import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.plain_c.graph import graph_of
from aezoo.export.plain_c.operators import call_of, is_table
from tests.export.plain_c.conftest import constant, options, tensor


def steps(network, tensors, operators):
    return graph_of(network(tensors, operators)).steps


def test_an_unknown_operator_is_named(network):
    (step,) = steps(network, [tensor((1, 4), 0.1)] * 2, [("SOFTMAX", [0], 1)])
    with pytest.raises(ValueError, match="no C for the operator SOFTMAX. There is for: ABS, ADD"):
        call_of(step, {})


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"weights": tensor((2, 3), 0.1)}, "FULLY_CONNECTED with weights that are no constant"),
        ({"weights": constant(np.ones((2, 3)), 0.1, "int32")}, "weights in int32"),
        ({"weights": {**constant(np.ones((2, 3)), 0.1), "zero": 3}}, "weights with a zero point"),
        ({"weightsFormat": 1}, "shuffled weights"),
        ({"fusedActivationFunction": schema.ActivationFunctionType.TANH}, "Received: TANH"),
    ],
)
def test_kinds_that_there_is_no_c_for(network, change, match):
    weights = change.pop("weights", constant(np.ones((2, 3)), 0.1))
    tensors = [tensor((1, 3), 0.1), weights, tensor((1, 2), 0.1)]
    operator = ("FULLY_CONNECTED", [0, 1], 2, options("FullyConnectedOptions", **change))
    if weights["data"] is None:
        tensors.insert(1, tensor((1, 6), 0.1))
        operators = [("RELU", [0], 1), ("RESHAPE", [1], 2), (operator[0], [0, 2], 3, operator[3])]
    else:
        operators = [operator]
    with pytest.raises(ValueError, match=match):
        call_of(steps(network, tensors, operators)[-1], {})


def test_groups_and_axes(network):
    kernel = constant(np.ones((4, 3, 3, 1)), 0.1)
    values = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    tensors = [tensor((1, 4, 4, 2), 0.1), kernel, tensor((1, 4, 4, 4), 0.1)]
    (step,) = steps(network, tensors, [("CONV_2D", [0, 1], 2, options("Conv2DOptions", **values))])
    with pytest.raises(ValueError, match="CONV_2D with groups"):
        call_of(step, {})
    tensors = [tensor((1, 4, 3), 0.1), tensor((1, 4, 1), 0.1), tensor((1, 4, 3), 0.1)]
    found = steps(network, tensors, [("RELU", [0], 1), ("ADD", [0, 1], 2, options("AddOptions"))])
    with pytest.raises(ValueError, match=r"ADD with the shapes \[\(1, 4, 3\), \(1, 4, 1\)\]"):
        call_of(found[1], {})


def test_is_table(network):
    tensors = [
        tensor((1, 4), 0.1),
        constant([3], 0.1),
        constant([3, 4, 5, 6], 0.1),
        *[tensor((1, 4), 0.1)] * 4,
    ]
    add = options("AddOptions")
    operators = [
        ("ADD", [0, 1], 3, add),
        ("ADD", [2, 3], 4, add),
        ("TANH", [4], 5),
        ("SOFTMAX", [5], 6),
    ]
    found = steps(network, tensors, operators)
    assert [is_table(step) for step in found] == [True, False, True, False]
    table = np.arange(256).astype("int8")
    call = call_of(found[2], {2: table})
    assert (call.kernel, call.fields["size"]) == ("lookup", 4)
    assert call.fields["table"] is table
    assert call_of(found[1], {}).fields["a_size"] == 4
