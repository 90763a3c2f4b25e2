import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import aezoo
from aezoo.edge import Detector, LiteModel
from aezoo.uses import AnomalyDetector, TimeSeriesDetector, stored


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("detectors") / "pump"
    fitted.save(folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of the folder, to be damaged."""
    folder = tmp_path / "pump"
    folder.mkdir()
    for file in saved.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_comes_back_as_it_was(saved, fitted, odd):
    again = AnomalyDetector.load(saved)
    assert again.get_params() == fitted.get_params()
    assert again.threshold_ == fitted.threshold_
    np.testing.assert_array_equal(again.anomaly_score(odd), fitted.anomaly_score(odd))
    np.testing.assert_array_equal(again.p_values(odd), fitted.p_values(odd))
    with pytest.raises(ValueError, match="expecting 4"):
        again.predict(odd[:, :2])


def test_what_was_calibrated_comes_back(detector, normal, tmp_path):
    weights = np.linspace(0.1, 1, len(normal))
    detector.calibrate(normal, false_alarm_rate=0.05, sample_weight=weights).save(tmp_path / "a")
    again = AnomalyDetector.load(tmp_path / "a")
    assert again.threshold_ == detector.threshold_
    assert again.calibrated_
    assert again.false_alarm_rate_ == 0.05
    np.testing.assert_array_equal(again.p_values(normal), detector.p_values(normal))


def test_model_that_was_given(normal, tmp_path):
    ae = aezoo.vanilla(4, 2, normalization="standard")
    ae.adapt(normal)
    aezoo.export_tflite(ae, tmp_path / "m.tflite", samples=np.float32(normal))
    lite = LiteModel(tmp_path / "m.tflite")
    for name, model in (("keras", ae), ("lite", lite)):
        detector = AnomalyDetector(model).fit(normal)
        detector.save(tmp_path / name)
        again = AnomalyDetector.load(tmp_path / name)
        assert type(again.model) is type(model)
        np.testing.assert_array_equal(again.anomaly_score(normal), detector.anomaly_score(normal))


@pytest.mark.usefixtures("untrained")
def test_table_with_categories(normal, tmp_path):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(normal, columns=list("abcd"))
    table["kind"] = np.where(table["a"] > 0, "high", "low")
    detector = AnomalyDetector(epochs=1, random_state=np.random.RandomState(0)).fit(table)
    detector.save(tmp_path / "a")
    again = AnomalyDetector.load(tmp_path / "a")
    np.testing.assert_array_equal(again.anomaly_score(table), detector.anomaly_score(table))
    np.testing.assert_array_equal(again.feature_names_in_, detector.feature_names_in_)


@pytest.mark.usefixtures("untrained")
def test_file_of_another_detector(copy, normal, tmp_path):
    AnomalyDetector(epochs=1, random_state=1).fit(normal).save(tmp_path / "other")
    for name in ("detector.npz", "model.keras"):
        before = (copy / name).read_bytes()
        (copy / name).write_bytes((tmp_path / "other" / name).read_bytes())
        with pytest.raises(ValueError, match=f"{name} is damaged, or of another detector"):
            AnomalyDetector.load(copy)
        (copy / name).write_bytes(before)
    AnomalyDetector.load(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "format 2"),
        ({"class": "Other"}, "holds a Other"),
        ({"sha256": 3}, "is damaged"),
        ({"sha256": {"../../secret": "0"}}, "no detector has"),
        ({"parameters": {"models": 1}}, "cannot be read"),
        ({"columns": {}}, "cannot be read"),
    ],
)
def test_changed_record(copy, change, message):
    file = copy / "detector.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=message):
        AnomalyDetector.load(copy)


@pytest.mark.parametrize(
    ("value", "kept"),
    [(np.int64(3), 3), (3, 3), (None, None), (np.random.RandomState(3), None)],
)
def test_seeds_are_kept_and_generators_are_not(value, kept):
    assert stored.parameters(AnomalyDetector(random_state=value))["random_state"] == kept


def test_arguments_as_json_holds_them():
    ae = aezoo.vanilla(4, 2)
    found = stored.parameters(AnomalyDetector(ae, contamination=np.float64(0.125), verbose="auto"))
    assert (found["model"], found["contamination"]) == ("(given)", 0.125)
    assert json.loads(json.dumps(found)) == found
    found = stored.parameters(TimeSeriesDetector(12, model=ae))
    assert found == {"window": 12, "stride": 1, "model": "(given)"}


def test_missing_and_existing_folders(copy, fitted, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no detector in"):
        AnomalyDetector.load(tmp_path)
    (copy / "model.keras").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.keras"):
        AnomalyDetector.load(copy)
    with pytest.raises(FileExistsError, match="exists"):
        fitted.save(copy)
    (copy / "detector.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        AnomalyDetector.load(copy)


def test_pretrained_is_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    detector = AnomalyDetector.load("ecg5000")
    assert detector.model_.input_shape == (None, 140, 1)
    assert len(detector.scoring_.references) == 0  # which would be beats of the data
    with pytest.raises(FileNotFoundError, match="pretrained one: .*ecg5000"):
        AnomalyDetector.load("ecg500")
    (tmp_path / "ecg5000").mkdir()  # a folder of one's own goes first
    with pytest.raises(FileNotFoundError, match=r"expected detector\.json"):
        AnomalyDetector.load("ecg5000")


@pytest.mark.skipif("AEZOO_TEST_DATA" not in os.environ, reason="needs ECG5000: AEZOO_TEST_DATA")
def test_pretrained_is_as_its_card_says():
    folder = stored.pretrained()["ecg5000"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    expected = [float(cell) for cell in re.search(r"AUROC \| (\S+) \| (\S+)", card).groups()]
    with np.load(Path(os.environ["AEZOO_TEST_DATA"]) / "ecg5000.npz") as arrays:
        x, y = arrays["x"][..., np.newaxis], arrays["anomaly"]
    normal = np.random.default_rng(0).permutation(np.flatnonzero(y == 0))
    test = np.concatenate([normal[int(0.8 * len(normal)) :], np.flatnonzero(y == 1)])
    detectors = AnomalyDetector.load("ecg5000"), Detector(folder / "detector-int8.tflite")
    found = [roc_auc_score(y[test], detector.anomaly_score(x[test])) for detector in detectors]
    np.testing.assert_allclose(found, expected, atol=2e-4)
