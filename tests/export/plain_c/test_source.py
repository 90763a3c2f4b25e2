import re

import numpy as np
import pytest

from aezoo.export.plain_c.graph import graph_of
from aezoo.export.plain_c.source import source_of
from tests.export.plain_c.conftest import constant, options, tensor

DENSE = options("FullyConnectedOptions")


@pytest.fixture
def graphs(network):
    """Two parts with the same weights, of which one goes on."""
    kernel = constant(np.arange(12).reshape(3, 4), 0.1)
    ends = [tensor((1, 4), 0.05, 7), kernel, tensor((1, 3), 0.2, -9)]
    short = graph_of(network(ends, [("FULLY_CONNECTED", [0, 1, -1], 2, DENSE)], "encode"))
    ends += [constant(np.arange(9).reshape(3, 3), 0.1), tensor((1, 3), 0.3, 0)]
    operators = [("FULLY_CONNECTED", [i, i + 1, -1], i + 2, DENSE) for i in (0, 2)]
    return [short, graph_of(network(ends, operators, "reconstruct"))]


def test_parts_share_constants(graphs):
    source = source_of(graphs, [{}, {}])
    assert re.findall(r"static const int8_t weights_(\d)\[(\d+)\]", source.body) == [
        ("0", "12"),
        ("1", "9"),
    ]
    assert source.body.count("static const struct fully_connected ") == 2
    assert source.body.count("fully_connected(&fully_connected_0, input,") == 2
    assert "conv_2d" not in source.body  # what is not used is not there
    assert source.arenas == {"encode": 0, "reconstruct": 4}
    assert source.arena == 4
    # weights, a multiplier and a shift of each, and structs of twelve members of four bytes
    assert source.constants == 12 + 9 + 2 * 5 + 2 * 12 * 4
    assert f"#define AEZOO_CONSTANT_BYTES {source.constants} " in source.header


def test_header_says_sizes_and_scales(graphs):
    header = source_of(graphs, [{}, {}]).header
    said = dict(re.findall(r"#define AEZOO_ENCODE_(\w+) (\S+)", header))
    assert said == {
        "INPUT_SIZE": "4",
        "INPUT_SCALE": f"{np.float32(0.05):.9e}f",
        "INPUT_ZERO_POINT": "7",
        "OUTPUT_SIZE": "3",
        "OUTPUT_SCALE": f"{np.float32(0.2):.9e}f",
        "OUTPUT_ZERO_POINT": "-9",
    }
    assert "feature" not in header


def test_comments_say_what_goes_in_and_out(graphs):
    body = source_of(graphs, [{}, {}]).body
    assert "// FULLY_CONNECTED: 1x4 (scale 0.0500000007, zero point 7) to\n" in body
    assert "  // 1x3 (scale 0.200000003, zero point -9)\n" in body


def test_normalization(graphs):
    source = source_of(graphs, [{}, {}], (np.array([1.5, -2]), np.array([[3.0, 4.0]])))
    assert "extern const float aezoo_feature_offset[2];" in source.header
    assert "(raw - feature_offset) / feature_scale" in source.header
    assert "const float aezoo_feature_scale[2] = {\n    3.000000000e+00f, 4" in source.body


def test_an_unknown_operator(network):
    graph = graph_of(network([tensor((1, 4), 0.1)] * 2, [("SOFTMAX", [0], 1)]))
    with pytest.raises(ValueError, match="SOFTMAX"):
        source_of([graph], [{}])
