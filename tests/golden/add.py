"""Adds what the present version writes of each kind, for `tests/test_golden.py` to read later on.

python tests/golden/add.py

What is there already is left as it is: files of users do not change with a version either.
"""

import contextlib
import functools
import json
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

import keras
import numpy as np

import aezoo
from aezoo.edge import Detector
from aezoo.export import tflite
from aezoo.export.micro import prove
from aezoo.export.saved_model import SavedModel
from aezoo.registry import weights
from aezoo.training import checkpoints, writing
from aezoo.training.card import PICTURE
from aezoo.training.publishing import publish

HERE = Path(__file__).parent
VERSION = aezoo.__version__.split(".dev")[0]
EXPECTED = ".expected.npz"  # beside each: what goes in, and what comes out
COMMAND = "python tests/golden/add.py"
DENSE = {"backbone": "dense", "hidden_units": ()}
OPTIONS = {  # of families, where not these
    "vanilla": {},
    "pca": {},
    **{name: {**DENSE, "discriminator_units": (4,)} for name in ("adversarial", "factor")},
    "recurrent": {"units": (4,), "cell": "gru"},
    "temporal": {"filters": 4, "dilations": (1, 2)},
    "deep": {"hidden_units": (6,), "normalization": "standard", "dropout": 0.1},
    "contractive": {"hidden_units": ()},
    "conv": {"filters": (4,)},
    "residual": {"filters": (4,)},
    "masked": {"filters": (4,), "patch_size": 4},
    "compressive": {"backbone": "conv", "filters": (4,), "bottleneck": "spatial"},
    "vector_quantized": {"filters": (4,), "num_embeddings": 8},
}
TABLE = 4  # features of `deep`
PRECISIONS = {precision or "float32": precision for precision in tflite.PRECISIONS[None]}
# as `aezoo.export_tflite` says
INEXPRESSIBLE = {(name, "int16x8") for name in ("gumbel", "hyperspherical", "vector_quantized")}
INEXPRESSIBLE |= {("recurrent", quantize) for quantize in tflite.ACTIVATIONS}
ALIKE = ("deep", "variational")  # with the state of Adam, which takes twice as much as the weights
PARTS = ("encode", "decode", "reconstruct")
TRAINED = {"latent_dim": 2, "hidden_units": (4,), "epochs": 4, "seed": 0}


def missing(folder):
    """What there is no artefact of in the folder of a version."""
    return [name for name in artefacts() if not (folder / name).exists()]


def add(folder, names=None):
    """Writes artefacts with what they are expected to give, where there are none."""
    for name in missing(folder) if names is None else names:
        with tempfile.TemporaryDirectory() as temporary:
            beside = Path(temporary, "new")
            (beside / name).parent.mkdir(parents=True)
            keras.utils.set_random_seed(0)
            with contextlib.chdir(beside):  # reports say where they were written
                artefacts()[name](Path(name), folder.absolute())
            for file in sorted(file for file in beside.rglob("*") if file.is_file()):
                target = folder / file.relative_to(beside)
                if target.exists():
                    raise FileExistsError(f"{target} is there: what was written once must stay.")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
        yield name


def artefacts():
    """Names to functions that write an artefact, of paths to write and of their version's folder.

    A later one may read an earlier one.
    """
    found = {}
    for family in aezoo.list_models():
        found[f"{family}/model.keras"] = functools.partial(_model, family)
        found[f"{family}/card.json"] = functools.partial(_weights, family)
        for name, quantize in PRECISIONS.items():
            if (family, name) not in INEXPRESSIBLE:
                write = functools.partial(_tflite, family, quantize)
                found[f"{family}/{name}.tflite"] = write
    return found | {
        "vanilla/saved_model": _saved_model,  # of one family: 70 KB, and the signatures are alike
        "deep/rows.aez": functools.partial(_compressed, "deep", 64),
        "vector_quantized/places.aez": functools.partial(_compressed, "vector_quantized", 4),
        "compressive/around.aez": functools.partial(_compressed, "compressive", 4),
        "compressive/whole.aez": functools.partial(_compressed, "compressive", (20, 12)),
        "conv/c": _c,
        "detector/saved": _detector,
        "detector/float32.tflite": functools.partial(_detector_tflite, None),
        "detector/int8.tflite": functools.partial(_detector_tflite, "int8"),
        "detector/series": _series,
        "run": _run,
        "resumed/run.unfinished": _unfinished,
        "published/deep": _published,
    }


def read(path, x):
    """What the present version makes of an artefact: names to arrays."""
    kind = path.suffix if path.is_file() else path.name
    if kind == ".keras":
        return _outputs(aezoo.load_model(path), x)
    if kind == ".json":
        family = json.loads(path.read_text(encoding="utf-8"))["model"]
        return _outputs(aezoo.build(family, weights=path.parent), x)
    if kind == ".h5":  # of 0.1.0, where there was no card
        options = {"hidden_units": (6,), "normalization": "standard"}
        return _outputs(aezoo.build("deep", 4, 2, weights=path, **options), x)
    if kind == ".aez":
        model = aezoo.load_model(path.with_name("model.keras"))
        return {"outputs": aezoo.decompress(path.read_bytes(), model)}
    if kind == "saved_model":
        saved = SavedModel(path)
        return {"codes": saved.encode(x), "outputs": saved.reconstruct(x), "errors": saved.score(x)}
    if kind == "saved":
        return _judged(aezoo.AnomalyDetector.load(path), x)
    if kind == "series":
        return _judged(aezoo.TimeSeriesDetector.load(path), x)
    if path.parent.name == "detector":
        return _judged(Detector(path), x)
    lite = aezoo.LiteModel(path)
    codes = lite.encode(x)
    outputs = {"outputs": lite.reconstruct(x), "decoded": lite.decode(codes)}
    return {"codes": codes, "errors": lite.score(x), **outputs}


def data_of(family):
    """Samples that its model is trained and calibrated on."""
    if family != "deep":
        return aezoo.load_dataset("digits").x
    rng = np.random.default_rng(0)
    return (rng.normal(size=(400, 2)) @ rng.normal(size=(2, TABLE)) + 3).astype("float32")


def _outputs(ae, x):
    return {
        "codes": ae.encode(x),
        "outputs": ae.reconstruct(x),
        "errors": ae.reconstruction_error(x),
    }


def _judged(detector, x):
    return {
        "scores": detector.anomaly_score(x),
        "flags": detector.predict(x),
        "parts": detector.contributions(x),
    }


def _expect(path, x, found=None, **steps):
    """Keeps what an artefact gives, and how far a value may be from it where there are steps."""
    found = read(path, x) if found is None else found
    steps = {f"{name}_step": step for name, step in steps.items()}
    np.savez_compressed(path.with_name(path.name + EXPECTED), x=x, **found, **steps)


def _model(family, path, folder):
    x = data_of(family)
    ae = aezoo.build(family, x.shape[1:], 2, **OPTIONS.get(family, DENSE))
    if family not in ALIKE:
        ae.compile(keras.optimizers.SGD(0.1), ae.loss)
    ae.fit(x, epochs=5, batch_size=32, verbose=0)
    ae.save(path)
    _expect(path, x[:3])


def _weights(family, path, folder):
    _of(family, folder).save_weights(file := path.with_name(weights.FILE))
    x = data_of(family)
    card = {
        "model": family,
        "data": "digits",
        "input_shape": x.shape[1:],
        "latent_dim": 2,
        "options": OPTIONS.get(family, DENSE),
        "training": {},
        "metrics": {},
        "files": {file.name: weights.sha256(file)},
    }
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    _expect(path, x[:3])


def _tflite(family, quantize, path, folder):
    x = data_of(family)
    how = {"quantize": quantize, "calibration_data": x[:200], "samples": x}
    with mock.patch.object(tflite, "check"):  # as small a network is too coarse in few bits
        report = aezoo.export_tflite(_of(family, folder), path, **how)
    steps = {}
    if quantize in tflite.ACTIVATIONS:
        ends = report.contents["signatures"]
        scale = aezoo.LiteModel(path)._scale  # of normalized outputs
        steps["outputs"] = ends["reconstruct"]["outputs"]["reconstruction"]["scale"] * scale
        steps["decoded"] = ends["decode"]["outputs"]["reconstruction"]["scale"] * scale
        steps["errors"] = 0.01
        codes = ends["encode"]["outputs"]["code"]
        if "scale" in codes:  # else they are indices
            steps["codes"] = codes["scale"]
    if family != "vanilla":  # the reports of one are enough
        path.with_name(path.name + ".json").unlink()
    _expect(path, x[:3], **steps)


def _saved_model(path, folder):
    aezoo.export_saved_model(_of("vanilla", folder), path)
    _expect(path, data_of("vanilla")[:3])


def _compressed(family, of, path, folder):
    x = data_of(family)
    if not isinstance(of, int):  # an image of another size than the model's
        x, of = np.concatenate(x[:30], axis=1)[:, :240].reshape(1, -1, 12, 1)[:, : of[0]], 1
    ae = _of(family, folder)
    path.write_bytes(aezoo.compress(ae, x[:of]))
    _expect(path, x[:of], {"outputs": aezoo.decompress(path.read_bytes(), ae)})


def _c(path, folder):
    x = data_of("conv")
    ae = _of("conv", folder)
    how = {"quantize": "int8", "target": "c", "calibration_data": x[:200], "samples": x}
    with tempfile.TemporaryDirectory() as temporary, mock.patch.object(tflite, "check"):
        aezoo.export_tflite(ae, made := Path(temporary, "c"), **how)
        path.mkdir()
        found = {}
        for part in PARTS:
            shutil.copy(made / f"{part}.tflite", path)
            given = ae.encode(x[:8]) if part == "decode" else x[:8]
            proof = prove(path / f"{part}.tflite", given)
            found |= {f"{part}_in": proof.inputs, f"{part}_out": proof.outputs}
    _expect(path, x[:8], found)


def _detector(path, folder):
    x = data_of("deep")
    detector = aezoo.AnomalyDetector(
        aezoo.load_model(folder / "deep/model.keras"),
        contamination=0,
        scoring="neighbors",
        n_references=16,
        false_alarm_rate=0.05,
        random_state=0,
    )
    detector.fit(x[:100]).calibrate(x[100:150])
    detector.save(path)
    _expect(path, np.concatenate([x[:4], x[:2] + 9]))


def _detector_tflite(quantize, path, folder):
    x = data_of("deep")
    aezoo.AnomalyDetector.load(folder / "detector/saved").export(
        path, quantize=quantize, calibration_data=x[100:150], samples=x[150:]
    )
    x = np.concatenate([x[:4], x[:2] + 9])
    found = read(path, x)
    steps = {} if quantize is None else {key: 0.05 * found[key].max() for key in found}
    _expect(path, x, **steps)


def _series(path, folder):
    rng = np.random.default_rng(0)
    recording = rng.normal(size=(300, 2)).astype("float32")
    detector = aezoo.TimeSeriesDetector(12, epochs=2, n_references=8, random_state=0)
    detector.fit(recording).save(path)
    recording[20:30] += 9
    _expect(path, recording[:40])


def _train(path, **more):
    with mock.patch.object(writing, "_draw"):  # pictures are not read
        return aezoo.train("deep", output=path, **TRAINED, **more)


def _run(path, folder):
    _train(path)


class _End(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("the end")


def _unfinished(path, folder):
    x = data_of("conv")[:3]
    with tempfile.TemporaryDirectory() as temporary:
        found = _outputs(_train(Path(temporary, "run")).model, x)
    often = mock.patch.object(checkpoints, "SECONDS", 0)
    with contextlib.chdir(path.parent), contextlib.suppress(RuntimeError), often:
        _train("run", callbacks=[_End()])
    (path / "checkpoints/lock").unlink(missing_ok=True)
    for older in sorted((path / "checkpoints").glob("*.npz"))[:-1]:
        older.unlink()
    _expect(path, x, found)


def _published(path, folder):
    run = shutil.copytree(folder / "run", path.with_name("copied"))
    (run / PICTURE).touch()
    publish(run, path, exports=())
    shutil.rmtree(run)
    _expect(path / weights.CARD, data_of("conv")[:3])


def _of(family, folder):
    return aezoo.load_model(folder / family / "model.keras")


if __name__ == "__main__":
    for added in add(HERE / VERSION):
        print(added)
    sys.exit(bool(missing(HERE / VERSION)))
