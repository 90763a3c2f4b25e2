import numpy as np
import pytest
from scipy.io import wavfile

from aezoo.data.recordings import as_recording, read_recordings, windows_of
from aezoo.data.samples import DataError


def steps(x):
    """The steps that windows of one channel hold."""
    return set(x.ravel().tolist())


@pytest.mark.parametrize("steps", [0, 4, 5, 6, 13])
@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_windows_against_brute_force(steps, stride):
    x = np.random.default_rng(0).normal(size=(steps, 3))
    expected = [x[i : i + 5] for i in range(0, steps - 4, stride)]
    found = windows_of(x, 5, stride)
    assert found.shape == (len(expected), 5, 3)
    np.testing.assert_array_equal(found, np.reshape(expected, found.shape))


def test_windows_are_a_view():
    x = np.zeros((1000, 2))
    assert np.shares_memory(windows_of(x, 100), x)


class TestSplits:
    @pytest.mark.parametrize("stride", [1, 3, 7])
    def test_no_step_is_on_both_sides(self, tmp_path, stride):
        np.save(tmp_path / "r.npy", np.arange(103))
        train, test = (
            read_recordings(tmp_path / "r.npy", split, 7, stride) for split in ("train", "test")
        )
        assert not steps(train) & steps(test)
        assert (steps(train) | steps(test)) <= set(range(103))
        assert (train.min(), test.min()) == (0, 83)  # the last fifth is for tests
        for x in (train, test):
            starts = x[:, 0, 0]
            assert set(np.diff(starts)) == {stride}
            np.testing.assert_array_equal(x[..., 0], starts[:, np.newaxis] + np.arange(7))
        assert len(train) == 1 + (83 - 7) // stride

    def test_few_recordings_are_each_cut_in_time(self, tmp_path):
        for i in range(4):
            np.save(tmp_path / f"{i}.npy", 100 * i + np.arange(20))
        train, test = (read_recordings(tmp_path, split, 4, 4) for split in ("train", "test"))
        assert train[:, 0, 0].tolist() == [100 * i + j for i in range(4) for j in (0, 4, 8, 12)]
        assert test[:, 0, 0].tolist() == [16, 116, 216, 316]

    def test_many_recordings_are_split_as_wholes(self, tmp_path):
        for i in range(10):
            (tmp_path / str(i % 3)).mkdir(exist_ok=True)
            np.save(tmp_path / str(i % 3) / f"{i}.npy", 100 * i + np.arange(20))
        train, test, every = (
            read_recordings(tmp_path, split, 4, 2) for split in ("train", "test", "all")
        )
        assert [len(x) for x in (train, test, every)] == [8 * 9, 2 * 9, 10 * 9]
        whose = [set((x[:, 0, 0] // 100).tolist()) for x in (train, test)]
        assert not whose[0] & whose[1]
        assert whose[0] | whose[1] == set(range(10))
        np.testing.assert_array_equal(test, read_recordings(tmp_path, "test", 4, 2))

    def test_own_splits(self, tmp_path):
        for split, count in (("train", 3), ("test", 1)):
            (tmp_path / split).mkdir()
            for i in range(count):
                np.save(tmp_path / split / f"{i}.npy", np.full(8, 10 * count + i))
        found = [read_recordings(tmp_path, split, 8, 8) for split in ("train", "test", "all")]
        assert [x[:, 0, 0].tolist() for x in found] == [[30, 31, 32], [10], [30, 31, 32, 10]]

    def test_the_whole_is_not_cut(self, tmp_path):
        np.save(tmp_path / "r.npy", np.arange(10))
        assert len(read_recordings(tmp_path / "r.npy", "all", 3, 1)) == 8


class TestFiles:
    def test_sound_and_channels(self, tmp_path):
        wavfile.write(tmp_path / "a.wav", 8000, np.full((20, 2), [16384, -32768], "int16"))
        x = read_recordings(tmp_path / "a.wav", "train", 8, 8)
        assert (x.shape, x.dtype) == ((2, 8, 2), np.float32)
        assert (x == [0.5, -1]).all()

    def test_rates_that_differ_are_told(self, tmp_path, caplog):
        for rate in (8000, 44100):
            wavfile.write(tmp_path / f"{rate}.wav", rate, np.zeros(20, "int16"))
        read_recordings(tmp_path, "train", 8, 8)
        assert "8,000 and 44,100 steps a second" in caplog.text

    def test_integers_of_numpy_keep_their_units(self, tmp_path):
        np.save(tmp_path / "r.npy", np.array([[200, 3]] * 5, "uint8"))
        assert (read_recordings(tmp_path / "r.npy", "all", 5, 5) == [200, 3]).all()

    @pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
    @pytest.mark.parametrize(
        ("name", "times"),
        [
            ("when", ["2024-01-31 23:59:58", "2024-01-31 23:59:59", "2024-02-01 00:00:00"]),
            ("when", ["2024-01-31T23:59:58.25Z", "2024-01-31T23:59:59Z", "2024-02-01T00:00:00Z"]),
            ("when", ["31.01.2024 23:58", "31.01.2024 23:59", "1.2.2024 0:00"]),
            ("when", ["1/31/24 11:58 PM", "1/31/24 11:59 PM", "2/1/24 12:00 AM"]),
            ("when", ["2024-01-31", "2024-02-01", "2024-02-02"]),
            ("when", ["23:58", "23:59", "0:00"]),
            ("timestamp", [1706745598, 1706745599, 1706745600]),
            ("Time (s)", [0.0, 0.1, 0.3]),
            ("date", [20240131, 20240201, 20240202]),
        ],
    )
    def test_columns_of_times_are_left_out(self, tmp_path, caplog, ending, name, times):
        pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
        table = pd.DataFrame({name: times, "a": [1.5, 2, 3], "b": [4, 5, 6]})
        path = tmp_path / f"t{ending}"
        if ending == ".parquet":
            table.to_parquet(path)
        else:
            table.to_csv(path, index=False, sep="," if ending == ".csv" else "\t")
        x = read_recordings(path, "all", 3, 3)
        assert x.tolist() == [[[1.5, 4], [2, 5], [3, 6]]]
        assert f"column {name!r} holds times, it is left out" in caplog.text

    def test_dates_of_parquet(self, tmp_path):
        pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
        when = pd.date_range("2024-01-01", periods=4, freq="h", tz="UTC")
        table = pd.DataFrame({"when": when, "day": when.date, "a": range(4)})
        table.to_parquet(tmp_path / "t.parquet")
        x = read_recordings(tmp_path / "t.parquet", "all", 4, 4)
        assert x.tolist() == [[[0], [1], [2], [3]]]

    @pytest.mark.parametrize(
        ("name", "values"),
        [("count", [1, 2, 3]), ("time", [3, 2, 4]), ("time", [1, 1, 2]), ("time_left", [1, 2, 3])],
    )
    def test_other_columns_are_channels(self, tmp_path, caplog, name, values):
        pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
        pd.DataFrame({name: values, "a": 0}).to_csv(tmp_path / "t.csv", index=False)
        x = read_recordings(tmp_path / "t.csv", "all", 3, 3)
        assert x[0, :, 0].tolist() == values
        assert "left out" not in caplog.text
        assert ("'time' does not rise from row to row" in caplog.text) == (name == "time")


class TestUnusable:
    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ({}, r"holds no recording \(\.csv, .*\.wav\)"),
            (
                {"r.npy": np.arange(5)},
                r"r\.npy is too short .* 8 steps: it has 5, and 4 of them are in its train",
            ),
            ({"r.npy": np.zeros((9, 2, 2))}, r"r\.npy: Expected a recording.*\(9, 2, 2\)"),
            ({"r.npy": np.array(["a"])}, r"r\.npy: .*real numbers"),
            ({"r.npy": np.array([{}])}, r"r\.npy cannot be read as numbers"),
            ({"r.npy": [1.0, np.nan] * 9}, r"r\.npy: .*9 NaN or .* first at step 1 of channel 0"),
            ({"a.npy": np.ones((30, 2)), "b.npy": np.ones(30)}, r"a\.npy of 2, .*b\.npy of 1"),
            ({"t.csv": "when,a\n1:00,x\n2:00,y\n"}, r"t\.csv: column 'a' holds 'x', not a number"),
            ({"t.csv": "when\n1:00\n2:00\n"}, r"t\.csv holds no channel, but times alone"),
            ({"t.csv": "a,b\n1,\n2,\n"}, r"t\.csv: .*NaN .* of channel 1"),
            (
                {"a.csv": "a,b\n" + "1,2\n" * 20, "b.csv": "b,a\n" + "1,2\n" * 20},
                r"a\.csv of 2 \(a, b\), .*b\.csv of 2 \(b, a\)",
            ),
        ],
    )
    def test_files(self, tmp_path, files, message):
        if any(name.endswith(".csv") for name in files):
            pytest.importorskip("pandas", reason="needs the extra [tables]")
        for name, content in files.items():
            if isinstance(content, str):
                (tmp_path / name).write_text(content)
            else:
                np.save(tmp_path / name, content)
        with pytest.raises(DataError, match=message):
            read_recordings(tmp_path, "train", 8, 8)

    def test_the_part_for_tests_may_be_too_short(self, tmp_path):
        np.save(tmp_path / "r.npy", np.arange(30))
        assert len(read_recordings(tmp_path / "r.npy", "train", 8, 8)) == 3
        with pytest.raises(DataError, match="it has 30, and 6 of them are in its test part"):
            read_recordings(tmp_path / "r.npy", "test", 8, 8)
        with pytest.raises(DataError, match="it has 30. Give a shorter"):
            read_recordings(tmp_path / "r.npy", "all", 31, 31)

    def test_other_endings(self, tmp_path):
        np.savez(tmp_path / "r.npz", x=np.arange(30))
        with pytest.raises(DataError, match=r"Windows are of recordings.*r\.npz"):
            read_recordings(tmp_path / "r.npz", "all", 8, 8)


def test_one_recording_as_an_array():
    assert as_recording([1, 2, 3]).tolist() == [[1], [2], [3]]
    x = np.ones((4, 2), "float32")
    assert as_recording(x, channels=2) is x
    with pytest.raises(DataError, match="Expected recordings of 3 channels. Received: 2"):
        as_recording(x, channels=3)
