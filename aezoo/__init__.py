"""aezoo: a model zoo of autoencoders for Keras and TensorFlow.

The public names load on first use, so that importing aezoo imports neither keras nor tensorflow.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "Autoencoder": "autoencoder",
    "Dataset": "datasets",
    "build": "models",
    "conv": "models",
    "deep": "models",
    "denoising": "models",
    "evaluate": "evaluation",
    "list_models": "models",
    "load_dataset": "datasets",
    "register": "models",
    "train": "training",
    "vanilla": "models",
}
_MODULES = ("backbones", "corruptions", "plots")

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"aezoo.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"aezoo.{name}")
    raise AttributeError(f"module 'aezoo' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
