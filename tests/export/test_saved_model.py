import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.export.saved_model import SavedModel, write_saved_model


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
def test_it_needs_nothing_of_ours(trained, digits, tmp_path):
    ae, x = trained("conv"), digits[1][:5]
    aezoo.export_saved_model(ae, tmp_path / "model", samples=digits[1])
    assert files(tmp_path) == ["model", "model.json"]
    json.loads((tmp_path / "model.json").read_text(), parse_constant=pytest.fail)
    np.save(tmp_path / "x.npy", x)
    code = f"""
import numpy as np, sys, tensorflow as tf
model = tf.saved_model.load({str(tmp_path / "model")!r})
x = tf.constant(np.load({str(tmp_path / "x.npy")!r}))
ends = {{name: list(f(x=x).values())[0].numpy() for name, f in model.signatures.items()
        if name != "decode"}}
ends["decode"] = model.signatures["decode"](code=ends["encode"])["reconstruction"].numpy()
np.savez({str(tmp_path / "out.npz")!r}, method=model.encode(x)["code"].numpy(), **ends)
print({{"aezoo"}} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
    out = np.load(tmp_path / "out.npz")
    assert set(out) == {"serving_default", "reconstruct", "encode", "decode", "score", "method"}
    np.testing.assert_allclose(out["encode"], ae.encode(x), atol=1e-4)
    np.testing.assert_array_equal(out["method"], out["encode"])
    np.testing.assert_allclose(out["score"], ae.reconstruction_error(x), rtol=1e-3)
    for name in ("reconstruct", "serving_default", "decode"):
        np.testing.assert_allclose(out[name], ae.reconstruct(x), atol=1e-4)


@pytest.mark.parametrize("name", ["deep", "variational"])
def test_each_weight_is_held_once(trained, tmp_path, name):
    ae = trained(name)
    report = aezoo.export_saved_model(ae, tmp_path / "model")
    variables = tf.train.list_variables(str(tmp_path / "model" / "variables" / "variables"))
    held = sum(int(np.prod(shape)) for key, shape in variables if "OBJECT_GRAPH" not in key)
    layers = {id(v): v for model in (ae.encoder, ae.decoder) for v in model.variables}
    weights = sum(int(np.prod(v.shape)) for v in layers.values())
    assert 0.99 * weights < held <= weights
    assert report.size < 4 * weights + 200_000
    on_disk = [file for file in (tmp_path / "model").rglob("*") if file.is_file()]
    assert report.size == sum(file.stat().st_size for file in on_disk)


def test_values_far_from_zero(tmp_path, rng):
    x = rng.normal(1.7e9, 1e3, (100, 5)).astype("float32")
    ae = aezoo.deep(5, 2, normalization="standard")
    ae.adapt(x)
    report = aezoo.export_saved_model(ae, tmp_path / "model", samples=x)
    assert report.parity["max_of_allowed"] <= 1


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "other.json").write_text('{"mine": 1}')
    ae = aezoo.vanilla(4, 2)
    with pytest.raises(FileExistsError, match="choose another folder"):
        aezoo.export_saved_model(ae, tmp_path / "model")
    with pytest.raises(FileExistsError, match="other.json exists already, and is no report"):
        aezoo.export_saved_model(ae, tmp_path / "other")
    assert files(tmp_path) == ["model", "other.json"]


def test_a_wrong_export_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(SavedModel, "encode", lambda self, x: np.zeros((len(x), 2), "float32"))
    with pytest.raises(aezoo.ExportError, match="encodes with differences"):
        aezoo.export_saved_model(aezoo.vanilla(4, 2), tmp_path / "model")
    assert files(tmp_path) == []


def test_written_and_read_back(tmp_path, rng):
    x = (rng.normal(size=(40, 3)) * [1, 10, 100] + 5).astype("float32")
    ae = aezoo.deep(3, 2, hidden_units=(4,), normalization="standard")
    ae.adapt(x)
    write_saved_model(ae, tmp_path / "model", SavedModel.parts)
    read = SavedModel(tmp_path / "model")
    np.testing.assert_allclose(read.encode(x), ae.encode(x), atol=1e-5)
    np.testing.assert_allclose(read.decode(read.encode(x)), ae.reconstruct(x), rtol=1e-4)
    np.testing.assert_allclose(read.reconstruct(x), ae.reconstruct(x), rtol=1e-4)
    np.testing.assert_allclose(read.score(x), ae.reconstruction_error(x), rtol=1e-4)
