import numpy as np
import pytest
from scipy.io import wavfile

from aezoo.data.samples import DataError
from aezoo.data.sound import as_waves, read_sound


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (np.array([-32768, 0, 16384], "int16"), [-1, 0, 0.5]),
        (np.array([-(2**31), 0, 2**30], "int32"), [-1, 0, 0.5]),
        (np.array([0, 128, 192], "uint8"), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], "float32"), [-1, 0, 0.5]),
    ],
)
def test_depths(tmp_path, steps, expected):
    wavfile.write(tmp_path / "s.wav", 8000, steps)
    rate, stored = read_sound(tmp_path / "s.wav")
    assert (rate, stored.dtype) == (8000, steps.dtype)
    waves = as_waves(stored)
    assert waves.dtype == np.float32
    assert waves.tolist() == [[value] for value in expected]


def test_24_bits(tmp_path):
    wavfile.write(tmp_path / "s.wav", 8000, np.array([0], "int32"))
    header = bytearray((tmp_path / "s.wav").read_bytes()[:44])
    header[32:34], header[34:36] = (3).to_bytes(2, "little"), (24).to_bytes(2, "little")
    header[28:32] = (24000).to_bytes(4, "little")
    header[40:44] = (6).to_bytes(4, "little")
    samples = (0x400000).to_bytes(3, "little") + (0).to_bytes(3, "little")
    (tmp_path / "s.wav").write_bytes(bytes(header) + samples)
    assert as_waves(read_sound(tmp_path / "s.wav")[1]).tolist() == [[0.5], [0]]


def test_unusable(tmp_path):
    (tmp_path / "s.wav").write_bytes(b"no sound")
    with pytest.raises(DataError, match="cannot be read as sound"):
        read_sound(tmp_path / "s.wav")
    wavfile.write(tmp_path / "s.wav", 8000, np.zeros(0, "int16"))
    with pytest.raises(DataError, match="s.wav"):
        read_sound(tmp_path / "s.wav")
