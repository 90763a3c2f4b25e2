import json

import keras
import numpy as np

import aezoo
from aezoo.training.attempts import Attempt
from aezoo.training.plan import Plan
from aezoo.training.writing import write_run


def test_what_a_folder_holds(tmp_path):
    train, test = (aezoo.load_dataset("digits", split) for split in ("train", "test"))
    ae = aezoo.vanilla((8, 8, 1), 2)
    outcome = {"epochs": 1, "epochs_run": 0, "interrupted": False, "learned": True}
    found = Attempt(ae, {"loss": []}, outcome, Plan({"l2": 0.0}, reasons=["so"]))
    record = {"model": "vanilla", "latent_dim": 2, "data": {"source": "digits"}}
    metrics = write_run(tmp_path, found, train, test, record, {"seed": 3})
    assert {path.name for path in tmp_path.iterdir()} == {
        "latent.png", "metrics.json", "model.keras", "reconstructions.png"
    }  # fmt: skip
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["metrics"]["mse"] == metrics["mse"]
    assert written["training"] == {"seed": 3, **outcome, "chosen": ["so"]}
    assert (written["options"], written["input_shape"]) == ({"l2": 0.0}, [8, 8, 1])
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    error = np.mean(np.square(loaded.reconstruct(test.x) - test.x))
    np.testing.assert_allclose(error, metrics["mse"], rtol=1e-4)
