import numpy as np
import pytest

import aezoo


@pytest.fixture(scope="session")
def ae():
    model = aezoo.deep(5, 2, hidden_units=(4,), normalization="standard")
    model.adapt(np.random.default_rng(0).normal(size=(200, 5)))
    return model


@pytest.fixture(scope="session")
def files(ae, tmp_path_factory):
    """The model as a run folder has it, and for a device."""
    folder = tmp_path_factory.mktemp("models")
    ae.save(folder / "model.keras")
    samples = np.random.default_rng(1).normal(size=(50, 5)).astype("float32")
    aezoo.export_tflite(ae, folder / "model.tflite", samples=samples)
    return folder


@pytest.fixture
def tables():
    pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
    rng = np.random.default_rng(2)
    found = {}
    for name, rows in {"a": 30, "b": 0, "sub/c": 25, "sub/d": 8}.items():
        x = rng.normal(size=(rows, 5)).astype("float32")
        found[name] = pd.DataFrame(x, columns=list("vwxyz"))
        found[name].insert(0, "id", [f"{name}{i}" for i in range(rows)])
    return found


@pytest.fixture
def archive(tables, tmp_path):
    """A folder of shards in groups of 10 rows."""
    folder = tmp_path / "archive"
    for name, table in tables.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(folder / f"{name}.parquet", row_group_size=10)
    return folder
