"""`resume` with several processes; all else of it is in `test_checkpoints.py`."""

from contextlib import contextmanager

import pytest

from aezoo.training import resuming
from aezoo.training.checkpoints import Saved


@pytest.mark.parametrize(("rank", "locks"), [(0, ["run"]), (1, [])])
def test_only_the_first_process_holds_the_lock(monkeypatch, rank, locks):
    saved = Saved({"model": "deep", "distribute": "multihost"}, "", {}, False, 0.0, [], [], [])
    taken = []

    @contextmanager
    def held(folder):
        taken.append(folder)
        yield "lock"

    monkeypatch.setattr(resuming, "newest", lambda run: (run, saved))
    monkeypatch.setattr(resuming, "held", held)
    monkeypatch.setattr(resuming, "train", lambda **told: told)
    place = {"coordinator": "localhost:1234", "processes": 2, "rank": rank}
    told = resuming.resume("run", **place, wait=9.0)
    assert taken == locks
    assert told["resumed"] == ("run", saved, "lock" if locks else None)
    assert {key: told[key] for key in place} == place
    assert (told["model"], told["wait"]) == ("deep", 9.0)
