import json

import numpy as np
import pytest

import aezoo
from aezoo.uses.time_series import TimeSeriesDetector

OPTIONS = {"window": 12, "stride": 2, "random_state": 0, "epochs": 1}


@pytest.fixture(scope="module")
def recording():
    return np.random.default_rng(0).normal(size=(120, 3))


@pytest.fixture(scope="module")
def folder(recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("series") / "detector"
    TimeSeriesDetector(**OPTIONS).fit(recording).save(folder)
    return folder


@pytest.fixture
def copy(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_scores_and_parameters_come_back(recording, folder):
    detector = TimeSeriesDetector(**OPTIONS).fit(recording)
    loaded = TimeSeriesDetector.load(folder)
    assert loaded.get_params() == OPTIONS
    assert loaded.threshold_ == detector.threshold_
    np.testing.assert_allclose(
        loaded.anomaly_score(recording), detector.anomaly_score(recording), rtol=1e-5
    )
    scores = [loaded.update(step) for step in recording[:40]]
    np.testing.assert_allclose(scores, loaded.anomaly_score(recording[:40]), rtol=1e-3)


def test_windows_too_short_for_forecasts(recording, tmp_path):
    detector = TimeSeriesDetector(**{**OPTIONS, "window": 6}).fit(recording)
    detector.save(tmp_path / "new")
    loaded = TimeSeriesDetector.load(tmp_path / "new")
    expected = detector.anomaly_score(recording)
    np.testing.assert_allclose(loaded.anomaly_score(recording), expected, rtol=1e-5)


def test_names_of_channels_and_a_model_of_windows(recording, tmp_path):
    pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
    table = pd.DataFrame(recording, columns=["a", "b", "c"])
    ae = aezoo.vanilla((12, 3), 2, normalization="standard")
    ae.adapt(np.lib.stride_tricks.sliding_window_view(recording, 12, 0).transpose(0, 2, 1))
    detector = TimeSeriesDetector(model=ae, **OPTIONS).fit(table)
    detector.save(tmp_path / "new")
    loaded = TimeSeriesDetector.load(tmp_path / "new")
    assert loaded.surprises_ is None
    assert loaded.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(
        loaded.anomaly_score(table), detector.anomaly_score(table), rtol=1e-5
    )
    loaded.fit(table)
    with pytest.raises(ValueError, match="Expected the channels a, b, c"):
        loaded.anomaly_score(table[["b", "a", "c"]])


def test_nothing_is_overwritten(folder):
    with pytest.raises(FileExistsError, match="exists"):
        TimeSeriesDetector.load(folder).save(folder)


def test_what_is_no_such_detector(copy, folder, recording):
    with pytest.raises(FileNotFoundError, match=r"series\.json"):
        TimeSeriesDetector.load(copy / "none")
    with pytest.raises(ValueError, match="holds a"):
        aezoo.AnomalyDetector.load(copy)
    record = json.loads((copy / "series.json").read_text())
    for change, message in (
        ({"version": 9}, "of format 9"),
        ({"sha256": "0"}, "belong together"),
        ({"parameters": {"window": 3, "other": 1}}, "cannot be used"),
        ({"surprises": {"mean": []}}, "cannot be used"),
    ):
        (copy / "series.json").write_text(json.dumps({**record, **change}))
        with pytest.raises(ValueError, match=message):
            TimeSeriesDetector.load(copy)
    (copy / "series.json").write_text("{")
    with pytest.raises(ValueError, match=r"series\.json is damaged"):
        TimeSeriesDetector.load(copy)
    (copy / "series.json").write_text(json.dumps(record))
    (copy / "detector.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"detector\.npz is damaged"):
        TimeSeriesDetector.load(copy)
