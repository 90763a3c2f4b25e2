"""Each kernel against TensorFlow Lite Micro on random numbers, byte by byte."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.plain_c.kernels import KERNELS
from tests.export.plain_c.conftest import constant, options, tensor

CLIP = schema.ActivationFunctionType
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


def weights(*shape, scale=0.01):
    return constant(np.random.default_rng(1).integers(-127, 128, shape), scale)


def bias(count, scale):
    return constant(np.random.default_rng(2).integers(-3000, 3000, count), scale, "int32")


@pytest.mark.parametrize(
    ("rows", "scale", "with_bias", "out_scale", "clip"),
    [
        (1, 0.0123, True, 0.3, CLIP.NONE),
        (3, 0.0071, False, 0.25, CLIP.RELU),
        (1, [0.01, 0.02, 0.003, 0.004, 0.011], True, 0.2, CLIP.RELU6),
    ],
)
def test_fully_connected(network, proved, rows, scale, with_bias, out_scale, clip):
    own = bias(5, np.float32(0.05) * np.array(scale, "float32"))
    tensors = [
        tensor((1, rows * 16), 0.05, 7),
        tensor((rows, 16), 0.05, 7),
        weights(5, 16, scale=scale),
        *([own] if with_bias else []),
        tensor((rows, 5), out_scale, -9),
        tensor((1, rows * 5), out_scale, -9),
    ]
    last = len(tensors) - 1
    operators = [
        ("RESHAPE", [0], 1, options("ReshapeOptions", newShape=np.int32([rows, 16]))),
        (
            *("FULLY_CONNECTED", [1, 2, *([3] if with_bias else [-1])], last - 1),
            options("FullyConnectedOptions", fusedActivationFunction=clip),
        ),
        ("RESHAPE", [last - 1], last, options("ReshapeOptions", newShape=np.int32([1, rows * 5]))),
    ]
    proved(network(tensors, operators))


def test_multiplied_by_more_than_1(network, proved):
    tensors = [tensor((1, 16), 0.05, 7), constant(np.eye(5, 16), 1.0), tensor((1, 5), 0.012, 5)]
    clip = options("FullyConnectedOptions", fusedActivationFunction=CLIP.RELU_N1_TO_1)
    outputs, _ = proved(network(tensors, [("FULLY_CONNECTED", [0, 1], 2, clip)]))
    assert (outputs.min(), outputs.max()) == (5 - 83, 5 + 83)  # 1 / 0.012 = 83.3


@pytest.mark.parametrize(
    ("padding", "stride", "dilation", "out", "scale"),
    [
        (SAME, (1, 1), (1, 1), (7, 6), [0.01, 0.02, 0.005]),
        (SAME, (2, 3), (1, 1), (4, 2), 0.01),
        (VALID, (2, 1), (1, 1), (3, 4), [0.01, 0.02, 0.005]),
        (SAME, (1, 1), (2, 2), (7, 6), [0.01, 0.02, 0.005]),
    ],
)
def test_conv_2d(network, proved, padding, stride, dilation, out, scale):
    tensors = [
        tensor((1, 7, 6, 2), 0.04, -5),
        weights(3, 3, 3, 2, scale=scale),
        bias(3, 0.04 * np.array(scale)),
        tensor((1, *out, 3), 0.2, 11),
    ]
    chosen = options(
        "Conv2DOptions",
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        dilationHFactor=dilation[0],
        dilationWFactor=dilation[1],
        fusedActivationFunction=CLIP.RELU,
    )
    proved(network(tensors, [("CONV_2D", [0, 1, 2], 3, chosen)]))


@pytest.mark.parametrize(
    ("padding", "stride", "out"),
    [(SAME, (2, 2), (8, 6)), (SAME, (3, 1), (11, 3)), (VALID, (2, 2), (9, 7))],
)
def test_transpose_conv(network, proved, padding, stride, out):
    tensors = [
        tensor((1, 4, 3, 2), 0.04, -5),
        constant([1, *out, 3], dtype="int32"),
        weights(3, 3, 3, 2, scale=[0.01, 0.02, 0.005]),
        bias(3, [0.0004, 0.0008, 0.0002]),
        tensor((1, *out, 3), 0.2, 11),
    ]
    values = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
    chosen = options("TransposeConvOptions", **values, fusedActivationFunction=CLIP.RELU)
    proved(network(tensors, [("TRANSPOSE_CONV", [1, 2, 0, 3], 4, chosen)]))


@pytest.mark.parametrize("op", ["ADD", "MUL", "MAXIMUM", "MINIMUM"])
@pytest.mark.parametrize("shapes", [((1, 5, 4), (1, 5, 4)), ((1, 5, 4), (4,)), ((4,), (1, 5, 4))])
def test_two_tensors(network, proved, op, shapes):
    """The first is a table of what comes in, the second too, or a constant."""
    extreme = op in ("MAXIMUM", "MINIMUM")
    scales = (0.05, 0.05) if extreme else (0.05, 0.031)
    made = []
    for shape, scale in zip(shapes, scales, strict=True):
        values = np.random.default_rng(3).integers(-128, 128, shape)
        made.append(constant(values, scale) if len(shape) == 1 else tensor(shape, scale, 3))
    out = tensor((1, 5, 4), 0.05 if extreme else 0.07, -4)
    first = tensor((1, 5, 4), 0.02, 9)
    tensors = [first, *made, out]
    operators = [("QUANTIZE", [0], i + 1) for i, side in enumerate(made) if side["data"] is None]
    kind = {"ADD": "AddOptions", "MUL": "MulOptions"}.get(op, "MaximumMinimumOptions")
    proved(network(tensors, [*operators, (op, [1, 2], 3, options(kind))]))


def test_rearrange(network, proved):
    slicing = options("StridedSliceOptions", beginMask=0b0100, endMask=0b0001, shrinkAxisMask=0)
    tensors = [
        tensor((1, 6, 5, 4), 0.1),
        *(constant(x, dtype="int32") for x in ([0, 1, 3, 0], [0, 6, 5, -1], [1, 2, 1, 1])),
        tensor((1, 3, 5, 3), 0.1),
        constant([0, 3, 1, 2], dtype="int32"),
        tensor((1, 3, 3, 5), 0.1),
        constant([0, 1, 0, 2], dtype="int32"),
        constant([1, 2, -1, 3], dtype="int32"),
        tensor((1, 2, 3, 3), 0.1),
    ]
    operators = [
        ("STRIDED_SLICE", [0, 1, 2, 3], 4, slicing),
        ("TRANSPOSE", [4, 5], 6, options("TransposeOptions")),
        ("SLICE", [6, 7, 8], 9, options("SliceOptions")),
    ]
    outputs, _ = proved(network(tensors, operators))
    x = np.random.default_rng(0).integers(-128, 128, (30, 6, 5, 4)).astype("int8")
    expected = x[:, 1:6:2, :, :-1].transpose(0, 3, 1, 2)[:, 1:3, :, 2:]
    np.testing.assert_array_equal(outputs, expected)


def test_arg_max_and_gather(network, proved):
    values = np.random.default_rng(4).integers(-128, 128, (7, 3))
    tensors = [
        tensor((1, 28), 0.1),
        tensor((4, 7), 0.1),
        constant([1], dtype="int32"),
        tensor((4,), dtype="int32"),
        constant(values, 0.1),
        tensor((4, 3), 0.1),
        tensor((1, 12), 0.1),
    ]
    operators = [
        ("RESHAPE", [0], 1, options("ReshapeOptions", newShape=np.int32([4, 7]))),
        ("ARG_MAX", [1, 2], 3, options("ArgMaxOptions", outputType=schema.TensorType.INT32)),
        ("GATHER", [4, 3], 5, options("GatherOptions")),
        ("RESHAPE", [5], 6, options("ReshapeOptions", newShape=np.int32([1, 12]))),
    ]
    outputs, _ = proved(network(tensors, operators))
    x = np.random.default_rng(0).integers(-128, 128, (30, 4, 7))
    np.testing.assert_array_equal(outputs, values[x.argmax(axis=-1)].reshape(30, 12))


def test_each_kernel_is_tested():
    """Those of this file, and the one of tables in test_tables.py."""
    tested = {"fully_connected", "conv_2d", "transpose_conv", "add", "mul", "maximum", "minimum"}
    assert set(KERNELS) == tested | {"rearrange", "arg_max", "gather", "lookup"}
