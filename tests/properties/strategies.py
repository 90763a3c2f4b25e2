"""Models, arrays, and the forms in which people hold them, for `properties.py` to draw from."""

import functools
import random
from typing import NamedTuple

import keras
import numpy as np
from hypothesis import strategies as st

import aezoo

POOL = 48  # models that are made once, for the many cases that only call them
SHAPES = ((5,), (1,), (12, 1), (9, 2), (8, 8, 1), (7, 5, 3), (1, 6, 1), (4, 5, 3, 1))
OPTIONS = {
    "denoising": [{"corruption": c} for c in ("gaussian", "masking", "salt_and_pepper")],
    "sparse": [{"sparsity": s} for s in ("l1", "kl", "top_k")],
    "variational": [{}, {"free_bits": 0.1}],
    "vector_quantized": [{"num_embeddings": 5}, {"quantizer": "fsq", "levels": (3, 4)}],
}
COMMON = [{}, {"activation": "tanh"}, {"dropout": 0.2}, {"batch_normalization": True}]
CODEBOOKS = ("gumbel", "vector_quantized")
LINEAR = ("pca", "vanilla")  # have no layer but the code's
OVER_TIME = {  # their networks
    "recurrent": [{"units": (4,)}, {"units": (3, 4), "cell": "gru"}],
    "temporal": [{"filters": 4, "dilations": (1, 2), "pooling": 2}],
}
PLAIN = (*LINEAR, *OVER_TIME, "deep", "conv", "residual")  # have one kind of network
SAME = {  # as forms of the same values
    "float32": lambda x: x,
    "float64": lambda x: x.astype("float64"),
    "float16": lambda x: x.astype("float16"),
    "long double": lambda x: x.astype(np.longdouble),
    "big-endian": lambda x: x.astype(">f4"),
    "Fortran": np.asfortranarray,
    "every second": lambda x: np.repeat(x, 2, axis=0)[::2],
    "every second of the last axis": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "read-only": lambda x: locked(x.copy()),
    "unaligned": lambda x: unaligned(x),
    "list": lambda x: x.tolist(),
    "list of arrays": list,
}
WHOLE = {name: functools.partial(np.ndarray.astype, dtype=name) for name in ("?", "u1", "i8")}


class Configuration(NamedTuple):
    """What a model is made of."""

    name: str
    shape: tuple
    latent_dim: int
    options: tuple

    @property
    def model(self):
        """A new model, with weights that are none to begin training with."""
        keras.utils.set_random_seed(0)
        ae = aezoo.build(self.name, self.shape, self.latent_dim, **dict(self.options))
        rng = np.random.default_rng(1)
        for variable in ae.trainable_variables:
            variable.assign_add(rng.normal(0, 0.1, variable.shape))
        if ae.normalization:
            ae.adapt(rng.random((50, *self.shape)) * 1.5)
        return ae

    @property
    def discrete(self):
        """Whether codes are places in a codebook."""
        return self.name in CODEBOOKS


model_of = functools.cache(Configuration.model.fget)


def configuration(number, families=None, shapes=SHAPES):
    """The configuration of a number: every one is valid."""
    choose = random.Random(number).choice
    shape = choose(shapes)
    unfit = {"conv"} if len(shape) == 1 else set()
    unfit |= {"masked"} if shape == (1,) else set()  # nothing would be left to see
    name = choose([n for n in families or aezoo.list_models() if n not in unfit])
    options = dict(choose(OPTIONS.get(name, [{}])))
    dense = (*LINEAR, *OVER_TIME, "deep", "contractive")
    convolutional = name == "conv" or (len(shape) > 1 and name not in dense)
    if name not in PLAIN:
        convolutional = convolutional and choose((True, False))
        options["backbone"] = "conv" if convolutional else "dense"
    if name in OVER_TIME:
        options |= choose(OVER_TIME[name])
    elif name not in LINEAR:
        options["filters" if convolutional else "hidden_units"] = choose(((6,), (4, 3)))
        options |= choose(COMMON[: 2 if name == "contractive" else None])
    if name == "conv":
        options["bottleneck"] = choose(("dense", "conv", "spatial"))
    options["normalization"] = choose((None, "minmax", "standard"))
    if options["normalization"] == "standard" and name != "pca":
        options["output_activation"] = "linear"
    sizes = (2, 3, 4) if name in ("hierarchical", "hyperspherical") else (1, 2, 3, 4)
    latent_dim = 2 if "levels" in options else choose(sizes)
    return Configuration(name, shape, latent_dim, tuple(options.items()))


def known(families=None, shapes=SHAPES, size=POOL):
    """Configurations of few models, which `model_of` makes once."""
    return st.sampled_from([configuration(i, families, shapes) for i in range(size)])


def new(families=None, shapes=SHAPES):
    """Any configurations."""
    numbers = st.integers(POOL, 2**32)
    return st.builds(configuration, numbers, st.just(families), st.just(shapes))


class Samples(NamedTuple):
    """How many samples, of which values, in which form."""

    count: int
    seed: int
    whole: bool
    form: str

    def of(self, shape):
        """The samples as float32, and in their form."""
        rng = np.random.default_rng(self.seed)
        x = rng.random((self.count, *shape))
        x = (x > 0.5 if self.whole else x.astype("float16")).astype("float32")  # exact in each
        return x, (SAME | WHOLE)[self.form](x)


@st.composite
def samples(draw, least=1, forms=None):
    """Few samples, and now and then more than are in work at once."""
    whole = draw(st.booleans())
    names = [*SAME, *(WHOLE if whole else ())] if forms is None else forms
    few = st.integers(least, least + 8)
    count = draw(st.one_of(few, few, few, st.integers(255, 258)))
    return Samples(count, draw(st.integers(0, 2**32 - 1)), whole, draw(st.sampled_from(names)))


def locked(x):
    """An array that cannot be written to."""
    x.flags.writeable = False
    return x


def unaligned(x):
    """A copy that begins at an odd address, as what was read out of a file may."""
    found = np.frombuffer(bytearray(1 + x.nbytes), "u1", offset=1).view(x.dtype).reshape(x.shape)
    found[...] = x
    return found
