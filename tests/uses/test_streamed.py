import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import aezoo
from aezoo.data import streams
from aezoo.data.samples import DataError
from aezoo.edge import scoring
from aezoo.uses import AnomalyDetector, networks, sketches
from tests.uses.conftest import related

pytest.importorskip("datasketches")
ROWS = 6000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    for i, part in enumerate(np.split(related(ROWS).astype("float32"), 3)):
        np.save(folder / f"{i}.npy", part)
    return folder


@pytest.fixture(scope="module")
def stream(folder):
    return aezoo.load_dataset(folder, "all", stream=True)


@pytest.fixture(scope="module")
def of_stream(stream):
    return AnomalyDetector(contamination=0, random_state=0).fit(stream)


@pytest.fixture(scope="module")
def anew(folder):
    """A stream whose sample is small and whose samples are read anew, a few at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aezoo.data.scanning.SAMPLE", 500)
        patch.setattr(streams, "POOL_BYTES", 4000)
        patch.setattr("aezoo.uses.streamed.VALUES", 4000)
        yield aezoo.load_dataset(folder, "all", stream=True)


def test_tells_odd_from_normal_as_of_an_array(of_stream, odd):
    new = related(300, seed=2)
    labels = np.arange(len(new) + len(odd)) >= len(new)
    score = of_stream.anomaly_score(np.concatenate([new, odd]))
    assert roc_auc_score(labels, score) > 0.95
    assert np.mean(of_stream.predict(new) == -1) < 0.04


def test_the_threshold_is_of_a_fifth_that_nothing_was_learned_from(of_stream, stream):
    held_out, references = of_stream.calibration_scores_, of_stream.scoring_.references
    assert 0.17 * ROWS < len(held_out) < 0.23 * ROWS
    assert np.mean(held_out > of_stream.threshold_) == pytest.approx(0.01, abs=2 / len(held_out))
    assert (of_stream.threshold_error_, of_stream.calibrated_) == (0, False)
    x = np.concatenate(list(stream.arrays()))
    mine = np.isin(of_stream.anomaly_score(stream).astype("float32"), held_out)
    kept = of_stream.model_.denormalize(references)
    near = np.abs(x[mine][:, np.newaxis] - kept).max(axis=2).min(axis=1)
    assert (near > 1e-4).all()


def test_scores_of_a_stream_are_those_of_its_samples(of_stream, anew):
    x = np.concatenate(list(anew.arrays(7000)))
    scores = of_stream.anomaly_score(anew)
    np.testing.assert_allclose(scores, of_stream.anomaly_score(x), rtol=1e-4)
    np.testing.assert_array_equal(of_stream.predict(anew) == -1, scores > of_stream.threshold_)
    np.testing.assert_allclose(of_stream.p_values(anew), of_stream.p_values(x), atol=1e-3)


def test_all_samples_are_learned_from(anew, monkeypatch):
    seen = []

    def train(model, x, *, trusts, **_):
        seen.append((x, trusts))

    monkeypatch.setattr(networks, "train", train)
    monkeypatch.setattr(sketches, "SIZE", 200)
    detector = AnomalyDetector(contamination=0, false_alarm_rate=0.1, random_state=0).fit(anew)
    (x, _), offset = seen[0], detector.model_.normalization.statistics[0]
    np.testing.assert_allclose(offset, related(ROWS).mean(axis=0), rtol=1e-3)  # not of the sample
    assert 0.77 * ROWS < len(x) < 0.83 * ROWS
    assert len(detector.scoring_.references) < 500  # but these are
    assert detector.threshold_error_ > 0
    assert detector.calibration_weights_.sum() == ROWS - len(x)
    assert len(detector.calibration_scores_) < 800
    assert len(detector.p_values(related(3))) == 3


@pytest.mark.parametrize("how", ["error", "scaled_error", "mahalanobis", "neighbors"])
@pytest.mark.usefixtures("untrained")
def test_each_way_of_scoring(stream, how):
    ae = aezoo.deep(4, 3, hidden_units=(16,), normalization="standard")
    ae.adapt(related(ROWS))
    options = {"contamination": 0, "scoring": how, "random_state": 0}
    detector = AnomalyDetector(ae, **options).fit(stream)
    of_array = AnomalyDetector(ae, **options).fit(related(ROWS))
    new = related(500, seed=1)
    scores, expected = detector.anomaly_score(new), of_array.anomaly_score(new)
    assert np.corrcoef(np.log(scores), np.log(expected))[0, 1] > 0.85
    assert np.median(scores / expected) == pytest.approx(1, abs=0.1)


def test_odd_samples_are_not_trained_on(tmp_path, monkeypatch):
    x = related(3000).astype("float32")
    x[::10] += [20, 200, 20, 100]
    np.save(tmp_path / "x.npy", x)
    stream = aezoo.load_dataset(tmp_path, "all", stream=True)
    batches = []

    def fit(self, data, **_):
        batches.extend(data.as_numpy_iterator())

    monkeypatch.setattr("aezoo.autoencoder.Autoencoder.fit", fit)
    detector = AnomalyDetector(contamination=0.1, epochs=2, random_state=0).fit(stream)
    assert {len(batch) for batch in batches} == {64}
    assert 60 < len(batches) <= 75  # two times four fifths of 3,000
    assert max(batch[:, 3].max() for batch in batches) < 90
    of_all = detector.anomaly_score(stream)
    assert np.mean(of_all > detector.threshold_) == pytest.approx(0.1, abs=1e-3)


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("threshold", ["conformal", "sigma", 7.5])
def test_ways_to_a_threshold(stream, threshold):
    detector = AnomalyDetector(threshold=threshold, contamination=0, random_state=0).fit(stream)
    scores = detector.calibration_scores_
    assert detector.calibrated_ == (threshold == "conformal")
    if threshold == "conformal":
        expected = np.sort(scores)[int(np.ceil(0.99 * (len(scores) + 1))) - 1]
    else:
        expected = 7.5 if threshold == 7.5 else scores.mean() + 3 * scores.std()
    assert detector.threshold_ == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("untrained")
def test_a_threshold_set_anew(stream, anew, monkeypatch):
    detector = AnomalyDetector(contamination=0, random_state=0).fit(stream)
    before = detector.threshold_
    detector.calibrate(anew, false_alarm_rate=0.05)
    scores = detector.anomaly_score(stream)
    assert detector.threshold_ < before
    assert np.mean(scores > detector.threshold_) == pytest.approx(0.05, abs=1e-3)
    assert (detector.false_alarm_rate_, detector.threshold_error_) == (0.05, 0)
    monkeypatch.setattr(sketches, "SIZE", 200)
    detector.calibrate(anew, false_alarm_rate=0.05, method="percentile")
    error = detector.threshold_error_
    assert 0.005 < error < 0.02
    assert np.mean(scores > detector.threshold_) == pytest.approx(0.05, abs=2 * error)
    assert detector.calibration_weights_.sum() == ROWS
    p_values = scoring.p_values(scores, scores)
    np.testing.assert_allclose(detector.p_values(stream), p_values, atol=3 * error)
    with pytest.raises(ValueError, match="for arrays, not for a stream"):
        detector.calibrate(anew, window=5)
    kept = detector.calibration_scores_
    with pytest.raises(ValueError, match="ask for one above that"):
        detector.calibrate(anew, false_alarm_rate=0.001)
    assert detector.calibration_scores_ is kept
    assert detector.threshold_error_ == error
    detector.calibrate(related(500))
    assert detector.threshold_error_ == 0


@pytest.mark.usefixtures("untrained")
def test_what_is_saved(stream, tmp_path, monkeypatch):
    monkeypatch.setattr(sketches, "SIZE", 200)
    detector = AnomalyDetector(contamination=0, false_alarm_rate=0.1, random_state=0).fit(stream)
    detector.save(tmp_path / "kept")
    again = AnomalyDetector.load(tmp_path / "kept")
    assert again.threshold_error_ == detector.threshold_error_ > 0
    x = related(50)
    np.testing.assert_array_equal(again.predict(x), detector.predict(x))
    np.testing.assert_allclose(again.p_values(x), detector.p_values(x))


def test_what_is_refused(of_stream, stream, tmp_path, normal):
    with pytest.raises(ValueError, match="Contributions take as much memory"):
        of_stream.contributions(stream)
    np.save(tmp_path / "x.npy", np.ones((50, 3)))
    other = aezoo.load_dataset(tmp_path, "all", stream=True)
    with pytest.raises(ValueError, match=r"a stream of shape \(n, 4\). Received: <Stream"):
        of_stream.anomaly_score(other)
    np.save(tmp_path / "x.npy", np.ones((1, 3)))
    with pytest.raises(DataError, match="too few samples"):
        AnomalyDetector().fit(aezoo.load_dataset(tmp_path, "all", stream=True))
    np.save(tmp_path / "x.npy", np.tile([1, 2, 3], (50, 1)))
    with pytest.raises(DataError, match="All samples are alike"):
        AnomalyDetector().fit(aezoo.load_dataset(tmp_path, "all", stream=True))


def test_too_few_for_a_rate_are_refused_before_the_training(stream, monkeypatch):
    monkeypatch.delattr(networks, "train")
    rare = AnomalyDetector(threshold="conformal", false_alarm_rate=1e-4, contamination=0)
    with pytest.raises(ValueError, match="at least 9,999 normal samples"):
        rare.fit(stream)


@pytest.mark.usefixtures("untrained")
def test_tables_keep_their_names(tmp_path):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(related(500), columns=list("abcd"))
    table.to_csv(tmp_path / "x.csv", index=False)
    stream = aezoo.load_dataset(tmp_path / "x.csv", "all", stream=True)
    detector = AnomalyDetector(contamination=0, random_state=0).fit(stream)
    assert detector.feature_names_in_.tolist() == list("abcd")
    assert len(detector.predict(table)) == len(detector.predict(stream)) == 500


def test_an_export_keeps_the_threshold(of_stream, stream, tmp_path, monkeypatch):
    monkeypatch.setattr(sketches, "SIZE", 200)
    detector = AnomalyDetector(**of_stream.get_params())
    detector.__dict__.update(of_stream.__dict__)
    detector.calibrate(stream, false_alarm_rate=0.05)
    detector.export(tmp_path / "detector.tflite", calibration_data=stream)
    exported = aezoo.edge.Detector(tmp_path / "detector.tflite")
    x = related(500, seed=3)
    np.testing.assert_array_equal(exported.predict(x.astype("float32")), detector.predict(x))
    p_values = exported.p_values(x.astype("float32"))
    np.testing.assert_allclose(p_values, detector.p_values(x), atol=0.02)
