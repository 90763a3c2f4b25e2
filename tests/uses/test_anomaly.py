import pickle
import random

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import aezoo
from aezoo.edge import LiteModel
from aezoo.uses import AnomalyDetector
from tests.uses.conftest import checks, related


@pytest.mark.parametrize(("estimator", "check"), [*checks(AnomalyDetector)])
@pytest.mark.slow
@pytest.mark.usefixtures("untrained")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_tells_odd_from_normal(fitted, odd):
    new = related(300, seed=2)
    scores = fitted.anomaly_score(np.concatenate([new, odd]))
    labels = np.arange(len(scores)) >= len(new)
    assert roc_auc_score(labels, scores) > 0.95
    assert np.median(fitted.contributions(odd)[:, 3] / fitted.anomaly_score(odd)) > 0.25


def test_contributions_sum_to_the_score(fitted, odd):
    parts = fitted.contributions(odd)
    assert parts.shape == odd.shape
    assert parts.min() >= 0
    np.testing.assert_allclose(parts.sum(axis=1), fitted.anomaly_score(odd), rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "share"),
    [
        ({"contamination": 0.1}, 0.1),
        ({"contamination": 0.2, "threshold": "contamination"}, 0.2),
    ],
)
@pytest.mark.usefixtures("untrained")
def test_share_of_all_samples_that_is_flagged(normal, options, share):
    detector = AnomalyDetector(epochs=1, random_state=0, **options).fit(normal)
    assert np.mean(detector.predict(normal) == -1) == pytest.approx(share)


@pytest.mark.parametrize(
    "options",
    [
        {"contamination": 0, "false_alarm_rate": 0.05},
        {"contamination": 0.2, "false_alarm_rate": 0.05, "threshold": "percentile"},
    ],
)
def test_threshold_is_set_by_what_the_network_has_not_seen(normal, options, monkeypatch):
    seen = []
    monkeypatch.setattr("aezoo.uses.networks.train", lambda model, x, **_: seen.append(x))
    detector = AnomalyDetector(random_state=0, **options).fit(normal)
    scores = detector.anomaly_score(normal)
    assert len(detector.calibration_scores_) == 80
    assert np.sum(detector.calibration_scores_ > detector.threshold_) == 4
    trained_on = (np.float32(normal)[:, np.newaxis] == seen[0]).all(axis=2).any(axis=1)
    held_out = np.isin(scores.astype("float32"), detector.calibration_scores_)
    assert not (trained_on & held_out).any()


@pytest.mark.usefixtures("untrained")
def test_threshold_that_is_a_number_and_of_sigmas(normal):
    detector = AnomalyDetector(epochs=1, threshold=7.5, random_state=0).fit(normal)
    assert detector.threshold_ == 7.5
    scores = AnomalyDetector(epochs=1, threshold="sigma", random_state=0).fit(normal)
    expected = scores.calibration_scores_
    assert scores.threshold_ == pytest.approx(expected.mean() + 3 * expected.std())


@pytest.mark.usefixtures("untrained")
def test_conformal_threshold_is_of_samples_set_aside(normal):
    detector = AnomalyDetector(threshold="conformal", false_alarm_rate=0.05, epochs=1).fit(normal)
    assert detector.calibrated_
    assert len(detector.calibration_scores_) == 80
    assert len(detector.scoring_.references) == 320
    with pytest.raises(ValueError, match="at least 99 normal samples"):
        AnomalyDetector(threshold="conformal", epochs=1).fit(normal)


@pytest.mark.usefixtures("untrained")
def test_said_contamination_keeps_anomalies_out(normal, odd):
    x = np.concatenate([normal, odd[:40] + np.array([0, 0, 0, 20])])
    told = AnomalyDetector(contamination=0.1, epochs=1, random_state=0).fit(x)
    assert len(told.scoring_.references) == round(0.85 * len(x))
    auto = AnomalyDetector(epochs=1, random_state=0).fit(x)
    assert len(auto.scoring_.references) == len(x)
    counted = (auto.scoring_.weights > 0).sum(axis=1)
    np.testing.assert_array_equal(counted, [len(x), round(0.875 * len(x))])
    assert (auto.scoring_.weights[1, 400:] > 0).mean() < 0.3


def test_seeds(normal):
    random.seed(5)
    np.random.seed(5)
    keras.utils.set_random_seed(1)
    first = AnomalyDetector(epochs=1, random_state=3).fit(normal).anomaly_score(normal)
    drawn = random.random(), np.random.rand()
    keras.utils.set_random_seed(2)
    again = AnomalyDetector(epochs=1, random_state=3).fit(normal).anomaly_score(normal)
    np.testing.assert_allclose(first, again, rtol=1e-4)
    np.random.seed(1)
    random.seed(1)
    assert drawn == (random.random(), np.random.rand())


def test_trained_model_is_taken_as_it_is(normal, odd, tmp_path):
    ae = aezoo.deep(4, 3, hidden_units=(16,), normalization="standard")
    ae.fit(normal, epochs=20, verbose=0)
    weights = [w.copy() for w in ae.get_weights()]
    detector = AnomalyDetector(ae, contamination=0, scoring="error").fit(normal)
    for before, after in zip(weights, ae.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    errors = ae.reconstruction_error(odd)
    mean = ae.reconstruction_error(normal).mean()
    np.testing.assert_allclose(detector.anomaly_score(odd), errors / mean, rtol=1e-3)
    aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=np.float32(normal))
    lite = AnomalyDetector(LiteModel(tmp_path / "model.tflite"), contamination=0, scoring="error")
    np.testing.assert_allclose(
        lite.fit(normal).anomaly_score(odd), detector.anomaly_score(odd), rtol=1e-2
    )


@pytest.mark.parametrize(
    ("model", "shape"),
    [("vanilla", (6,)), (None, (12, 2)), (None, (8, 8, 1)), ("residual", (8, 8, 1))],
)
@pytest.mark.usefixtures("untrained")
def test_families_and_shapes(model, shape, rng):
    x = rng.random(size=(60, *shape))
    x[..., 0] += 2 * (len(shape) < 3)
    detector = AnomalyDetector(model, epochs=1, random_state=0).fit(x)
    assert detector.model_.name == (model or "denoising")
    parts = detector.contributions(x[:5])
    assert parts.shape == (5, *shape)
    np.testing.assert_allclose(
        parts.reshape(5, -1).sum(axis=1), detector.anomaly_score(x[:5]), rtol=1e-4
    )


def test_in_pieces_as_at_once(fitted, normal, monkeypatch):
    expected = fitted.anomaly_score(normal)
    monkeypatch.setattr("aezoo.uses.streamed.VALUES", 40)
    np.testing.assert_allclose(fitted.anomaly_score(normal), expected, rtol=1e-4)


@pytest.mark.usefixtures("untrained")
def test_in_a_pipeline_and_a_grid(normal, odd):
    x = np.concatenate([normal, odd])
    labels = np.where(np.arange(len(x)) < len(normal), 1, -1)
    pipeline = make_pipeline(StandardScaler(), AnomalyDetector(epochs=1, random_state=0))
    grid = {"anomalydetector__n_neighbors": [1, 5]}
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    search = GridSearchCV(pipeline, grid, scoring="roc_auc", cv=folds, error_score="raise")
    assert search.fit(x, labels).best_score_ > 0.5
    assert clone(pipeline).fit(normal).predict(odd).shape == (len(odd),)


@pytest.mark.usefixtures("untrained")
def test_pandas_names_and_categories(normal):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(normal, columns=list("abcd"))
    table["kind"] = np.where(table["a"] > 0, "high", "low")
    detector = AnomalyDetector(epochs=1, random_state=0).fit(table)
    assert detector.feature_names_in_.tolist() == ["a", "b", "c", "d", "kind"]
    parts = detector.contributions(table)
    assert parts.shape == (400, 5)
    np.testing.assert_allclose(parts.sum(axis=1), detector.anomaly_score(table), rtol=1e-4)
    with pytest.raises(ValueError, match="feature names"):
        detector.predict(table.rename(columns={"a": "z"}))


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("n_references", [2, 3, 7])
def test_few_references(normal, n_references):
    for seed in range(5):  # of a few, none or one may be trusted
        detector = AnomalyDetector(n_references=n_references, random_state=seed).fit(normal)
        assert np.isfinite(detector.anomaly_score(normal)).all()


@pytest.mark.usefixtures("untrained")
def test_missing_values(normal):
    x = normal.copy()
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        AnomalyDetector().fit(x)
    detector = AnomalyDetector(missing="median", epochs=1, random_state=0).fit(x)
    filled = x[3:4].copy()
    filled[0, 1] = np.nanmedian(x[:, 1])
    np.testing.assert_allclose(detector.anomaly_score(x[3:4]), detector.anomaly_score(filled))


def test_survives_pickle(fitted, odd):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(odd), fitted.predict(odd))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((50, 3)), "alike"),
        (np.ones((1, 3)), "minimum of 2"),
        (np.array([["a", "b"], ["c", "d"]]), "numeric|convert"),
        (np.array([[1.0, np.inf], [1.0, 2.0]]), "infinity .*: in column 'x1', row 0"),
        (
            np.array([["2026-01-01"], ["2026-01-02"]], "datetime64[D]"),
            r"numbers. .*datetime64\[D\]",
        ),
        (np.zeros((0, 3)), "0 sample"),
        (np.arange(5.0), "1D array"),
    ],
)
@pytest.mark.usefixtures("untrained")
def test_data_that_nothing_can_be_learned_from(x, message):
    with pytest.raises(ValueError, match=message):
        AnomalyDetector(epochs=1).fit(x)


def test_samples_of_another_shape(fitted, normal):
    with pytest.raises(ValueError, match="3 features, but AnomalyDetector is expecting 4"):
        fitted.predict(normal[:, :3])


def test_what_is_too_far_off_for_a_score_is_no_normal_sample(fitted, normal):
    far = np.where(np.arange(len(normal)) < 2, 1e30, 1)[:, np.newaxis] * normal[:, :4]
    assert fitted.predict(far[:3]).tolist()[:2] == [-1, -1]
    assert fitted.anomaly_score(far[:2]).tolist() == [np.inf, np.inf]
    assert fitted.contributions(far[:2]).sum(axis=1).tolist() == [np.inf, np.inf]


def test_where_values_are_few_not_many_more_are_flagged_than_asked_for(monkeypatch):
    monkeypatch.setattr("aezoo.uses.networks.train", lambda *args, **options: None)
    flagged = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = np.clip(np.round(rng.normal(size=(4500, 12)) / 3), -1, 1)  # mostly 0
        detector = AnomalyDetector(
            contamination=0, scoring="neighbors", false_alarm_rate=0.05, random_state=seed
        )
        flagged.append(np.mean(detector.fit(x[:1500]).predict(x[1500:]) == -1))
    assert 0.03 < np.mean(flagged) < 0.08
