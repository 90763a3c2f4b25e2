from types import SimpleNamespace

import numpy as np
import pytest

import aezoo
from aezoo.data.columns import Columns
from aezoo.edge import Scoring
from aezoo.export.detector_rows import detector_rows, ranges
from tests.uses.conftest import related


@pytest.fixture(scope="module")
def detector():
    x = related(900).astype("float32") * np.float32([1, 1, 1, 1e5])
    ae = aezoo.deep(4, 2, hidden_units=(4,), normalization="standard")
    ae.adapt(x)
    scoring = Scoring(np.float32(1), ae.normalize(x), np.ones((1, 900), "float32"), 5)
    columns = SimpleNamespace(transform=lambda x, owner: np.asarray(x, "float32"))
    return SimpleNamespace(model_=ae, scoring_=scoring, columns_=columns)


def test_references_come_back_as_they_were(detector):
    found = detector_rows(detector, None, None, exact=True)
    assert list(found) == ["calibration", "strangers"]
    z = detector.model_.normalize(found["calibration"])
    np.testing.assert_array_equal(z, detector.scoring_.references)
    assert found["strangers"].shape == (900, 4)
    largest = np.abs(detector.model_.normalize(found["strangers"])).max()
    assert largest > 1.5 * np.abs(z).max()


def test_rows_of_the_user(detector, rng):
    x, others = related(30, seed=1), related(40, seed=2)
    found = detector_rows(detector, x, others, exact=False)
    np.testing.assert_array_equal(found["calibration"], x.astype("float32"))
    np.testing.assert_array_equal(found["samples"], others.astype("float32"))
    assert len(found["strangers"]) == 40
    with pytest.raises(ValueError, match=r"20 samples samples or more.*Received: 19"):
        detector_rows(detector, x, others[:19], exact=False)
    nothing = detector.scoring_._replace(references=np.zeros((0, 4), "float32"))
    alone = SimpleNamespace(**{**vars(detector), "scoring_": nothing})
    with pytest.raises(ValueError, match="give calibration_data, some hundred normal samples"):
        detector_rows(alone, None, None, exact=True)


@pytest.mark.parametrize("wide", [False, True])
def test_ranges_hold_all_references(detector, wide):
    ae, scoring = detector.model_, detector.scoring_
    given = np.zeros((30, 4), "float32")
    found = ranges(ae, scoring, given, wide)
    assert 300 < len(found) <= 308
    times = 4 if wide else 1
    np.testing.assert_allclose(found.max(axis=0), times * scoring.references.max(axis=0))
    np.testing.assert_allclose(found.min(axis=0), times * scoring.references.min(axis=0))
    few = scoring._replace(references=scoring.references[:5])
    np.testing.assert_allclose(ranges(ae, few, given, wide)[:30], ae.normalize(given))


def test_rows_of_a_stream(detector, tmp_path):
    np.save(tmp_path / "x.npy", related(600).astype("float32"))
    stream = aezoo.load_dataset(tmp_path, "all", stream=True)
    columns = Columns().fit(related(50))
    fitted = SimpleNamespace(**{**vars(detector), "columns_": columns})
    found = detector_rows(fitted, stream, stream, exact=True)
    np.testing.assert_array_equal(found["calibration"], stream.x)
    np.testing.assert_array_equal(found["samples"], stream.x)
