import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo.data import streams
from aezoo.data.samples import DataError
from aezoo.data.streams import Stream, sample_of
from data.conftest import rows, same

PARTS = ("train", "test", "fitted", "validation", "all")


@pytest.fixture(params=[2**28, 4 * 3 * 700], ids=["kept", "read anew"])
def pool(request, monkeypatch):
    monkeypatch.setattr(streams, "POOL_BYTES", request.param)
    return request.param


def test_batches_are_whole_but_the_last(folder, pool):
    stream = aezoo.load_dataset(folder, stream=True)
    batches = stream.batches(64)
    sizes = [len(batch) for batch in batches]
    assert set(sizes[:-1]) == {64}
    assert sum(sizes) == len(stream)
    assert len(sizes) == len(batches)
    assert batches.element_spec.shape.as_list() == [None, 3]


def test_shards_come_in_another_order_each_time(folder, x, monkeypatch):
    monkeypatch.setattr(streams, "POOL_BYTES", 4 * 3 * 100)
    monkeypatch.setattr(streams, "TOGETHER", 1)
    batches = aezoo.load_dataset(folder, "all", stream=True).batches(100)
    parts = [{*map(bytes, part)} for part in np.split(x, 4)]
    orders = set()
    for _ in range(4):
        firsts = rows(batches)[::1000]
        orders.add(tuple(i for row in firsts for i in range(4) if bytes(row) in parts[i]))
    assert {*map(len, orders)} == {4}
    assert len(orders) > 1


def test_each_epoch_has_an_order_of_its_own(folder, monkeypatch, pool):
    monkeypatch.setattr(streams, "TOGETHER", 2)
    stream = aezoo.load_dataset(folder, stream=True)
    plain = rows(stream.batches(50, shuffle=False))
    batches = stream.batches(50, seed=3)
    first, second = rows(batches), rows(batches)
    for found in (first, second):
        assert same(found, plain)
        assert not np.array_equal(found, plain)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(rows(stream.batches(50, seed=3)), first)
    assert not np.array_equal(rows(stream.batches(50, seed=4)), first)
    np.testing.assert_array_equal(rows(stream.batches(50, seed=3, first=1)), second)
    np.testing.assert_array_equal(rows(stream.batches(50, shuffle=False)), plain)


def test_what_fits_is_read_once(folder, monkeypatch, pool):
    stream = aezoo.load_dataset(folder, stream=True)
    count, samples_of = [], streams.samples_of
    monkeypatch.setattr(streams, "samples_of", lambda *args: count.append(1) or samples_of(*args))
    for _ in range(3):
        rows(stream.batches(100))
    assert len(count) == (4 if pool > 2**20 else 12)  # files


def test_a_pool_mixes_files(folder, x):
    first = rows(aezoo.load_dataset(folder, "all", stream=True).batches(100))[:1000]
    of_files = [sum(bytes(row) in {*map(bytes, part)} for row in first) for part in np.split(x, 4)]
    assert min(of_files) > 180


def test_a_small_part_is_its_sample(folder):
    stream = aezoo.load_dataset(folder, "test", stream=True)
    assert same(stream.x, rows(stream.batches(10)))
    assert stream.range == aezoo.load_dataset(folder, "all", stream=True).range
    assert sample_of(stream) is stream.x
    assert stream.y is None
    assert repr(stream) == f"<Stream {folder.stem!r}: {len(stream)} samples of shape (3,)>"


def test_as_keras_reads_them(folder, pool):
    ae = aezoo.vanilla(3, 2, normalization="standard")
    stream = aezoo.load_dataset(folder, stream=True)
    history = ae.fit(stream.batches(128), epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    whole = rows(stream.batches(500))
    scaled = ae.normalize(whole)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-3)
    assert stream.reading > 0


def test_files_that_change_are_noticed(folder, rng, pool):
    stream = aezoo.load_dataset(folder, stream=True)
    for changed in (rng.random((1000, 3), "float32"), rng.random((1000, 4)), None):
        (folder / "2.npy").unlink()
        if changed is not None:
            np.save(folder / "2.npy", changed)
        with pytest.raises(DataError, match="2.npy has changed"), stream.errors():
            rows(stream.batches(100))
    with pytest.raises(KeyError), stream.errors():  # what was wrong before is no more
        raise KeyError


def test_refusals(folder, tmp_path, rng):
    with pytest.raises(ValueError, match="Received: the name 'digits'"):
        aezoo.load_dataset("digits", stream=True)
    with pytest.raises(ValueError, match="window is for files of recordings. Received: 'digits'"):
        aezoo.load_dataset("digits", stream=True, window=3)
    Image.new("L", (20, 20)).save(tmp_path / "photo.png")
    with pytest.raises(ValueError, match="windows of recordings, not of images"):
        aezoo.load_dataset(tmp_path / "photo.png", stream=True, window=3)
    (tmp_path / "photo.png").unlink()
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        aezoo.load_dataset(tmp_path / "none.npy", stream=True, window=3)
    with pytest.raises(ValueError, match="size and color are for images"):
        aezoo.load_dataset(folder, stream=True, size=8)
    with pytest.raises(DataError, match=r"read it as a stream, with stream=True \(--stream\)"):
        aezoo.load_dataset(folder)
    np.save(tmp_path / "few.npy", rng.random((2, 3)))
    with pytest.raises(DataError, match="2 samples, and by their values none is for test"):
        aezoo.load_dataset(tmp_path / "few.npy", "test", stream=True)
    for share in (0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="share must be a number above 0 and below 1"):
            aezoo.load_dataset(folder, stream=True).divided(share)
    with pytest.raises(ValueError, match="batch_size"):
        aezoo.load_dataset(folder, stream=True).batches(0)
    assert isinstance(aezoo.load_dataset(folder, stream=True), Stream)


def test_arrays_are_all_samples_in_their_order(folder, x, pool):
    stream = aezoo.load_dataset(folder, "all", stream=True)
    arrays = list(stream.arrays(900))
    assert [len(part) for part in arrays] == [900] * 4 + [400]
    np.testing.assert_array_equal(np.concatenate(arrays), x)
    (folder / "2.npy").unlink()
    with pytest.raises(DataError, match="2.npy has changed"):
        list(stream.arrays())


def test_a_stream_is_divided_at_random(folder, monkeypatch):
    monkeypatch.setattr("aezoo.data.scanning.SAMPLE", 700)
    stream = aezoo.load_dataset(folder, stream=True)
    share, rest = stream.divided(0.2, seed=3)
    own, others = (np.concatenate(list(part.arrays())) for part in (share, rest))
    assert 0.17 * len(stream) < len(own) == len(share) < 0.23 * len(stream)
    assert same(np.concatenate([own, others]), np.concatenate(list(stream.arrays())))
    for part, all_of_it in ((share, own), (rest, others)):
        np.testing.assert_array_equal(part.x, all_of_it[part.places])
    assert same(np.concatenate([share.x, rest.x]), stream.x)
    again, _ = rest.divided(0.5)[0].divided(0.5)  # parts of parts know where theirs are, too
    np.testing.assert_array_equal(again.x, np.concatenate(list(again.arrays()))[again.places])
    assert same(share.x, stream.divided(0.2, seed=3)[0].x)
    assert not same(share.x, stream.divided(0.2, seed=4)[0].x)


def test_too_few_are_not_divided(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((1, 3)))
    with pytest.raises(DataError, match="too few samples to be divided: 1"):
        aezoo.load_dataset(tmp_path, "all", stream=True).divided(0.2)


def test_tables_have_names(tmp_path):
    pytest.importorskip("pandas")
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n3,4\n" * 50)
    stream = aezoo.load_dataset(tmp_path, "all", stream=True)
    assert stream.names == stream.divided(0.5)[1].names == ("a", "b")
    np.save(tmp_path / "x.npy", np.ones((9, 3)))
    assert aezoo.load_dataset(tmp_path / "x.npy", "all", stream=True).names is None
