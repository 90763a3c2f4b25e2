import numpy as np
import pytest

import aezoo
from aezoo.data.accepted import accepted
from aezoo.data.columns import Columns


def test_arrays(folder, x):
    stream = aezoo.load_dataset(folder, stream=True)
    assert accepted(Columns().fit(x), stream) is stream
    with pytest.raises(ValueError, match=r"a stream of shape \(n, 2\). Received: <Stream"):
        accepted(Columns().fit(x[:, :2]), stream)


def test_tables(tmp_path, rng):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(rng.normal(size=(100, 3)), columns=list("abc"))
    for name, columns in (("as fitted", "abc"), ("another", "bac")):
        table[list(columns)].to_csv(tmp_path / f"{name}.csv", index=False)
    stream, other = (
        aezoo.load_dataset(tmp_path / f"{name}.csv", stream=True)
        for name in ("as fitted", "another")
    )
    columns = Columns().fit(table)
    assert accepted(columns, stream) is stream
    np.save(tmp_path / "x.npy", table.to_numpy())
    nameless = aezoo.load_dataset(tmp_path / "x.npy", stream=True)
    assert accepted(columns, nameless) is nameless
    with pytest.raises(ValueError, match="Expected the columns a, b, c. Received: b, a, c"):
        accepted(columns, other)
    with pytest.raises(ValueError, match="fitted to categories, 'd'"):
        accepted(Columns().fit(table.assign(d="text")), stream)
