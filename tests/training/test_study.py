import builtins
import math

import pytest

from aezoo.training.candidates import Space
from aezoo.training.study import SKIPPED, STOPPED, Study, Tried, front_of

optuna = pytest.importorskip("optuna", reason="needs the extra [search]")
TOLD = {"data": "digits", "max_kb": 40}


def tried(number, error, kb, us=10.0, excess=0.0, **parameters):
    return Tried(
        number, {"model": "deep", "n": number, **parameters}, 0, error=error, kb=kb, us=us,
        excess=[excess, -1.0, -1.0],
    )  # fmt: skip


def test_front():
    good, small, worse = tried(0, 0.1, 50), tried(1, 0.2, 20), tried(2, 0.2, 60)
    beyond, none = tried(3, 0.01, 50, excess=0.1), tried(4, None, math.nan)
    assert front_of([small, good, worse, beyond, none]) == [good, small]
    fast = tried(5, 0.3, 60, us=2.0)
    assert front_of([good, fast]) == [good, fast]
    as_fast = tried(6, 0.3, 60, us=9.96)  # what a clock says of less than a hundredth is chance
    assert front_of([good, as_fast]) == [good]


def test_of_one_candidate_the_better_training_stands():
    first, longer = tried(0, 0.2, 50, us=9.0, n=0), tried(1, 0.1, 50, us=11.0, n=0)
    assert front_of([first, longer]) == [longer]


def test_what_is_told_comes_back(tmp_path):
    study = Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
    wanted = {"model": "deep", "linear_path": True, "depth": 1, "width": 9}
    study.enqueue(wanted)
    trial, parameters = study.ask()
    assert parameters == wanted
    made = Tried(trial.number, parameters, 0, "f", 0.1, 30.0, 5.0, None, [-0.1] * 3)
    study.tell(trial, made)
    longer = Tried(study.count, parameters, 1, "g", 0.05, 30.0, 5.0, None, [-0.1] * 3)
    study.add(longer)
    trial, parameters = study.ask()
    skipped = Tried(trial.number, parameters, 0, excess=[1.0, -1.0, -1.0], state=SKIPPED)
    study.tell(trial, skipped)
    study.note_seconds(12.5)
    again = Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
    assert again.tried()[:2] == [made, longer]
    assert (again.tried()[2].state, again.tried()[2].excess) == (SKIPPED, [1.0, -1.0, -1.0])
    assert (again.seconds, again.count) == (12.5, 3)


def test_a_trial_that_was_killed_is_tried_again(tmp_path):
    study = Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
    _, parameters = study.ask()
    again = Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
    assert again.ask()[1] == parameters
    assert again.tried() == []


def test_what_goes_on_draws_others(tmp_path):
    study = Study(tmp_path, Space((8, 8, 1)), 0, TOLD)
    trial, first = study.ask()
    study.tell(trial, Tried(trial.number, first, 0, state=STOPPED))
    assert Study(tmp_path, Space((8, 8, 1)), 0, TOLD).ask()[1] != first


def test_another_search_is_refused(tmp_path):
    Study(tmp_path, Space((8, 8, 1)), 0, TOLD)
    with pytest.raises(ValueError, match="something else.* Expected max_kb=40. Received: max_kb=5"):
        Study(tmp_path, Space((8, 8, 1)), 0, {**TOLD, "max_kb": 5})


def test_without_optuna(tmp_path, monkeypatch):
    whole = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "optuna":
            raise ImportError
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install aezoo\[search\]"):
        Study(tmp_path, Space((8, 8, 1)), 0, TOLD)


def test_the_sampler_knows_the_limits(tmp_path):
    study = Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
    trial, parameters = study.ask()
    study.tell(trial, Tried(trial.number, parameters, 0, "f", 0.1, 30.0, 5.0, None, [0.2, -1, -1]))
    (stored,) = study.study.get_trials()
    assert sorted(stored.constraints.values()) == [-1, -1, 0.2]


def test_a_journal_of_another_study_is_left_alone(tmp_path):
    file = tmp_path / "study.log"
    journal = optuna.storages.journal.JournalFileBackend(str(file))
    optuna.create_study(study_name="mine", storage=optuna.storages.JournalStorage(journal))
    before = file.read_bytes()
    with pytest.raises(ValueError, match="studies of others, mine"):
        Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
    assert file.read_bytes() == before
    file.write_text("no journal")
    with pytest.raises(ValueError, match="is no journal of a search"):
        Study(tmp_path, Space((8, 8, 1), 4), 0, TOLD)
