import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.export import exports as export


@pytest.fixture(scope="module", autouse=True)
def _few_runs():
    """Latencies are not what is tested here."""
    patch = pytest.MonkeyPatch()
    patch.setattr("aezoo.export.report.RUNS", 3)
    patch.setattr("aezoo.export.report.PREDICT_RUNS", 1)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def digits():
    return aezoo.load_dataset("digits").x, aezoo.load_dataset("digits", "test").x


@pytest.fixture(scope="module")
def trained(digits):
    """A model of each family, trained a little: ranges and ranks mean nothing without."""
    keras.utils.set_random_seed(0)
    models = {}
    for name in aezoo.list_models():
        models[name] = aezoo.build(name, (8, 8, 1), 8)
        models[name].fit(digits[0], epochs=6, batch_size=32, verbose=0)
    return models


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", aezoo.list_models())
@pytest.mark.parametrize("quantize", [None, "float16", "dynamic", "int8"])
def test_tflite_of_every_family(trained, digits, tmp_path, name, quantize):
    options = {"calibration_data": digits[0], "samples": digits[1], "quantize": quantize}
    path = tmp_path / "model.tflite"
    if name == "vector_quantized" and quantize == "int8":  # as its docstring says
        with pytest.raises(aezoo.ExportError, match="stayed in float: {'TOPK_V2'"):
            aezoo.export_tflite(trained[name], path, **options)
        assert files(tmp_path) == []
        return
    report = aezoo.export_tflite(trained[name], path, **options)
    assert files(tmp_path) == ["model.tflite", "model.tflite.json"]
    assert report.size == (tmp_path / "model.tflite").stat().st_size
    saved = json.loads((tmp_path / "model.tflite.json").read_text())
    assert saved["parity"] == report.parity
    assert report.contents["foreign_ops"] == {}
    assert (report.contents["float_ops"] == {}) == (quantize == "int8")
    lite = aezoo.LiteModel(tmp_path / "model.tflite")
    mse = np.mean((lite.reconstruct(digits[1]) - digits[1]) ** 2)
    assert mse == pytest.approx(report.parity["mse_export"], rel=1e-4)
    assert mse <= trained[name].reconstruction_error(digits[1]).mean() * 1.02


def test_saved_model_needs_nothing_of_ours(trained, digits, tmp_path):
    ae, x = trained["conv"], digits[1][:5]
    report = aezoo.export_saved_model(ae, tmp_path / "model", samples=digits[1])
    assert files(tmp_path) == ["model", "model.json"]
    assert report.parity["max_difference"] <= 1e-4
    np.save(tmp_path / "x.npy", x)
    code = f"""
import numpy as np, sys, tensorflow as tf
model = tf.saved_model.load({str(tmp_path / "model")!r})
x = tf.constant(np.load({str(tmp_path / "x.npy")!r}))
ends = {{name: list(f(x=x).values())[0].numpy() for name, f in model.signatures.items()
        if name != "decode"}}
ends["decode"] = model.signatures["decode"](code=ends["encode"])["reconstruction"].numpy()
np.savez({str(tmp_path / "out.npz")!r}, **ends)
print({{"aezoo"}} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
    out = np.load(tmp_path / "out.npz")
    assert set(out) == {"serving_default", "reconstruct", "encode", "decode", "score"}
    np.testing.assert_allclose(out["encode"], ae.encode(x), atol=1e-4)
    np.testing.assert_allclose(out["score"], ae.reconstruction_error(x), rtol=1e-3)
    for name in ("reconstruct", "serving_default", "decode"):
        np.testing.assert_allclose(out[name], ae.reconstruct(x), atol=1e-4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_onnx(trained, digits, tmp_path):
    pytest.importorskip("tf2onnx", reason="needs the extra [onnx]")
    report = aezoo.export_onnx(trained["conv"], tmp_path / "model.onnx", samples=digits[1])
    assert report.parity["max_difference"] <= 1e-4
    assert report.parity["encode_difference"] <= 1e-4
    assert files(tmp_path) == ["model.onnx", "model.onnx.json"]


def test_raw_values_of_several_units(tmp_path, rng):
    latent = rng.normal(size=(400, 2))
    x = latent @ rng.normal(size=(2, 5)) + 0.5 * rng.normal(size=(400, 5))
    x = np.float32(x * [1e-3, 1, 50, 1e3, 1e5] + [0, 5, -100, 1e4, 1e6])
    ae = aezoo.deep(5, 2, hidden_units=(16,), normalization="standard")
    ae.fit(x, epochs=30, batch_size=32, verbose=0)
    for quantize in (None, "int8"):
        report = aezoo.export_tflite(
            ae, tmp_path / "model.tflite", quantize=quantize, calibration_data=x
        )
        rebuilt = aezoo.LiteModel(tmp_path / "model.tflite").reconstruct(x)
        relative = np.abs(rebuilt - ae.reconstruct(x)).mean(axis=0) / x.std(axis=0)
        assert relative.max() < 0.05  # no unit is lost
    report = aezoo.export_saved_model(ae, tmp_path / "model", samples=x)
    assert report.parity["max_difference"] <= 1e-4


@pytest.mark.parametrize("shape", [(40, 2), (9, 7, 3), (6, 5, 4, 1)])
def test_other_shapes(tmp_path, rng, shape):
    x = rng.random((50, *shape)).astype("float32")
    ae = aezoo.conv(shape, 4, filters=(4, 8))
    for quantize in (None, "int8"):
        if len(shape) == 4 and quantize:
            continue  # TFLite has no three-dimensional convolution in int8
        export_options = {"quantize": quantize, "calibration_data": x}
        report = aezoo.export_tflite(ae, tmp_path / "model.tflite", **export_options)
        assert report.contents["foreign_ops"] == {}


def test_volumes_in_int8_are_refused(tmp_path, rng):
    x = rng.random((20, 6, 5, 4, 1)).astype("float32")
    ae = aezoo.conv(x.shape[1:], 4, filters=(4,))
    path = tmp_path / "model.tflite"
    with pytest.raises(aezoo.ExportError, match="CONV_3D|Conv3D"):
        aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x)
    assert files(tmp_path) == []


def test_float_input_and_output(trained, digits, tmp_path):
    path = tmp_path / "model.tflite"
    report = aezoo.export_tflite(
        trained["deep"], path, quantize="int8", calibration_data=digits[0], io="float32"
    )
    entry = report.contents["signatures"]["encode"]
    assert entry["inputs"]["x"]["dtype"] == entry["outputs"]["code"]["dtype"] == "float32"
    assert report.contents["float_ops"] == {}
    assert report.contents["ops"]["QUANTIZE"]


def test_float_operators_in_int8_are_an_error(digits, tmp_path):
    ae = aezoo.deep((8, 8, 1), 4, hidden_units=(16,), activation="elu")
    path = tmp_path / "model.tflite"
    path.write_text("earlier")
    with pytest.raises(aezoo.ExportError, match="stayed in float.*ELU"):
        aezoo.export_tflite(ae, path, quantize="int8", calibration_data=digits[0])
    assert path.read_text() == "earlier"
    assert files(tmp_path) == ["model.tflite"]


def test_wrong_export_leaves_nothing(trained, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(export.LiteModel, "reconstruct", lambda self, x: np.zeros_like(x))
    path = tmp_path / "model.tflite"
    with pytest.raises(aezoo.ExportError, match="differs"):
        aezoo.export_tflite(trained["deep"], path, samples=digits[1])
    assert files(tmp_path) == []


def test_score_signature(trained, digits, tmp_path):
    path = tmp_path / "model.tflite"
    signatures = ("reconstruct", "score")
    aezoo.export_tflite(trained["deep"], path, signatures=signatures, samples=digits[1])
    lite = aezoo.LiteModel(path)
    assert lite.parts == signatures
    expected = trained["deep"].reconstruction_error(digits[1])
    np.testing.assert_allclose(lite.score(digits[1]), expected, rtol=1e-3)


def test_published_network_is_no_larger_than_its_reference(tmp_path, rng):
    """The anomaly network of MLPerf Tiny; its reference file has 277,248 bytes."""
    ae = aezoo.deep(
        640, 8, hidden_units=(128,) * 4, activation="relu", latent_activation="relu",
        batch_normalization=True,
    )  # fmt: skip
    x = rng.normal(size=(64, 640)).astype("float32")
    ae.fit(x, epochs=1, verbose=0)
    report = aezoo.export_tflite(
        ae,
        tmp_path / "model.tflite",
        quantize="int8",
        calibration_data=x,
        signatures=("reconstruct",),
        batch_size=1,
    )
    assert report.size <= 277_248


def test_a_scale_for_each_unit_where_one_is_not_enough(trained, digits, tmp_path, monkeypatch):
    """Where the error grows beyond the bound, dense layers get finer scales."""
    sizes, errors = [], []
    for bound in (0.02, -1):
        monkeypatch.setattr(export, "MSE_INCREASE", {"int8": bound})
        report = aezoo.export_tflite(
            trained["deep"],
            tmp_path / "model.tflite",
            quantize="int8",
            calibration_data=digits[0],
            samples=digits[1],
        )
        sizes.append(report.size)
        errors.append(report.parity["mean_difference"])
    units = 512 + 256 + 8 + 256 + 512 + 64
    # scales of kernel and bias, 4 bytes each, and zeros of 8; layers of as many units share those
    assert 8 * units < sizes[1] - sizes[0] < 16 * units
    assert errors[1] != errors[0]


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"path": "model"}, ValueError, r"end in \.tflite"),
        ({"path": "model.onnx"}, ValueError, r"end in \.tflite"),
        ({"path": "no/model.tflite"}, FileNotFoundError, "no folder"),
        ({"path": "folder.tflite"}, FileExistsError, "is a folder"),
        ({"quantize": "int4"}, ValueError, "int4"),
        ({"quantize": "int8"}, ValueError, "int8 needs calibration_data"),
        ({"quantize": "int8", "calibration_data": np.full((9, 4), np.nan)}, ValueError, "NaN"),
        ({"samples": np.zeros((9, 5))}, ValueError, r"\(n, 4\).*\(9, 5\)"),
        ({"samples": np.zeros((1, 4))}, ValueError, "Two samples"),
        ({"signatures": ("encoder",)}, ValueError, "'encoder'"),
        ({"signatures": ("encode",)}, ValueError, "must have 'reconstruct'"),
        ({"batch_size": 0}, ValueError, "batch_size must be a positive integer.*0"),
        ({"batch_size": "2"}, ValueError, "batch_size.*'2'"),
        ({"target": "mcu"}, ValueError, "'mcu'"),
        ({"target": "micro"}, ValueError, "quantize must be one of .*int8"),
        ({"target": "micro", "quantize": "int8", "batch_size": 8}, ValueError, "batch_size"),
        ({"target": "micro", "quantize": "int8", "io": "float32"}, ValueError, "io must be"),
        (
            {"target": "micro", "quantize": "int8", "path": "folder.tflite"},
            FileExistsError,
            "choose another folder",
        ),
        ({"ae": keras.Sequential([keras.Input((4,))])}, ValueError, "Received: Sequential"),
        ({"ae": aezoo.deep(4, 2, normalization="minmax")}, ValueError, "call adapt"),
    ],
)
def test_bad_input(tmp_path, kwargs, error, message):
    (tmp_path / "folder.tflite").mkdir()
    ae = kwargs.get("ae", aezoo.deep(4, 2, hidden_units=(4,)))
    path = tmp_path / kwargs.get("path", "model.tflite")
    rest = {key: value for key, value in kwargs.items() if key not in ("ae", "path")}
    with pytest.raises(error, match=message):
        aezoo.export_tflite(ae, path, **rest)
    assert files(tmp_path) == ["folder.tflite"]


def test_saved_model_is_not_overwritten(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(FileExistsError, match="choose another folder"):
        aezoo.export_saved_model(aezoo.deep(4, 2), tmp_path / "model")


def test_no_operator_outside_the_builtin_set(tmp_path):
    """What TensorFlow calls Flex is refused when converting, not found out on the device."""
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Lambda(lambda t: tf.math.erfinv(t * 0.1))(inputs))
    decoder = aezoo.backbones.build("dense", 4, 4)[1]
    ae = aezoo.Autoencoder(encoder, decoder)
    with pytest.raises(aezoo.ExportError, match="Erfinv"):
        aezoo.export_tflite(ae, tmp_path / "model.tflite")
    assert files(tmp_path) == []
