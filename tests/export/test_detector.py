import json
import logging

import numpy as np
import pytest
from scipy.stats import spearmanr

import aezoo
from aezoo.edge import Detector, LiteModel, inspect
from aezoo.export import detector as export
from aezoo.export import export_detector
from aezoo.export.integer_scoring import in_integers
from aezoo.export.micro import Proof, run_plain
from tests.export.test_micro_detector import compiled, run
from tests.uses.conftest import related


@pytest.fixture(scope="module")
def normal():
    return related(1500, seed=3).astype("float32")


@pytest.fixture(scope="module")
def fitted(normal):
    detector = aezoo.AnomalyDetector(
        contamination=0, threshold="conformal", false_alarm_rate=0.1, random_state=0
    )
    detector.fit(normal[:600])
    return detector.calibrate(normal[600:1000], false_alarm_rate=0.05)


@pytest.fixture
def odd(normal):
    x = np.random.default_rng(1).permuted(normal[1000:], axis=0)
    x[:40] *= 5
    return x


@pytest.mark.slow
@pytest.mark.parametrize("quantize", [None, "float16", "dynamic", "int8"])
def test_threshold_is_the_conformal_one_of_the_files_own_scores(
    fitted, normal, odd, tmp_path, quantize
):
    path = tmp_path / "detector.tflite"
    report = export_detector(
        fitted, path, quantize=quantize, calibration_data=normal[600:1000], samples=normal[1000:]
    )
    lite = Detector(path)
    scores = np.sort(lite.anomaly_score(normal[600:1000]))
    assert lite.threshold == pytest.approx(scores[int(np.ceil(0.95 * 401)) - 1], rel=1e-6)
    assert np.sum(scores > lite.threshold) == 19
    x = np.concatenate([normal[1000:], odd])
    expected, found = fitted.anomaly_score(x), lite.anomaly_score(x)
    assert spearmanr(expected, found).statistic >= 0.995
    told = report.detector
    assert told["threshold"] == lite.threshold
    assert told["threshold_keras"] == fitted.threshold_
    assert (told["calibration"], told["samples"], told["held_out"]) == (400, 500, True)
    assert told["false_alarms"] == np.mean(lite.predict(normal[1000:]) < 0)
    assert told["false_alarms_keras"] == np.mean(fitted.predict(normal[1000:]) < 0)
    assert told["false_alarms_before"] == np.mean(found[:500] > fitted.threshold_)
    assert told["rank_correlation"] == pytest.approx(
        spearmanr(expected[:500], found[:500]).statistic, abs=1e-6
    )
    assert lite.feature_names == ("x0", "x1", "x2", "x3")
    assert lite.false_alarm_rate == 0.05
    assert json.loads((tmp_path / "detector.tflite.json").read_text())["detector"] == told
    np.testing.assert_allclose(lite.p_values(x), fitted.p_values(x), atol=0.15)


def judged(monkeypatch, *strictly, otherwise=None):
    """Lets attempts fail in turn, and returns what is asked."""
    asked, turns = [], iter(strictly)

    def refused(found, strict=False):
        asked.append((found["activations"], strict))
        return next(turns) if strict else otherwise

    monkeypatch.setattr(export, "detector_refusal", refused)
    return asked


@pytest.mark.slow
def test_int8_becomes_wider_only_where_it_must(fitted, tmp_path, monkeypatch):
    asked = judged(monkeypatch, "is wrong", "is wrong", None)
    path = tmp_path / "detector.tflite"
    report = export_detector(fitted, path, quantize="int8")
    assert asked == [("int8", True), ("int8", True), ("int16", True), ("int16", False)]
    assert report.detector["activations"] == "int16"
    assert report.contents["float_ops"] == {}
    ends = report.contents["signatures"]["reconstruct"]
    assert ends["inputs"]["x"]["dtype"] == ends["outputs"]["reconstruction"]["dtype"] == "int16"
    # four times the range of the references
    step = 4 * np.abs(fitted.scoring_.references).max() / 2**15
    assert ends["inputs"]["x"]["scale"] == pytest.approx(step, rel=0.01)
    monkeypatch.setattr(export, "ATTEMPTS", {"int8": export.ATTEMPTS["int8"][2:]})
    judged(monkeypatch, "is wrong", otherwise="is worse")
    before = path.read_bytes()
    with pytest.raises(aezoo.ExportError, match=r"int8 is worse\. .*quantize='float16'") as error:
        export_detector(fitted, path, quantize="int8")
    assert error.value.report.detector["activations"] == "int16"
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("fails", ["converted", "refuse_operators"])
def test_what_has_no_form_in_int16_is_judged_in_int8(fitted, tmp_path, monkeypatch, fails):
    calls = []

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise aezoo.ExportError("no such operator")
        return real(*arguments, **options)

    real = getattr(export, fails)
    monkeypatch.setattr(export, fails, failing)
    monkeypatch.setattr(export, "ATTEMPTS", {"int8": export.ATTEMPTS["int8"][1:]})
    asked = judged(monkeypatch, "is wrong")
    path = tmp_path / "detector.tflite"
    report = export_detector(fitted, path, quantize="int8")
    assert asked == [("int8", True), ("int8", False)]
    assert report.detector["activations"] == "int8"
    assert Detector(path).threshold == report.detector["threshold"]
    assert "INT16" not in inspect(path)["dtypes"]


@pytest.mark.slow
def test_references_alone_set_the_threshold(fitted, normal, tmp_path):
    """They are training samples, and carry the threshold all the same."""
    path = tmp_path / "detector.tflite"
    report = fitted.export(path, quantize="int8")
    assert report.detector["calibration"] == len(fitted.scoring_.references)
    assert not report.detector["held_out"]
    lite = Detector(path)
    alarms = np.mean(lite.predict(normal[600:]) < 0), np.mean(fitted.predict(normal[600:]) < 0)
    assert alarms[0] == pytest.approx(alarms[1], abs=0.01)
    assert "of these normal samples" in str(report)


def test_report_and_model(fitted, normal, tmp_path):
    path = tmp_path / "detector.tflite"
    report = fitted.export(path, calibration_data=normal[600:1000], samples=normal[1000:])
    text = str(report)
    assert "false alarms, 500 other normal samples" in text
    assert f"{report.detector['false_alarms_keras']:.2%} in Keras" in text
    assert "threshold is set on" in text
    assert "480, of 7,680 bytes" in text
    assert report.size == path.stat().st_size
    np.testing.assert_allclose(
        LiteModel(path).encode(normal[:9]), fitted.model_.encode(normal[:9]), atol=1e-4
    )
    # a second export may replace the first
    fitted.export(path, quantize="float16", calibration_data=normal[600:1000])
    assert Detector(path).threshold != report.detector["threshold"]


def test_images_and_models_without_references(tmp_path, digits):
    x = digits[0][:400]
    ae = aezoo.build("deep", (8, 8, 1), 8)
    ae.fit(x, epochs=2, verbose=0)
    detector = aezoo.AnomalyDetector(ae, scoring="error", contamination=0).fit(x)
    with pytest.raises(ValueError, match="give calibration_data"):
        detector.export(tmp_path / "detector.tflite")
    report = detector.export(tmp_path / "detector.tflite", calibration_data=x)
    assert report.detector["references"] == 0
    lite = Detector(tmp_path / "detector.tflite")
    assert lite.feature_names is None
    assert lite.contributions(x[:3]).shape == (3, 8, 8, 1)
    np.testing.assert_allclose(lite.anomaly_score(x), detector.anomaly_score(x), rtol=1e-3)


@pytest.mark.parametrize("wide", [False, True])
def test_micro(fitted, normal, odd, tmp_path, monkeypatch, wide):
    pytest.importorskip("tflite_micro", reason="needs the extra [micro]")
    monkeypatch.setattr(export, "ATTEMPTS", {"int8": [{"per_unit": True, "wide": wide}]})
    monkeypatch.setattr(export, "detector_refusal", lambda *_, **__: None)
    folder = tmp_path / "firmware"
    calibration = normal[600:1000]
    report = fitted.export(
        folder, quantize="int8", target="micro", calibration_data=calibration, samples=normal[1000:]
    )
    names = ["detector.c", "detector.h"]
    names += [f"reconstruct.{suffix}" for suffix in ("cc", "h", "tflite")]
    assert sorted(path.name for path in folder.iterdir()) == names
    told = report.detector
    assert told["activations"] == ("int16" if wide else "int8")
    ends = inspect(folder / "reconstruct.tflite")["signatures"]["reconstruct"]
    details = [
        {"dtype": np.dtype(t["dtype"]).type, "quantization": (t["scale"], t["zero_point"])}
        for end in ("inputs", "outputs")
        for t in ends[end].values()
    ]
    integers = in_integers(fitted.scoring_, *details)
    x = np.concatenate([calibration, normal[1000:], odd])
    given = run_plain(folder / "reconstruct.tflite", fitted.model_.normalize(x))
    expected = integers.score(*given)
    # the conformal threshold of these very scores
    threshold = np.sort(expected[:400])[int(np.ceil(0.95 * 401)) - 1]
    assert told["threshold_integer"] == threshold
    if wide:
        assert spearmanr(expected, fitted.anomaly_score(x)).statistic >= 0.995
    assert told["false_alarms"] == np.mean(expected[400:900] > threshold)
    scores, flags, _ = run(compiled(folder, len(x)), *given)
    np.testing.assert_array_equal(scores, expected)
    np.testing.assert_array_equal(flags, expected > threshold)
    assert "memory on a microcontroller" in str(report)
    header = (folder / "reconstruct.h").read_text()
    assert f"extern const {'int16' if wide else 'int8'}_t aezoo_reconstruct_golden_inputs" in header
    # as a device quantizes: a float score is that of edge.Detector
    assert integers.unit * threshold == pytest.approx(fitted.threshold_, rel=0.05)


def test_runtimes_that_disagree_leave_nothing(fitted, tmp_path, monkeypatch):
    def prove(path, x):
        return Proof(*run_plain(path, x), 5000, 3, 0.06)

    monkeypatch.setattr(export, "prove", prove)
    monkeypatch.setattr(export, "detector_refusal", lambda *_, **__: None)
    with pytest.raises(aezoo.ExportError, match=r"6\.0% of its outputs by more than one step"):
        fitted.export(tmp_path / "firmware", quantize="int8", target="micro")
    assert list(tmp_path.iterdir()) == []


def test_too_large_for_a_microcontroller(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("aezoo.export.micro_detector.LARGEST", 2000)
    with pytest.raises(ValueError, match="n_references="):
        fitted.export(tmp_path / "firmware", quantize="int8", target="micro")
    assert list(tmp_path.iterdir()) == []


def test_bad_arguments(fitted, normal, tmp_path):
    path = tmp_path / "detector.tflite"
    for options, message in (
        ({"quantize": "int4"}, "quantize must be one of"),
        ({"target": "arduino"}, "target must be one of"),
        ({"target": "micro"}, "quantize must be one of"),
        ({"calibration_data": normal[:, :2]}, "features"),
        ({"calibration_data": normal[:5], "quantize": "int8"}, "20 calibration samples or more"),
    ):
        with pytest.raises(ValueError, match=message):
            export_detector(fitted, path, **options)
    fitted.export(path)
    given = aezoo.AnomalyDetector(LiteModel(path), contamination=0).fit(normal[:200])
    with pytest.raises(ValueError, match="file for devices already"):
        given.export(tmp_path / "again.tflite")


def test_logs_nothing(fitted, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "aezoo"):
        fitted.export(tmp_path / "detector.tflite")
    assert caplog.records == []


@pytest.mark.slow
def test_codes_out_of_a_codebook(trained, digits, tmp_path):
    """In int8 they are indices, for the file and for what it is compared with."""
    detector = aezoo.AnomalyDetector(trained("vector_quantized"), contamination=0, epochs=1)
    detector.fit(digits[0][:1000])
    report = detector.export(
        tmp_path / "a.tflite", quantize="int8", calibration_data=digits[0][1000:]
    )
    assert report.parity["encode_differing"] < 0.2
    assert Detector(tmp_path / "a.tflite").anomaly_score(digits[1]).shape == (360,)
