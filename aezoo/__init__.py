"""aezoo: a model zoo of autoencoders for Keras and TensorFlow.

The public names, which `__init__.pyi` lists, load on first use, so that importing aezoo imports
neither keras nor tensorflow.
"""

import importlib
import importlib.abc
import importlib.util
import sys
import warnings

import lazy_loader

__version__ = "0.2.0.dev0"

_attribute, _, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]

_MOVED = {  # since 0.1.0
    "augmentation": "data.augmentation",
    "backbones": "layers.backbones",
    "corruptions": "layers.corruptions",
    "datasets": "data.datasets",
    "feeding": "data.feeding",
    "files": "system.files",
    "generation": "sampling",
    "initialization": "layers.initialization",
    "inputs": "data.inputs",
    "micro": "export.micro",
    "normalization": "layers.normalization",
    "progress": "training.progress",
    "publishing": "training.publishing",
    "quiet": "system.quiet",
    "report": "export.report",
    "saved_model": "export.saved_model",
    "scales": "export.scales",
    "tflite": "export.conversion",
    "tflm": "export.tflm",
    "weights": "registry.weights",
}


def __getattr__(name):
    found = _attribute(name)
    if "keras" in sys.modules:
        _register()
    return found


def __dir__():
    return sorted(__all__)


class _RegisterWithKeras(importlib.abc.MetaPathFinder):
    """Registers the classes of aezoo with Keras when Keras is imported, however late that is.

    `import aezoo` is then enough for `keras.saving.load_model` to know a saved Autoencoder.
    """

    def find_spec(self, name, path=None, target=None):
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def execute_and_register(module):
            execute(module)
            _register()

        spec.loader.exec_module = execute_and_register
        return spec


class _FindMoved(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules by the names that they had in 0.1.0, and says what they are called now."""

    def find_spec(self, name, path=None, target=None):
        package, _, rest = name.partition(".")
        old, _, inner = rest.partition(".")
        if package != __name__ or old not in _MOVED:
            return None
        new = ".".join(filter(None, (package, _MOVED[old], inner)))
        warnings.warn(f"{name} is now {new}: import it from there.", FutureWarning, stacklevel=2)
        return importlib.util.spec_from_loader(name, self, origin=new)

    def create_module(self, spec):
        module = importlib.import_module(spec.origin)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        module.__spec__ = module.__spec__.loader_state  # the import has put its own in its place


def _register():
    """Imports the families, unless a room is halfway in, whose classes are not yet there."""
    rooms = [module for name, module in sys.modules.items() if name.startswith(f"{__name__}.")]
    if not any(getattr(room.__spec__, "_initializing", False) for room in rooms):
        importlib.import_module("aezoo.models")


sys.meta_path.append(_FindMoved())
if "keras" in sys.modules:
    importlib.import_module("aezoo.models")
else:
    sys.meta_path.insert(0, _RegisterWithKeras())
