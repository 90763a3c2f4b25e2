# %% [markdown]
# # Edge: small files for small devices, and the proof that they are right
#
# A trained model lives in Keras. A server may want a SavedModel, a phone a TFLite file, a
# microcontroller a few kilobytes of C. An export can go wrong without a word: rounding that costs more
# than expected, an operator that the device does not know. So every export here is compared with the
# model it came from, and comes with a report; one that is too far off is refused.

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
    wanted = f"aezoo[micro,search] @ {place}" if wheel else "aezoo[micro,search]"
    get_ipython().run_line_magic("pip", f'install -q "{wanted}"')
    importlib.invalidate_caches()
    if importlib.util.find_spec("aezoo") is None:
        raise ModuleNotFoundError(
            f"{wanted} could not be installed. Until a release is on PyPI: upload aezoo-*.whl with the "
            "file browser at the left, or type %env AEZOO_WHEEL=ADDRESS, and run this cell again."
        )

# %%
import importlib.util
import os
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt

import aezoo

keras.utils.set_random_seed(0)
train = aezoo.load_dataset("digits", "train").x
test = aezoo.load_dataset("digits", "test").x
os.chdir(tempfile.mkdtemp())  # a temporary folder; leave this out to keep the files

ae = aezoo.build("conv", input_shape=(8, 8, 1), latent_dim=8)
ae.fit(train, epochs=60, batch_size=32, verbose=0)
print(f"mean squared error in Keras: {ae.reconstruction_error(test).mean():.5f}")

# %% [markdown]
# ## SavedModel: for TensorFlow
#
# A SavedModel runs wherever TensorFlow runs, without aezoo. It has a **signature**, a function that can
# be called by name, for each of `reconstruct`, `encode`, `decode` and `score` (the error of a sample,
# by which anomalies are found).

# %%
report = aezoo.export_saved_model(ae, "saved_model", samples=test)
print(report)

# %%
import tensorflow as tf

loaded = tf.saved_model.load("saved_model")
print("signatures:", ", ".join(sorted(loaded.signatures)))

# %% [markdown]
# ## TFLite: four precisions
#
# - **float32**: the numbers as they are;
# - **float16**: weights in half as many bits; they are widened before they are used;
# - **dynamic**: weights in 8 bits; each layer turns its input into 8 bits and its output back;
# - **int8**: weights and values as whole numbers of 8 bits. It is the smallest, the fastest where the
#   processor has instructions for it, and the only one for microcontrollers.
#
# For int8 the converter has to know the range of the values in the network: it runs the
# `calibration_data` through it.

# %%
reports = {}
for precision in (None, "float16", "dynamic", "int8"):
    name = precision or "float32"
    reports[name] = aezoo.export_tflite(
        ae,
        f"digits-{name}.tflite",
        quantize=precision,
        calibration_data=train,
        samples=test,
    )

print(f"{'':8} {'bytes':>8} {'error':>9} {'change':>8} {'µs a sample':>12}")
for name, report in reports.items():
    parity = report.parity
    change = parity["mse_export"] / parity["mse_keras"] - 1
    print(
        f"{name:8} {report.size:8,} {parity['mse_export']:9.5f} {change:+8.2%} "
        f"{report.latency['median_us']:12.0f}"
    )
print(f"{'Keras':8} {'':8} {parity['mse_keras']:9.5f} {'':8} {report.latency['predict_us']:12.0f}")

# %% [markdown]
# On so small a network eight bits save no time, and dynamic is slower: all that
# turning takes longer than it saves. But `predict` of Keras takes a thousand times as long for a single sample: it
# is made for many at once.
#
# ## The report
#
# It says what is in the file, and how its results differ from the model's: the reconstructions, the
# error, and the **rank correlation** of the scores (1 means that samples come in the same order, which
# is what matters for finding anomalies).

# %%
print(reports["int8"])

# %% [markdown]
# ## Running it
#
# `LiteModel` needs numpy and the TFLite runtime and nothing else: neither TensorFlow nor Keras. It takes
# ordinary numbers and does the rounding itself.

# %%
lite = aezoo.LiteModel("digits-int8.tflite")
codes = lite.encode(test)
scores = lite.score(test)
print(
    "codes:",
    codes.shape,
    " largest difference to Keras:",
    abs(codes - ae.encode(test)).max().round(3),
)

plt.figure(figsize=(4, 4))
plt.scatter(ae.reconstruction_error(test), scores, s=6)
plt.axline((0, 0), slope=1, color="grey", linewidth=0.8)
plt.xlabel("score in Keras (mean squared error)"), plt.ylabel("score in int8")
plt.show()

# %% [markdown]
# ## Training for eight bits
#
# A deeper network has more places where values are rounded, and loses more by it. `fine_tune` trains a
# copy of the model with the roundings of int8 in it: the network learns to live with them. With
# `quantize="int16x8"` values have 16 bits and weights 8, which is nearly exact, and slower.

# %%
residual = aezoo.build("residual", input_shape=(8, 8, 1), latent_dim=8)
residual.fit(train, epochs=40, batch_size=32, verbose=0)

ways = {
    "int8": {"quantize": "int8"},
    "int8, fine-tuned": {"quantize": "int8", "fine_tune": train},
    "int16x8": {"quantize": "int16x8"},
}
for name, way in ways.items():
    report = aezoo.export_tflite(
        residual, f"{name}.tflite", calibration_data=train, samples=test, **way
    )
    change = report.parity["mse_export"] / report.parity["mse_keras"] - 1
    print(f"{name:17} {report.size:,} bytes, error {change:+.2%}")

# %% [markdown]
# ## A budget
#
# Which network is the best one in 40 kB? `aezoo.search` tries families, widths, depths and sizes of the
# code. It trains each for a while, exports it in int8 and measures the file: error, size and time. What no
# other one beats in all three is the **front**, each point of it a run folder ready to ship. A minute
# is little: give it twenty.

# %%
if importlib.util.find_spec("optuna"):
    found = aezoo.search("digits", max_kb=40, minutes=1, trials=5, output="search")
    print("tried:", found.tried)
    for point in found.front:
        print(
            f"{point.model:9} code {point.latent_dim:3}  {point.kb:5.1f} kB  {point.us:4.0f} µs  "
            f"test error {point.test_error:.5f}"
        )
    plt.figure(figsize=(6, 4))
    plt.imshow(plt.imread("search/pareto.png")), plt.axis("off")
    plt.show()
else:
    print("A search needs one more package: pip install 'aezoo[search]'")

# %% [markdown]
# ## Microcontrollers
#
# A microcontroller has no files and no memory to allocate: the model becomes a C array, and all that it
# computes happens in one block of memory, the **arena**. `target="micro"` writes a file for each part,
# the C sources, and test vectors; before that it runs every part in TensorFlow Lite Micro with exactly
# the arena that the sources name. (The simulator is for Linux on x86-64: elsewhere the next cell says so.)

# %%
if importlib.util.find_spec("tflite_micro"):
    report = aezoo.export_tflite(
        ae,
        "firmware",
        quantize="int8",
        target="micro",
        calibration_data=train,
        samples=test,
    )
    for part, measured in report.micro.items():
        print(f"{part:12} needs an arena of {measured['arena']:,} bytes")
    print(*sorted(path.name for path in Path("firmware").iterdir()), sep="\n")
else:
    print("TensorFlow Lite Micro is not installed: pip install 'aezoo[micro]' (Linux, x86-64)")

# %%
if Path("firmware").exists():
    header = next(Path("firmware").glob("*encode*.h"))
    print(header.name, "\n")
    print(header.read_text()[:1500])

# %% [markdown]
# Where TensorFlow Lite Micro is too large, or not there, `target="c"` writes the same network as plain C99:
# no library, no allocation, every byte compared with TensorFlow Lite Micro's where a compiler is at hand.

# %%
if importlib.util.find_spec("tflite_micro"):
    report = aezoo.export_tflite(
        ae, "plain", quantize="int8", target="c", calibration_data=train, samples=test
    )
    for part, measured in report.c.items():
        print(f"{part:12} needs {measured['arena']:,} bytes of memory beside input and output")

# %% [markdown]
# Next: a network of your own, in `08_your_own_family`.
