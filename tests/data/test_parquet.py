import numpy as np
import pytest

from aezoo.data.parquet import groups_of, open_parquet, rows_of_group
from aezoo.data.samples import DataError

pandas = pytest.importorskip("pandas", reason="needs the extra [tables]")


def test_groups_of_rows(tmp_path):
    file = tmp_path / "x.parquet"
    pandas.DataFrame({"a": np.arange(25)}).to_parquet(file, row_group_size=10)
    assert groups_of(file) == 3
    pieces = list(rows_of_group(file, 1, rows=4))
    assert [piece["a"].tolist() for piece in pieces] == [
        [10, 11, 12, 13],
        [14, 15, 16, 17],
        [18, 19],
    ]


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match="x.parquet cannot be read as Parquet"):
        open_parquet(tmp_path / "x.parquet")
