import numpy as np
import pytest

from aezoo.data.depth import as_floats, as_stored


@pytest.mark.parametrize(
    ("kind", "sound"),
    [("uint8", False), ("uint16", False), ("uint8", True), ("int16", True), ("int32", True)],
)
def test_all_integers_come_back(kind, sound):
    limits = np.iinfo(kind)
    x = np.linspace(limits.min, limits.max, 65536).astype(kind)
    floats = as_floats(x, sound)
    assert floats.dtype == np.float32
    assert floats.min() == (-1 if sound else 0)
    assert floats.max() == pytest.approx(1, abs=0.01)
    back = as_stored(floats, x.dtype, sound)
    assert back.dtype == kind
    off = np.abs(back.astype("int64") - x.astype("int64"))
    assert off.max() <= (128 if kind == "int32" else 0)  # float32 has 24 bits


def test_what_no_integer_can_say_is_cut_off():
    x = np.float32([-0.5, 2.0])
    assert as_stored(x, np.dtype("uint16"), sound=False).tolist() == [0, 65535]
    assert as_stored(x, np.dtype("int16"), sound=True).tolist() == [-16384, 32767]


def test_floats_stay():
    x = np.float64([-0.5, 2.0])
    for sound in (True, False):
        assert as_floats(x, sound).tolist() == x.tolist()
        assert as_stored(x, x.dtype, sound).tolist() == x.tolist()
