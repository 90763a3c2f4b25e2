import pytest

from aezoo.data.samples import DataError
from aezoo.scale.inputs import archive_of, listed

pa = pytest.importorskip("pyarrow", reason="needs the extra [tables]")
pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [tables]")


def test_shards_by_name(archive, tables):
    found = archive_of(archive, keep=["id"])
    assert [shard.name for shard in found.shards] == [f"{name}.parquet" for name in tables]
    assert [shard.rows for shard in found.shards] == [30, 0, 25, 8]
    assert found.columns == tuple("vwxyz")
    status = (archive / "a.parquet").stat()
    assert found.shards[0].stamp == (status.st_mtime_ns, status.st_size)


def test_one_file(archive):
    found = archive_of(archive / "sub/c.parquet", drop=["id", "v"])
    assert [shard.name for shard in found.shards] == ["c.parquet"]
    assert found.columns == tuple("wxyz")


def test_columns_in_the_order_that_is_asked_for(archive):
    assert archive_of(archive, columns=["z", "v"]).columns == ("z", "v")
    assert archive_of(archive, columns=["z", "v"], keep=["z"]).keep.names == ["z"]


def test_an_index_of_pandas_is_no_column(archive, tables):
    tables["a"].set_index(tables["a"].index * 3).to_parquet(archive / "a.parquet")
    for name in ("b", "sub/c", "sub/d"):
        (archive / f"{name}.parquet").unlink()
    assert archive_of(archive, drop=["id"]).columns == tuple("vwxyz")


BAD = {
    "column of texts": ({}, "column 'id' must be of numbers.*string.*--drop id.*--keep id"),
    "unknown column": ({"columns": ["v", "q"]}, "columns must name columns of.*'v'.*'q'"),
    "unknown to drop": ({"drop": ["q"]}, "drop must name columns"),
    "unknown to keep": ({"keep": ["q"]}, "keep must name columns"),
    "twice": ({"columns": ["v", "v"]}, "columns must name each column once"),
    "none left": ({"drop": ["id", *"vwxyz"]}, "no column left"),
}


@pytest.mark.parametrize("case", BAD)
def test_choices_that_cannot_be(archive, case):
    how, message = BAD[case]
    with pytest.raises(DataError, match=message):
        archive_of(archive, **how)


def test_shards_of_another_form(archive, tables):
    other = tables["sub/d"].rename(columns={"z": "zz"})
    other.to_parquet(archive / "sub/d.parquet")
    with pytest.raises(DataError, match=r"d\.parquet and .*a\.parquet differ in: 'z', 'zz'"):
        archive_of(archive, keep=["id"])
    tables["sub/d"].assign(id=1.5).to_parquet(archive / "sub/d.parquet")
    with pytest.raises(DataError, match=r"'id' is double in .*d\.parquet, and .*string"):
        archive_of(archive, keep=["id"])
    assert len(archive_of(archive, drop=["id"]).shards) == 4
    tables["sub/d"].assign(z="red").to_parquet(archive / "sub/d.parquet")
    with pytest.raises(DataError, match=r"d\.parquet: column 'z' must be of numbers"):
        archive_of(archive, drop=["id"])


def test_shards_whose_columns_are_in_another_order(archive, tables):
    tables["sub/d"][["z", "id", *"yxwv"]].to_parquet(archive / "sub/d.parquet")
    assert archive_of(archive, drop=["id"]).columns == tuple("vwxyz")


def test_categories_are_kept_as_what_they_are(archive, tables):
    for name in ("a", "b"):
        tables[name].astype({"id": "category"}).to_parquet(archive / f"{name}.parquet")
    assert pa.types.is_string(archive_of(archive, keep=["id"]).keep.field("id").type)


def test_two_columns_of_a_name(tmp_path):
    table = pa.table([pa.array([1.0]), pa.array([2.0])], names=["v", "v"])
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises((DataError, ValueError), match="v"):
        archive_of(tmp_path / "x.parquet")


def test_what_is_no_archive(archive, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        archive_of(tmp_path / "nothing")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.csv").write_text("1,2\n")
    with pytest.raises(DataError, match=r"Expected a \.parquet file.*\.csv"):
        archive_of(tmp_path / "texts")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds none"):
        archive_of(tmp_path / "empty")
    (archive / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"b\.parquet cannot be read as Parquet"):
        archive_of(archive)


def test_many_names_are_cut_short():
    assert listed(list("abcdefghij")).endswith("'h', and 2 more")
    assert listed([]) == "none"
