"""What a search chooses from: families and sizes, and those that it begins with."""

import bisect
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from aezoo.models import build
from aezoo.training.costs import Costs, counted
from aezoo.training.defaults import usual_latent_dim
from aezoo.training.plan import REFINED

LEVELS = 4  # that halve an image at most
GROWTH = (1.0, 1.5, 2.0)  # of the filters, from level to level
REFINEMENT = (0, 8, 16, 32)  # filters of the corrections of images, 0 for none
BOTTLENECKS = ("dense", "spatial")
SIZES = range(4, 65)  # filters of the first level
WIDTHS = range(8, 1025)  # units of the first layer
CODES = 128  # numbers of a code at most

Parameters = dict[str, Any]


class Suggests(Protocol):
    """What a trial of Optuna can be asked."""

    suggest_categorical: Callable[..., Any]
    suggest_int: Callable[..., int]


class Candidate(NamedTuple):
    """A model to be tried.

    Attributes:
        model: String, one of `aezoo.list_models()`.
        latent_dim: Positive integer, as `aezoo.build` takes it: of a spatial bottleneck the numbers
            at each place.
        options: Dictionary of the model's options.
    """

    model: str
    latent_dim: int
    options: dict[str, Any]

    def costs(self, shape: tuple[int, ...]) -> Costs:
        """Counts what it costs on a device.

        Args:
            shape: Tuple of positive integers, the shape of one sample.

        Returns:
            `Costs`.
        """
        return counted(build(self.model, shape, self.latent_dim, **self.options))


class Space:
    """All candidates for samples of a shape.

    They are `deep` and `residual`, and `conv` where samples have spatial axes. Each starts as PCA
    or not: the linear path to a code of 32 numbers and back costs 50 kB for images of 28x28. Codes
    of convolutions are of the whole sample, or of the places of the last feature map, which takes
    next to no weights.

    Args:
        shape: Tuple of positive integers, the shape of one sample.
        latent_dim: Positive integer, how many numbers a code has; `None` to search for it.

    Example:

    >>> space = Space((28, 28, 1), latent_dim=16)
    >>> space.candidate({"model": "deep", "linear_path": False, "depth": 2, "width": 64})
    Candidate(model='deep', latent_dim=16, options={'linear_path': False, 'hidden_units': (64, 32)})
    """

    def __init__(self, shape: tuple[int, ...], latent_dim: int | None = None):
        self.shape = shape
        self.latent_dim = latent_dim
        self.spatial = len(shape) > 1
        self.models = ("conv", "residual", "deep") if self.spatial else ("deep", "residual")
        self.levels = max(1, min(LEVELS, int(math.log2(min(shape[:-1]))))) if self.spatial else 0
        self.least = 0 if len(shape) == 3 else 1  # images that are refined need no levels

    def suggest(self, trial: Suggests) -> Parameters:
        """Asks a sampler for one.

        Args:
            trial: `optuna.Trial`.

        Returns:
            Dictionary of parameters.
        """
        found = {"model": trial.suggest_categorical("model", self.models)}
        if self.latent_dim is None:
            found["code"] = trial.suggest_int("code", 1, self._most_code(), log=True)
        found["linear_path"] = trial.suggest_categorical("linear_path", (False, True))
        if self.spatial and found["model"] != "deep":
            found["levels"] = trial.suggest_int("levels", self.least, self.levels)
            found["filters"] = trial.suggest_int("filters", SIZES[0], SIZES[-1], log=True)
            found["growth"] = trial.suggest_categorical("growth", GROWTH)
            if len(self.shape) == 3:
                found["refinement"] = trial.suggest_categorical("refinement", REFINEMENT)
            found["bottleneck"] = trial.suggest_categorical("bottleneck", BOTTLENECKS)
        else:
            found["depth"] = trial.suggest_int("depth", 0, 3)
            found["width"] = trial.suggest_int("width", WIDTHS[0], WIDTHS[-1], log=True)
        return found

    def candidate(self, parameters: Parameters) -> Candidate:
        """The model that parameters stand for.

        Args:
            parameters: Dictionary, as `suggest` returns it.

        Returns:
            `Candidate`.
        """
        model, code = parameters["model"], self.latent_dim or parameters["code"]
        options = {"linear_path": parameters["linear_path"]}
        if "levels" in parameters:
            first, growth, levels = (parameters[key] for key in ("filters", "growth", "levels"))
            refinement = parameters.get("refinement", 0) or (0 if levels else REFINEMENT[-1])
            options["filters"] = tuple(round(first * growth**level) for level in range(levels))
            options["refinement"] = refinement and REFINED[model]
            options |= {"refinement_filters": refinement} if refinement else {}
            options["linear_path"] |= not levels  # which is all of the network then
            places = self.places(levels)
            if parameters.get("bottleneck") == "spatial" and levels and self._splits(code, places):
                options |= {"bottleneck": "spatial", "linear_path": False}
                code = max(1, round(code / places))
        else:
            first = parameters["width"]
            units = (max(1, first >> level) for level in range(parameters["depth"]))
            options["hidden_units"] = tuple(units)
            if model == "residual":
                options["activation"] = "relu"  # loses least in int8
        return Candidate(model, code, options)

    def places(self, levels: int) -> int:
        """Places of the last feature map.

        Args:
            levels: Integer, 0 or more, that halve each spatial axis, rounding up.

        Returns:
            Positive integer.
        """
        return math.prod(-(-length // 2**levels) for length in self.shape[:-1])

    def numbers(self, candidate: Candidate) -> int:
        """Numbers in a candidate's code.

        Args:
            candidate: `Candidate`.

        Returns:
            Positive integer.
        """
        if candidate.options.get("bottleneck") != "spatial":
            return candidate.latent_dim
        return candidate.latent_dim * self.places(len(candidate.options["filters"]))

    def by_hand(self) -> list[Parameters]:
        """What one would try without a search: the default, halved until it fits.

        Returns:
            List of dictionaries of parameters, from large to small: first as `aezoo.train` makes
            it, then without the linear path.
        """
        model = "conv" if self.spatial else "deep"
        sizes = (32, 16, 8, 4) if self.spatial else (512, 256, 128, 64, 32, 16, 8)
        return [
            self._sized(model, path, 2, size, growth=2.0, refinement=32 * path)
            for path in (True, False)
            for size in sizes
        ]

    def first(self, fits: Callable[[Parameters], bool]) -> list[Parameters]:
        """What a search begins with: the one made by hand, and the largest of other kinds.

        Args:
            fits: Function that says whether a candidate is within the budget, as far as is known.

        Returns:
            List of dictionaries of parameters, each within the budget.
        """
        found = [next(filter(fits, self.by_hand()), None)]
        for model, path, levels, more in self._kinds():
            sizes = SIZES if self.spatial and model != "deep" else WIDTHS
            made = [self._sized(model, path, levels, size, **more) for size in sizes]
            count = bisect.bisect_left(made, True, key=lambda parameters: not fits(parameters))
            found.append(made[count - 1] if count else None)
        kept = []
        for parameters in found:
            if parameters is not None and parameters not in kept:
                kept.append(parameters)
        return kept

    def smallest(self) -> list[Parameters]:
        """Candidates of which one is the smallest of all.

        Returns:
            List of dictionaries of parameters.
        """
        # without a hidden layer a wide code makes it the largest
        found = [self._sized("deep", False, depth, WIDTHS[0], code=1) for depth in range(4)]
        if self.spatial:
            for levels in range(1, self.levels + 1):
                size = "conv", False, levels, SIZES[0]
                found.append(self._sized(*size, code=1))
                places = min(self._most_code(), self.places(levels))
                found.append(self._sized(*size, code=places, bottleneck="spatial"))
        return found

    def _kinds(self):
        """Model, linear path and levels of what was good on images, signals and tables."""
        if not self.spatial:
            depths = itertools.product(("deep", "residual"), (True, False), (1, 2))
            return [(model, path, depth, {}) for model, path, depth in depths]
        kinds, plain = [], {"growth": 1.5}
        for bottleneck in BOTTLENECKS[::-1]:
            for times in (4, 2) if self.latent_dim is None else (None,):
                code = times and min(self._most_code(), times * usual_latent_dim(self.shape))
                kinds.append(("conv", False, 3, {**plain, "code": code, "bottleneck": bottleneck}))
        kinds += [
            ("residual", False, 3, {}),
            ("conv", False, 3, {}),
            ("residual", True, 3, {"growth": 1.5, "refinement": 16}),
            ("conv", False, 3, {"growth": 1.5, "refinement": 16}),
            ("deep", True, 2, {}),
        ]
        if len(self.shape) == 3:
            kinds.append(("conv", True, 0, {"refinement": 32}))
        return kinds

    def _splits(self, code, places):
        """Whether a code can be of places: if it has to have a size, each has the same part."""
        return not code % places if self.latent_dim else 2 * code >= places

    def _most_code(self):
        return max(1, min(CODES, math.prod(self.shape) // 2))

    def _sized(
        self, model, path, levels, size, growth=1.0, refinement=0, code=None, bottleneck="dense"
    ):
        found = {"model": model}
        if self.latent_dim is None:
            found["code"] = code or usual_latent_dim(self.shape)
        found["linear_path"] = path
        if self.spatial and model != "deep":
            found |= {"levels": min(levels, self.levels), "filters": size, "growth": growth}
            found |= {"refinement": refinement} if len(self.shape) == 3 else {}
            found |= {"bottleneck": bottleneck}
        else:
            found |= {"depth": levels, "width": size}
        return found
