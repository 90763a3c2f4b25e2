import logging
import time

import numpy as np
import pytest

from aezoo.data.samples import DataError
from aezoo.data.tables import are_times, open_array, read_csv, read_numpy, read_parquet


@pytest.fixture
def read(tmp_path):
    """Reads a text as a CSV file."""

    def read(text, split="all"):
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        x, y = read_csv(path, split)
        assert y is None
        return x

    return read


def save(path, **arrays):
    np.savez(path / "data.npz", **arrays)
    return path / "data.npz"


class TestNumpy:
    def test_npy_in_own_units(self, tmp_path, rng):
        table = rng.normal(50, 10, (20, 3))
        np.save(tmp_path / "table.npy", table)
        x, y = read_numpy(tmp_path / "table.npy", "all")
        np.testing.assert_allclose(x, table.astype("float32"))
        assert y is None
        splits = [read_numpy(tmp_path / "table.npy", split)[0] for split in ("train", "test")]
        assert [len(x) for x in splits] == [16, 4]

    def test_npz_with_labels(self, tmp_path, rng):
        x = rng.random((10, 3))
        read, y = read_numpy(save(tmp_path, X=x, y=np.arange(10)), "all")
        np.testing.assert_allclose(read, x, rtol=1e-6)
        assert y.tolist() == list(range(10))

    def test_npz_with_own_splits(self, tmp_path):
        arrays = {"x_train": np.zeros((4, 2)), "x_test": np.ones((3, 2)), "y_test": np.arange(3)}
        path = save(tmp_path, **arrays)
        (train, no_y), (test, y), (every, no_y_either) = (
            read_numpy(path, split) for split in ("train", "test", "all")
        )
        assert [len(x) for x in (train, test, every)] == [4, 3, 7]
        assert test.min() == 1
        assert (no_y, y.tolist(), no_y_either) == (None, [0, 1, 2], None)

    def test_splits_of_two_depths(self, tmp_path):
        arrays = {"x_train": np.full((1, 2, 2), 255, "uint8")}
        path = save(tmp_path, **arrays, x_test=np.full((1, 2, 2), 65535, "uint16"))
        assert read_numpy(path, "all")[0].min() == 1

    def test_splits_of_two_shapes(self, tmp_path):
        path = save(tmp_path, x_train=np.zeros((4, 2)), x_test=np.zeros((4, 3)))
        with pytest.raises(DataError, match=r"one shape.*\(2,\), \(3,\)"):
            read_numpy(path, "all")

    def test_npz_of_one_array(self, tmp_path):
        assert read_numpy(save(tmp_path, samples=np.zeros((5, 2))), "all")[0].shape == (5, 2)

    def test_only_what_is_needed_is_read(self, tmp_path):
        path = save(tmp_path, x=np.ones((5, 2)), notes=np.array([{"by": "me"}], object))
        assert read_numpy(path, "all")[0].tolist() == [[1, 1]] * 5

    def test_labels_that_are_objects_are_left_out(self, tmp_path, caplog):
        path = save(tmp_path, x=np.ones((2, 2)), y=np.array(["a", None], object))
        x, y = read_numpy(path, "all")
        assert (len(x), y) == (2, None)
        assert "Labels are left out" in caplog.text

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"a": np.zeros((2, 2)), "b": np.zeros(2)}, "under 'x'.*Received: a, b"),
            ({"x_train": np.zeros((2, 2)), "y": np.zeros(2)}, "'x_train' and 'x_test'"),
            ({}, "no arrays"),
            ({"x": np.array([[{}]])}, "pickle"),
            ({"x": np.zeros((0, 2))}, "two samples"),
        ],
    )
    def test_unusable(self, tmp_path, arrays, message):
        with pytest.raises(DataError, match=message):
            read_numpy(save(tmp_path, **arrays), "train")

    @pytest.mark.parametrize("name", ["data.npy", "data.npz"])
    def test_damaged(self, tmp_path, rng, name):
        path = tmp_path / name
        x = rng.random((20, 3))
        np.savez_compressed(path, x=x) if name == "data.npz" else np.save(path, x)
        whole = path.read_bytes()
        damaged = [b"", b"no array", whole[:-40], whole[:60], bytes([*whole[:20], *whole[25:]])]
        if name == "data.npz":  # the sum of the compressed array is wrong
            damaged.append(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
        for content in damaged:
            path.write_bytes(content)
            with pytest.raises(DataError, match=rf"{name} cannot be read as numbers"):
                read_numpy(path, "all")


class TestCsv:
    @pytest.mark.parametrize(
        "text",
        [
            "a,b\n1,2.5\n3,4\n",
            "1,2.5\n3,4",
            " 1 , 2.5\n3,4",
            "1;2.5\n3;4\n",
            "a\tb\r\n1\t2.5\r\n3\t4\r\n",
            "\ufeffa,b\n1,2.5\n\n3,4\n",
            '"a, x",b\n"1","2.5"\n3,4\n',
            '"a\nx",b\n1,2.5\n3,4\n',
            "a;b,c\n1,2.5\n3,4\n",
            '"a,x";b\n1;2.5\n3;4\n',
            "a,\n1,2.5\n3,4\n",
            "?,?\n1,2.5\n3,4\n",
        ],
    )
    def test_read(self, read, text):
        np.testing.assert_array_equal(read(text), [[1, 2.5], [3, 4]])

    def test_one_column(self, read):
        assert read("value\n1\n2\n").tolist() == [[1], [2]]
        assert read("1.5").tolist() == [[1.5]]

    def test_splits(self, read):
        rows = "\n".join(f"{i},0" for i in range(5, 15))
        assert (len(read(rows, "train")), len(read(rows, "test"))) == (8, 2)

    @pytest.mark.parametrize(
        "text",
        [
            ",a,b\n0,1,2.5\n1,3,4\n",  # as pandas writes it
            ",0,1\n0,1,2.5\n1,3,4\n",  # without names of columns
            "Unnamed: 0,a,b\n0,1,2.5\n1,3,4\n",  # read and written again
            ",a,b\n17,1,2.5\n4,3,4\n",  # rows chosen from a larger table
        ],
    )
    def test_an_index_without_a_name_is_left_out(self, read, caplog, text):
        np.testing.assert_array_equal(read(text), [[1, 2.5], [3, 4]])
        assert "looks like an index, it is left out" in caplog.text

    def test_a_column_without_a_name_that_is_no_index_is_kept(self, read, caplog):
        assert read(",a\n0.5,1\n0.7,3\n").shape == (2, 2)
        assert read(",a\n1,1\n1,3\n").shape == (2, 2)
        assert read('""\n1\n2\n').shape == (2, 1)
        assert caplog.text == ""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("id,a\n0,5\n1,6\n2,7\n", "first column counts the rows"),
            ("1,5\n2,6\n3,7\n", "first column counts the rows"),
            ("0,1,2\n5,6,8\n9,9,9\n", "first row counts the columns"),
        ],
    )
    def test_what_may_be_an_index_or_names_is_kept_and_said(self, read, caplog, text, message):
        with caplog.at_level(logging.WARNING, "aezoo"):
            assert len(read(text)) == 3
        assert message in caplog.text

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no rows"),
            ("a,b\n", "no rows"),
            ("1,2,?\n3,4,5\n", r"row 1, column 3 holds '\?'"),
            ("?,2\n3,4\n", r"row 1, column 1 holds '\?'"),
            ("a,b\n\n1,2\n3\n", "one, 2. Received: row 4 with 1"),
            ("a,b,c\n1,2\n", "one, 3. Received: row 2 with 2"),
            ("a,b\n1,x\n", r"row 2, column 2 \('b'\) holds 'x', not a number"),
            ("a,b\n1,\n", r"row 2, column 2 \('b'\) is empty"),
            ("1,2\n\n3,4\n,\n", "row 4, column 1 is empty"),
            (",a\nx,1\ny,2\n", "row 2, column 1 holds 'x'"),
            ("1,5;2,5\n3,5;4,5\n", "row 2, column 1.*'3,5': write numbers with a decimal point"),
            ('1,"1,000"\n', "row 1, column 2 holds '1,000': write numbers"),
            ("1 2\n3 4\n", "row 2, column 1.*'3 4'"),
            (b"\xff\xfea\x00", "UTF-8"),
            (
                "when,a\n2024-01-01 10:00,1\n2024-01-01 10:05,2\n",
                r"row 2, column 1 \('when'\) holds '2024-01-01 10:00', a time.*--window 256",
            ),
            ("when,a\n2024-01-01,1\nsoon,2\n", "'2024-01-01', not a number"),
        ],
    )
    def test_unusable(self, read, text, message):
        with pytest.raises(DataError, match=rf"t\.csv.*{message}"):
            read(text)

    def test_missing_values_by_name_and_numbers_beyond_float32(self, read):
        np.testing.assert_array_equal(read("1,2\n3,nan\n"), [[1, 2], [3, np.nan]])
        np.testing.assert_array_equal(read("1,2\n3,1e50\n"), [[1, 2], [3, np.inf]])

    def test_many_rows_in_a_moment(self, read, rng):
        table = rng.random((20_000, 10)).astype("float32")
        text = "\n".join(",".join(map(str, row)) for row in table.tolist())
        begin = time.monotonic()
        np.testing.assert_array_equal(read(text), table)
        assert time.monotonic() - begin < 5  # it takes a fifth of a second


def test_an_array_is_whole_or_refused(tmp_path, rng):
    x = rng.normal(size=(5, 2))
    np.save(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(open_array(tmp_path / "x.npy"), x)
    assert isinstance(open_array(tmp_path / "x.npy", "r"), np.memmap)
    (tmp_path / "x.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"x\.npy cannot be read as numbers"):
        open_array(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2024-01-31 23:59:59.123456+00:00", " 2024-2-1 "], True),
        (["2024/01/31T23:59Z", "31.1.2024 9:05", "1/31/24 9:05:00 pm"], True),
        (["20:15", "20:15:30,5"], True),
        (["2024-01-31", "?"], False),
        (["1.2.3"], False),  # a version
        (["10.0.0.1"], False),
        (["555-1234", "12.5", "2024"], False),
        ([], False),
    ],
)
def test_what_a_time_looks_like(cells, expected):
    assert are_times(cells) == expected


class TestParquet:
    @pytest.fixture
    def write(self, tmp_path):
        pd = pytest.importorskip("pandas", reason="needs the extra [tables]")

        def written(**columns):
            pd.DataFrame(columns).to_parquet(tmp_path / "t.parquet")
            return tmp_path / "t.parquet"

        return written

    def test_numbers_of_any_kind(self, write):
        path = write(a=[1, 2, 3], b=[0.5, np.nan, 1e50], c=[True, False, None])
        x, y = read_parquet(path, "all")
        assert (x.dtype, y) == (np.float32, None)
        expected = [[1, 0.5, 1], [2, np.nan, 0], [3, np.inf, np.nan]]
        np.testing.assert_array_equal(x, np.float32(expected))

    def test_splits_are_those_of_a_text(self, write, tmp_path):
        path = write(a=np.arange(20), b=np.arange(20) / 2)
        text = "\n".join(f"{i},{i / 2}" for i in range(20))
        (tmp_path / "t.csv").write_text("a,b\n" + text)
        for split in ("train", "test", "all"):
            found = read_parquet(path, split)[0]
            np.testing.assert_array_equal(found, read_csv(tmp_path / "t.csv", split)[0])

    @pytest.mark.parametrize(
        ("column", "message"),
        [
            (["red", "blue"], "column 'a' holds 'red', not a number: leave it out"),
            ([None, None], "column 'a' is empty"),
            (np.array(["2024-01-01", "2024-01-02"], "M8[s]"), "column 'a' holds times.*--window"),
            (["2024-01-01", "2024-01-02"], "column 'a' holds times.*--window"),
            ([[1], [2]], "column 'a' holds"),
        ],
    )
    def test_unusable(self, write, column, message):
        with pytest.raises(DataError, match=rf"t\.parquet: {message}"):
            read_parquet(write(b=[1, 2], a=list(column)), "all")

    def test_no_column(self, write):
        with pytest.raises(DataError, match="t.parquet has no"):
            read_parquet(write(), "all")

    def test_damaged(self, tmp_path):
        pytest.importorskip("pandas", reason="needs the extra [tables]")
        (tmp_path / "t.parquet").write_bytes(b"PAR1")
        with pytest.raises(DataError, match="cannot be read as Parquet"):
            read_parquet(tmp_path / "t.parquet", "all")
