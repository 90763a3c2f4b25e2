from types import SimpleNamespace

import numpy as np
import pytest

from aezoo.export import ExportError
from aezoo.training import stages
from aezoo.training.candidates import Space
from aezoo.training.stages import AGAIN, EXPLORED, LONGER, SLICE, Stages
from aezoo.training.study import Study
from aezoo.training.trials import Budget, Measured, WeakError

pytest.importorskip("optuna", reason="needs the extra [search]")
TOTAL = 1000.0  # seconds
BESIDE = 5.0  # seconds that a trial takes beside its training


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A search in which time is that of trainings, and the widest network has the least error."""
    told = SimpleNamespace(now=0.0, asked=[], weak=(), refused=())

    def measure(candidate, splits, budget, folder, *, seconds, rivals, **how):
        told.asked.append({"seconds": seconds, "rivals": list(rivals), "wide": wide(candidate)})
        told.asked[-1].update(how)
        told.now += seconds + BESIDE
        if wide(candidate) in told.weak:
            raise WeakError("weak")
        if wide(candidate) in told.refused:
            raise ExportError("eight bits are too coarse")
        error = 1 / (wide(candidate) * seconds)
        outcome = {"seconds": seconds}
        found = SimpleNamespace(outcome=outcome)
        kb = candidate.costs((8, 8, 1)).size / 1000
        return Measured(found, {}, error, kb, 5.0, None, [error] * 10, 1.0)

    def wide(candidate):
        return candidate.options["hidden_units"][0]

    lite = SimpleNamespace(score=lambda x: np.array([0.5]))
    monkeypatch.setattr(stages, "measure", measure)
    monkeypatch.setattr(stages, "write_run", lambda *args: None)
    monkeypatch.setattr(stages, "LiteModel", lambda path: lite)
    monkeypatch.setattr(stages.time, "perf_counter", lambda: told.now)
    first = [
        {"model": "deep", "linear_path": False, "depth": 1, "width": width}
        for width in (8, 16, 24, 32, 40)
    ]
    monkeypatch.setattr(Space, "first", lambda self, fits: [one for one in first if fits(one)])
    monkeypatch.setattr(Space, "suggest", lambda self, trial: _suggested(trial))

    def search(trials=None, max_kb=40.0, total=TOTAL):
        space = Space((8, 8, 1), 4)
        study = Study(tmp_path, space, 0, {})
        x = SimpleNamespace(x=np.zeros((3, 8, 8, 1)))
        told.stages = Stages(
            study, space, Budget(max_kb), SimpleNamespace(train=x, test=x), tmp_path,
            seed=0, data={}, total=total, begin=told.now - study.seconds, trials=trials,
            callbacks=(), progress=lambda said: None,
        )  # fmt: skip
        told.stages.run()
        return study

    told.search, told.folder = search, tmp_path
    return told


def _suggested(trial):
    return {
        "model": trial.suggest_categorical("model", ("deep",)),
        "linear_path": trial.suggest_categorical("linear_path", (False,)),
        "depth": trial.suggest_int("depth", 1, 1),
        "width": trial.suggest_int("width", 8, 60),
    }


def test_many_short_then_a_few_longer_and_one_to_the_end(world):
    study = world.search(trials=5)
    seconds = [one["seconds"] for one in world.asked]
    short, longer = EXPLORED / 5 * TOTAL, LONGER * TOTAL
    assert seconds[:-1] == pytest.approx([short] * 5 + [longer] * AGAIN)
    assert [one["wide"] for one in world.asked[5:8]] == [40, 32, 24]
    assert [one["last"] for one in world.asked] == [False] * 8 + [True]
    spent = sum(seconds[:-1]) + 8 * BESIDE
    assert seconds[-1] == pytest.approx(TOTAL - spent - BESIDE)  # what it takes beside is kept
    assert world.now == pytest.approx(TOTAL)
    assert study.seconds == pytest.approx(TOTAL)
    assert [one.stage for one in study.tried()] == [0] * 5 + [1] * 3 + [2]


def test_without_a_count_nearly_half_of_the_time_is_for_short_ones(world):
    study = world.search()
    short = [one for one in world.asked if one["seconds"] == SLICE * TOTAL]
    assert len(short) == -(-EXPLORED * TOTAL // (SLICE * TOTAL + BESIDE))
    assert len({one["wide"] for one in short}) == len(short)  # none is tried twice
    assert world.now <= TOTAL
    best = min(study.tried(), key=lambda one: one.error or 1)
    assert best.stage == 2


def test_it_goes_on_with_the_time_that_is_left(world, monkeypatch):
    whole = stages.measure

    def interrupted(*args, **how):
        if len(world.asked) == 3:
            raise KeyboardInterrupt
        return whole(*args, **how)

    monkeypatch.setattr(stages, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.search(trials=5)
    world.now += 5000  # a night
    monkeypatch.setattr(stages, "measure", whole)
    study = world.search(trials=5)
    assert [one["wide"] for one in world.asked][:5] == [8, 16, 24, 40, 32]  # the killed one, too
    assert study.seconds == pytest.approx(TOTAL)


def test_rivals_are_no_larger(world):
    world.weak = (24,)
    study = world.search(trials=5)
    assert [len(one["rivals"]) for one in world.asked[:5]] == [0, 1, 2, 2, 3]
    assert not any(one["rivals"] for one in world.asked[5:])  # they were good enough
    states = [one.state for one in study.tried()][:5]
    assert states == ["trained", "trained", "stopped", "trained", "trained"]


def test_a_refused_export_is_no_end(world):
    world.refused = (40,)
    study = world.search(trials=5)
    refused = [one for one in study.tried() if one.state == "refused"]
    assert [one.reason for one in refused] == ["eight bits are too coarse"]
    assert not refused[0].is_feasible
    assert [one["wide"] for one in world.asked[5:]] == [32, 24, 16, 32]


def test_what_is_beyond_the_budget_is_skipped_and_folders_are_those_of_the_front(world):
    others = {"mine", "2024-photos", "000-conv_mine"}
    for name in others:
        (world.folder / name).mkdir()
    (world.folder / "098-deep").touch()
    (world.folder / "099-deep").mkdir()  # of a search that was killed
    study = world.search(trials=5, max_kb=11)
    tried = study.tried()
    assert max(one["wide"] for one in world.asked) < 40
    assert any(one.state == "skipped" and one.excess[0] > 0 for one in tried)
    kept = {one.folder for one in stages.front_of(tried)}
    found = {path.name for path in world.folder.iterdir() if path.is_dir()}
    assert found == kept | others
    assert (world.folder / "098-deep").is_file()
    assert all(one.test_error == 0.5 for one in tried if one.folder in kept)


def test_what_it_clears_is_its_own(world):
    study = world.search(trials=2)
    assert any(one.folder for one in study.tried())
    (world.folder / "precious.txt").touch()
    world.stages.clear()
    assert [path.name for path in world.folder.iterdir()] == ["precious.txt"]
    (world.folder / "precious.txt").unlink()
    (world.folder / "study.log").touch()
    world.stages.clear()
    assert not world.folder.exists()
