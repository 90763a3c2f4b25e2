import json
import os

import numpy as np
import pytest

from aezoo.data.samples import DataError
from aezoo.scale.inputs import archive_of
from aezoo.scale.models import Scorer, source_of
from aezoo.scale.outputs import KEY, Settings, read_done, refuse_unfit, schema_of, score_shard

pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [tables]")


@pytest.fixture
def scorer(ae):
    return Scorer(source_of(ae))


def settings_of(archive, threshold=None, batch_size=None):
    return Settings("d", archive.columns, archive.keep, threshold, batch_size)


def test_rows_are_counted_through_groups_and_batches(archive, tables, ae, scorer, tmp_path):
    found = archive_of(archive, keep=["id"])
    done = score_shard(scorer, found.shards[0], settings_of(found, batch_size=7), tmp_path / "o")
    assert done == ("a.parquet", 30, 0)
    written = pq.read_table(tmp_path / "o").to_pandas()
    assert list(written) == ["row", "id", "code_0", "code_1", "reconstruction_error"]
    assert written["row"].tolist() == list(range(30))
    assert written["id"].tolist() == tables["a"]["id"].tolist()
    x = tables["a"][list("vwxyz")].to_numpy()
    codes = written[["code_0", "code_1"]].to_numpy()
    np.testing.assert_allclose(codes, ae.encode(x), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        written["reconstruction_error"], ae.reconstruction_error(x), rtol=1e-4
    )


def test_a_flag_is_of_an_error_above_the_threshold(archive, scorer, tmp_path):
    found = archive_of(archive, drop=["id"])
    score_shard(scorer, found.shards[0], settings_of(found), tmp_path / "plain")
    errors = pq.read_table(tmp_path / "plain")["reconstruction_error"].to_numpy()
    threshold = float(np.sort(errors)[20])
    done = score_shard(scorer, found.shards[0], settings_of(found, threshold), tmp_path / "o")
    flags = pq.read_table(tmp_path / "o")["flag"].to_numpy()
    assert done.flagged == flags.sum() == 9
    np.testing.assert_array_equal(flags, errors.astype("float64") > threshold)


def test_no_rows_give_the_same_columns(archive, scorer, tmp_path):
    found = archive_of(archive, keep=["id"])
    settings = settings_of(found, 0.5)
    score_shard(scorer, found.shards[1], settings, tmp_path / "o")
    written = pq.read_table(tmp_path / "o")
    assert written.num_rows == 0
    assert written.schema.equals(schema_of(scorer, settings))


def test_numbers_of_all_kinds(tables, ae, scorer, tmp_path):
    table = tables["a"].drop(columns="id").round()
    kinds = ["int8", "float64", "int64", "float16", "bool"]
    mixed = table.astype(dict(zip("vwxyz", kinds, strict=True)))
    mixed.to_parquet(tmp_path / "x.parquet")
    found = archive_of(tmp_path / "x.parquet")
    score_shard(scorer, found.shards[0], settings_of(found), tmp_path / "o")
    errors = pq.read_table(tmp_path / "o")["reconstruction_error"].to_numpy()
    expected = ae.reconstruction_error(mixed.to_numpy("float32"))
    np.testing.assert_allclose(errors, expected, rtol=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39, None])
def test_a_value_that_is_none_is_named(tables, scorer, tmp_path, value):
    table = tables["a"].drop(columns="id").astype("float64")
    table.loc[23, "x"] = value
    table.to_parquet(tmp_path / "x.parquet", row_group_size=10)
    found = archive_of(tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet .*(nan|inf) in row 23 .*column 'x'"):
        score_shard(scorer, found.shards[0], settings_of(found, batch_size=10), tmp_path / "o")
    assert os.listdir(tmp_path) == ["x.parquet"]


def test_an_input_that_changes_meanwhile(archive, scorer, tmp_path, monkeypatch):
    found = archive_of(archive, drop=["id"])
    settings = settings_of(found)
    run = scorer.run

    def changing(x):
        os.utime(found.shards[0].path, ns=(1, 1))
        return run(x)

    monkeypatch.setattr(scorer, "run", changing)
    with pytest.raises(DataError, match="has changed while"):
        score_shard(scorer, found.shards[0], settings, tmp_path / "o")
    assert not (tmp_path / "o").exists()
    found.shards[2].path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        score_shard(scorer, found.shards[2], settings, tmp_path / "o")


def test_an_output_says_what_it_is_of(archive, scorer, tmp_path):
    found = archive_of(archive, drop=["id"])
    shard = found.shards[0]
    score_shard(scorer, shard, settings_of(found), tmp_path / "o")
    told = json.loads(pq.read_metadata(tmp_path / "o").metadata[KEY])
    assert told["settings"] == "d"
    assert tuple(told["input"]) == shard.stamp
    assert read_done(tmp_path / "o")["stored"] == 30
    assert read_done(shard.path) is None
    (tmp_path / "o").write_bytes((tmp_path / "o").read_bytes()[:-20])
    assert read_done(tmp_path / "o") is None


def test_names_and_numbers_that_do_not_fit(archive, tables, scorer, tmp_path):
    with pytest.raises(DataError, match="m takes 5 columns. Received: 2, 'v', 'w'"):
        refuse_unfit(scorer, archive_of(archive, columns=["v", "w"]), "m")
    tables["a"].rename(columns={"id": "row"}).to_parquet(tmp_path / "x.parquet")
    found = archive_of(tmp_path / "x.parquet", keep=["row"])
    with pytest.raises(DataError, match="written anew. Received: 'row'"):
        schema_of(scorer, settings_of(found))
