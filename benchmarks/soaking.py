"""One process that works for long: what `reliability.py` knows of its memory.

    python benchmarks/soaking.py worker 600

`worker` trains a model and a detector once, then goes on for ever: it fits them further, encodes,
saves, loads, exports, opens the file, compresses, scores. `anew` does all of that with a new model
and a new detector each round, and `keras` only builds, compiles and fits a plain Keras model each
round, which is what TensorFlow itself keeps of functions that it has traced.
"""

import gc
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import keras
import numpy as np
import psutil

import aezoo

WARM = 0.2  # of the time, that is not judged: allocators and caches grow first
WAYS = ("worker", "anew", "keras")


def soaked(way, seconds):
    """How much a process grows from the first quarter of the time after its warm-up to the last."""
    rows, seen, begin = [], None, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        turn = {"worker": Worker, "anew": Anew, "keras": Keras}[way](Path(folder))
        tempfile.tempdir = f"{folder}/temporary"
        Path(tempfile.tempdir).mkdir()
        while time.perf_counter() - begin < seconds or len(rows) < 8:
            turn()
            gc.collect()
            rows.append(sample())
            seen = names(folder) if seen is None else seen  # each round writes the same ones
        left = names(folder) - seen
        left |= {name for name in names(tempfile.tempdir) if "autograph" not in name}
        tempfile.tempdir = None
    return {"seconds": round(time.perf_counter() - begin), "temporary": len(left), **grown(rows)}


def names(folder):
    """What is in a folder, but for the folder of temporary files."""
    return {path.name for path in Path(folder).iterdir()} - {"temporary"}


def grown(rows):
    """Growth in per cent, and in MiB a round, of the medians of the first and the last quarter."""
    judged = rows[round(WARM * len(rows)) :]
    quarter = max(1, len(judged) // 4)
    found = {"rounds": len(rows)}
    for key in rows[0]:
        first, last = (
            statistics.median(row[key] for row in part)
            for part in (judged[:quarter], judged[-quarter:])
        )
        found[key] = {"first": first, "last": last, "grown": last / first - 1}
    apart = len(judged) - quarter
    found["a_round"] = (found["bytes"]["last"] - found["bytes"]["first"]) / max(1, apart)
    return found


def sample():
    """What this process holds now."""
    process = psutil.Process()
    handles = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
    return {
        "bytes": process.memory_info().rss,
        "objects": len(gc.get_objects()),
        "files": handles,
        "threads": process.num_threads(),
        "python_threads": threading.active_count(),
    }


class Worker:
    """A model and a detector that are used again and again."""

    def __init__(self, folder):
        rng = np.random.default_rng(0)
        self.folder = folder
        self.x = rng.random((128, 8, 8, 1)).astype("float32")
        self.table = rng.normal(size=(300, 6))
        self.make()

    def make(self):
        self.ae = aezoo.conv((8, 8, 1), 4, filters=(4,))
        self.detector = aezoo.AnomalyDetector(random_state=0, epochs=2).fit(self.table)

    def __call__(self):
        ae, x, folder = self.ae, self.x, self.folder
        ae.fit(x, epochs=1, batch_size=32, verbose=0)
        ae.decode(ae.encode(x)), ae.reconstruct(x), ae.reconstruction_error(x)
        ae.save(folder / "model.keras")
        loaded = aezoo.load_model(folder / "model.keras")
        loaded.reconstruct(x)
        aezoo.export_tflite(ae, folder / "model.tflite", samples=x)
        lite = aezoo.LiteModel(folder / "model.tflite")
        lite.encode(x), lite.reconstruct(x)
        aezoo.decompress(aezoo.compress(ae, x, step=0.1), ae)
        self.detector.anomaly_score(self.table)
        keras.backend.clear_session()  # or Keras keeps what it drew up of each model loaded


class Anew(Worker):
    """New ones each round."""

    def __call__(self):
        self.make()
        super().__call__()


class Keras(Worker):
    """A plain Keras model, for comparison: what is not of this package."""

    def make(self):
        layers = [keras.layers.Flatten(), keras.layers.Dense(4), keras.layers.Dense(64)]
        self.model = keras.Sequential([keras.Input((8, 8, 1)), *layers])
        self.model.compile("adam", "mse")

    def __call__(self):
        self.make()
        self.model.fit(self.x, self.x.reshape(128, 64), epochs=1, verbose=0)
        keras.backend.clear_session()


if __name__ == "__main__":
    print(json.dumps(soaked(sys.argv[1], float(sys.argv[2]))))
