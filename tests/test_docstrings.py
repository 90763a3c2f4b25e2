"""Every public name says what it takes, what it gives and shows it."""

import inspect
import re
import types

import pytest

import aezoo


def public_names():
    """Functions and classes of the top level, of the public modules, and methods of the classes."""
    found = {name: getattr(aezoo, name) for name in aezoo.__all__ if name != "__version__"}
    for module in [value for value in found.values() if isinstance(value, types.ModuleType)]:
        own = module.__name__.removeprefix("aezoo.")
        listed = getattr(module, "__all__", vars(module))
        for name in listed:
            value = getattr(module, name)
            home = getattr(value, "__module__", None) or ""
            if not name.startswith("_") and callable(value) and home.startswith(module.__name__):
                found[f"{own}.{name}"] = value
    for name, value in list(found.items()):
        if inspect.isclass(value) and issubclass(value, Exception):
            del found[name]  # Python documents what an exception is
        elif inspect.isclass(value):
            for key, method in vars(value).items():
                if not key.startswith("_") and inspect.isfunction(method):
                    found[f"{name}.{key}"] = method
    return {name: value for name, value in found.items() if not isinstance(value, types.ModuleType)}


NAMES = public_names()
INHERITED = {  # methods of Keras, which documents them
    "build", "call", "compute_loss", "compute_metrics", "compute_output_shape", "evaluate",
    "from_config", "get_config", "compute_output_spec",
}  # fmt: skip


def is_method(name):
    return inspect.isclass(NAMES.get(name.rpartition(".")[0]))


def sections(value):
    parts = re.split(r"^(\w+):$", inspect.getdoc(value) or "", flags=re.M)
    return dict(zip(["summary", *parts[1::2]], parts[::2], strict=True))


@pytest.mark.parametrize(
    "name", [n for n in NAMES if not (is_method(n) and n.rpartition(".")[2] in INHERITED)]
)
def test_complete(name):
    value = NAMES[name]
    found = sections(value)
    assert re.match(r"\S.*\.(\n\n|\n?$)", found["summary"]), "one line, one sentence"
    parameters = list(inspect.signature(value).parameters.values())
    names = [p.name for p in parameters if p.name not in ("self", "cls")]
    described = found.get("Args", "") + found.get("Attributes", "")
    for parameter in names:
        if parameter not in ("args", "kwargs"):
            assert re.search(rf"^(    )?[\w, *]*\b{parameter}\b[^:\n]*:", described, re.M), (
                parameter
            )
    if inspect.isfunction(value):
        returns = re.search(r"^\s+return \S", inspect.getsource(value), re.M)
        assert not returns or "Returns" in found
    if not is_method(name):
        assert ">>>" in found.get("Example", "")
