"""aezoo: a model zoo of autoencoders for Keras and TensorFlow.

The public names load on first use, so that importing aezoo imports neither keras nor tensorflow.
"""

import importlib
import importlib.abc
import importlib.util
import sys

__version__ = "0.1.0"

_HOMES = {
    "Autoencoder": "autoencoder",
    "Dataset": "datasets",
    "build": "models",
    "conv": "models",
    "deep": "models",
    "denoising": "models",
    "ExportError": "report",
    "ExportReport": "report",
    "LiteModel": "edge",
    "evaluate": "evaluation",
    "export_onnx": "export",
    "export_saved_model": "export",
    "export_tflite": "export",
    "list_models": "models",
    "load_dataset": "datasets",
    "register": "models",
    "train": "training",
    "contractive": "models",
    "masked": "models",
    "residual": "models",
    "sparse": "models",
    "variational": "models",
    "vector_quantized": "models",
    "vanilla": "models",
}
_MODULES = ("augmentation", "backbones", "corruptions", "edge", "export", "plots")

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"aezoo.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"aezoo.{name}")
    raise AttributeError(f"module 'aezoo' has no attribute {name!r}")


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
            importlib.import_module("aezoo.models")

        spec.loader.exec_module = execute_and_register
        return spec


if "keras" in sys.modules:
    importlib.import_module("aezoo.models")
else:
    sys.meta_path.insert(0, _RegisterWithKeras())
