import h5py
import numpy as np
import pytest

from aezoo.registry import hdf5


def test_arrays(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a/b"] = np.ones((2, 3), "float16")
        file["a/flag"] = True
        file["c"] = 1
        file.create_dataset("d", data=np.arange(5), chunks=(5,))
        file.create_dataset("e", (0, 7))
    found = dict(hdf5.arrays(tmp_path / "a.h5"))
    assert found == {"a/b": (2, 3), "a/flag": (), "c": (), "d": (5,), "e": (0, 7)}
    bytes_of_all = 12 + 1 + 8 + 40
    assert hdf5.arrays(tmp_path / "a.h5", bytes_of_all)
    with pytest.raises(ValueError, match="have more than max_bytes=60, give more"):
        hdf5.arrays(tmp_path / "a.h5", bytes_of_all - 1)
    with pytest.raises(FileNotFoundError):
        hdf5.arrays(tmp_path / "b.h5")


def test_many_objects(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "MOST_OBJECTS", 10)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for i in range(9):
            file[str(i)] = i
    assert len(hdf5.arrays(tmp_path / "a.h5")) == 9  # and the file itself
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["9"] = 9
    with pytest.raises(ValueError, match="nested or numerous"):
        hdf5.arrays(tmp_path / "a.h5")
