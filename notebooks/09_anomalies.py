# %% [markdown]
# # Anomalies: what is odd, why, and how often you will be told in vain
#
# An autoencoder that was trained on what is usual rebuilds the unusual badly. To make a detector of it
# takes more: a score that ranks well, a threshold that keeps its promise, a reason for each
# alarm, and all of that on the device where the data come from. `aezoo.AnomalyDetector` has it, in the
# manner of scikit-learn.

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
    wanted = f"aezoo[micro] @ {place}" if wheel else "aezoo[micro]"
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
import shutil
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import aezoo
from aezoo.uses import thresholds

os.chdir(tempfile.mkdtemp())  # a temporary folder; leave this out to keep the files

# %% [markdown]
# ## A table
#
# Each row is a lump in a breast, measured under the microscope in 30 columns. The benign ones shall be
# what is usual. A half of them is to train on, 100 to set a threshold by, and the rest stands for the
# future, together with all malignant ones.
#
# Of a third kind of row every single value is that of some benign lump, but each column is
# shuffled on its own: the values do not go together, as in a table with a bug or a machine with a loose
# sensor.

# %%
cells = load_breast_cancer()
rng = np.random.default_rng(0)
benign = rng.permutation(cells.data[cells.target == 1])
train, calibration, test = np.split(benign, [180, 280])
malignant = cells.data[cells.target == 0]
shuffled = rng.permuted(test, axis=0)
for name, rows in [
    ("train", train),
    ("calibration", calibration),
    ("test", test),
    ("malignant", malignant),
]:
    print(f"{name:12} {rows.shape}")

# %% [markdown]
# `contamination=0` says that all rows to fit are normal. Columns may be in any unit; they are scaled
# within. Two detectors of scikit-learn stand beside ours; they want scaled columns. **AUROC** is how
# often an odd row has a higher score than a normal one: 1 is perfect, 0.5 is a coin.

# %%
detector = aezoo.AnomalyDetector(contamination=0, random_state=0).fit(train)
detectors = {
    "aezoo": detector,
    "isolation forest": make_pipeline(StandardScaler(), IsolationForest(random_state=0)).fit(train),
    "local outlier factor": make_pipeline(StandardScaler(), LocalOutlierFactor(novelty=True)).fit(
        train
    ),
}


def auroc(detector, normal, odd):
    labels = np.repeat([0, 1], [len(normal), len(odd)])
    return roc_auc_score(labels, -detector.score_samples(np.concatenate([normal, odd])))


print(f"{'AUROC':22} malignant  shuffled")
for name, one in detectors.items():
    print(f"{name:22} {auroc(one, test, malignant):9.3f} {auroc(one, test, shuffled):9.3f}")

# %% [markdown]
# Malignant cells are large, and a forest, which cuts off what is extreme in one column after the other,
# needs no more than that. Of shuffled rows no single value is extreme: there one has to know how
# the columns go together, which is what an autoencoder learns.
#
# `score_samples` is scikit-learn's, lower is odder. `anomaly_score` is the same with the other sign, about
# 1 for usual samples: the error of the reconstruction, and the distance to the nearest
# samples that are known, in equal parts by how far they usually are.

# %%
scores = {
    name: detector.anomaly_score(x)
    for name, x in [("benign", test), ("malignant", malignant), ("shuffled", shuffled)]
}
for name, values in scores.items():
    print(f"{name:10} median score {np.median(values):6.2f}")
aezoo.plots.score_histogram(
    np.concatenate([scores["benign"], scores["malignant"]]),
    detector.threshold_,
    np.repeat([0, 1], [len(test), len(malignant)]),
)

# %% [markdown]
# ## Why is it odd?
#
# The score is a sum over the columns. `contributions` are its terms, with nothing left over: so they are
# the reason, and not an estimate of one.

# %%
oddest = malignant[scores["malignant"].argmax()]
why = detector.contributions([oddest])[0]
print(f"score {detector.anomaly_score([oddest])[0]:.4f}, sum of contributions {why.sum():.4f}")
aezoo.plots.contributions(why, cells.feature_names, n=6, sample=oddest)

# %% [markdown]
# Does it tell the truth? In each benign test row one column is now given a value that is four standard
# deviations too high. How often is that column the one that contributes most?

# %%
broken = rng.integers(test.shape[1], size=len(test))
spoiled = test.copy()
spoiled[np.arange(len(test)), broken] += 4 * train.std(axis=0)[broken]
parts = detector.contributions(spoiled)
found = parts.argmax(axis=1) == broken
print(f"largest contribution is of the broken column: {found.mean():.0%}", end=", ")
print(f"by chance it would be {1 / test.shape[1]:.0%}")

# %% [markdown]
# ## The threshold
#
# Where does odd begin? One says how many false alarms are bearable: `false_alarm_rate=0.01`, one in a
# hundred normal rows, is the default. `fit` sets the threshold by the rows that it has, and that is
# an estimate. A promise needs rows that were used for nothing else, here the 100 of `calibration`.
#
# The argument of **conformal** prediction is short. If a new normal row and these 100 come from one
# source, it is as likely as each of them to have the highest score of all 101. So if the threshold is their
# highest score, a normal row exceeds it with a probability of 1/101 at most, whatever the model is.

# %%
before = detector.threshold_
detector.calibrate(calibration, false_alarm_rate=0.01)
print(
    f"threshold as it was fitted {before:.3f}, by the rows for calibration {detector.threshold_:.3f}"
)
for name, x in [("benign", test), ("malignant", malignant), ("shuffled", shuffled)]:
    print(f"{name:10} flagged: {np.mean(detector.predict(x) == -1):6.1%}")

# %% [markdown]
# With so few test rows 1 % is hardly a row. But the promise is one on average over draws of the rows for
# calibration, so let us draw them anew, ten thousand times, out of all benign rows that were not trained
# on, and count false alarms among the others.

# %%
unseen = detector.anomaly_score(np.concatenate([calibration, test]))
rates = []
for _ in range(10_000):
    drawn = rng.permutation(unseen)
    rates.append(np.mean(drawn[100:] > thresholds.conformal(drawn[:100], 0.01)))
print(f"false alarms, mean of {len(rates):,} draws: {np.mean(rates):.3f} (promised: 0.01 at most)")
print(f"draws with more than 2 % of them: {np.mean(np.array(rates) > 0.02):.0%}")

# %% [markdown]
# On average it is kept; a single draw may be luckier or less so, which more rows would mend. Too few
# rows for a rate are refused, since no threshold could keep it:

# %%
try:
    detector.calibrate(calibration[:50], false_alarm_rate=0.01)
except ValueError as error:
    print(error)

# %% [markdown]
# A **p-value** says how often a normal row is as odd as this one. Flagging all with a p-value of 1 % or
# less is the same as the threshold; but one may also choose later, and rank alarms by it. Among normal
# rows p-values of 10 % or less should be about 10 % of all, and so on. The columns also show what a
# strict rate costs: the fewer false alarms, the fewer anomalies.

# %%
print("p-value at most     0.01   0.05   0.10   0.20   0.50")
for name, x in [("benign", test), ("malignant", malignant), ("shuffled", shuffled)]:
    p = detector.p_values(x)
    shares = [np.mean(p <= level) for level in (0.01, 0.05, 0.1, 0.2, 0.5)]
    print(f"share of {name:9}", "".join(f"{share:7.2f}" for share in shares))

# %% [markdown]
# ## Images
#
# The same class takes images; contributions then have the shape of the image. What is usual here are
# threes; each other digit is an anomaly.

# %%
digits = [aezoo.load_dataset("digits", split) for split in ("train", "test")]
images = np.concatenate([part.x for part in digits])
classes = np.concatenate([part.y for part in digits])
threes, others = (rng.permutation(images[(classes == 3) == is_three]) for is_three in (True, False))
of_threes = aezoo.AnomalyDetector(contamination=0, random_state=0).fit(threes[:120])
print(f"AUROC {auroc(of_threes, threes[120:], others):.4f}")

# %% [markdown]
# A three with a flaw is harder, and one wants to see where it is: a two by two square in the middle is
# painted with what it is not.

# %%
flawed = threes[120:].copy()
flawed[:, 3:5, 3:5] = 1 - flawed[:, 3:5, 3:5]
print(f"flagged: {np.mean(of_threes.predict(flawed) == -1):.0%}")
parts = of_threes.contributions(flawed)
print(f"part of the square in the scores: {parts[:, 3:5, 3:5].sum() / parts.sum():.0%}", end=", ")
print(f"in the image {4 / 64:.0%}")

grown = of_threes.anomaly_score(flawed) - of_threes.anomaly_score(threes[120:])
shown = grown.argmax()
aezoo.plots.error_map(flawed[shown], parts[shown])

# %% [markdown]
# ## When anomalies are among the samples to fit
#
# Often nobody has sorted them, and a network learns whatever it sees. `contamination` says what is known:
# a share, or `"auto"`, nothing. The oddest samples by an isolation forest are then kept away from
# training. Here one of five training images is no three.

# %%
share = 0.2
strangers = round(share / (1 - share) * 120)
mixed = np.concatenate([threes[:120], others[:strangers]])
told = {}
for contamination in (0, "auto", share):
    one = aezoo.AnomalyDetector(contamination=contamination, random_state=0).fit(mixed)
    told[f"aezoo, contamination={contamination}"] = auroc(one, threes[120:], others[strangers:])
flat = {"isolation forest": IsolationForest(random_state=0)}
flat["local outlier factor"] = LocalOutlierFactor(novelty=True)
vectors = [x.reshape(len(x), -1) for x in (mixed, threes[120:], others[strangers:])]
for name, one in flat.items():
    told[name] = auroc(one.fit(vectors[0]), *vectors[1:])
for name, area in told.items():
    print(f"{name:28} AUROC {area:.4f}")

# %% [markdown]
# ## A recording
#
# In a recording it matters what came before. `TimeSeriesDetector` looks at windows, gives a score for
# each step, and makes events out of scores. By default a window is described by what the channels do that
# their own past does not foretell, and the autoencoder learns how these surprises go together.
#
# The recording is of a pump: pressure, flow and current follow the demand, and the temperature has a course
# of its own. Then three things happen: a valve closes a little (flow and pressure no longer fit), something
# rubs (more current), and the cooling fails for a while.

# %%
CHANNELS = ["pressure", "flow", "current", "temperature"]


def smooth(steps, rng, keep, spread):
    """Noise that remembers: each value is a part of the last one and something new."""
    values = np.zeros(steps)
    for i in range(1, steps):
        values[i] = keep * values[i - 1] + rng.normal(0, spread)
    return values


def pump(steps, seed):
    rng = np.random.default_rng(seed)
    demand = smooth(steps, rng, keep=0.9, spread=0.1)
    heat = 40 + smooth(steps, rng, keep=0.98, spread=0.05)
    x = np.stack([3 - 0.5 * demand, 12 + 2 * demand, 5 + 0.4 * demand, heat], axis=1)
    return x + rng.normal(0, 1, x.shape) * [0.1, 0.3, 0.1, 0.1]


recording, labels = pump(1500, seed=2), np.zeros(1500, int)
recording[300:360, :2] += [0.8, -2.4]
recording[700:780, 2] += 0.8
recording[1100:1160, 3] += np.minimum(np.arange(60) / 10, 3)
for start, end in [(300, 360), (700, 780), (1100, 1160)]:
    labels[start:end] = 1

of_pump = aezoo.TimeSeriesDetector(window=60, random_state=0).fit(pump(2000, seed=1))
events = of_pump.events(recording)
by_step = of_pump.anomaly_score(recording)
aezoo.plots.events(
    np.nan_to_num(by_step),  # before the first window is complete there is no score
    of_pump.threshold_,
    events,
    values=recording,
    labels=labels,
    names=CHANNELS,
)

# %%
why = of_pump.contributions(recording)
for event in events:
    parts = why[event.peak] / why[event.peak].sum()
    named = ", ".join(f"{CHANNELS[i]} {parts[i]:.0%}" for i in np.argsort(-parts)[:2])
    print(f"steps {event.start} to {event.end - 1}, score {event.score:.0f}: {named}")
for name, value in of_pump.evaluate(recording, labels).items():
    print(f"{name:17} {value:.3f}")

# %% [markdown]
# Precision and recall are of steps as they are. Many papers count a whole anomaly as found if a single
# step in it is flagged ("point adjustment"); with that even random scores look good. `event_recall` says
# how many anomalies were noticed at all.
#
# On a stream `update` takes one step at a time, holds one window, and has the same scores:

# %%
of_pump.reset()
streamed = [of_pump.update(step) for step in recording[:200]]
print(f"largest difference: {np.nanmax(np.abs(streamed - by_step[:200])):.1e}")

# %% [markdown]
# ## On a device
#
# `export` writes network, score and threshold into one file. In int8 all scores change a little, and a
# threshold that was right before need not be right after. So it is set anew, on the scores that the
# **file** gives the rows for calibration: as many exceed it as before. `samples` are to measure by.

# %%
report = detector.export(
    "cells.tflite", quantize="int8", calibration_data=calibration, samples=test
)
print(report)

# %%
lite = aezoo.edge.Detector("cells.tflite")  # needs NumPy and LiteRT alone
everything = np.concatenate([test, malignant, shuffled])
same = lite.predict(everything) == detector.predict(everything)
print(f"threshold in Keras {detector.threshold_:.4f}, in int8 {lite.threshold:.4f}")
print(f"flags that are the same: {same.sum()} of {len(same)}")
print(f"false alarms in Keras {np.mean(detector.predict(test) == -1):.1%}", end=", ")
print(f"in int8 {np.mean(lite.predict(test) == -1):.1%}")

plt.figure(figsize=(4.5, 4.5))
for name, x in [("benign", test), ("malignant", malignant), ("shuffled", shuffled)]:
    plt.loglog(detector.anomaly_score(x), lite.anomaly_score(x), ".", markersize=4, label=name)
plt.axvline(detector.threshold_, color="grey", linewidth=0.8, linestyle="--")
plt.axhline(lite.threshold, color="grey", linewidth=0.8, linestyle="--", label="thresholds")
plt.xlabel("score in Keras"), plt.ylabel("score in int8"), plt.legend()
plt.show()

# %% [markdown]
# ## On a microcontroller
#
# There is no NumPy there, and maybe no floating point. `target="micro"` writes C sources: the network for
# TensorFlow Lite Micro, and `detector.c`, which scores and judges in integers. Before they are written
# the network has run in TensorFlow Lite Micro itself. (The simulator is for Linux on x86-64: elsewhere
# the next cell says so.)

# %%
if importlib.util.find_spec("tflite_micro"):
    report = detector.export(
        "firmware",
        quantize="int8",
        target="micro",
        calibration_data=calibration,
        samples=test,
    )
    found = report.detector
    print(f"arena {report.micro['reconstruct']['arena']:,} bytes, network {report.size:,} bytes,")
    print(f"constants of the score {found['constant_bytes']:,} bytes")
    print(f"threshold {found['threshold_integer']}, which is a score of {found['threshold']:.4f}")
    print(*sorted(path.name for path in Path("firmware").iterdir()), sep="\n")
else:
    print("TensorFlow Lite Micro is not installed: pip install 'aezoo[micro]' (Linux, x86-64)")

# %% [markdown]
# All that a firmware has to do is to write a sample into the network's input, run it, and ask:
#
# ```c
# for (int i = 0; i < AEZOO_DETECTOR_SIZE; ++i) {
#   float z = (row[i] - aezoo_reconstruct_feature_offset[i]) / aezoo_reconstruct_feature_scale[i];
#   long q = lroundf(z / AEZOO_RECONSTRUCT_INPUT_SCALE) + AEZOO_RECONSTRUCT_INPUT_ZERO_POINT;
#   input[i] = q < -128 ? -128 : q > 127 ? 127 : q;  // the least and the most of an int8
# }
# interpreter.Invoke();
# if (aezoo_is_anomaly(input, output)) alarm();
# ```
#
# The sources bring samples and what must come out of them. Any C compiler can check that they do:

# %%
if Path("firmware").exists() and shutil.which("cc"):
    command = ["cc", "-D", "AEZOO_DETECTOR_MAIN", "firmware/detector.c", "-o", "detect"]
    subprocess.run(command, check=True)
    print(subprocess.run("./detect", capture_output=True, text=True, check=True).stdout)

# %% [markdown]
# Without Python code the same is `aezoo detect fit table.csv`, `aezoo detect evaluate`, `aezoo detect
# export --target micro`, and that compiler: the guide to anomaly detection has the four commands.
