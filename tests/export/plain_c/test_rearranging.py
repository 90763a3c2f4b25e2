import itertools

import numpy as np
import pytest

from aezoo.export.plain_c import rearranging
from aezoo.export.plain_c.graph import graph_of
from tests.export.plain_c.conftest import constant, options, tensor

X = np.arange(2 * 5 * 4 * 3).astype("int64")

MASKS = {"beginMask": 5, "endMask": 4}


def taken(fields):
    """What the loops of the kernel take, in its order."""
    places = itertools.product(*map(range, fields["shape"]))
    return [fields["offset"] + int(np.dot(place, fields["strides"])) for place in places]


def step(network, op, kind, constants, shape, out):
    tensors = [tensor(shape, 0.1), *(constant(c, dtype="int32") for c in constants)]
    inputs = list(range(len(tensors)))
    tensors += [tensor(out, 0.1)]
    size = [tensor((1, int(np.prod(shape))), 0.1), tensor((1, int(np.prod(out))), 0.1)]
    # a batch of 1 outside
    operators = [
        ("RESHAPE", [0], 1),
        (op, [i + 1 for i in inputs], len(inputs) + 1, kind),
        ("RESHAPE", [len(inputs) + 1], len(inputs) + 2),
    ]
    return graph_of(network([size[0], *tensors, size[1]], operators)).steps[1]


@pytest.mark.parametrize(
    ("begin", "end", "strides", "masks", "expected"),
    [
        ((0, 1, 0, 0), (2, 4, 4, 3), (1, 1, 1, 1), {}, np.s_[:, 1:4]),
        ((0, 4, 0, 1), (2, 0, 4, 3), (1, -2, 3, 1), {}, np.s_[:, 4:0:-2, ::3, 1:3]),
        ((9, 1, 9, 0), (2, 4, 9, 2), (1, 1, 1, 1), MASKS, np.s_[:, 1:4, :, :2]),
        ((1, -2, 0, -1), (2, 0, 4, 0), (1, 1, 1, 1), {"shrinkAxisMask": 10}, np.s_[1:, -2, :, -1]),
    ],
)  # fmt: skip
def test_strided(network, begin, end, strides, masks, expected):
    values = X.reshape(2, 5, 4, 3)[expected]
    kind = options("StridedSliceOptions", **masks)
    found = step(network, "STRIDED_SLICE", kind, (begin, end, strides), (2, 5, 4, 3), values.shape)
    kernel, fields, (given,) = rearranging.strided(found)
    assert (kernel, given.shape) == ("rearrange", (2, 5, 4, 3))
    assert taken(fields) == values.ravel().tolist()


def test_sliced(network):
    values = X.reshape(2, 5, 4, 3)[:, 2:4, 1:, :1]
    kind, constants = options("SliceOptions"), ([0, 2, 1, 0], [2, 2, -1, 1])
    found = step(network, "SLICE", kind, constants, (2, 5, 4, 3), values.shape)
    assert taken(rearranging.sliced(found)[1]) == values.ravel().tolist()


def test_transposed(network):
    values = X.reshape(2, 5, 4, 3).transpose(3, 0, 2, 1)
    kind = options("TransposeOptions")
    found = step(network, "TRANSPOSE", kind, ([3, 0, 2, 1],), (2, 5, 4, 3), values.shape)
    assert taken(rearranging.transposed(found)[1]) == values.ravel().tolist()


def test_refused(network):
    kind = options("StridedSliceOptions", newAxisMask=1)
    ends = ([0], [6], [1])
    with pytest.raises(ValueError, match="STRIDED_SLICE with an ellipsis, a new axis"):
        rearranging.strided(step(network, "STRIDED_SLICE", kind, ends, (6,), (1, 6)))
    kind, axes = options("TransposeOptions"), ([4, 3, 2, 1, 0],)
    found = step(network, "TRANSPOSE", kind, axes, (2, 3, 2, 3, 2), (2, 3, 2, 3, 2))
    with pytest.raises(ValueError, match="TRANSPOSE with 5 axes"):
        rearranging.transposed(found)
