"""What holds for every model, array and option; see `properties`."""

import pytest

from tests.properties import PROPERTIES, run, trial

COSTLY = {
    "detectors_on_devices",
    "exports",
    "files_on_devices",
    "metrics",
    "probing",
    "sampling",
    "saved_detectors",
    "threads_of_models",
    "threads_on_devices",
    "training",
}


@pytest.mark.filterwarnings("ignore")  # of libraries, at what no user gives
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in COSTLY else []) for n in PROPERTIES]
)
def test_few(name):
    trial(name, 3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_many():
    tried, failures = run(500)
    assert not failures, failures
    assert set(tried) == set(PROPERTIES)
