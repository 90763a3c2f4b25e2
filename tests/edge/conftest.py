from types import SimpleNamespace

import numpy as np
import pytest

import aezoo
from aezoo.edge import Detector, Scoring
from aezoo.export import detector as export
from aezoo.export import export_detector


def rows(n, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, 2)) @ [[1, 2, 0, 1], [0, 1, 1, -1]]
    return (x * [1, 10, 0.1, 1] + [0, 100, 0, 5]).astype("float32")


@pytest.fixture(scope="session")
def detectors(tmp_path_factory):
    """A detector fitted by hand, rows that it was calibrated on, and files of it by precision."""
    train, normal = rows(600), rows(300, seed=1)
    ae = aezoo.deep(4, 3, hidden_units=(16,), normalization="standard")
    ae.fit(train, epochs=15, verbose=0)
    references = ae.normalize(train[:200])
    weights = np.random.default_rng(0).uniform(0.5, 2, (2, 200)).astype("float32")
    weights[1, :50] = 0
    scoring = Scoring(np.float32([1, 2, 0.5, 1]), references, weights, 5)
    scores = scoring.score(ae.normalize(normal), ae.normalize(ae.reconstruct(normal)))
    detector = SimpleNamespace(
        model_=ae,
        scoring_=scoring,
        threshold_=float(np.sort(scores)[-5]),
        calibration_scores_=scores,
        columns_=SimpleNamespace(names=list("abcd"), transform=lambda x, owner: x),
        false_alarm_rate_=0.02,
    )
    folder = tmp_path_factory.mktemp("detectors")
    for name, quantize in (("float32", None), ("float16", "float16"), ("int8", "int8")):
        path = folder / f"{name}.tflite"
        export_detector(detector, path, quantize=quantize, calibration_data=normal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "ATTEMPTS", {"int8": [{"per_unit": True, "wide": True}]})
        path = folder / "int16.tflite"
        export_detector(detector, path, quantize="int8", calibration_data=normal)
    files = {path.stem: Detector(path) for path in folder.glob("*.tflite")}
    return detector, normal, files, folder
