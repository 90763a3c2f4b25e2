from types import SimpleNamespace

import numpy as np
import pytest

import aezoo
from aezoo.training import attempts, trials
from aezoo.training.candidates import Candidate
from aezoo.training.splits import load_splits
from aezoo.training.trials import Budget, WeakError, measure

DEEP = Candidate("deep", 4, {"linear_path": True, "hidden_units": (8,)})
HOUR = 3600.0  # so that epochs end a training, whatever the machine does


@pytest.fixture(scope="module")
def splits():
    return load_splits("digits", 0, None, {})


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(trials, "usual_epochs", lambda count, batch: 2)


def test_excess_over_a_budget():
    budget = Budget(max_kb=100, max_us=50, max_arena_kb=10)
    assert budget.excess(50, 100, 10) == [-0.5, 1.0, 0.0]
    assert budget.excess(200) == [1.0, -1.0, -1.0]
    costs = DEEP.costs((8, 8, 1))
    assert budget.counted(costs) == (costs.size / 1000, None)
    known = Budget(max_kb=1, device="cortex-m7").counted(costs)
    assert known[1] == costs.microseconds("cortex-m7")


@pytest.mark.slow
def test_what_is_measured_is_the_file(splits, tmp_path):
    found = measure(DEEP, splits, Budget(40), tmp_path, seconds=HOUR, seed=0)
    file = tmp_path / "model-int8.tflite"
    assert found.kb == file.stat().st_size / 1000
    rebuilt = aezoo.LiteModel(file).reconstruct(splits.held_out)
    np.testing.assert_allclose(found.error, np.mean(np.square(rebuilt - splits.held_out)), 1e-4)
    assert found.us > 0
    assert found.arena_kb is None
    losses = found.attempt.history["val_loss"]
    assert found.curve == pytest.approx([np.inf] * 4 + [losses[0]] * 5 + [min(losses)])
    assert found.settings["epochs"] == found.attempt.outcome["epochs_run"] == 2
    assert (tmp_path / "log.csv").is_file()


@pytest.mark.slow
def test_an_estimate_is_taken_as_it_is_and_epochs_fill_the_time(splits, tmp_path):
    how = {"seconds": HOUR, "seed": 0, "us": 12.5, "epoch_seconds": HOUR / 3}
    found = measure(DEEP, splits, Budget(40), tmp_path, **how)
    assert (found.us, found.settings["epochs"]) == (12.5, 3)


@pytest.mark.slow
def test_one_that_is_weak_is_given_up(splits, tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "usual_epochs", lambda count, batch: 10)
    how = {"seconds": HOUR, "seed": 0}
    with pytest.raises(WeakError, match="after 3 tenths of the time, another's 0.00001"):
        measure(DEEP, splits, Budget(40), tmp_path, rivals=[[1.0] * 2 + [1e-5] * 8], **how)


@pytest.mark.slow
def test_one_that_is_nearly_as_good_goes_on(splits, tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "usual_epochs", lambda count, batch: 10)
    how = {"seconds": HOUR, "seed": 0}
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    losses = measure(DEEP, splits, Budget(40), folders[0], **how).curve
    rivals = [[0.8 * loss for loss in losses]]
    measure(DEEP, splits, Budget(40), folders[1], rivals=rivals, **how)


def test_an_interrupted_training_is_none(splits, tmp_path, monkeypatch):
    def fit_to_best(ae, data, **settings):
        return {}, {"epochs_run": 0, "best_epoch": None, "interrupted": True}

    monkeypatch.setattr(attempts, "fit_to_best", fit_to_best)
    with pytest.raises(KeyboardInterrupt):
        measure(DEEP, splits, Budget(40), tmp_path, seconds=HOUR, seed=0)


@pytest.mark.slow
def test_memory_of_a_microcontroller(splits, tmp_path):
    pytest.importorskip("tflite_micro", reason="needs the extra [micro]")
    budget = Budget(40, max_arena_kb=10)
    found = measure(DEEP, splits, budget, tmp_path, seconds=HOUR, seed=0)
    assert 0.1 < found.arena_kb < 10


def test_candidates_are_compared_by_their_files(splits, tmp_path, monkeypatch):
    """One whose file is twice as good as another's is no worse for having lost three per cent."""
    asked, report = {}, SimpleNamespace(size=30_000, latency={"median_us": 7.0})
    monkeypatch.setattr(trials, "export_to", lambda *_, **how: asked.update(how) or report)
    lite = SimpleNamespace(score=lambda x: np.array([0.25]))
    monkeypatch.setattr(trials, "LiteModel", lambda path: lite)
    found = measure(DEEP, splits, Budget(40), tmp_path, seconds=HOUR, seed=0)
    assert (found.error, found.kb, found.us) == (0.25, 30.0, 7.0)
    assert asked == {"tolerance": trials.COARSE}
