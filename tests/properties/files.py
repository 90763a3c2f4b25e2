"""What stays the same when models are trained, saved, loaded and exported."""

import functools
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pandas as pd
import tensorflow as tf
from hypothesis import strategies as st

import aezoo
from tests.properties.detectors import detector_of
from tests.properties.strategies import SAME, known, model_of, new, samples
from tests.properties.trials import close, holds, same_in_threads, samples_of, unchanged

PRECISIONS = (None, "float16", "dynamic", "int8")
ARRAYS = [form for form in SAME if "list" not in form]
exported = known(size=6)


def usual(of, count=60):
    """Samples to export by."""
    return np.random.default_rng(4).random((count, *of.shape)).astype("float32")


@functools.cache
def lite_of(of, quantize):
    """An exported model, or `None` where the gate refuses it, as it may in few bits."""
    options = {"calibration_data": usual(of)} if quantize == "int8" else {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            unchanged(
                aezoo.export_tflite,
                *(model_of(of), f"{folder}/model.tflite"),
                quantize=quantize,
                samples=usual(of, 30),
                **options,
            )
        except aezoo.ExportError:
            assert quantize is not None, of
            return None
        return aezoo.LiteModel(f"{folder}/model.tflite")


@functools.cache
def edge_of(of, quantize):
    """An exported detector, or `None`."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            unchanged(
                detector_of(of, "auto").export,
                f"{folder}/model.tflite",
                quantize=quantize,
                calibration_data=usual(of),
            )
        except aezoo.ExportError:
            assert quantize is not None, of
            return None
        return aezoo.edge.Detector(f"{folder}/model.tflite")


@holds(8, of=exported, quantize=st.sampled_from(PRECISIONS), given=samples())
def files_on_devices(of, quantize, given):
    lite, ae = lite_of(of, quantize), model_of(of)
    if lite is None:
        return
    for name in ("reconstruct", "encode", "score"):
        x, found = samples_of(getattr(lite, name), given, of.shape)
        if quantize is None:
            like = {"score": ae.reconstruction_error}.get(name) or getattr(ae, name)
            np.testing.assert_allclose(found, like(x), rtol=0, atol=1e-4)
    codes = lite.encode(x)
    assert unchanged(lite.decode, SAME["Fortran"](codes)).shape == x.shape
    assert unchanged(lite.normalize, given.of(of.shape)[1]).shape == x.shape


@holds(0.8, of=exported, quantize=st.sampled_from((None, "int8")), given=samples())
def threads_on_devices(of, quantize, given):
    lite = lite_of(of, quantize)
    if lite is not None:
        x, _ = given.of(of.shape)
        for method in (lite.encode, lite.reconstruct, lite.score):
            same_in_threads(method, [x[i % len(x) :] for i in range(24)])


@holds(3, of=exported, quantize=st.sampled_from((None, "int8")), given=samples())
def detectors_on_devices(of, quantize, given):
    detector = edge_of(of, quantize)
    if detector is None:
        return
    x, scores = samples_of(detector.anomaly_score, given, of.shape)
    assert scores.shape == (len(x),)
    form = given.of(of.shape)[1]
    close(unchanged(detector.contributions, form).reshape(len(x), -1).sum(axis=1), scores)
    flags = unchanged(detector.predict, form)
    np.testing.assert_array_equal(flags, np.where(scores > detector.threshold, -1, 1))
    p_values = unchanged(detector.p_values, form)
    assert ((p_values > 0) & (p_values <= 1)).all()
    same_in_threads(detector.anomaly_score, [x[i % len(x) :] for i in range(8)])
    if quantize is None:
        close(scores, detector_of(of, "auto").anomaly_score(x))


@holds(1, of=new(), given=samples(forms=["float32"]))
def saving(of, given):
    ae = of.model
    x, _ = given.of(of.shape)
    with tempfile.TemporaryDirectory() as folder:
        ae.save(f"{folder}/model.keras")
        ae.save_weights(f"{folder}/model.weights.h5")
        loaded = aezoo.load_model(f"{folder}/model.keras")
        other = aezoo.build(of.name, of.shape, of.latent_dim, **dict(of.options))
        other.load_weights(f"{folder}/model.weights.h5")
    for found in (loaded, other):
        assert type(found) is type(ae)
        for name in ("encode", "reconstruct", "reconstruction_error", "normalize"):
            np.testing.assert_array_equal(getattr(found, name)(x), getattr(ae, name)(x))


@holds(0.2, of=new(), given=samples(4, ARRAYS), weighted=st.booleans())
def training(of, given, weighted):
    x, form = given.of(of.shape)
    weights = np.random.default_rng(given.seed).random(len(x)) if weighted else None
    logs = []
    for data in (x, form):
        ae = of.model
        keras.utils.set_random_seed(1)
        options = {"validation_data": data, "sample_weight": weights}
        log = unchanged(ae.fit, data, epochs=1, batch_size=4, verbose=0, **options)
        logs.append(log.history)
        assert all(np.isfinite(values).all() for values in log.history.values())
    for name, values in logs[0].items():
        np.testing.assert_allclose(logs[1][name], values, rtol=1e-3, atol=1e-6, err_msg=name)


@holds(0.15, of=new(), given=samples(2, ["float32"]))
def exports(of, given):
    ae = of.model
    x, _ = given.of(of.shape)
    expected = {"encode": ae.encode(x), "reconstruct": ae.reconstruct(x)}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        unchanged(aezoo.export_tflite, ae, folder / "model.tflite", samples=x)
        unchanged(aezoo.export_saved_model, ae, folder / "saved", samples=x)
        unchanged(aezoo.export_onnx, ae, folder / "model.onnx", samples=x)
        lite = aezoo.LiteModel(folder / "model.tflite")
        saved = tf.saved_model.load(str(folder / "saved")).signatures
        onnx = onnxruntime.InferenceSession(folder / "model.onnx")
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(lite, name)(x), values, rtol=0, atol=1e-4)
            (found,) = saved[name](x=tf.constant(x)).values()
            np.testing.assert_allclose(found, values, rtol=0, atol=1e-4)
        names = ("code", "reconstruction")
        for found, values in zip(onnx.run(names, {"x": x}), expected.values(), strict=True):
            np.testing.assert_allclose(found, values, rtol=0, atol=1e-4)


@holds(0.4, of=known(shapes=((5,), (1,))), given=samples(2, ["float32"]))
def scoring_of_archives(of, given):
    ae = model_of(of)
    x, _ = given.of(of.shape)
    with tempfile.TemporaryDirectory() as folder:
        table = pd.DataFrame(x, columns=[f"c{i}" for i in range(x.shape[1])])
        table.to_parquet(f"{folder}/day.parquet")
        aezoo.scale.score(f"{folder}/day.parquet", ae, f"{folder}/scored", threshold=0.1)
        found = pd.read_parquet(f"{folder}/scored")
    errors = ae.reconstruction_error(x)
    close(found["reconstruction_error"], errors)
    np.testing.assert_array_equal(found["flag"], found["reconstruction_error"] > 0.1)


@holds(0.4, of=known(size=12), form=st.sampled_from(ARRAYS), given=samples(forms=["float32"]))
def saved_detectors(of, form, given):
    detector = detector_of(of, "auto")
    x, _ = given.of(of.shape)
    with tempfile.TemporaryDirectory() as folder:
        detector.save(f"{folder}/detector")
        loaded = aezoo.AnomalyDetector.load(f"{folder}/detector")
    close(loaded.anomaly_score(SAME[form](x)), detector.anomaly_score(x))
    assert loaded.threshold_ == detector.threshold_
