import numpy as np
import pytest
from PIL import Image

from aezoo.data import shards
from aezoo.data.samples import DataError
from aezoo.data.shards import samples_of, shard_files, shards_of, too_large


def read(path):
    return np.concatenate([piece for shard in shards_of(path) for piece in samples_of(shard)])


def test_an_array_is_cut_into_ranges(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(shards, "BYTES", 4 * 6 * 10)
    x = rng.random((25, 2, 3), "float32")
    np.save(tmp_path / "x.npy", x)
    found = shards_of(tmp_path / "x.npy")
    assert [shard.part for shard in found] == [range(0, 10), range(10, 20), range(20, 25)]
    np.testing.assert_array_equal(read(tmp_path / "x.npy"), x)


def test_bytes_become_images(tmp_path, rng):
    x = rng.integers(0, 256, (5, 4, 4), "uint8")
    np.save(tmp_path / "x.npy", x)
    np.testing.assert_allclose(read(tmp_path)[..., 0], x / 255, rtol=1e-6)


def test_tables_by_groups_of_rows_and_files(tmp_path, rng):
    pandas = pytest.importorskip("pandas", reason="needs the extra [tables]")
    x = rng.random((30, 3)).astype("float32")
    (tmp_path / "deep").mkdir()
    for i, name in enumerate(("b.parquet", "deep/c.parquet", "a.parquet")):
        part = pandas.DataFrame(x[10 * i : 10 * i + 10], columns=["u", "v", "w"])
        part.to_parquet(tmp_path / name, row_group_size=4)
    for name in ("_SUCCESS.parquet", "_log/0.parquet", ".ipynb_checkpoints/a.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("a mark, no table")
    (tmp_path / "d.parquet").mkdir()
    found = shards_of(tmp_path)
    assert [(shard.path.name, shard.part) for shard in found[:3]] == [
        ("a.parquet", 0),
        ("a.parquet", 1),
        ("a.parquet", 2),
    ]
    np.testing.assert_array_equal(read(tmp_path), x[[*range(20, 30), *range(20)]])


def test_texts_are_read_whole(tmp_path):
    pytest.importorskip("pandas", reason="needs the extra [tables]")
    (tmp_path / "a.csv").write_text("u,v\n1,2\n3,4\n")
    (tmp_path / "b.csv").write_text("u,v\n5,6\n")
    assert read(tmp_path).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_images_of_classes_are_mixed(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "TOGETHER", 8)
    for value in range(2):
        (tmp_path / str(value)).mkdir()
        for i in range(16):
            Image.new("L", (3, 2), value * 255).save(tmp_path / str(value) / f"{i}.png")
    (tmp_path / "labels.csv").write_text("file,label\n")  # beside images, and none of them
    found = [next(samples_of(shard)) for shard in shards_of(tmp_path)]
    assert [piece.shape for piece in found] == [(8, 2, 3, 1)] * 4
    assert np.concatenate(found).mean() == 0.5
    assert all(0 < piece.mean() < 1 for piece in found)
    assert shards_of(tmp_path) == shards_of(tmp_path)


def test_refusals(tmp_path):
    with pytest.raises(FileNotFoundError):
        shards_of(tmp_path / "nothing")
    with pytest.raises(DataError, match="holds neither images nor"):
        shards_of(tmp_path)
    (tmp_path / "a.npz").touch()
    with pytest.raises(DataError, match="A stream is of .npy, .parquet"):
        shards_of(tmp_path / "a.npz")
    for name in ("a.csv", "a.npy"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"of one kind. Received: .csv, .npy"):
        shard_files(tmp_path)
    with pytest.raises(DataError, match="cannot be read as numbers"):
        shards_of(tmp_path / "a.npy")


@pytest.mark.parametrize("kind", ["npy", "csv", "parquet", "png"])
def test_what_takes_more_than_half_of_the_memory(tmp_path, rng, monkeypatch, kind):
    file = tmp_path / f"x.{kind}"
    if kind == "npy":
        np.save(file, rng.random((100, 25), "float32"))
    elif kind == "png":
        Image.new("L", (50, 50)).save(file)
    else:
        pandas = pytest.importorskip("pandas", reason="needs the extra [tables]")
        table = pandas.DataFrame(rng.random((100, 25)))
        table.columns = table.columns.map(str)
        table.to_csv(file) if kind == "csv" else table.to_parquet(file)
    path = tmp_path if kind == "png" else file
    free = type("Memory", (), {"available": 10_000})
    monkeypatch.setattr(shards.psutil, "virtual_memory", lambda: free)
    assert "GiB in memory, of which 0.0 is free" in too_large(path)
    free.available = 10**6
    assert too_large(path) is None


def test_a_folder_of_files_is_always_a_stream(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    assert too_large(tmp_path) == f"{tmp_path.name} is a folder of .npy files"
    assert too_large(tmp_path / "none.wav") is None


def test_pictures_of_runs_are_no_data(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "metrics.json").touch()
    Image.new("L", (3, 3)).save(tmp_path / "runs" / "history.png")
    assert [file.name for file in shard_files(tmp_path)] == ["x.npy"]


def test_arrays_beside_images_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    Image.new("L", (3, 3)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"of one kind. Received: .npy, images"):
        shards_of(tmp_path)


def test_images_of_several_sizes_are_refused(tmp_path):
    Image.new("L", (3, 3)).save(tmp_path / "a.png")
    Image.new("L", (3, 1)).save(tmp_path / "b.png")
    with pytest.raises(DataError, match="of one height, width and number of channels"):
        list(samples_of(shards_of(tmp_path)[0]))
    assert next(samples_of(shards_of(tmp_path, (2, 2))[0], (2, 2))).shape == (2, 2, 2, 1)


def test_large_images_are_few_together(tmp_path, monkeypatch):
    for i in range(5):
        Image.new("RGB", (10, 10)).save(tmp_path / f"{i}.png")
    monkeypatch.setattr(shards, "BYTES", 2 * 4 * 300)
    assert [len(shard.part) for shard in shards_of(tmp_path)] == [2, 2, 1]


def test_wide_tables_are_read_in_few_rows(tmp_path, rng, monkeypatch):
    pandas = pytest.importorskip("pandas", reason="needs the extra [tables]")
    monkeypatch.setattr(shards, "BYTES", 8 * 5 * 4)
    table = pandas.DataFrame(rng.random((10, 5)), columns=list("abcde"))
    table.to_csv(tmp_path / "x.csv", index=False)
    table.to_parquet(tmp_path / "x.parquet")
    for name in ("x.csv", "x.parquet"):
        (shard,) = shards_of(tmp_path / name)
        assert [len(piece) for piece in samples_of(shard)] == [4, 4, 2]
