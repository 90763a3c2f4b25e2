"""The zoo's register: names to factories."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from aezoo.registry import weights as pretrained

if TYPE_CHECKING:
    import aezoo

Factory = TypeVar("Factory", bound=Callable[..., Any])
_FACTORIES: dict[str, Callable[..., aezoo.Autoencoder]] = {}
_PURPOSES: dict[str, str] = {}
PURPOSES = {  # what models are for, in the order of the list; a user's own come after them
    "reconstruction": "The least error for the size of a code.",
    "sequences": "Signals whose steps come one after the other.",
    "denoising": "Clean samples.",
    "features": "Codes that a classifier can use.",
    "factors": "Codes whose units each say something of their own.",
    "generation": "New samples.",
    "compression": "Codes of few bits.",
}
OTHER = "other"


@overload
def register(factory: Factory) -> Factory: ...
@overload
def register(*, purpose: str) -> Callable[[Factory], Factory]: ...
def register(factory: Any = None, *, purpose: str = OTHER) -> Any:
    """Adds a factory to the zoo under its own name; a decorator, with or without its option.

    Args:
        factory: Function of `input_shape` and `latent_dim`, and keyword options, that returns an
            `aezoo.Autoencoder`. Its name is the model's, the first line of its docstring what
            `aezoo list` says of it.
        purpose: String, what its models are for, by which `aezoo list` and the catalogue group
            them: `"reconstruction"`, `"sequences"`, `"denoising"`, `"features"`, `"factors"`,
            `"generation"`, `"compression"`, or a word of your own.

    Returns:
        The factory, unchanged; without one, a decorator.

    Raises:
        ValueError: If the name is taken, the docstring is missing, or the purpose is no word.

    Example:

    >>> import aezoo
    >>> @aezoo.register(purpose="reconstruction")
    ... def linear(input_shape=(28, 28, 1), latent_dim=32):
    ...     '''One linear layer each way: PCA by gradient descent.'''
    ...     return aezoo.vanilla(input_shape, latent_dim, latent_activation="linear")
    >>> aezoo.build("linear", (8,), 2).latent_shape
    (2,)
    """
    if not isinstance(purpose, str) or not purpose.strip():
        raise ValueError(f"purpose must be a word, such as 'generation'. Received: {purpose!r}")
    if factory is None:
        return functools.partial(register, purpose=purpose)
    name = getattr(factory, "__name__", None)
    if name is None:
        raise ValueError(f"register takes a function with a name. Received: {factory!r}")
    taken = _FACTORIES.get(name)
    # The same function may come again: a notebook cell or a module that is run twice.
    if taken and (taken.__module__, taken.__qualname__) != (
        factory.__module__,
        factory.__qualname__,
    ):
        raise ValueError(f"A model called {name!r} is registered already: choose another name.")
    if not inspect.getdoc(factory):
        raise ValueError(f"{name} needs a docstring: its first line is what the list shows.")
    _FACTORIES[name], _PURPOSES[name] = factory, purpose
    return factory


def list_models(weights: str | None = None) -> list[str]:
    """Names of the registered models.

    Args:
        weights: `None`, or a string, such as `"mnist"`: those alone that are pretrained on it.

    Returns:
        List of strings, sorted.

    Example:

    >>> import aezoo
    >>> "conv" in aezoo.list_models()
    True
    """
    if weights is None:
        return sorted(_FACTORIES)
    return sorted(model for model, data in pretrained.cards() if data == weights)


def summary(name: str) -> str:
    """What a model is, in one line.

    Args:
        name: String, a name from `list_models()`.

    Returns:
        String, the first line of the factory's docstring.
    """
    return inspect.getdoc(_factory(name)).splitlines()[0]


def purposes() -> dict[str, list[str]]:
    """The registered models by what they are for.

    Returns:
        Dictionary of purposes, in the order of the list, to sorted lists of names.

    Example:

    >>> from aezoo import registry
    >>> "variational" in registry.purposes()["generation"]
    True
    """
    importlib.import_module("aezoo.models")
    own = sorted({_PURPOSES[name] for name in _FACTORIES} - {*PURPOSES, OTHER})
    found = {
        purpose: [name for name in list_models() if _PURPOSES[name] == purpose]
        for purpose in (*PURPOSES, *own, OTHER)
    }
    return {purpose: names for purpose, names in found.items() if names}


def accepts(name: str, option: str) -> bool:
    """Whether a model's factory takes an option.

    Args:
        name: String, a name from `list_models()`.
        option: String, the name of a keyword argument.

    Returns:
        Boolean. True also for factories that pass any option on to their backbone.
    """
    parameters = inspect.signature(_factory(name)).parameters
    return option in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def build(
    name: str,
    input_shape: tuple[int, ...] | int | None = None,
    latent_dim: int | None = None,
    *,
    weights: str | os.PathLike | None = None,
    **options: Any,
) -> aezoo.Autoencoder:
    """Builds a model by name.

    Args:
        name: String, one of `list_models()`.
        input_shape: Tuple of positive integers, the shape of one sample without the batch axis,
            channels last; or one integer for vectors. Default: (28, 28, 1).
        latent_dim: Positive integer, how many numbers a code has. Default: 32.
        weights: `None` for an untrained model; a dataset that it was pretrained on, such as
            `"mnist"`; the path of a `.weights.h5` file, or of a folder with a card; or
            `hf://OWNER/REPOSITORY`, also with `@REVISION`. Shapes and options come from the card
            of the weights.
        **options: The model's own options, see `help(aezoo.conv)` and its like.

    Returns:
        A compiled `aezoo.Autoencoder`.

    Raises:
        ValueError: For an unknown name or option, a value out of its range, or weights that are
            damaged or do not fit what was asked for.
        FileNotFoundError: If there is no such file of weights.

    Example:

    >>> import aezoo
    >>> aezoo.build("deep", input_shape=(30,), latent_dim=4).latent_shape
    (4,)
    """
    factory = _factory(name)
    for option in options:
        if not accepts(name, option):
            valid = sorted(list(inspect.signature(factory).parameters)[2:])
            raise ValueError(
                f"Unknown option {option!r} for {name}.{_nearest(option, valid)} "
                f"It takes: {', '.join(valid) or 'none'}."
            )
    shapes = {"input_shape": input_shape, "latent_dim": latent_dim}
    asked = {key: value for key, value in shapes.items() if value is not None} | options
    file, card = None, None
    if weights is not None:
        card, file = pretrained.find(name, weights)
        if card is not None:
            asked = _agreed(card, asked, factory)
            pretrained.check_size(card, file)
    shapes = asked.pop("input_shape", (28, 28, 1)), asked.pop("latent_dim", 32)
    ae = factory(*shapes, **asked) if card is None else _of_card(card, file, factory, shapes, asked)
    if file is not None:
        try:
            _load(ae, file)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{file} has no weights for this model: {error}") from error
    return ae


def _agreed(card, asked, factory):
    """The shapes and options of a card, if nothing else was asked for."""
    fixed = {key: card[key] for key in ("input_shape", "latent_dim")} | card["options"]
    parameters = inspect.signature(factory).parameters
    for key, value in asked.items():
        default = parameters[key].default if key in parameters else inspect.Parameter.empty
        expected = fixed.get(key, default)
        if np.ravel(value).tolist() != np.ravel(expected).tolist():
            known = "the model's default" if expected is inspect.Parameter.empty else repr(expected)
            raise ValueError(
                f"The weights are for {key}={known}. Received: {value!r}. Leave it out, or build "
                "without weights."
            )
    return fixed


def _of_card(card, file, factory, shapes, options):
    """Builds what a card says, if it is nothing but a model of the size of its file."""
    from aezoo.registry import configurations, variables

    try:
        configurations.check(card["options"])
        with variables.no_more_than_in(shape for _, shape in pretrained.arrays(file)):
            return factory(*shapes, **options)
    except Exception as error:  # of options that no factory would take from people
        raise pretrained.WeightsError(
            f"{card['folder'] / pretrained.CARD} is of no model that can be built: {error}"
        ) from error


def _load(ae, file):
    """Loads weights, if they are for this model and no other: Keras ignores what it has no use for.

    Files of Keras hold the optimizer's state, too, which is of no use here.
    """
    own = {name: tuple(shape) for name, shape in pretrained.arrays(ae.save_weights)}
    found = {name: tuple(shape) for name, shape in pretrained.arrays(file)}
    if own != found:
        wrong = sorted(set(own.items()) ^ set(found.items()))[0]
        raise ValueError(f"its arrays are not the model's, such as {wrong[0]} of shape {wrong[1]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras misses the optimizer's state
        ae.load_weights(file)


def _factory(name):
    importlib.import_module("aezoo.models")  # the families, which register themselves
    if name not in _FACTORIES:
        raise ValueError(
            f"Unknown model {name!r}.{_nearest(name, _FACTORIES)} "
            f"The zoo has: {', '.join(list_models())}."
        )
    return _FACTORIES[name]


def _nearest(name, valid):
    near = difflib.get_close_matches(str(name), valid, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
