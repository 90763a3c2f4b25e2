"""What holds for every model, array and option, each tried with many that are drawn.

`run` tries them all, as `benchmarks/reliability.py` does; `test_properties.py` tries a few of each.
"""

from tests.properties import detectors, files, models
from tests.properties.trials import PROPERTIES, run, trial

__all__ = ["PROPERTIES", "detectors", "files", "models", "run", "trial"]
