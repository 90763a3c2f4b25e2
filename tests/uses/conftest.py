import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from aezoo.uses import AnomalyDetector, networks


def related(n, seed=0):
    """Rows of four numbers, the last of which is the mean of the others."""
    x = np.random.default_rng(seed).normal(size=(n, 3)) @ [[1, 2, 0], [0, 1, 1], [1, 0, 3]]
    return np.column_stack([x, x.mean(axis=1)]) * [1, 10, 0.1, 1] + [0, 100, 0, 5]


def checks(kind):
    """What scikit-learn asks of an estimator, a quick one."""
    for estimator, check in estimator_checks_generator(kind(epochs=1, random_state=0)):
        name = getattr(check, "func", check).__name__
        if name != "check_array_api_input":  # which wants another array library
            yield pytest.param(estimator, check, id=name)


@pytest.fixture(scope="session")
def normal():
    return related(400)


@pytest.fixture(scope="session")
def odd():
    """Rows in which the last number is of another row."""
    x = related(200, seed=1)
    x[:, 3] = np.roll(x[:, 3], 1)
    return x[np.abs(x[:, 3] - np.roll(x[:, 3], -1)) > 2]


@pytest.fixture(scope="session")
def fitted(normal):
    return AnomalyDetector(contamination=0, random_state=0).fit(normal)


@pytest.fixture
def detector(fitted):
    """A detector of one's own, to change."""
    copy = AnomalyDetector(**fitted.get_params())
    copy.__dict__.update(fitted.__dict__)
    return copy


@pytest.fixture
def untrained(monkeypatch):
    """Leaves networks as they are made, where a test is not about what they have learned."""

    def train(model, x, **_):
        if model.normalization and not model.normalization.adapted:
            model.adapt(x)

    monkeypatch.setattr(networks, "train", train)
