import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from aezoo.edge import Detector, inspect, p_values
from tests.edge.conftest import rows

RELEASE = Path(__file__).parents[1] / "golden" / "0.1.0" / "table"
FILES = ["float32", "float16", "int8", "int16"]


def keras_scores(detector, x):
    ae = detector.model_
    return detector.scoring_.score(ae.normalize(x), ae.normalize(ae.reconstruct(x)))


@pytest.fixture
def odd(detectors):
    """Rows whose values do not go together, some of them far off."""
    _, normal, _, _ = detectors
    x = np.random.default_rng(5).permuted(normal, axis=0)
    x[:50] += [0, 500, 0, 0]
    return x


def test_runs_without_keras_and_tensorflow(detectors):
    code = (
        "import sys, aezoo.edge, numpy as np;"
        f"d = aezoo.edge.Detector({str(detectors[3] / 'int8.tflite')!r});"
        "print(d.predict(np.full((3, 4), 1e4)), {'keras', 'tensorflow'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[-1 -1 -1] set()"


@pytest.mark.parametrize("file", FILES)
def test_scores_are_those_of_keras(detectors, odd, file):
    detector, normal, files, _ = detectors
    x = np.concatenate([normal, odd])
    expected, found = keras_scores(detector, x), files[file].anomaly_score(x)
    assert found.dtype == np.float32
    if file == "float32":
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert spearmanr(expected, found).statistic > (0.9999 if "float" in file else 0.995)
    # what is beyond the range of the integers stays at least as odd: the network, which gets to
    # see less of it, follows it less far
    far = (found / expected)[300:350]
    assert far.min() > 0.95
    assert far.max() < 2.5


@pytest.mark.parametrize("file", FILES)
def test_flags_and_contributions_follow_the_scores(detectors, odd, file):
    _, normal, files, _ = detectors
    lite = files[file]
    x = np.concatenate([normal, odd])
    scores = lite.anomaly_score(x)
    np.testing.assert_array_equal(lite.predict(x), np.where(scores > lite.threshold, -1, 1))
    # as many of the calibration's samples as in Keras
    assert np.sum(lite.predict(normal) < 0) == 4
    parts = lite.contributions(x)
    assert parts.shape == x.shape
    assert parts.min() >= 0
    np.testing.assert_allclose(parts.sum(axis=1), scores, rtol=1e-5)
    assert (parts[300:350].argmax(axis=1) == 1).all()
    # calibration samples: the least odd of 300 has a p-value of 1, the oddest of 1 / 301
    expected = p_values(scores, np.sort(scores[:300]))
    np.testing.assert_allclose(lite.p_values(x), expected, atol=0.004)


@pytest.mark.parametrize("file", FILES)
def test_a_reference_is_not_its_own_neighbour(detectors, file):
    """Also where it is stored as an integer: it is found again."""
    lite = detectors[2][file]
    x = rows(600)[:200]
    z, rebuilt = lite._outputs(x)
    references = lite._criterion.scoring.references
    np.testing.assert_array_equal(z, references)
    alone = lite._criterion.scoring._replace(references=references[:0], weights=np.zeros((0, 0)))
    for i in range(5):
        others = [j for j in range(200) if j != i]
        weights = lite._criterion.scoring.weights[:, others]
        kept = lite._criterion.scoring._replace(references=references[others], weights=weights)
        expected = kept.score(z[i : i + 1], rebuilt[i : i + 1])
        assert expected > 1.01 * alone.score(z[i : i + 1], rebuilt[i : i + 1])
        assert lite.anomaly_score(x[i : i + 1]) == pytest.approx(expected, rel=1e-4)


def test_attributes(detectors):
    detector, _, files, _ = detectors
    assert files["float32"].threshold == pytest.approx(detector.threshold_, rel=1e-4)
    assert {lite.threshold for lite in files.values()} != {detector.threshold_}
    for lite in files.values():
        assert lite.feature_names == ("a", "b", "c", "d")
        assert lite.false_alarm_rate == 0.02


def test_pieces_are_scored_as_the_whole(detectors, monkeypatch):
    _, normal, files, _ = detectors
    expected = [f(normal) for f in (files["int8"].anomaly_score, files["int8"].contributions)]
    monkeypatch.setattr("aezoo.edge.detector.VALUES", 28)  # seven rows
    found = [f(normal) for f in (files["int8"].anomaly_score, files["int8"].contributions)]
    for ours, theirs in zip(expected, found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("file", FILES)
def test_what_is_too_far_off_for_a_score_is_no_normal_sample(detectors, file):
    lite = detectors[2][file]
    x = np.full((2, 4), 3e38, "float32")
    assert (lite.predict(x) == -1).all()
    assert lite.p_values(x) == pytest.approx([1 / 301] * 2)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 5)), r"\(n, 4\).*\(3, 5\)"),
        (np.zeros(4), r"\(n, 4\)"),
        (np.zeros((0, 4)), r"\(0, 4\)"),
        (np.float32(0), r"\(n, 4\).*\(\)"),
        (np.full((1, 4), "a"), "real numbers"),
        (np.full((2, 4), np.nan), "finite in float32. Received: 8 NaN"),
    ],
)
@pytest.mark.parametrize("file", ["float32", "int8"])
def test_bad_samples(detectors, file, x, message):
    lite = detectors[2][file]
    for method in (lite.anomaly_score, lite.predict, lite.p_values, lite.contributions):
        with pytest.raises(ValueError, match=message):
            method(x)


def test_copies_and_threads(detectors):
    _, normal, files, _ = detectors
    lite = files["int8"]
    expected = lite.anomaly_score(normal)
    for other in (copy.deepcopy(lite), pickle.loads(pickle.dumps(lite))):
        np.testing.assert_array_equal(other.anomaly_score(normal), expected)
        assert other.threshold == lite.threshold
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(lite.anomaly_score(normal))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for scores in found:
        np.testing.assert_array_equal(scores, expected)
    assert len(found) == 4


def test_bad_files(detectors, tmp_path):
    with pytest.raises(ValueError, match="holds a model, but no detector"):
        Detector(RELEASE / "int8.tflite")
    with pytest.raises(FileNotFoundError):
        Detector(tmp_path / "none.tflite")
    content = (detectors[3] / "int8.tflite").read_bytes()
    path = tmp_path / "detector.tflite"
    for end in (10, len(content) // 2, len(content) - 100):
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match=r"detector\.tflite"):
            Detector(path)
    path.write_bytes(content)
    other = (detectors[3] / "float32.tflite.json").read_bytes()
    (tmp_path / "detector.tflite.json").write_bytes(other)
    with pytest.raises(ValueError, match="another file than its report names"):
        Detector(path)


def test_inspect_shows_a_detector(detectors):
    _, _, files, folder = detectors
    found = inspect(folder / "int8.tflite")["detector"]
    assert found == {
        "threshold": files["int8"].threshold,
        "false_alarm_rate": 0.02,
        "features": list("abcd"),
        "references": 200,
        "neighbors": 5,
        "calibration_samples": 300,
    }
    assert "detector" not in inspect(RELEASE / "int8.tflite")
