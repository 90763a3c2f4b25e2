"""The order of a search: many short trainings, longer ones of the best, and one to the end."""

import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from aezoo.edge import LiteModel
from aezoo.export import ExportError
from aezoo.training.candidates import Space
from aezoo.training.costs import Costs
from aezoo.training.splits import Splits
from aezoo.training.study import FILE as JOURNAL
from aezoo.training.study import REFUSED, SKIPPED, STOPPED, Study, Tried, front_of, values_of
from aezoo.training.trials import FILE, Budget, WeakError, measure
from aezoo.training.writing import write_run

# Of the time, as in successive halving: a third for many short trainings, a quarter for longer ones
# of the best three, and what is left for the best of all.
EXPLORED, SLICE, LONGER, AGAIN = 0.35, 1 / 40, 1 / 12, 3
ROOM = 0.96  # of the limits, that those it begins with are counted to take
IN_ROW = 300  # candidates skipped in a row, after which there are no others
WORK = ".trial"  # the folder of what is being tried


class Stages:
    """A search, from one candidate to the next.

    Args:
        study: `Study`.
        space: `Space`.
        budget: `Budget`.
        splits: `Splits`.
        folder: `pathlib.Path` of the search.
        seed: Integer, of the trainings.
        data: Dictionary, what runs write down of their data.
        total: Float, seconds that there are.
        begin: Float, when they began, by `time.perf_counter`.
        trials: Integer, how many candidates are tried at most, or `None`.
        callbacks: Sequence of `keras.callbacks.Callback`, for each training.
        progress: Function that is told in a sentence what is done.
    """

    def __init__(
        self,
        study: Study,
        space: Space,
        budget: Budget,
        splits: Splits,
        folder: Path,
        *,
        seed: int,
        data: dict[str, Any],
        total: float,
        begin: float,
        trials: int | None,
        callbacks: Sequence[keras.callbacks.Callback],
        progress: Callable[[str], object],
    ):
        self.study, self.space, self.budget = study, space, budget
        self.splits, self.folder, self.seed, self.data = splits, folder, seed, data
        self.total, self.begin, self.trials = total, begin, trials
        self.callbacks, self.progress = callbacks, progress
        self.overhead = 0.0  # seconds that a trial takes beside its training, as far as is known
        self.counted: dict[str, Costs] = {}
        self.exhausted = self.ended = False
        self._pattern = rf"\d{{3,}}-({'|'.join(space.models)})"  # of its folders' names

    def run(self) -> None:
        """Tries candidates until the time is over."""
        self._tidy()
        try:
            if not self.study.count:
                self.progress("counting what fits")
                for parameters in self.space.first(lambda one: self._fits(one, ROOM)):
                    self.study.enqueue(parameters)
            while self._explore() or self._go_deeper():
                self.study.note_seconds(self._used())
        finally:
            shutil.rmtree(self.folder / WORK, ignore_errors=True)
            self.study.note_seconds(self._used())

    def _explore(self):
        """Tries another candidate for a short while, if it is the time for that."""
        tried = self.study.tried()
        count = sum(one.stage == 0 and one.state != SKIPPED for one in tried)
        left = self._left()
        found = any(one.is_feasible for one in tried)
        if (
            self.exhausted
            or left <= 0
            or (found and self._used() >= EXPLORED * self.total)
            or (self.trials is not None and count >= self.trials)
        ):
            return False
        seconds = max(SLICE, EXPLORED / self.trials if self.trials else 0) * self.total
        before = [self.space.candidate(one.parameters) for one in tried]
        for _ in range(IN_ROW):
            trial, parameters = self.study.ask()
            reason = "" if self._fits(parameters) else "it is counted to be beyond the budget"
            if self.space.candidate(parameters) in before:
                reason = "it was tried before"
            if not reason:
                made = self._try(trial.number, parameters, 0, min(seconds, left))
                self.study.tell(trial, made)
                self._tidy()
                return True
            excess = self._excess(parameters)
            skipped = Tried(trial.number, parameters, 0, excess=excess, state=SKIPPED)
            self.study.tell(trial, replace(skipped, reason=reason))
            left = self._left()
            if left <= 0:
                return False
        self.exhausted = True
        return False

    def _go_deeper(self):
        """Trains one of the best for longer, and at the end the best for all the time left."""
        tried, left = self.study.tried(), self._left()
        feasible = sorted((one for one in tried if one.is_feasible), key=lambda one: one.error)
        first = [one for one in feasible if one.stage == 0]
        if self.ended or not feasible or left < SLICE * self.total:
            return False
        deeper = [one.parameters for one in tried if one.stage]
        waiting = [one for one in first[:AGAIN] if one.parameters not in deeper]
        if len(first) > AGAIN and waiting:
            chosen, stage, seconds = waiting[0], 1, min(left, LONGER * self.total)
        else:
            chosen, stage, seconds, self.ended = feasible[0], 2, left, True
        number = self.study.count
        self.study.add(self._try(number, chosen.parameters, stage, seconds, chosen.epoch_seconds))
        self._tidy()
        return True

    def _try(self, number, parameters, stage, seconds, epoch_seconds=None):
        """Trains, measures and, if it belongs on the front, writes its run folder."""
        begin = time.perf_counter()
        candidate, costs = self.space.candidate(parameters), self._costs(parameters)
        kb, us = self.budget.counted(costs)
        self._say(number, candidate, kb, stage)
        folder = self.folder / WORK
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tried = Tried(number, parameters, stage, excess=self._excess(parameters))
        rivals = [one.curve for one in self.study.tried() if self._is_rival(one, costs.size)]
        try:
            found = measure(
                candidate,
                self.splits,
                self.budget,
                folder,
                seconds=seconds,
                seed=self.seed,
                us=us,
                epoch_seconds=epoch_seconds,
                last=stage == 2,
                rivals=() if stage else rivals,
                callbacks=self.callbacks,
            )
        except WeakError as error:
            return replace(tried, state=STOPPED, reason=str(error))
        except (ExportError, RuntimeError) as error:  # the latter diverged
            return replace(tried, state=REFUSED, reason=str(error))
        excess = self.budget.excess(found.kb, found.us, found.arena_kb)
        tried = replace(tried, excess=excess, **values_of(found))
        if tried in front_of([*self.study.tried(), tried]):
            record = {"model": candidate.model, "latent_dim": candidate.latent_dim}
            parts = (self.splits.train, self.splits.test, {**record, "data": self.data})
            write_run(folder, found.attempt, *parts, found.settings)
            name = f"{number:03}-{candidate.model}"
            error = float(LiteModel(folder / FILE).score(self.splits.test.x).mean())
            folder.rename(self.folder / name)
            tried = replace(tried, folder=name, test_error=error)
        beside = time.perf_counter() - begin - found.attempt.outcome["seconds"]
        self.overhead = max(self.overhead, beside)
        return tried

    def clear(self) -> None:
        """Removes what it has written, for nothing, and the folder if there is nothing else."""
        for path in self.folder.iterdir():
            if path.name == WORK or re.fullmatch(self._pattern, path.name):
                shutil.rmtree(path, ignore_errors=True)
        (self.folder / JOURNAL).unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _tidy(self):
        """Removes the folders of what is on the front no more, or was never finished."""
        kept = {one.folder for one in front_of(self.study.tried())}
        for path in self.folder.iterdir():
            ours = path.name == WORK or re.fullmatch(self._pattern, path.name)
            if ours and path.name not in kept and path.is_dir():
                shutil.rmtree(path)

    def _say(self, number, candidate, kb, stage):
        what = ("trying", "training longer", "training to the end")[stage]
        numbers = self.space.numbers(candidate)
        line = f"{what} {number}: {candidate.model}, code {numbers}, about {kb:.0f} kB"
        front = front_of(self.study.tried())
        if front:
            best = front[0]
            line += f"; best so far {best.error:.5f} in {best.kb:.1f} kB and {best.us:,.0f} us"
            line += f" ({best.parameters['model']})"
        self.progress(line)

    def _is_rival(self, one, size):
        """Whether a trial is one that a larger candidate has to keep up with."""
        return one.stage == 0 and one.is_feasible and self._costs(one.parameters).size <= size

    def _fits(self, parameters, room=1.0):
        return max(self._excess(parameters)) <= room - 1

    def _excess(self, parameters):
        return self.budget.excess(*self.budget.counted(self._costs(parameters)))

    def _costs(self, parameters):
        candidate = self.space.candidate(parameters)
        key = repr(candidate)
        if key not in self.counted:
            self.counted[key] = candidate.costs(self.space.shape)
        return self.counted[key]

    def _used(self):
        return time.perf_counter() - self.begin

    def _left(self):
        return self.total - self._used() - self.overhead
