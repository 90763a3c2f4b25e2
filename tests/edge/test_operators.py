from types import SimpleNamespace

import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.operators import (
    ALIKE,
    BELOW_ONE,
    COUNTED,
    COUNTS,
    MOVING,
    NEEDED,
    OPTIONAL,
    check_operators,
)
from aezoo.edge.reading import OPS

TYPE = schema.TensorType


def model(name, options=None, inputs=(0,), outputs=(1,), shape=(1, 4), others=(), **more):
    """One operator, or several that call graphs."""
    type, scales = more.get("type", TYPE.FLOAT32), more.get("scales", ([],) * 5)
    code = schema.OperatorCodeT()
    code.builtinCode, code.customCode = getattr(schema.BuiltinOperator, name), b"Name"
    tensors = [
        SimpleNamespace(
            shape=shape, type=type, sparsity=None, quantization=SimpleNamespace(scale=scale)
        )
        for scale in scales
    ]
    graphs = [
        SimpleNamespace(
            tensors=tensors,
            operators=[
                SimpleNamespace(opcodeIndex=0, inputs=inputs, outputs=outputs, builtinOptions=one)
            ],
        )
        for one in (options, *others)
    ]
    return SimpleNamespace(operatorCodes=[code], subgraphs=graphs)


def calls(then, otherwise):
    options = schema.IfOptionsT()
    options.thenSubgraphIndex, options.elseSubgraphIndex = then, otherwise
    return options


def test_names_are_those_of_the_schema():
    names = {*OPS.values()}
    assert {*COUNTS} < names
    assert {*ALIKE, *BELOW_ONE, *COUNTED, *MOVING, *NEEDED, *OPTIONAL} < {*COUNTS}
    assert all(hasattr(schema, f"{options}T") for options in NEEDED.values())
    assert not any(name.startswith("STABLEHLO") for name in COUNTS)


def test_what_is_run():
    check_operators(model("RELU"))
    check_operators(model("FULLY_CONNECTED", inputs=(0, 1, -1)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "CUSTOM"}, "the operator Name is not run"),
        ({"name": "RELU", "inputs": (0, 1)}, "RELU: it has 2 inputs"),
        ({"name": "RELU", "outputs": ()}, "RELU: it has 0 outputs"),
        ({"name": "RELU", "inputs": (-1,)}, "an input is missing"),
        ({"name": "FULLY_CONNECTED", "inputs": (0, -1, 2)}, "an input is missing"),
        ({"name": "RELU", "shape": (1,) * 9}, "9 axes"),
        ({"name": "RELU", "shape": (1, 0)}, "empty"),
        ({"name": "MAX_POOL_2D"}, "its options are NoneType, not Pool2DOptions"),
        ({"name": "MAX_POOL_2D", "options": schema.Pool2DOptionsT()}, "strideW is 0"),
        ({"name": "IF", "options": calls(0, 0)}, "subgraph 0 calls itself"),
        ({"name": "IF", "options": calls(1, 1), "others": [calls(0, 0)]}, "calls itself"),
        ({"name": "IF", "options": calls(7, 7)}, "no subgraph 7"),
        ({"name": "IF", "options": calls(-1, 0)}, "no subgraph -1|calls itself"),
        (
            {"name": "IF", "options": calls(1, 1), "others": [calls(i, i) for i in range(2, 9)]},
            "too many, or is called too deep",
        ),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        check_operators(model(**given))


@pytest.mark.parametrize(
    ("name", "scales", "message"),
    [
        ("ADD", ([1e-3], [1.0], [1.0]), None),
        ("ADD", ([1e-30], [1.0], [1e-3]), "has the scale 1e-30"),
        ("ADD", ([1.0], [10.0], [1e-3]), "goes from the scales"),
        ("SUB", ([10.0], [1.0], [1e-3]), "goes from the scales"),
        ("ADD", ([1.0], [], [1.0]), "has the scale 0.0"),
        ("MUL", ([1.0], [10.0], [1e-3]), None),
        ("LESS", ([1.0], [0.5], [0.5]), "1 or more"),
        ("GATHER", ([], [], []), None),
    ],
)
def test_scales(name, scales, message):
    given = model(name, inputs=(0, 1), outputs=(2,), type=TYPE.INT8, scales=scales)
    if message is None:
        check_operators(given)
        return
    with pytest.raises(ValueError, match=message):
        check_operators(given)


@pytest.mark.parametrize(
    ("name", "inputs", "odd"),
    [("RESHAPE", (0,), 0), ("MUL", (0, 1), 1), ("SPLIT_V", (0, 1, 2), 0), ("PACK", (0, 1, 2), 2)],
)
def test_bytes_are_moved_between_tensors_of_one_type(name, inputs, odd):
    """LiteRT's RESHAPE copies as many bytes as go in, however few come out."""
    given = model(name, inputs=inputs, outputs=(3,))
    check_operators(given)
    given.subgraphs[0].tensors[odd].type = TYPE.INT32
    with pytest.raises(ValueError, match=f"{name}: it takes or makes FLOAT32 and INT32"):
        check_operators(given)


def test_options_that_count_ends():
    options = schema.PackOptionsT()
    options.valuesCount = 2
    check_operators(model("PACK", options, inputs=(0, 1), outputs=(2,)))
    with pytest.raises(ValueError, match="valuesCount is 2, but it has 3 inputs"):
        check_operators(model("PACK", options, inputs=(0, 1, 2), outputs=(3,)))
