"""What earlier releases wrote can still be read: see `tests/releases/write.py`."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app

RELEASES = sorted((Path(__file__).parent / "releases").glob("[0-9]*"))
FAMILIES = {"variational": "kl_divergence", "vector_quantized": "encode_indices"}


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def release(request):
    return request.param


@pytest.fixture
def expected(release):
    return np.load(release / "expected.npz")


def test_models_come_back_with_their_methods(release, expected):
    x = expected["x"]
    names = {key.removesuffix("_codes") for key in expected if key.endswith("_codes")}
    assert len(names) >= 10
    for name in names:
        ae = keras.saving.load_model(release / f"{name}.keras")
        assert isinstance(ae, aezoo.Autoencoder)
        np.testing.assert_allclose(ae.encode(x), expected[f"{name}_codes"], atol=1e-5)
        np.testing.assert_allclose(ae.reconstruct(x), expected[f"{name}_outputs"], atol=1e-5)
        for family, method in FAMILIES.items():
            assert hasattr(ae, method) == (name == family)


def test_models_train_on(release, expected):
    for name in ("sparse", "variational", "masked"):
        ae = keras.saving.load_model(release / f"{name}.keras")
        assert np.isfinite(ae.fit(expected["x"], verbose=0).history["loss"]).all()


def test_weights_and_their_statistics(release, expected):
    ae = aezoo.build(
        "deep",
        4,
        2,
        weights=release / "table.weights.h5",
        hidden_units=(6,),
        normalization="standard",
    )
    loaded = keras.saving.load_model(release / "table.keras")
    for model in (ae, loaded):
        assert model.normalization.adapted
        found = model.reconstruct(expected["table"])
        np.testing.assert_allclose(found, expected["table_outputs"], rtol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_files_for_devices(release, expected, precision):
    lite = aezoo.LiteModel(release / f"table-{precision}.tflite")
    found = lite.reconstruct(expected["table"])
    # another machine may round a value to the next step
    tolerance = 1e-3 if precision == "float32" else 0.03
    spread = np.ptp(expected["table"], axis=0)
    assert np.abs((found - expected[f"table_{precision}"]) / spread).max() < tolerance


def test_runs(release, tmp_path):
    folder = shutil.copytree(release / "run", tmp_path / "run")
    result = CliRunner().invoke(app, ["evaluate", str(folder)])
    assert result.exit_code == 0, result.output
    mse = json.loads((folder / "metrics.json").read_text())["metrics"]["mse"]
    assert f"{mse:.5f}" in result.output
