import io
import zipfile

import numpy as np
import pytest

from aezoo.data import limits
from aezoo.data.samples import DataError


def test_the_variable(monkeypatch):
    assert limits.most_bytes() == 2**32
    monkeypatch.setenv("AEZOO_MAX_BYTES", "1000")
    assert limits.most_bytes() == 1000
    limits.check_bytes("x", 1000)
    with pytest.raises(DataError, match=r"x claims 1,001 bytes .*of which 1,000"):
        limits.check_bytes("x", 1001)
    for text in ("", "0", "-1", "1e9", "4 GiB"):
        monkeypatch.setenv("AEZOO_MAX_BYTES", text)
        with pytest.raises(ValueError, match="AEZOO_MAX_BYTES must be a positive integer"):
            limits.most_bytes()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_heads_of_arrays(version):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ones((3, 4), "float32"), version)
    size = file.tell()
    for missing in (0, 1):
        file.seek(0)
        if missing:
            with pytest.raises(DataError, match=r"float32 of shape \(3, 4\), 48 bytes, and has 47"):
                limits.check_array(file, size - missing, "x")
        else:
            limits.check_array(file, size, "x")


def test_members(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=np.zeros(10**6))
    assert limits.arrays_of(path)["x"].shape == (10**6,)
    monkeypatch.setenv("AEZOO_MAX_BYTES", str(10**6))
    with pytest.raises(DataError, match=r"x\.npz: 'x' claims 8,000,128 bytes"):
        limits.arrays_of(path)
    monkeypatch.setenv("AEZOO_MAX_BYTES", str(10**7))
    np.savez_compressed(path, **{name: np.zeros(10**6) for name in "ab"})
    with pytest.raises(DataError, match="claims 16,000,000 bytes"):  # together
        limits.arrays_of(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x", b"no array")
    with pytest.raises(ValueError, match="magic"):
        limits.arrays_of(path)


def test_texts(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    monkeypatch.setattr(limits, "LINE", 100)
    monkeypatch.setattr(limits, "READ", 7)
    path.write_text("\n".join(["1" * 100] * 5))
    limits.check_text(path, whole=True)
    path.write_text("\n".join(["1" * 9, "1" * 101, "1" * 9]))
    with pytest.raises(DataError, match="a line of more than 100 bytes"):
        limits.check_text(path, whole=False)
    monkeypatch.setenv("AEZOO_MAX_BYTES", "400")
    with pytest.raises(DataError, match=r"claims 484 bytes .*stream=True|stream=True"):
        limits.check_text(path, whole=True)


def test_columns(tmp_path):
    limits.check_columns(tmp_path, 100_000)
    with pytest.raises(DataError, match="100,001 columns"):
        limits.check_columns(tmp_path, 100_001)
