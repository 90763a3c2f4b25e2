import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.export.plain_c.fixed_point import limits, multiplier_of, rescaling
from aezoo.export.plain_c.graph import Tensor

CLIP = schema.ActivationFunctionType


def tensor(*scales, zero_point=0):
    return Tensor(0, (len(scales),), "int8", np.array(scales, "float32"), zero_point, None)


@pytest.mark.parametrize("real", [0.75, 1.0, 3.9, 1e-4, 1 - 2**-40, 2**-31, 1234.5])
def test_multiplier(real):
    multiplier, shift = multiplier_of(real)
    assert 2**30 <= multiplier < 2**31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-31)


def test_multipliers_at_the_ends():
    assert multiplier_of(0.0) == (0, 0)
    assert multiplier_of(2.0**-33) == (0, 0)  # beyond the shifts there are
    assert multiplier_of(1 - 2**-40) == (2**30, 1)  # rounded up to 1


def test_rescaling_of_each_filter():
    multipliers, shifts = rescaling(tensor(0.1), tensor(0.01, 0.02), tensor(0.05))
    assert (multipliers.dtype, shifts.dtype) == (np.int32, np.int8)
    real = multipliers * 2.0 ** (shifts.astype(int) - 31)
    np.testing.assert_allclose(real, [0.02, 0.04], rtol=1e-7)


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (CLIP.NONE, (-128, 127)),
        (CLIP.RELU, (-28, 127)),
        (CLIP.RELU6, (-28, 92)),
        (CLIP.RELU_N1_TO_1, (-48, -8)),
    ],
)
def test_limits(clip, expected):
    assert limits(clip, tensor(0.05, zero_point=-28)) == expected


def test_limits_within_int8():
    assert limits(CLIP.RELU6, tensor(0.01, zero_point=-128)) == (-128, 127)
    assert limits(CLIP.RELU, tensor(0.01, zero_point=-128)) == (-128, 127)


def test_another_activation_is_named():
    with pytest.raises(ValueError, match="clips: RELU.*Received: TANH"):
        limits(CLIP.TANH, tensor(0.05))
