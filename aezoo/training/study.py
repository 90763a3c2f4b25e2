"""The trials of a search, on disk: what was tried, what came of it, and what is best."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aezoo.training.candidates import Parameters, Space
from aezoo.training.trials import Measured

if TYPE_CHECKING:
    import optuna

FILE = "study.log"
NAME = "aezoo"
SEEN = 8  # trials that are drawn at random before the sampler makes something of them
LIMITS = ("max_kb", "max_us", "max_arena_kb")
TRAINED, STOPPED, REFUSED, SKIPPED = STATES = ("trained", "stopped", "refused", "skipped")
FIGURES = 2  # of a latency, that are not chance


@dataclass(frozen=True)
class Tried:
    """A candidate that was trained, or given up.

    Attributes:
        number: Integer, the trial's.
        parameters: Dictionary, see `aezoo.training.candidates.Space`.
        stage: Integer: 0 for a first, short training, 1 for a longer, 2 for the last one.
        folder: String, the name of its folder, which stands as long as it is on the front.
        error: Float, validation error of the int8 file, `None` if there is none.
        kb, us, arena_kb: Floats, see `aezoo.training.trials.Budget`.
        excess: List of floats, by how much it is beyond each limit.
        state: String, `"trained"`, `"stopped"` early, `"refused"` in int8, or `"skipped"` before.
        reason: String, why it was not trained to its end and measured, if it was not.
        curve: List of floats, losses after each tenth of the training.
        epoch_seconds: Float.
        test_error: Float, the error of the int8 file on the test split, of those on the front.
    """

    number: int
    parameters: Parameters
    stage: int
    folder: str = ""
    error: float | None = None
    kb: float = math.nan
    us: float = math.nan
    arena_kb: float | None = None
    excess: list[float] = field(default_factory=list)
    state: str = TRAINED
    reason: str = ""
    curve: list[float] = field(default_factory=list)
    epoch_seconds: float | None = None
    test_error: float | None = None

    @property
    def is_feasible(self) -> bool:
        """Whether it has a file within the budget."""
        return self.error is not None and max(self.excess) <= 0

    def beats(self, other: "Tried") -> bool:
        """Whether it is better in something and worse in nothing than another.

        Args:
            other: `Tried`.

        Returns:
            Boolean. Of one candidate the training with the lesser error is better.
        """
        if self.parameters == other.parameters:
            return (self.error, self.number) < (other.error, other.number)
        ours, theirs = self._values(), other._values()
        return ours != theirs and all(a <= b for a, b in zip(ours, theirs, strict=True))

    def _values(self):
        return self.error, round(self.kb, 1), float(f"{self.us:.{FIGURES}g}")


class Study:
    """An Optuna study in a folder.

    Args:
        folder: `pathlib.Path`, which is there.
        space: `Space`.
        seed: Integer, of the sampler.
        told: Dictionary of what the search was asked for, which has to stay the same.

    Raises:
        ImportError: If Optuna is not installed.
        ValueError: If what is in the folder was asked for something else, or is another study.
    """

    def __init__(self, folder: Path, space: Space, seed: int, told: dict[str, Any]):
        optuna = require_optuna()
        file = folder / FILE
        _refuse_other_files(file)
        storage = optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(file))
        )
        others = set(optuna.get_all_study_names(storage)) - {NAME}
        if others:
            raise ValueError(
                f"{file} holds studies of others, {', '.join(sorted(others))}: choose another "
                "output folder."
            )
        self.space = space
        self.study = optuna.create_study(
            study_name=NAME,
            storage=storage,
            load_if_exists=True,
            directions=["minimize"] * 3,
        )
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed + len(self.study.trials),  # or what goes on would draw the same again
            n_startup_trials=SEEN,
        )
        self.states = optuna.trial.TrialState
        before = self.study.user_attrs.get("told")
        if before is None:
            self.study.set_user_attr("told", told)
        elif before != told:
            keys = [key for key in told if told[key] != before.get(key)]
            raise ValueError(
                f"{folder} holds a search for something else: choose another output folder, or "
                "give the same again. Expected "
                + ", ".join(f"{key}={before.get(key)!r}" for key in keys)
                + ". Received: "
                + ", ".join(f"{key}={told[key]!r}" for key in keys)
            )
        for trial in self.study.get_trials(states=[self.states.RUNNING]):  # it was killed
            self.study.tell(trial.number, state=self.states.FAIL)
            self.study.enqueue_trial(trial.params)

    @property
    def seconds(self) -> float:
        """How long the search has taken, in all its runs."""
        return self.study.user_attrs.get("seconds", 0.0)

    def note_seconds(self, seconds: float) -> None:
        """Notes how long the search has taken.

        Args:
            seconds: Float, in all its runs.
        """
        self.study.set_user_attr("seconds", seconds)

    def enqueue(self, parameters: Parameters) -> None:
        """Has a candidate tried next.

        Args:
            parameters: Dictionary.
        """
        self.study.enqueue_trial(parameters)

    def ask(self) -> "tuple[optuna.Trial, Parameters]":
        """The next candidate.

        Returns:
            A pair: the trial, to be handed to `tell`, and its parameters.
        """
        trial = self.study.ask()
        return trial, self.space.suggest(trial)

    def tell(self, trial: "optuna.Trial", tried: Tried) -> None:
        """Writes down what came of a trial.

        Args:
            trial: `optuna.Trial`.
            tried: `Tried`.
        """
        trial.set_user_attr("tried", asdict(tried))
        for limit, excess in zip(LIMITS, tried.excess, strict=False):
            trial.set_constraint(limit, excess)
        values = [tried.error, tried.kb, tried.us]
        if tried.error is None:
            self.study.tell(trial, state=self.states.PRUNED)
        else:
            self.study.tell(trial, values)

    def add(self, tried: Tried) -> None:
        """Writes down another trial of a candidate that has had one.

        Args:
            tried: `Tried`.
        """
        earlier = next(
            trial
            for trial in self.study.get_trials(states=[self.states.COMPLETE])
            if trial.user_attrs["tried"]["parameters"] == tried.parameters
        )
        values = {} if tried.error is None else {"values": [tried.error, tried.kb, tried.us]}
        self.study.add_trial(
            require_optuna().trial.create_trial(
                state=self.states.COMPLETE if values else self.states.PRUNED,
                params=earlier.params,
                distributions=earlier.distributions,
                user_attrs={"tried": asdict(tried)},
                **values,
            )
        )

    @property
    def count(self) -> int:
        """How many trials there are, of whatever state: the number of the next to be added."""
        return len(self.study.trials)

    def tried(self) -> list[Tried]:
        """All trials that are over.

        Returns:
            List of `Tried`.
        """
        over = self.study.get_trials(states=[self.states.COMPLETE, self.states.PRUNED])
        return [Tried(**trial.user_attrs["tried"]) for trial in over]


def front_of(tried: list[Tried]) -> list[Tried]:
    """Those within the budget that no other one beats.

    Args:
        tried: List of `Tried`.

    Returns:
        List of `Tried`, the least error first.
    """
    feasible = [one for one in tried if one.is_feasible]
    front = [one for one in feasible if not any(other.beats(one) for other in feasible)]
    return sorted(front, key=lambda one: (one.error, one.number))


def values_of(measured: Measured) -> dict[str, Any]:
    """What a trial leaves in the study.

    Args:
        measured: `Measured`.

    Returns:
        Dictionary of attributes of `Tried`.
    """
    keys = ("error", "kb", "us", "arena_kb", "curve", "epoch_seconds")
    return {key: getattr(measured, key) for key in keys}


def _refuse_other_files(file):
    """Refuses a file that Optuna did not write: it would skip the lines, and add its own."""
    if not file.is_file():
        return
    with file.open(encoding="utf-8", errors="replace") as opened:
        first = opened.readline()
    try:
        known = not first or "op_code" in json.loads(first)
    except (ValueError, TypeError):
        known = False
    if not known:
        raise ValueError(f"{file} is no journal of a search: choose another output folder.")


def require_optuna() -> Any:
    """Optuna, or `ImportError` saying how to install it."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("A search needs one more package: pip install aezoo[search]") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
