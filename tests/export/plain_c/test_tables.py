import numpy as np
import pytest

import aezoo
from aezoo.export import tflm
from aezoo.export.plain_c import tables
from aezoo.export.plain_c.graph import graph_of
from tests.export.plain_c.conftest import constant, options, tensor

EVERY = np.arange(-128, 128)


def test_every_function_of_one_int8(network, proved):
    """One after another, each from its own scale to the next."""
    kinds = {
        "LEAKY_RELU": options("LeakyReluOptions", alpha=0.3),
        "TANH": None,
        "HARD_SWISH": options("HardSwishOptions"),
        "QUANTIZE": options("QuantizeOptions"),
        "MUL": options("MulOptions"),
        "RELU": None,
        "ADD": options("AddOptions"),
        "LOGISTIC": None,
    }
    ends = {"TANH": (1 / 128, 0), "LOGISTIC": (1 / 256, -128), "RELU": (0.011, -128)}
    tensors = [tensor((1, 64), 0.02, 3)]
    operators = []
    for i, (op, kind) in enumerate(kinds.items()):
        inputs = [len(tensors) - 1]
        if op in ("ADD", "MUL"):
            tensors.append(constant([97], 0.013))
            inputs.append(len(tensors) - 1)
        scale, zero_point = ends.get(op, (0.012 + 0.001 * i, 2 * i))
        tensors.append(tensor((1, 64), scale, zero_point))
        operators.append((op, inputs, len(tensors) - 1, *([kind] if kind else [])))
    path = network(tensors, operators)
    proved(path)
    graph = graph_of(path)
    (found,) = tables.tables_of([graph])
    assert sorted(found) == list(range(len(kinds)))
    # by what they are, but for roundings
    leaky = np.where(EVERY < 3, 0.3, 1) * 0.02 * (EVERY - 3) / 0.012
    assert np.abs(found[0] - np.clip(leaky, -128, 127)).max() <= 1
    tanh = np.tanh(0.012 * EVERY) * 128
    assert np.abs(found[1] - np.clip(tanh, -128, 127)).max() <= 1
    scale, zero_point = graph.steps[-1].inputs[0].scale, graph.steps[-1].inputs[0].zero_point
    sigmoid = 256 / (1 + np.exp(-scale * (EVERY - zero_point))) - 128
    assert np.abs(found[len(kinds) - 1] - np.clip(sigmoid, -128, 127)).max() <= 1


def test_none_are_asked_for(network, monkeypatch):
    monkeypatch.setattr(tables, "invoke", None)
    path = network([tensor((1, 2), 0.1), tensor((1, 2), 0.1)], [("RESHAPE", [0], 1)])
    assert tables.tables_of([graph_of(path), graph_of(path)]) == [{}, {}]


def test_what_the_runtime_refuses(network, monkeypatch):
    def invoke(path, inputs):
        raise tflm.MicroError("cannot")

    monkeypatch.setattr(tables, "invoke", invoke)
    path = network([tensor((1, 2), 0.1), tensor((1, 2), 0.1)], [("RELU", [0], 1)])
    with pytest.raises(aezoo.ExportError, match="cannot"):
        tables.tables_of([graph_of(path)])
