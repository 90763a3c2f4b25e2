# %% [markdown]
# # A family of your own
#
# The zoo's families differ in one place each: what happens to the input, or what happens to the code.
# If you have an idea for such a place, you need not copy a training loop. Write one layer and one
# function, register it, and it is built, trained, saved, compared with PCA and exported like the others.
#
# The idea here: the numbers of a code often say the same thing twice. Can we ask for numbers that are
# **uncorrelated**, as those of PCA are? (The correlation of two numbers says how far one can be told
# from the other: 0 not at all, 1 entirely.)

# %%
# On Colab this installs aezoo: from the wheel that AEZOO_WHEEL names, a path or an address, else from
# one that was uploaded beside this notebook, else from PyPI. Anywhere else it does nothing.
import importlib.util
import os
import sys
from pathlib import Path

if "google.colab" in sys.modules:
    wheels = sorted(map(str, Path.cwd().glob("aezoo-*.whl")))
    wheel = os.environ.get("AEZOO_WHEEL") or (wheels or [""])[-1]
    place = Path(wheel).resolve().as_uri() if wheel and "://" not in wheel else wheel
    wanted = f"aezoo @ {place}" if wheel else "aezoo"
    get_ipython().run_line_magic("pip", f'install -q "{wanted}"')
    importlib.invalidate_caches()
    if importlib.util.find_spec("aezoo") is None:
        raise ModuleNotFoundError(
            f"{wanted} could not be installed. Until a release is on PyPI: upload aezoo-*.whl with the "
            "file browser at the left, or type %env AEZOO_WHEEL=ADDRESS, and run this cell again."
        )

# %%
import os
import tempfile

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops

import aezoo
from aezoo.layers.bottleneck import Bottleneck
from aezoo.layers.objectives import Term

train = aezoo.load_dataset("digits", "train").x
test = aezoo.load_dataset("digits", "test").x

# %% [markdown]
# ## Is there anything to do?
#
# The correlations between the 8 numbers of a plain code:


# %%
def correlations(ae):
    return np.corrcoef(ae.encode(test), rowvar=False)


def draw(ae, title):
    plt.figure(figsize=(4, 3.2))
    plt.imshow(abs(correlations(ae)), vmin=0, vmax=1, cmap="viridis")
    plt.colorbar(label="correlation (absolute)")
    plt.xlabel("number of the code"), plt.ylabel("number of the code"), plt.title(title)
    plt.show()


keras.utils.set_random_seed(0)
plain = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=8)
plain.fit(train, epochs=60, batch_size=32, verbose=0)
draw(plain, "conv")

# %% [markdown]
# ## The layer
#
# It stands at the end of the encoder, lets the code pass as it is, and says of each batch what we do
# not like: the squares of the correlations. What `terms` returns has a name, which the training log
# shows, and a part of the loss; `fit` does the rest. Three things make it a good citizen:
#
# - `register_keras_serializable` and `get_config`, so that a saved model can be loaded;
# - `keras.ops` and no functions of a backend, so that it runs on TensorFlow and on JAX;
# - nothing random when it is not training, so that it can be exported.


# %%
@keras.saving.register_keras_serializable("my_models")
class Decorrelation(Bottleneck):
    """Adds the mean squared correlation between the numbers of a code to the loss."""

    term_names = ("correlation",)

    def __init__(self, weight=0.01, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def terms(self, forward):
        code = forward.code
        scaled = (code - ops.mean(code, axis=0)) / (ops.std(code, axis=0) + 1e-6)
        products = ops.matmul(ops.transpose(scaled), scaled)  # (B, D) -> (D, D)
        correlation = products / ops.cast(ops.shape(code)[0], code.dtype)
        others = ops.mean(ops.square(correlation * (1 - ops.eye(code.shape[-1]))))
        return {"correlation": Term(others, self.weight * others)}

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


# %% [markdown]
# ## The function
#
# It builds an encoder and a decoder by one of the zoo's backbones, puts the layer between them and
# makes an `Autoencoder` of it. `@aezoo.register` gives it its name in the zoo, which is the function's.


# %%
@aezoo.register
def decorrelated(input_shape=(28, 28, 1), latent_dim=32, *, weight=0.01, **options):
    """Codes whose numbers are less correlated, as those of PCA are not at all."""
    encoder, decoder = aezoo.backbones.build("auto", input_shape, latent_dim, **options)
    encoder = aezoo.backbones.with_bottleneck(encoder, Decorrelation(weight, name="bottleneck"))
    return aezoo.Autoencoder(encoder, decoder, name="decorrelated")


"decorrelated" in aezoo.list_models()

# %% [markdown]
# ## Use it

# %%
keras.utils.set_random_seed(0)
ae = aezoo.build("decorrelated", input_shape=(8, 8, 1), latent_dim=8)
ae.fit(train, epochs=60, batch_size=32, verbose=0)
draw(ae, "decorrelated")

# %% [markdown]
# Does it cost anything? It asks for one thing more, so the error may rise.

# %%
for name, model in (("conv", plain), ("decorrelated", ae)):
    others = correlations(model)[~np.eye(8, dtype=bool)]
    print(
        f"{name:12}  test error {model.reconstruction_error(test).mean():.4f}, "
        f"mean absolute correlation {abs(others).mean():.2f}"
    )

# %% [markdown]
# ## It is a model like any other
#
# Saved and loaded, and exported with a report:

# %%
os.chdir(tempfile.mkdtemp())  # a temporary folder; leave this out to keep the files
ae.save("decorrelated.keras")
loaded = keras.saving.load_model("decorrelated.keras")
print("difference after loading:", abs(loaded.encode(test) - ae.encode(test)).max())

report = aezoo.export_tflite(
    ae, "decorrelated.tflite", quantize="int8", calibration_data=train, samples=test
)
print(f"int8: {report.size:,} bytes, mean squared error {report.parity['mse_export']:.4f}")

# %% [markdown]
# To bring a family into the zoo for everybody, see CONTRIBUTING.md: the same layer and function in one
# file, with a test and a reference.
