"""Writes what a release leaves on a user's disk, for `tests/test_releases.py` to read later on.

python tests/releases/write.py tests/releases/0.1.0
"""

import sys
from pathlib import Path

import keras
import numpy as np

import aezoo

SMALL = {
    "conv": {"filters": (4,)},
    "deep": {"hidden_units": (6,), "normalization": "minmax"},
    "masked": {"filters": (4,), "patch_size": 4},
    "residual": {"filters": (4,)},
    "vanilla": {},
    "contractive": {"hidden_units": (6,)},
}


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True)
    digits = aezoo.load_dataset("digits").x
    expected = {"x": digits[:5]}
    for name in aezoo.list_models():
        keras.utils.set_random_seed(0)
        ae = aezoo.build(name, (8, 8, 1), 3, **SMALL.get(name, {"filters": (4,)}))
        ae.fit(digits, epochs=1, batch_size=64, verbose=0)
        ae.save(folder / f"{name}.keras")
        expected[f"{name}_codes"] = ae.encode(digits[:5])
        expected[f"{name}_outputs"] = ae.reconstruct(digits[:5])
    keras.utils.set_random_seed(0)
    table = np.random.default_rng(0).normal(size=(300, 4)) * [1, 10, 100, 1000] + 5
    ae = aezoo.deep(4, 2, hidden_units=(6,), normalization="standard")
    ae.fit(table, epochs=5, verbose=0)
    ae.save_weights(folder / "table.weights.h5")
    ae.save(folder / "table.keras")
    expected |= {"table": table[:5], "table_outputs": ae.reconstruct(table[:5])}
    for precision in ("float32", "int8"):
        path = folder / f"table-{precision}.tflite"
        quantize = None if precision == "float32" else precision
        aezoo.export_tflite(ae, path, quantize=quantize, calibration_data=table)
        expected[f"table_{precision}"] = aezoo.LiteModel(path).reconstruct(table[:5])
    np.savez_compressed(folder / "expected.npz", **expected)
    aezoo.train("deep", epochs=3, latent_dim=2, output=folder / "run", hidden_units=(4,))
    for picture in (folder / "run").glob("*.png"):
        picture.unlink()


if __name__ == "__main__":
    main(sys.argv[1])
