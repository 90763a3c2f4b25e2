import sys

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from aezoo.data.chunks import chunks, count_rows, kind_of, read_table
from aezoo.data.samples import DataError

pd = pytest.importorskip("pandas", reason="needs the extra [tables]")


@pytest.fixture
def write(tmp_path):
    def written(text, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "a,b\n1,2.5\n3,4\n",
            "a;b\n1;2.5\n3;4\n",
            "a;b\n1;2,5\n3;4\n",
            "a\tb\r\n1\t2,5\r\n3\t4\r\n",
            "\ufeffa,b\n1,2.5\n\n3,4\n",
            ",a,b\n7,1,2.5\n4,3,4\n",
            "Unnamed: 0,a,b\n7,1,2.5\n4,3,4\n",
        ],
    )
    def test_numbers(self, write, text):
        table = read_table(write(text))
        assert list(table.columns) == ["a", "b"]
        np.testing.assert_array_equal(table, [[1, 2.5], [3, 4]])

    def test_columns_of_every_kind_and_missing_values(self, write):
        table = read_table(write('age,colour,member\n1,"red, dark",True\n?,,False\nNA,blue,True\n'))
        np.testing.assert_array_equal(table["age"], [1, np.nan, np.nan])
        assert table["colour"].isna().tolist() == [False, True, False]
        assert table["colour"][0] == "red, dark"
        assert table["member"].dtype == bool

    @pytest.mark.parametrize(
        ("text", "columns"),
        [
            ("1,2\n3,4\n", ["x0", "x1"]),
            ("1,red\n2,blue\n", ["x0", "x1"]),
            ("?,5\n2,6\n", ["x0", "x1"]),
            (",5\n2,6\n", ["x0", "x1"]),
            ("id,2019\n7,1\n", ["id", "2019"]),
            (",0,1\n0,5,6\n1,7,8\n", ["0", "1"]),
            ("red,small\n", None),
            ("a,b\n", None),
        ],
    )
    def test_whether_the_first_row_is_of_names(self, write, text, columns):
        if columns is None:
            with pytest.raises(DataError, match="has no rows"):
                read_table(write(text))
        else:
            assert list(read_table(write(text)).columns) == columns

    def test_an_index_is_left_out_of_every_piece_and_said_once(self, write, caplog):
        pieces = list(chunks(write(",a\n5,1\n3,2\n4,3\n"), rows=2))
        assert [piece["a"].tolist() for piece in pieces] == [[1, 2], [3]]
        assert [list(piece.columns) for piece in pieces] == [["a"], ["a"]]
        assert len(caplog.records) == 1
        assert "looks like an index" in caplog.text

    def test_pieces_go_on_where_the_last_ended(self, write):
        path = write("a,b\n" + "".join(f"{i},{i / 2}\n" for i in range(10)))
        pieces = list(chunks(path, rows=4))
        assert [len(piece) for piece in pieces] == [4, 4, 2]
        pd.testing.assert_frame_equal(pd.concat(pieces), read_table(path))
        assert count_rows(path) == 11  # with that of names

    def test_pieces_are_read_when_they_are_asked_for(self, write):
        pieces = chunks(write("a,b\n1,2\n3,4\n5,6\n7,8,9\n"), rows=2)
        assert len(next(pieces)) == 2
        with pytest.raises(DataError, match="t.csv cannot be read as a table.*saw 3"):
            next(pieces)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "has no rows"),
            ("\n\n", "has no rows"),
            ("a,b\n1,2,3\n", "cannot be read as a table"),
            ("a,b\n1,2\n1,2,3\n", "cannot be read as a table"),
            (b"a,b\n\xff\xfe,1\n", "UTF-8"),
            (b"a,b\n" + 100_000 * b"1,2\n" + b"\xff,1\n", "UTF-8"),
        ],
    )
    def test_unusable(self, write, text, message):
        for read in (read_table, lambda path: list(chunks(path, 5000))):
            with pytest.raises(DataError, match=rf"t\.csv.*{message}"):
                read(write(text))

    def test_without_pandas(self, write, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        for path in (write("a\n1\n"), write("", "t.parquet")):
            with pytest.raises(ImportError, match=r"pip install 'aezoo\[tables\]'"):
                read_table(path)


class TestParquet:
    def test_pieces(self, tmp_path):
        table = pd.DataFrame({"a": range(10), "c": pd.Categorical(list("xy") * 5)})
        table.set_index(pd.RangeIndex(100, 110)).to_parquet(tmp_path / "t.parquet")
        pieces = list(chunks(tmp_path / "t.parquet", rows=4))
        assert [len(piece) for piece in pieces] == [4, 4, 2]
        assert count_rows(tmp_path / "t.parquet") == 10
        read = read_table(tmp_path / "t.parquet")
        assert read.index.tolist() == list(range(10))
        assert read["a"].tolist() == list(range(10))
        assert read["c"].tolist() == list("xy") * 5

    def test_unusable(self, tmp_path, write):
        pd.DataFrame({"a": []}).to_parquet(tmp_path / "t.parquet")
        with pytest.raises(DataError, match="has no rows"):
            read_table(tmp_path / "t.parquet")
        with pytest.raises(DataError, match="cannot be read as Parquet"):
            read_table(write("no parquet", "t.parquet"))


class TestArrays:
    def test_pieces_of_a_file_that_is_not_read_into_memory(self, tmp_path, rng, monkeypatch):
        x = rng.random((7, 3, 2))
        np.save(tmp_path / "x.npy", x)
        modes = []
        load = np.load
        monkeypatch.setattr(
            np, "load", lambda *args, **kwargs: modes.append(kwargs) or load(*args, **kwargs)
        )
        pieces = list(chunks(tmp_path / "x.npy", rows=3))
        assert [len(piece) for piece in pieces] == [3, 3, 1]
        assert all(piece.dtype == np.float32 for piece in pieces)
        np.testing.assert_array_equal(np.concatenate(pieces), x.astype("float32"))
        assert modes[0]["mmap_mode"] == "r"
        assert count_rows(tmp_path / "x.npy") == 7

    def test_images_are_scaled(self, tmp_path):
        np.save(tmp_path / "x.npy", np.full((2, 3, 3), 51, "uint8"))
        np.testing.assert_allclose(read_table(tmp_path / "x.npy"), np.full((2, 3, 3, 1), 0.2))

    def test_npz(self, tmp_path, rng):
        x = rng.random((5, 2))
        np.savez(tmp_path / "x.npz", x=x, y=np.arange(5))
        np.testing.assert_allclose(read_table(tmp_path / "x.npz"), x, rtol=1e-6)

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            (np.ones(3), r"must hold samples, \(n, ...\)"),
            (np.ones((0, 3)), "must hold samples"),
            (np.array([["a"]]), "must hold real numbers"),
            (np.array([[{}]]), "cannot be read as numbers"),
        ],
    )
    def test_unusable(self, tmp_path, x, message):
        np.save(tmp_path / "x.npy", x)
        with pytest.raises(DataError, match=rf"x\.npy {message}"):
            read_table(tmp_path / "x.npy")


class TestSound:
    def test_channels_in_pieces(self, tmp_path, rng):
        steps = rng.random((10, 2)).astype("float32")
        wavfile.write(tmp_path / "s.wav", 8000, steps)
        pieces = list(chunks(tmp_path / "s.wav", rows=4))
        assert [piece.shape for piece in pieces] == [(4, 2), (4, 2), (2, 2)]
        np.testing.assert_array_equal(np.concatenate(pieces), steps)
        assert count_rows(tmp_path / "s.wav") == 10


class TestImages:
    def test_pieces(self, tmp_path):
        for i in range(5):
            Image.fromarray(np.full((2, 3), 51 * i, "uint8")).save(tmp_path / f"{i}.png")
        pieces = list(chunks(tmp_path, rows=2))
        assert [piece.shape for piece in pieces] == [(2, 2, 3, 1), (2, 2, 3, 1), (1, 2, 3, 1)]
        means = np.concatenate(pieces).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(means, np.arange(5) / 5, atol=1e-6)
        assert count_rows(tmp_path) == 5

    def test_of_two_sizes_in_different_pieces(self, tmp_path):
        for i in range(2):
            Image.fromarray(np.zeros((2, 3 + i), "uint8")).save(tmp_path / f"{i}.png")
        pieces = chunks(tmp_path, rows=1)
        next(pieces)
        with pytest.raises(DataError, match=r"0.png of \(2, 3, 1\), .*1.png of \(2, 4, 1\)"):
            next(pieces)

    def test_without_images(self, tmp_path):
        with pytest.raises(DataError, match="holds no image"):
            read_table(tmp_path)


def test_kinds(tmp_path, write):
    assert kind_of(tmp_path) == ""
    assert kind_of(write("", "T.CSV")) == ".csv"
    with pytest.raises(DataError, match=r"\.csv, .* or a folder of images. Received: .*t\.txt"):
        kind_of(write("", "t.txt"))
    with pytest.raises(FileNotFoundError, match="no file"):
        kind_of(tmp_path / "none.csv")
