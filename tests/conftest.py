import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import keras
import numpy as np
import pytest

from aezoo.autoencoder import fitting
from aezoo.export import report
from aezoo.layers.objectives import Forward

# An export's latency, and the compilation of XLA, take seconds, and are of interest to few tests.
report.RUNS, report.PREDICT_RUNS = 5, 1
declared = fitting.ending
fitting.ending = lambda decoder: declared(decoder)._replace(xla=False)


@pytest.fixture
def xla(monkeypatch):
    """Compiles models as they are outside of tests."""
    monkeypatch.setattr(fitting, "ending", declared)


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def terms():
    """What a bottleneck says of features that come into it: names to values and losses."""

    def found(layer, features, training=False):
        code = layer(features, training=training)
        return layer.terms(Forward(None, None, features, code, None, None, training))

    return found


@pytest.fixture
def mnist_dir():
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("MNIST is not on disk: set TFDS_DATA_DIR to a folder where TFDS prepared it")
    return folder


@pytest.fixture
def npm(tmp_path):
    """What npm would have installed, but for the content."""
    modules = tmp_path / "node_modules" / "@litertjs"
    for name in ("core", "wasm-utils"):
        (modules / name / "dist").mkdir(parents=True)
        described = {"name": f"@litertjs/{name}", "version": "2.5.3", "license": "Apache-2.0"}
        (modules / name / "package.json").write_text(json.dumps(described))
    (modules / "core/dist/index.js").write_text(
        'import { createWasmLib } from "@litertjs/wasm-utils";\nexport let core;\n'
    )
    (modules / "wasm-utils/dist/index.js").write_text("export let createWasmLib;\n")
    (modules / "core/wasm").mkdir()
    for build in ("", "_compat", "_threaded", "_jspi"):
        for suffix in ("js", "wasm"):
            (modules / f"core/wasm/litert_wasm{build}_internal.{suffix}").write_text(build)
    return modules / "core"
