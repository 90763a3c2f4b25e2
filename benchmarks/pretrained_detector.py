"""Fits the pretrained detector of heartbeats, measures it, and writes its folder and card.

    python benchmarks/pretrained_detector.py saved_models/detector-ecg5000

Reads `ecg5000.npz` from the folder that AEZOO_TEST_DATA names: 5,000 heartbeats of 140 samples, of
which the abnormal ones are marked. 80 % of the normal ones (seed 0) are fitted to; the others and
all abnormal ones measure. It keeps no neighbours, which would be beats of the data: the score is
the reconstruction error alone.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

import aezoo

DATA = Path(os.environ.get("AEZOO_TEST_DATA", "data"))
EPOCHS = 60
RATE = 0.02
CARD = """\
# Heartbeats, normal or not

```python
detector = aezoo.AnomalyDetector.load("ecg5000")
detector.predict(beats)  # (n, 140, 1): 1 for normal, -1 for abnormal
```

An `aezoo.AnomalyDetector` of ECG5000 (UCR Time Series Archive; from PhysioNet's BIDMC congestive
heart failure database, one patient): single heartbeats of 140 samples, each standardized. Fitted
to {fitted:,} normal beats without labels; the score is the error of the network's reconstruction,
and the threshold the score that {rate:.0%} of the normal beats exceed which the network was not
trained on.

| measured on {normal:,} other normal and {odd:,} abnormal beats | Keras | int8 file |
| --- | --- | --- |
| AUROC | {auroc[0]:.4f} | {auroc[1]:.4f} |
| average precision | {precision[0]:.4f} | {precision[1]:.4f} |
| accuracy at the threshold | {accuracy[0]:.4f} | {accuracy[1]:.4f} |
| false alarms | {alarms[0]:.2%} | {alarms[1]:.2%} |
| abnormal beats found | {found[0]:.2%} | {found[1]:.2%} |

One patient, one lead, beats cut by someone else: a demonstration, and no medical device.

`detector-int8.tflite` is the same for a device (`aezoo.edge.Detector`), with the threshold set
anew on its own scores; its report lies beside it. `detector.json` has the hashes of the other
files. Made by `benchmarks/pretrained_detector.py`, seed 0, {epochs} epochs.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with np.load(DATA / "ecg5000.npz") as arrays:
        x, y = arrays["x"][..., np.newaxis], arrays["anomaly"]
    normal = np.random.default_rng(0).permutation(np.flatnonzero(y == 0))
    cut = int(0.8 * len(normal))
    train, test = normal[:cut], np.concatenate([normal[cut:], np.flatnonzero(y == 1)])
    detector = aezoo.AnomalyDetector(
        contamination=0, scoring="error", false_alarm_rate=RATE, epochs=EPOCHS, random_state=0
    ).fit(x[train])
    detector.save(folder)
    report = detector.export(
        folder / "detector-int8.tflite",
        quantize="int8",
        calibration_data=x[train],
        samples=x[normal[cut:]],
    )
    print(report)
    measured = {key: [] for key in ("auroc", "precision", "accuracy", "alarms", "found")}
    for judge in (detector, aezoo.edge.Detector(folder / "detector-int8.tflite")):
        scores, flags = judge.anomaly_score(x[test]), judge.predict(x[test]) == -1
        measured["auroc"].append(roc_auc_score(y[test], scores))
        measured["precision"].append(average_precision_score(y[test], scores))
        measured["accuracy"].append(np.mean(flags == y[test]))
        measured["alarms"].append(np.mean(flags[y[test] == 0]))
        measured["found"].append(np.mean(flags[y[test] == 1]))
    card = CARD.format(
        fitted=cut,
        rate=RATE,
        normal=len(normal) - cut,
        odd=int(y.sum()),
        epochs=EPOCHS,
        **measured,
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
    print(card)


if __name__ == "__main__":
    main()
