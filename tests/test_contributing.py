"""The worked example of CONTRIBUTING.md is a family like the others."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import aezoo
from aezoo.registry import factories as registry

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def example():
    (code,) = re.findall(r"^```python\n(.*?)^```$", CONTRIBUTING.read_text("utf-8"), re.M | re.S)
    names = {"__name__": "example"}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    yield names
    registry._FACTORIES.pop("decorrelated")
    keras.saving.get_custom_objects().pop("aezoo>Decorrelation")


def test_example_is_a_family(example, rng, terms, tmp_path):
    x = rng.random((64, 6)).astype("float32")
    ae = aezoo.build("decorrelated", 6, 3, hidden_units=(8,), weight=10.0)
    log = ae.fit(x, epochs=60, batch_size=16, verbose=0).history
    assert log["covariance"][-1] < 0.5 * log["covariance"][0]
    z = ae.encode(x)
    off = np.cov(z.T, bias=True) * (1 - np.eye(3))
    found = terms(example["Decorrelation"](), z)["covariance"]
    assert float(found.value) == pytest.approx(np.mean(off**2), rel=1e-3)
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.encode(x), z, atol=1e-6)
