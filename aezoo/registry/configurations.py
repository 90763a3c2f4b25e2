"""What the configuration of a model names: parts of Keras and of aezoo, and nothing else."""

import importlib
import math
import re
from collections.abc import Collection
from typing import Any

import keras

from aezoo.registry.archives import RefusedError

DEEPEST, MOST_VALUES = 100, 1_000_000
MOST_TOLD = 4_000_000  # values, and 8 characters, once for each object around: Keras's errors
LARGEST, LARGEST_SHAPE = 2**24, 2**28  # one number; all numbers of a sample
UNBOUNDED = {"seed", "shared_object_id"}  # integers that are no sizes
LOOPS = {"num_thresholds": 2**16, "power_iterations": 2**8}  # integers to which Python counts
LONGEST = 2**12  # characters of a string: each variable of a model has the names of its layers
PATTERNS = {"policy_map", "exclude_layers"}  # of which Keras makes regular expressions
PLAIN_PATTERN = re.compile(r"[\w/.-]*\*?[\w/.-]*")  # one * takes no exponential time
OWN = "aezoo>"  # registered names

KINDS = (
    keras.layers.Layer,
    keras.optimizers.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.losses.Loss,
    keras.metrics.Metric,
    keras.initializers.Initializer,
    keras.regularizers.Regularizer,
    keras.constraints.Constraint,
    keras.quantizers.Quantizer,
    keras.quantizers.Int8QuantizationConfig,
    keras.quantizers.Int4QuantizationConfig,
    keras.dtype_policies.DTypePolicy,
    keras.random.SeedGenerator,
    keras.Operation,
)
FUNCTIONS = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")
MODULES = {
    "keras",
    *(f"keras.{name}" for name in FUNCTIONS),
    *("keras.dtype_policies", "keras.layers", "keras.models", "keras.optimizers"),
    *("keras.optimizers.schedules", "keras.quantizers", "keras.random"),
    *("keras.src.models.functional", "keras.src.models.sequential"),
    *(f"keras.src.ops.{name}" for name in ("core", "image", "linalg", "math", "nn", "numpy")),
}
REFUSED = {
    **dict.fromkeys(("Lambda", "TFSMLayer", "TorchModuleWrapper"), "it runs code of its file"),
    **dict.fromkeys(("JaxLayer", "FlaxLayer"), "it runs code of its file"),
    **dict.fromkeys(("StringLookup", "IntegerLookup", "TextVectorization"), "it reads other files"),
    **dict.fromkeys(("STFTSpectrogram", "MelSpectrogram"), "it makes tables of any size"),
    **dict.fromkeys(("RandAugment", "AugMix"), "it repeats itself as often as its file says"),
}
PLAIN = {"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__", "__bytes__"}
HELPERS = {"get", "serialize", "deserialize"}  # functions beside those that models are made of


def check(config: Any, trusted: Collection[str] = ()) -> None:
    """Refuses a configuration that names what it should not, before anything of it is made.

    Args:
        config: What JSON gives: dictionaries, lists (or tuples), strings and numbers.
        trusted: Strings, the names of the user's own classes and functions that it may name.

    Raises:
        RefusedError: A `ValueError`, which says what was found.
    """
    waiting, seen, told = [("", config, 0, 0)], 0, 0
    while waiting:
        key, value, depth, objects = waiting.pop()
        text = max(len(key), len(value) if isinstance(value, str) else 0)
        seen += 1
        told += objects * (1 + text // 8)
        if depth > DEEPEST or seen > MOST_VALUES or told > MOST_TOLD:
            raise RefusedError(
                f"its configuration has more than {DEEPEST} levels or {MOST_VALUES:,} values"
            )
        if text > LONGEST:
            raise RefusedError(f"{key[:100]} is or has a string of {text:,} characters")
        if key in PATTERNS and isinstance(value, (dict, list)):
            _check_patterns(key, value)
        if isinstance(value, dict):
            if "class_name" in value:
                _check_object(value, trusted)
                objects += 1
            if key == "inbound_nodes" and not _has_tensor(value):
                raise RefusedError("a layer of it is called without the output of another one")
            waiting += [(name, item, depth + 1, objects) for name, item in value.items()]
        elif isinstance(value, (list, tuple)):
            if key == "inbound_nodes" and any(isinstance(item, list) for item in value):
                raise RefusedError("it is of Keras 2: load it there, and save it with Keras 3")
            _check_shape(key, value)
            waiting += [(key, item, depth + 1, objects) for item in value]
        elif isinstance(value, str):
            if key != "registered_name" and value in keras.saving.get_custom_objects():
                _check_own(value, value, trusted)
        elif key == "unroll" and value:
            raise RefusedError("a layer of it is unrolled, over as many steps as it says")
        elif isinstance(value, int) and key not in UNBOUNDED:
            most = LOOPS.get(key, LARGEST)
            if abs(value) > most:
                raise RefusedError(f"{key} is {value:,}, where {most:,} is the most")


def _check_object(config, trusted):
    """Compares what Keras would make of an object with what may be made, in Keras's order."""
    name, inner = config["class_name"], config.get("config")
    if not isinstance(name, str):
        raise RefusedError(f"class_name is {name!r}, which is no name")
    if name in PLAIN:
        _check_plain(name, inner)
        return
    if name.startswith("__"):  # which Keras takes before it looks at what is registered
        raise RefusedError(f"it has a {name}, which is code, or a type of any module")
    function = name == "function"
    if function and not isinstance(inner, str):
        raise RefusedError(f"it has a function whose name is {inner!r}")
    registered = inner if function else config.get("registered_name", name)
    module, found = config.get("module"), inner if function else name
    if found in REFUSED and found not in trusted:
        raise RefusedError(f"it has a {found}, which is not allowed: {REFUSED[found]}")
    if registered is not None:
        if not isinstance(registered, str):
            raise RefusedError(f"registered_name is {registered!r}, which is no name")
        if keras.saving.get_registered_object(registered) is not None or registered in trusted:
            _check_own(registered, found, trusted)
            return
    if found in trusted:
        return
    if not (_is_function(module, found) if function else _is_class(module, found)):
        raise RefusedError(
            f"it names {module}.{found} (registered as {registered!r}), which is no part of Keras "
            "or aezoo that models are made of. If it is yours, give it: "
            f"aezoo.load_model(path, custom_objects={{{found!r}: {found.split('>')[-1]}}})"
        )


def _check_own(registered, name, trusted):
    """Refuses what was registered with Keras, unless by aezoo, or named by the caller."""
    known = keras.saving.get_custom_objects()
    scoped = name not in known and keras.saving.get_registered_object(name) is not None
    if not (registered.startswith(OWN) or scoped or {registered, name} & set(trusted)):
        raise RefusedError(
            f"it names {registered!r}, which other code in this process has registered. If you "
            f"expect it, give it: aezoo.load_model(path, custom_objects={{{registered!r}: ...}})"
        )


def _check_plain(name, inner):
    if name in ("__numpy__", "__tensor__", "__keras_tensor__"):
        kind = inner.get("dtype") if isinstance(inner, dict) else None
        try:
            keras.utils.standardize_dtype(kind if isinstance(kind, str) else "")
        except ValueError as error:
            raise RefusedError(
                f"it has an array of {kind!r}, which is no type of numbers"
            ) from error


def _is_class(module, name):
    kind = _part(module, name)
    return isinstance(kind, type) and issubclass(kind, KINDS)


def _is_function(module, name):
    modules = [f"keras.{part}" for part in FUNCTIONS]
    places = modules if module == "builtins" else [module] if module in modules else []
    return name not in HELPERS and any(callable(_part(place, name)) for place in places)


def _part(module, name):
    if module not in MODULES:
        return None
    return getattr(importlib.import_module(module), name, None)


def _check_shape(key, value):
    sizes = [size for size in value if isinstance(size, int) and size]
    if key.endswith(("shape", "size")) and math.prod(map(abs, sizes)) > LARGEST_SHAPE:
        raise RefusedError(f"{key} is {value}, of which {LARGEST_SHAPE:,} values is the most")


def _check_patterns(key, patterns):
    odd = [p for p in patterns if isinstance(p, str) and not PLAIN_PATTERN.fullmatch(p)]
    if odd:
        raise RefusedError(f"{key} has the pattern {odd[0][:100]!r}, whose search may not end")


def _has_tensor(value):
    """Whether a layer is called with a symbol: with numbers it would run at once."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if item.get("class_name") == "__keras_tensor__":
                return True
            waiting += (
                () if "class_name" in item else item.values()
            )  # what an object has is its own
        elif isinstance(item, list):
            waiting += item
    return False
