import numpy as np
import pytest

import aezoo
from aezoo.edge import inspect
from aezoo.export.page.browser_file import for_browser
from aezoo.export.page.golden import difference, golden_vectors
from aezoo.export.page.store import Store, restored


@pytest.mark.parametrize("name", ["float32", "int8"])
def test_what_the_file_returns(files, digits, name):
    lite, store = aezoo.LiteModel(files / f"{name}.tflite"), Store()
    ends = inspect(files / f"{name}.tflite")["signatures"]
    x = digits[1][:6]
    found = golden_vectors(lite, ends, x, store)
    assert set(found) == set(lite.parts) >= {"encode", "decode", "reconstruct"}
    wanted = {"encode": lite.encode(x), "reconstruct": lite.reconstruct(x)}
    wanted["decode"] = lite.decode(restored(store.content, found["decode"]["inputs"]))
    for part, outputs in wanted.items():
        entry = found[part]
        (end,) = ends[part]["outputs"].values()
        assert entry["integers"] == (name == "int8")
        kept = outputs[: entry["count"]]
        assert entry["step"] == pytest.approx(end.get("scale") or np.ptp(kept) / 255)
        apart = np.abs(restored(store.content, entry["outputs"]) - kept) / entry["step"]
        assert apart.max() < 0.01
    assert len(store.content) < 10_000


def test_features_are_compared_in_normalized_units(rng, tmp_path):
    x = (rng.normal(size=(200, 3)) * [1e-3, 1, 1e3]).astype("float32")
    ae = aezoo.vanilla(3, 2, normalization="standard")
    ae.adapt(x)
    aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=x)
    lite, store = aezoo.LiteModel(tmp_path / "model.tflite"), Store()
    found = golden_vectors(lite, inspect(tmp_path / "model.tflite")["signatures"], x[:4], store)
    outputs = restored(store.content, found["reconstruct"]["outputs"])
    np.testing.assert_allclose(outputs, ae.normalize(ae.reconstruct(x[:4])), atol=1e-3)


def test_difference_of_the_same_and_of_others(files, trained, digits, tmp_path):
    path = files / "int8.tflite"
    original, ends = aezoo.LiteModel(path), inspect(path)["signatures"]
    (tmp_path / "model.tflite").write_bytes(for_browser(original.content))
    found = difference(aezoo.LiteModel(tmp_path / "model.tflite"), original, ends, digits[1])
    assert found["samples"] == len(digits[1])
    assert 0 <= found["mean"] <= found["most"] <= 8
    wanted = np.mean(np.square(original.reconstruct(digits[1]) - digits[1]))
    assert found["mse_original"] == pytest.approx(wanted, rel=1e-5)
    assert found["mse"] == pytest.approx(wanted, rel=0.01)
    other = tmp_path / "other.tflite"
    aezoo.export_tflite(trained("deep"), other, samples=digits[1])
    with pytest.raises(aezoo.ExportError, match="steps of 8 bits apart on average"):
        difference(aezoo.LiteModel(other), original, ends, digits[1])
