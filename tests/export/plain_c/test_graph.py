import numpy as np
import pytest

import aezoo
from aezoo.export.plain_c.graph import graph_of
from tests.export.plain_c.conftest import constant, options, tensor


def test_what_a_file_says(network):
    tensors = [
        tensor((1, 3), 0.1, 5),
        constant([[1, 2, 3], [4, 5, 6]], [0.5, 0.25]),
        tensor((1, 2), 0.2, -7),
    ]
    operators = [("FULLY_CONNECTED", [0, 1, -1], 2, options("FullyConnectedOptions"))]
    graph = graph_of(network(tensors, operators, "decode"))
    assert graph.name == "decode"
    assert (graph.input.index, graph.output.index) == (0, 2)
    assert (graph.output.shape, graph.output.size) == ((1, 2), 2)
    assert (graph.output.scale, graph.output.zero_point) == (np.float32(0.2), -7)
    (step,) = graph.steps
    assert (step.op, step.place, step.output) == ("FULLY_CONNECTED", 0, graph.output)
    given, weights, bias = step.inputs
    assert given == graph.input
    assert bias is None
    np.testing.assert_array_equal(weights.data, [[1, 2, 3], [4, 5, 6]])
    assert weights.scales.tolist() == [0.5, 0.25]
    assert str(given) == "1x3 (scale 0.100000001, zero point 5)"
    assert str(tensor_without_scale(network)) == "1 int32"


def tensor_without_scale(network):
    tensors = [tensor((1, 2), 0.1), constant([2], dtype="int32"), tensor((1, 2), 0.1)]
    return graph_of(network(tensors, [("RESHAPE", [0, 1], 2)])).steps[0].inputs[1]


def test_refused(network, tmp_path):
    x = np.random.default_rng(0).random((200, 8))
    aezoo.export_tflite(aezoo.vanilla(8, 2), tmp_path / "float.tflite")
    with pytest.raises(ValueError, match=r"one signature. Received: .*float\.tflite with 3"):
        graph_of(tmp_path / "float.tflite")
    several = network([tensor((2, 3), 0.1), tensor((2, 3), 0.1)], [("RESHAPE", [0], 1)])
    with pytest.raises(ValueError, match=r"a batch of 1\. Received: .*int8 of shape \(2, 3\)"):
        graph_of(several)
    wide = {"quantize": "int16x8", "calibration_data": x, "batch_size": 1}
    aezoo.export_tflite(
        aezoo.vanilla(8, 2), tmp_path / "wide.tflite", signatures="reconstruct", **wide
    )
    with pytest.raises(ValueError, match="in int8 and a batch of 1. Received: .*int16"):
        graph_of(tmp_path / "wide.tflite")
    with pytest.raises(FileNotFoundError):
        graph_of(tmp_path / "none.tflite")
