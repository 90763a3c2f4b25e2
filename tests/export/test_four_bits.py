import tempfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import aezoo
from aezoo.edge import inspect
from aezoo.edge.reading import read
from aezoo.export import bounds
from aezoo.export.conversion import convert
from aezoo.export.four_bits import in_four_bits
from aezoo.export.report import ExportError
from aezoo.export.samples import calibration_of
from aezoo.export.saved_model import write_saved_model

RELEASE = Path(__file__).parents[1] / "golden" / "0.1.0" / "table"


def dense(model, bits):
    """Values and scales of the weights of each dense layer, and of the bias where it has one."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            if code.builtinCode != schema.BuiltinOperator.FULLY_CONNECTED:
                continue
            weights = graph.tensors[operator.inputs[1]]
            data = np.asarray(model.buffers[weights.buffer].data, "uint8").view("int8")
            if bits == 4:  # the lower half comes first, each with a sign of its own
                data = (np.stack([data << 4, data], axis=1).ravel() >> 4)[: np.prod(weights.shape)]
            scale = np.asarray(weights.quantization.scale)[:, np.newaxis]
            yield data.reshape(weights.shape) * scale, scale
            if operator.inputs[2] >= 0:
                bias = graph.tensors[operator.inputs[2]]
                values = np.asarray(model.buffers[bias.buffer].data, "uint8").view("int32")
                step = graph.tensors[operator.inputs[0]].quantization.scale[0] * scale.ravel()
                np.testing.assert_allclose(bias.quantization.scale, step, rtol=1e-5)
                yield values * step, step


def test_weights_and_biases_are_the_same_but_for_half_a_step():
    content, model = read(RELEASE / "int8.tflite")
    four = schema.ModelT.InitFromPackedBuf(in_four_bits(content), 0)
    pairs = list(zip(dense(model, 8), dense(four, 4), strict=True))
    assert len(pairs) > 8  # of 8 layers, whole and in parts
    for (before, _), (after, step) in pairs:
        assert (np.abs(after - before) <= 0.501 * step).all()
        if before.ndim == 2:
            np.testing.assert_allclose(np.abs(before).max(axis=1), 7 * step.ravel(), rtol=1e-5)


@pytest.mark.parametrize("units", [3, 4])  # rows of odd length share a byte with the next
def test_the_runtime_computes_with_them(tmp_path, rng, units):
    x = rng.uniform(0, 1, (300, 5)).astype("float32")
    ae = aezoo.deep(5, units, hidden_units=(), output_activation="linear")
    for model, shape in ((ae.encoder, (5, units)), (ae.decoder, (units, 5))):
        steps = rng.integers(-7, 8, shape)
        steps[0] = 7  # so that four bits hold the very weights
        model.set_weights([steps / 10, rng.normal(size=shape[1]) / 10])
    path = tmp_path / "model.tflite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(bounds.MSE_INCREASE, "int4", 1.0)
        report = aezoo.export_tflite(ae, path, quantize="int4", calibration_data=x)
    assert "INT4" in report.contents["dtypes"]
    assert report.contents["float_ops"] == {}
    assert report.parity["encode_noise"] < 0.02
    assert report.parity["decode_difference"] < 0.06


@pytest.mark.slow
def test_convolutions_that_are_fine_tuned(trained, digits, tmp_path, monkeypatch):
    for name, value in (("RANK_CORRELATION", -1), ("NOISE", 9), ("MSE_INCREASE", {"int4": 9})):
        monkeypatch.setattr(bounds, name, value)
    path = tmp_path / "model.tflite"
    options = {"quantize": "int4", "calibration_data": digits[0], "samples": digits[1]}
    plain = aezoo.export_tflite(trained("conv"), path, **options)
    tuned = aezoo.export_tflite(
        trained("conv"), path, fine_tune=digits[0], fine_tune_epochs=3, **options
    )
    lost = [found.parity["mse_export"] / found.parity["mse_keras"] - 1 for found in (plain, tuned)]
    assert lost[1] < 0.7 * lost[0]
    assert tuned.fine_tuning["outputs_apart"] < 0.4
    assert tuned.fine_tuning["most_steps"] < 30
    kinds = {" ".join(e["name"].split()[2:]): e["dtype"] for e in inspect(path)["flash"]}
    assert kinds["CONV_2D weights"] == kinds["FULLY_CONNECTED weights"] == "int4"
    assert kinds["TRANSPOSE_CONV weights"] == "int8"


def test_what_loses_too_much_is_refused(trained, digits, tmp_path):
    options = {"quantize": "int4", "calibration_data": digits[0], "samples": digits[1]}
    with pytest.raises(ExportError, match=r"in int4 .* Give fine_tune=x_train, or .*int8"):
        aezoo.export_tflite(trained("vanilla"), tmp_path / "model.tflite", **options)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_round():
    content = read(RELEASE / "float32.tflite")[0]
    with pytest.raises(ExportError, match="no weights that four bits could hold"):
        in_four_bits(content)


def test_the_file_is_smaller_and_scales_are_of_use():
    """The weights of eight bits are gone from it, and a unit that is all zeros has a scale."""
    rng = np.random.default_rng(0)
    ae = aezoo.deep(64, 4, hidden_units=(64,), activation="relu")
    kernel = ae.encoder.get_layer("dense_1").kernel
    kernel.assign(np.where(np.arange(64) == 5, 0, kernel.numpy()))
    x = rng.random((300, 64), "float32")
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(ae, folder, ("reconstruct",), batch_size=None)
        calibration = calibration_of(ae, x)
        content = convert(folder, ("reconstruct",), "int8", calibration, per_unit=True)
    four = in_four_bits(content)
    assert len(four) < 0.75 * len(content)
    for values, step in dense(schema.ModelT.InitFromPackedBuf(four, 0), 4):
        assert np.isfinite(values).all()
        assert (step > 0).all()
