import struct
import zlib
from dataclasses import replace

import keras
import numpy as np
import pytest

import aezoo
from aezoo.data.samples import DataError
from aezoo.uses.compressed import HEAD, Compressed, fingerprint, unpacked

WHOLE = Compressed(b"12345678", (3, 8, 8, 1), 0.25, np.array([-3, 4], np.int8), -7, 20, b"content!")


def test_what_is_written_is_read():
    found = unpacked(WHOLE.packed())
    np.testing.assert_array_equal(found.widths, WHOLE.widths)
    assert replace(found, widths=None) == replace(WHOLE, widths=None)
    places = replace(WHOLE, step=0.0, widths=None)
    assert unpacked(places.packed()) == places
    for way in ({"neighbors": True}, {"whole": True}):  # which version 1 did not know
        found = replace(places, **way)
        assert (found.packed()[3], places.packed()[3]) == (2, 1)
        assert unpacked(found.packed()) == found


def test_every_flipped_bit_and_every_cut_is_noticed():
    data = WHOLE.packed()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DataError):
            unpacked(damaged)
    for end in range(len(data)):
        with pytest.raises(DataError):
            unpacked(data[:end])


def test_a_later_version_and_other_files():
    for version in (b"\x00", b"\x03"):
        with pytest.raises(DataError, match=f"version {version[0]}"):
            unpacked(b"AEZ" + version + WHOLE.packed()[4:])
    with pytest.raises(DataError, match="no compressed samples"):
        unpacked(b"PNG, rather")
    with pytest.raises(DataError, match="no compressed samples"):
        unpacked(b"")


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (2**20, 2**20)},
        {"shape": (0, 4)},
        {"levels": 0},
        {"levels": 2**32 - 1},
        {"step": float("nan")},
        {"step": float("inf")},
    ],
    ids=str,
)
def test_claims_that_cannot_be(change):
    with pytest.raises(DataError, match="claim"):
        unpacked(replace(WHOLE, **change).packed())


def test_heads_that_end_early():
    body = WHOLE.packed()[: struct.calcsize(HEAD) - 1] + b"\xff"  # 255 axes
    with pytest.raises(DataError, match="damaged"):
        unpacked(body + struct.pack("<I", zlib.crc32(body)))


def test_fingerprints_tell_models_apart():
    one, other = aezoo.vanilla(6, 2), aezoo.vanilla(6, 2)
    other.set_weights(one.get_weights())
    assert fingerprint(one) == fingerprint(other)
    weights = one.get_weights()
    weights[-1][0] += 1e-6
    other.set_weights(weights)
    assert fingerprint(one) != fingerprint(other)


def test_fingerprints_tell_what_weights_do_not():
    for one, other in (
        (aezoo.deep(6, 2, activation="relu"), aezoo.deep(6, 2, activation="tanh")),
        (
            aezoo.vector_quantized(6, 3, quantizer="fsq", levels=(8, 6, 5)),
            aezoo.vector_quantized(6, 3, quantizer="fsq", levels=(5, 6, 8)),
        ),
    ):
        other.set_weights(one.get_weights())
        assert fingerprint(one) != fingerprint(other)


def test_fingerprints_last(tmp_path):
    ae = aezoo.conv((8, 8, 1), 3, filters=(4,))
    ae.save(tmp_path / "model.keras")
    assert fingerprint(keras.saving.load_model(tmp_path / "model.keras")) == fingerprint(ae)
