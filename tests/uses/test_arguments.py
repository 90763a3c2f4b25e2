import pytest

from aezoo.uses import AnomalyDetector
from aezoo.uses.arguments import method_of


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scoring": "errors"}, "scoring must be one of"),
        ({"threshold": "quantile"}, "threshold must be one of"),
        ({"threshold": float("nan")}, "threshold must be a number"),
        ({"contamination": 0.6}, r"contamination must be 'auto' or in \[0, 0.5\]"),
        ({"contamination": "a lot"}, "contamination must be"),
        ({"contamination": None}, "contamination must be a number. Received: None"),
        ({"threshold": "contamination"}, "needs a share"),
        ({"false_alarm_rate": 0}, "false_alarm_rate must be"),
        ({"n_neighbors": 0}, "n_neighbors must be"),
        ({"n_references": -1}, "n_references must be"),
        ({"n_references": 1}, "n_references must be a number at least 2"),
        ({"epochs": 0}, "epochs must be"),
        ({"missing": "zero"}, "missing must be"),
        ({"model": "denosing"}, "Did you mean 'denoising'"),
        ({"model": 3}, "model must be None"),
    ],
)
def test_wrong_arguments(options, message, normal):
    with pytest.raises(ValueError, match=message):
        AnomalyDetector(**options).fit(normal)


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ({}, "percentile"),
        ({"contamination": 0}, "percentile"),
        ({"contamination": 0.1}, "contamination"),
        ({"contamination": 0.1, "threshold": "sigma"}, "sigma"),
        ({"threshold": 2.5}, 2.5),
    ],
)
def test_how_a_threshold_is_set(options, method):
    assert method_of(AnomalyDetector(**options)) == method
