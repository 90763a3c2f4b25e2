import math

import numpy as np
import pytest

import aezoo
from aezoo.data import scanning
from aezoo.data.datasets import streamed
from aezoo.data.samples import DataError
from data.conftest import COUNT, rows, same

PARTS = ("train", "test", "fitted", "validation", "all")


def test_parts_are_of_all_samples_each_once(folder, x):
    train, test, fitted, validation, every = streamed(folder, PARTS)
    own = {
        name: rows(part.batches(100))
        for name, part in zip(PARTS, (train, test, fitted, validation, every), strict=True)
    }
    assert same(own["all"], x)
    assert same(np.concatenate([own["train"], own["test"]]), x)
    assert same(np.concatenate([own["fitted"], own["validation"]]), own["train"])
    assert len(train) == len(own["train"])
    for part in (test, validation):
        assert len(part) == pytest.approx(COUNT / 20, abs=4 * math.sqrt(COUNT / 20))


def test_samples_stay_where_they_are_when_others_come(folder, x, rng):
    old = {*map(bytes, rows(aezoo.load_dataset(folder, "test", stream=True).batches(10)))}
    np.save(folder / "0.npy", x[:1000][::-1])
    np.save(folder / "00.npy", rng.random((500, 3), "float32"))
    new = {*map(bytes, rows(aezoo.load_dataset(folder, "test", stream=True).batches(10)))}
    assert old < new


def test_the_digest_is_of_all_values(folder, x):
    first, again = (aezoo.load_dataset(folder, stream=True) for _ in range(2))
    assert first.digest == again.digest
    x[-1, -1] += 1
    np.save(folder / "3.npy", x[3000:])
    assert aezoo.load_dataset(folder, stream=True).digest != first.digest


def test_folders_of_splits(tmp_path, rng):
    train, test = rng.random((1000, 2), "float32"), rng.random((50, 2), "float32")
    for name, part in (("train", train), ("test", test)):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "x.npy", part)
    whole, of_test, fitted, validation, every = (
        rows(part.batches(10)) for part in streamed(tmp_path, PARTS)
    )
    assert same(whole, train)
    assert same(of_test, test)
    assert same(np.concatenate([fitted, validation]), train)
    assert 20 < len(validation) < 90
    assert len(every) == 1050


def test_every_value_decides_where_a_sample_is(tmp_path, rng):
    x = np.repeat(rng.random((1, 5), "float32"), 4000, axis=0)
    x[:, -1] = np.arange(4000)
    np.save(tmp_path / "x.npy", x)
    stream = aezoo.load_dataset(tmp_path, "test", stream=True)
    assert 120 < len(stream) < 280
    zeros = np.stack([np.zeros(400), np.arange(400)], axis=1)
    for name, sign in (("a", 1), ("b", -1)):  # -0.0 is 0.0
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "x.npy", np.float32(zeros * [sign, 1]))
    a, b = (rows(aezoo.load_dataset(tmp_path / n, "test", stream=True).batches(9)) for n in "ab")
    np.testing.assert_array_equal(a, b)


def test_the_sample_of_a_part_is_its_own(folder, monkeypatch):
    monkeypatch.setattr(scanning, "SAMPLE", 50)
    alone = aezoo.load_dataset(folder, "test", stream=True)
    np.testing.assert_array_equal(streamed(folder, ["train", "test", "all"])[1].x, alone.x)
    assert len(alone) > 100


def test_the_range_is_of_all(tmp_path):
    np.save(tmp_path / "0.npy", np.full((40, 3), -7.0) + np.eye(40, 3))
    np.save(tmp_path / "1.npy", np.full((40, 3), 9.0) + np.eye(40, 3))
    np.save(tmp_path / "2.npy", np.eye(40, 3))
    assert aezoo.load_dataset(tmp_path, "all", stream=True).range == (-7, 10)


def test_what_is_kept_does_not_grow(folder, monkeypatch):
    monkeypatch.setattr(scanning, "SAMPLE", 100)
    kept = []
    sample = scanning._Part.sample

    def noted(self, *args):
        sample(self, *args)
        kept.append(sum(map(len, self.kept)))

    monkeypatch.setattr(scanning._Part, "sample", noted)
    streamed(folder, PARTS)
    assert max(kept) <= 125


def test_the_sample_is_random_and_bounded(folder, x, monkeypatch):
    monkeypatch.setattr(scanning, "SAMPLE", 300)
    stream = aezoo.load_dataset(folder, "all", stream=True)
    assert stream.x.shape == (300, 3)
    assert {*map(bytes, stream.x)} < {*map(bytes, x)}
    of_files = [
        sum(bytes(row) in {*map(bytes, part)} for row in stream.x) for part in np.split(x, 4)
    ]
    assert min(of_files) > 40
    np.testing.assert_array_equal(aezoo.load_dataset(folder, "all", stream=True).x, stream.x)
    monkeypatch.setattr(scanning, "SAMPLE_BYTES", 4 * 3 * 20)
    assert len(aezoo.load_dataset(folder, "all", stream=True).x) == 20


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (np.ones((5, 4)), r"the same shape. Received: .*0.npy with \(3,\), .*9.npy with \(4,\)"),
        (np.full((5, 3), np.nan), "9.npy holds missing, infinite or too large values"),
        (np.full((5, 3), np.inf), "9.npy holds missing, infinite or too large values"),
        (np.array(["a"] * 3), "must hold real numbers"),
        (np.ones(3), "must hold an array of samples"),
        (np.float32(3), "must hold an array of samples, .*Received: one number"),
        (np.ones((5, 3), "uint8"), r"same form. Received: .*\('numbers',\), .*\('uint8',\)"),
    ],
)
def test_a_bad_shard_is_named(folder, second, message):
    np.save(folder / "9.npy", second)
    with pytest.raises(DataError, match=message):
        aezoo.load_dataset(folder, stream=True)


def test_other_columns_are_named(tmp_path):
    pytest.importorskip("pandas", reason="needs the extra [tables]")
    (tmp_path / "a.csv").write_text("u,v\n1,2\n3,4\n")
    (tmp_path / "b.csv").write_text("")
    (tmp_path / "c.csv").write_text("u,v\n")
    assert len(aezoo.load_dataset(tmp_path, "all", stream=True)) == 2
    (tmp_path / "d.csv").write_text("v,u\n5,6\n")
    with pytest.raises(DataError, match=r"same columns. Received: .*a.csv with \('u', 'v'\)"):
        aezoo.load_dataset(tmp_path, stream=True)


def test_warnings_come_once(tmp_path, caplog):
    pandas = pytest.importorskip("pandas", reason="needs the extra [tables]")
    for i in range(3):
        table = pandas.DataFrame(np.random.default_rng(i).random((40, 3)))
        table.to_csv(tmp_path / f"{i}.csv", index=i >= 0)
    stream = aezoo.load_dataset(tmp_path, stream=True)
    rows(stream.batches(10))
    assert [record.message.count("looks like an index") for record in caplog.records] == [1]
    for i in range(3):
        table.to_csv(tmp_path / f"{i}.csv", index=False)
    caplog.clear()
    aezoo.load_dataset(tmp_path, "all", stream=True)
    assert [record.message.count("counts the columns") for record in caplog.records] == [1]


def test_of_coarse_numbers_is_warned_once(tmp_path, caplog):
    for i in range(3):
        np.save(tmp_path / f"{i}.npy", 1.7e9 + np.random.default_rng(i).random((40, 3)))
    rows(aezoo.load_dataset(tmp_path, stream=True).batches(10))
    assert [record.message.count("0.npy is held in float32") for record in caplog.records] == [1]


def test_an_empty_shard_is_nothing(folder, x):
    np.save(folder / "9.npy", np.empty((0, 3)))
    assert len(aezoo.load_dataset(folder, "all", stream=True)) == COUNT
