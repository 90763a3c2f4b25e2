from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from aezoo.evaluation import probe


def model(encode):
    return SimpleNamespace(normalize=np.asarray, encode=encode)


@pytest.fixture
def classes(rng):
    """Two classes that no line tells apart in the samples, and a radius does."""
    x = rng.normal(size=(600, 4)).astype("float32")
    y = (np.square(x).sum(axis=1) > 3.4).astype(int)
    return x[:400], y[:400], x[400:], y[400:]


def radius(x):
    return np.square(x).sum(axis=1, keepdims=True)


def table(rows):
    return {(row["features"], row["classifier"], row["labels"]): row for row in rows}


def test_codes_that_tell_classes_apart(classes):
    found = table(probe(model(radius), *classes, labels=[40, None], draws=4))
    assert len(found) == 12
    for size in (40, 400):
        assert found["codes", "linear", size]["accuracy"] > 0.95
        assert found["raw", "linear", size]["accuracy"] < 0.75
        assert found["PCA", "neighbours", size]["accuracy"] < 0.75
    assert found["codes", "linear", 400]["spread"] == 0
    assert found["raw", "linear", 40]["spread"] > 0


def test_all_labels_are_scikit_learns_own(classes):
    x, y, x_test, y_test = classes
    found = table(probe(model(radius), *classes, labels=[None]))
    scaler = StandardScaler().fit(x)
    linear = LogisticRegression().fit(scaler.transform(x), y)
    expected = linear.score(scaler.transform(x_test), y_test)
    assert found["raw", "linear", 400]["accuracy"] == pytest.approx(expected, abs=0.005)
    neighbours = KNeighborsClassifier(5).fit(x, y).score(x_test, y_test)
    assert found["raw", "neighbours", 400]["accuracy"] == pytest.approx(neighbours, abs=0.005)


def test_pca_has_as_many_numbers_as_a_code(classes):
    """Of a direction that is all of the variance one component has everything."""
    x, _, x_test, _ = classes
    far = [part * np.float32([1, 1, 100, 1]) for part in (x, x_test)]
    sign = [(part[:, 2] > 0).astype(int) for part in far]
    found = table(probe(model(lambda a: a[:, :1]), far[0], sign[0], far[1], sign[1], labels=[None]))
    assert found["PCA", "linear", 400]["accuracy"] > 0.98
    assert found["codes", "linear", 400]["accuracy"] < 0.65


def test_draws_are_the_same_for_all_features_and_again(classes):
    identity = model(lambda x: x)
    one = probe(identity, *classes, labels=[20], draws=3)
    assert one == probe(identity, *classes, labels=[20], draws=3)
    assert one != probe(identity, *classes, labels=[20], draws=3, seed=5)
    found = table(one)
    for key in ("accuracy", "spread"):
        assert found["codes", "linear", 20][key] == found["raw", "linear", 20][key]


def test_every_class_is_drawn_by_its_share(rng, monkeypatch):
    seen = []
    monkeypatch.setitem(
        probe.__globals__["CLASSIFIERS"],
        "linear",
        lambda count: SimpleNamespace(
            fit=lambda x, y: seen.append(np.bincount(y)) or SimpleNamespace(score=lambda *_: 1.0)
        ),
    )
    y = np.repeat([0, 1], [300, 100])
    x = rng.normal(size=(400, 2))
    probe(model(lambda a: a), x, y, x, y, labels=[40], draws=2)
    assert all(counts.tolist() == [30, 10] for counts in seen)
    assert len(seen) == 6


@pytest.mark.parametrize("size", [3, 4, 39, 42])
def test_every_class_is_drawn_however_rare(size, rng, monkeypatch):
    seen = []
    monkeypatch.setattr(
        probe.__globals__["KNeighborsClassifier"],
        "fit",
        lambda self, x, y: seen.append(y) or SimpleNamespace(score=lambda *_: 1.0),
    )
    y = np.array(["a"] * 30 + ["b"] * 12 + ["rare"])
    x = rng.normal(size=(43, 2))
    found = probe(model(lambda a: a), x, y, x, y, labels=[size], draws=3)
    assert {len(drawn) for drawn in seen} == {size}
    assert all(set(drawn) == {"a", "b", "rare"} for drawn in seen)
    assert len(seen) == 9
    assert len(found) == 6


def test_spread_is_the_sample_deviation(classes, monkeypatch):
    right = iter([0.5, 0.7, 0.9] * 6)
    fitted = SimpleNamespace(fit=lambda *_: SimpleNamespace(score=lambda *_: next(right)))
    for name in ("linear", "neighbours"):
        monkeypatch.setitem(probe.__globals__["CLASSIFIERS"], name, lambda count: fitted)
    for row in probe(model(radius), *classes, labels=[20], draws=3):
        assert (row["accuracy"], row["spread"]) == pytest.approx((0.7, 0.2))


def test_fewer_samples_than_neighbours(rng):
    x, y = rng.normal(size=(40, 2)), np.arange(40) % 2
    assert probe(model(lambda a: a), x, y, x, y, labels=[2, 3], draws=2)


def test_pca_is_fitted_to_what_the_model_saw(rng):
    """In the training samples alone the first column is all there is."""
    x, x_test = rng.normal(size=(2, 300, 2)) * [[[50, 1]], [[20, 200]]]
    y, y_test = (x[:, 0] > 0).astype(int), (x_test[:, 0] > 0).astype(int)
    found = table(probe(model(lambda a: a[:, :1]), x, y, x_test, y_test, labels=[None]))
    assert found["PCA", "linear", 300]["accuracy"] > 0.9


def test_raw_samples_and_pca_are_normalized(rng):
    """In raw units a column of noise hides the one that tells; normalized it does not."""
    x = rng.normal(size=(400, 2)) * [1, 1000]
    y = (x[:, 0] > 0).astype(int)
    ae = SimpleNamespace(
        normalize=lambda a: np.asarray(a) / [1, 1e4], encode=lambda a: np.asarray(a)[:, :1]
    )
    found = table(probe(ae, x[:300], y[:300], x[300:], y[300:], labels=[None]))
    assert found["raw", "neighbours", 300]["accuracy"] > 0.9
    assert found["PCA", "neighbours", 300]["accuracy"] > 0.9


def test_the_linear_one_sees_features_of_one_size(rng):
    """With C=1 features as small as these would be as good as none."""
    x = 1e-4 * rng.normal(size=(400, 2))
    y = (x[:, 0] > 0).astype(int)
    found = table(probe(model(lambda a: a), x[:30], y[:30], x, y, labels=[None]))
    assert found["codes", "linear", 30]["accuracy"] > 0.9


def test_labels_of_other_kinds(classes):
    x, y, x_test, y_test = classes
    for kind in (lambda a: a.astype(object), lambda a: a > 0, lambda a: np.array(["no", "yes"])[a]):
        found = probe(model(radius), x, kind(y), x_test, kind(y_test), labels=40, draws=1)
        assert table(found)["codes", "linear", 40]["accuracy"] > 0.9


def test_default_labels(rng):
    x, y = rng.normal(size=(250, 2)), np.arange(250) % 2
    found = probe(model(lambda a: a), x, y, x, y, draws=1)
    assert sorted({row["labels"] for row in found}) == [20, 200, 250]


def test_what_is_refused(classes):
    x, y, x_test, y_test = classes
    for given, options, words in (
        ((x, None, x_test, y_test), {}, "y=None"),
        ((x, y, x_test, None), {}, "y_test=None"),
        ((x, y[:-1], x_test, y_test), {}, "one class for each of 400"),
        ((x, x[:, 0], x_test, y_test), {}, "integers or strings"),
        ((x, np.zeros_like(y), x_test, y_test), {}, "two classes"),
        (classes, {"labels": [1]}, "from 2, one for each class"),
        (classes, {"labels": [401]}, "to 400"),
        (classes, {"labels": []}, "labels must be"),
        (classes, {"labels": [0]}, "labels must be"),
        (classes, {"draws": 0}, "draws must be"),
        (classes, {"seed": -1}, "seed must be"),
        ((x, y, x_test, y_test + 7), {}, "no class in common"),
    ):
        with pytest.raises(ValueError, match=words):
            probe(model(radius), *given, **options)
