import numpy as np
import pytest
from scipy.io import wavfile

import aezoo
from aezoo.data import windowed
from aezoo.data.datasets import streamed
from aezoo.data.recordings import read_recordings
from aezoo.data.samples import DataError
from aezoo.training.splits import PARTS, load_splits
from data.conftest import same


@pytest.fixture
def pieces(monkeypatch):
    """Few windows at a time, of 5 steps."""
    monkeypatch.setattr(windowed, "BYTES", 4 * 5 * 2 * 7)


def written(folder, count, length=200, channels=2, seed=0):
    folder.mkdir(exist_ok=True)
    for i in range(count):
        x = np.random.default_rng([seed, i]).normal(size=(length + 13 * i, channels))
        np.save(folder / f"{i}.npy", x)
    return folder


def whole(stream):
    return np.concatenate(list(stream.arrays()))


def steps(x):
    return {*map(bytes, np.ascontiguousarray(x.reshape(-1, x.shape[-1])))}


@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("stride", [1, 3, 5, 9])
@pytest.mark.usefixtures("pieces")
def test_windows_are_those_in_memory(tmp_path, count, stride):
    folder = written(tmp_path / "x", count)
    for split in ("all", "test"):
        stream = aezoo.load_dataset(folder, split, window=5, stride=stride, stream=True)
        expected = read_recordings(folder, split, 5, stride)
        assert stream.shape == (5, 2)
        assert len(stream) == len(expected)
        assert same(whole(stream), expected)
    found = whole(aezoo.load_dataset(folder, window=5, stride=stride, stream=True))
    expected = len(read_recordings(folder, "train", 5, stride))
    assert 0.9 * expected - 9 * count < len(found) <= expected
    assert steps(found) <= steps(read_recordings(folder, "train", 5, 1))


@pytest.mark.parametrize("count", [1, 4, 6, 30])
@pytest.mark.parametrize("stride", [1, 5])
def test_no_step_is_in_two_parts(tmp_path, count, stride):
    folder = written(tmp_path / "x", count)
    train, test, fitted, validation = (
        whole(part) for part in streamed(folder, PARTS, window=5, stride=stride)
    )
    parts = [steps(part) for part in (fitted, validation, test)]
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert same(train, np.concatenate([fitted, validation]))
    assert 0.04 < len(validation) / len(train) < 0.2
    alone = aezoo.load_dataset(folder, window=5, stride=stride, stream=True)
    assert same(whole(alone), train)


def test_folders_that_are_splits(tmp_path):
    for seed, name in enumerate(("train", "test")):
        written(tmp_path / name, 2, seed=seed)
    train, test, fitted, validation = streamed(tmp_path, PARTS, window=5)
    assert same(whole(test), read_recordings(tmp_path, "test", 5, 5))
    assert steps(whole(train)) <= steps(read_recordings(tmp_path, "train", 5, 1))
    assert len(train) == len(fitted) + len(validation)


def test_sound(tmp_path):
    for i in range(2):
        x = np.random.default_rng(i).integers(-(2**15), 2**15, 3000)
        wavfile.write(tmp_path / f"{i}.wav", 8000, x.astype("int16"))
    stream = aezoo.load_dataset(tmp_path, "all", window=64, stride=32, stream=True)
    np.testing.assert_array_equal(whole(stream), read_recordings(tmp_path, "all", 64, 32))
    assert stream.range[0] >= -1


def test_tables_and_their_times(tmp_path, caplog):
    pd = pytest.importorskip("pandas")
    for i in range(3):
        table = pd.DataFrame(np.random.default_rng(i).normal(size=(100, 2)), columns=["a", "b"])
        table.insert(0, "time", np.arange(100) / 10)
        table.to_csv(tmp_path / f"{i}.csv", index=False)
    stream = aezoo.load_dataset(tmp_path, "all", window=10, stream=True)
    assert caplog.text.count("holds times, it is left out") == 1
    assert stream.shape == (10, 2)
    assert same(whole(stream), read_recordings(tmp_path, "all", 10, 10))
    table.rename(columns={"a": "c"}).to_csv(tmp_path / "3.csv", index=False)
    with pytest.raises(DataError, match="must have the same columns"):
        aezoo.load_dataset(tmp_path, "all", window=10, stream=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:3], "too short for windows of 5 steps: it has 3"),
        (lambda x: x[:, :1], "must have the same shape"),
        (lambda x: x[None], r"Expected a recording of shape \(T, C\)"),
        (lambda x: np.where(x == x[150, 1], np.nan, x), "the first at step 150 of channel 1"),
        (lambda x: x.astype(str), "made of real numbers|made of numbers"),
    ],
)
@pytest.mark.usefixtures("pieces")
def test_what_is_no_recording(tmp_path, change, message):
    folder = written(tmp_path / "x", 3)
    np.save(folder / "1.npy", change(np.load(folder / "1.npy")))
    with pytest.raises(DataError, match=message) as raised:
        aezoo.load_dataset(folder, "all", window=5, stream=True)
    assert "1.npy" in str(raised.value)


def test_what_is_too_short_for_a_part(tmp_path):
    folder = written(tmp_path / "x", 1, length=20)
    with pytest.raises(DataError, match="4 of them are in its test part"):
        streamed(folder, PARTS, window=5)
    folder = written(tmp_path / "y", 1, length=30)
    with pytest.raises(DataError, match="5 windows, and by their recordings none is for valid"):
        streamed(folder, PARTS, window=5)


def test_recordings_of_several_rates_are_said(tmp_path, caplog):
    for i, rate in enumerate((8000, 16000)):
        wavfile.write(tmp_path / f"{i}.wav", rate, np.arange(500, dtype="int16"))
    aezoo.load_dataset(tmp_path, "all", window=50, stream=True)
    assert "have 8,000 and 16,000 steps a second" in caplog.text


def test_a_training_has_them(tmp_path):
    folder = written(tmp_path / "x", 6, length=600)
    prepared = {"window": 8, "stride": 2, "stream": True}
    splits = load_splits(folder, 0, None, prepared)
    assert splits.sizes["train"] == len(splits.fitted) > 5 * splits.sizes["validation"]
    how = {"window": 8, "stride": 2, "stream": True, "epochs": 1, "latent_dim": 4}
    run = aezoo.train("deep", folder, output=tmp_path / "run", **how)
    assert run.metrics["mse"] < 1.01 * run.metrics["pca_mse"]
