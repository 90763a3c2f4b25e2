"""A name or a path becomes arrays, and arrays become what a model can take."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["augmentation"])
