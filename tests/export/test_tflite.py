import hashlib
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.export import bounds, tflite

CODEBOOKS = ("gumbel", "vector_quantized")
WITHOUT = {("recurrent", "int8"), ("recurrent", "int16x8"), ("hyperspherical", "int16x8")}
WITHOUT |= {(name, "int16x8") for name in CODEBOOKS}
FAST = ("conv", "vanilla", "vector_quantized")
TABLE = np.random.default_rng(0).random((200, 4)).astype("float32")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "precisions",
    [
        (None, "float16", "dynamic", "int8"),
        pytest.param(("int16x8",), marks=pytest.mark.slow, id="int16x8"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in FAST else pytest.mark.slow)
        for name in aezoo.list_models()
    ],
)
def test_every_family_in_every_precision(trained, digits, tmp_path, name, precisions):
    ae = trained(name)
    for quantize in precisions:
        options = {"calibration_data": digits[0], "samples": digits[1], "quantize": quantize}
        path = tmp_path / f"{quantize}.tflite"
        integers = quantize in ("int8", "int16x8")
        if (name, quantize) in WITHOUT:  # as its docstring says
            with pytest.raises(aezoo.ExportError, match="cannot express"):
                aezoo.export_tflite(ae, path, **options)
            assert not path.exists()
            continue
        report = aezoo.export_tflite(ae, path, **options)
        assert report.size == path.stat().st_size
        saved = json.loads(path.with_suffix(".tflite.json").read_text())
        assert saved["parity"] == report.parity
        assert saved["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert report.contents["foreign_ops"] == {}
        assert (report.contents["float_ops"] == {}) == integers
        lite = aezoo.LiteModel(path)
        mse = np.mean((lite.reconstruct(digits[1]) - digits[1]) ** 2)
        assert mse == pytest.approx(report.parity["mse_export"], rel=1e-4)
        most = 1.006 if quantize == "int16x8" else 1.02
        assert mse <= ae.reconstruction_error(digits[1]).mean() * most
        by_index = "encode_differing" in report.parity
        assert by_index == (name in CODEBOOKS and integers)
        codes = ae.encode_indices(digits[1]) if by_index else ae.encode(digits[1])
        mse = np.mean((lite.decode(codes) - digits[1]) ** 2)
        assert mse == pytest.approx(report.parity["mse_decode"], rel=1e-4)


def test_a_decoder_in_int8_serves_the_prior(digits, tmp_path):
    """A model that draws new samples decodes other codes than it encodes."""
    ae, path = aezoo.variational((8, 8, 1), 8, beta=1.0), tmp_path / "model.tflite"
    ae.fit(digits[0], epochs=10, batch_size=32, verbose=0)  # its codes stay close to zero
    report = aezoo.export_tflite(
        ae, path, quantize="int8", calibration_data=digits[0], samples=digits[1]
    )
    z = np.random.default_rng(7).normal(size=(500, 8)).astype("float32")
    ours, theirs = ae.decode(z), aezoo.LiteModel(path).decode(z)
    noise = np.sqrt(np.mean((ours - theirs) ** 2) / np.mean((ours - ours.mean(axis=0)) ** 2))
    assert noise < 0.06  # 0.7 where ranges are of encoded codes alone
    assert report.parity["prior_noise"] == pytest.approx(noise, rel=0.5)


@pytest.mark.parametrize("quantize", ["float16", "dynamic"])
def test_kelvin_and_pascal(tmp_path, rng, quantize):
    """Neither halves nor one scale can hold 288 +- 1 beside 101325 +- 500."""
    latent = rng.normal(size=(400, 1))
    x = (latent + 0.5 * rng.normal(size=(400, 3))) * [1, 20, 500] + [288, 50, 101325]
    x = x.astype("float32")
    ae = aezoo.deep(3, 2, hidden_units=(16,), activation="relu", normalization="standard")
    ae.fit(x, epochs=20, verbose=0)
    path = tmp_path / "model.tflite"
    parts = ("reconstruct", "score")
    aezoo.export_tflite(ae, path, quantize=quantize, samples=x, signatures=parts)
    lite = aezoo.LiteModel(path)
    relative = np.abs(lite.reconstruct(x) - ae.reconstruct(x)).mean(axis=0) / x.std(axis=0)
    assert relative.max() < {"float16": 1e-3, "dynamic": 0.02}[quantize]
    error = np.abs(lite.score(x) - ae.reconstruction_error(x)).mean()
    assert error < 0.05 * ae.reconstruction_error(x).mean()


@pytest.mark.parametrize(("mean", "spread"), [(1e3, 1), (1e6, 1), (1.7e9, 1e3), (1.7e9, 1e6)])
def test_values_far_from_zero_in_float32(tmp_path, rng, mean, spread):
    """Codes are exact, outputs to the spacing of float32: neither is summed far from zero."""
    x = rng.normal(mean, spread, (300, 5)).astype("float32")
    ae = aezoo.deep(5, 2, normalization="standard")  # 512 units in the last hidden layer
    ae.adapt(x)
    report = aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=x)
    assert report.parity["max_of_allowed"] < 1
    lite = aezoo.LiteModel(tmp_path / "model.tflite")
    assert np.abs(lite.encode(x) - ae.encode(x)).max() < 1e-5
    steps = np.abs(lite.reconstruct(x) - ae.reconstruct(x)) / np.spacing(np.float32(mean))
    assert steps.max() <= 2


def test_ranges_are_of_all_samples_not_of_the_first(tmp_path, rng):
    x = np.sort(rng.uniform(0, 1, (2000, 4)), axis=0).astype("float32")  # as data sorted by class
    ae = aezoo.deep(4, 4, hidden_units=(), output_activation="linear")
    for model in (ae.encoder, ae.decoder):
        model.set_weights([np.eye(4), np.zeros(4)])
    path = tmp_path / "model.tflite"
    report = aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x)
    ends = report.contents["signatures"]["reconstruct"]
    for tensor in (ends["inputs"]["x"], ends["outputs"]["reconstruction"]):
        assert tensor["scale"] * 255 == pytest.approx(x.max(), rel=0.01)
    assert report.parity["samples"] == 1000


def test_what_is_judged_is_of_all_samples(tmp_path, rng):
    x = np.sort(rng.uniform(0, 1, (2000, 4)), axis=0).astype("float32")
    ae = aezoo.deep(4, 2, hidden_units=(4,))
    report = aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=x)
    expected = ae.reconstruction_error(x)
    assert report.parity["mse_keras"] == pytest.approx(expected.mean(), rel=0.01)
    assert report.parity["mse_keras"] != pytest.approx(expected[:1000].mean(), rel=0.05)


@pytest.mark.slow
def test_raw_values_of_several_units(tmp_path, rng):
    latent = rng.normal(size=(400, 2))
    x = latent @ rng.normal(size=(2, 5)) + 0.5 * rng.normal(size=(400, 5))
    x = np.float32(x * [1e-3, 1, 50, 1e3, 1e5] + [0, 5, -100, 1e4, 1e6])
    ae = aezoo.deep(5, 2, hidden_units=(16,), normalization="standard")
    ae.fit(x, epochs=30, batch_size=32, verbose=0)
    for quantize in (None, "int8"):
        aezoo.export_tflite(ae, tmp_path / "model.tflite", quantize=quantize, calibration_data=x)
        rebuilt = aezoo.LiteModel(tmp_path / "model.tflite").reconstruct(x)
        relative = np.abs(rebuilt - ae.reconstruct(x)).mean(axis=0) / x.std(axis=0)
        assert relative.max() < 0.05  # no unit is lost


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


def test_calibration_by_a_stream(tmp_path, monkeypatch):
    x = np.random.default_rng(0).normal(size=(4000, 6)).astype("float32")
    x[2000:] *= 5  # the range is that of the second file
    for name, part in zip(("a", "b"), np.split(x, 2), strict=True):
        np.save(tmp_path / f"{name}.npy", part)
    monkeypatch.setattr("aezoo.data.scanning.SAMPLE", 500)
    stream = aezoo.load_dataset(tmp_path, "all", stream=True)
    monkeypatch.setattr(type(stream), "batches", None)  # nothing more is read
    ae, path = (
        aezoo.deep(6, 3, hidden_units=(8,), normalization="standard"),
        tmp_path / "model.tflite",
    )
    ae.fit(x, epochs=2, verbose=0)
    how = {"calibration_data": stream, "samples": stream, "fine_tune": stream}
    report = aezoo.export_tflite(ae, path, quantize="int8", fine_tune_epochs=0, **how)
    rebuilt, exported = ae.reconstruct(x), aezoo.LiteModel(path).reconstruct(x)
    assert np.corrcoef(rebuilt[2000:].ravel(), exported[2000:].ravel())[0, 1] > 0.995
    assert report.fine_tuning


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
        trained("deep"), path, quantize="int8", calibration_data=digits[0], io="float32"
    )
    entry = report.contents["signatures"]["encode"]
    assert entry["inputs"]["x"]["dtype"] == entry["outputs"]["code"]["dtype"] == "float32"
    assert report.contents["float_ops"] == {}
    assert report.contents["ops"]["QUANTIZE"]


def test_float_operators_in_int8_are_an_error(digits, tmp_path):
    ae = aezoo.deep((8, 8, 1), 4, hidden_units=(16,), activation="elu")
    path = tmp_path / "model.tflite"
    with pytest.raises(aezoo.ExportError, match="stayed in float.*ELU") as error:
        aezoo.export_tflite(ae, path, quantize="int8", calibration_data=digits[0])
    assert error.value.report is None
    assert files(tmp_path) == []


def test_wrong_export_leaves_what_was_there(digits, tmp_path, monkeypatch):
    ae, path = aezoo.deep((8, 8, 1), 4, hidden_units=(4,)), tmp_path / "model.tflite"
    aezoo.export_tflite(ae, path, samples=digits[1])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(tflite.LiteModel, "reconstruct", lambda self, x: np.zeros_like(x))
    with pytest.raises(aezoo.ExportError, match="differs") as error:
        aezoo.export_tflite(ae, path, samples=digits[1])
    assert error.value.report.parity["max_of_allowed"] > 1
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_tolerance_of_your_own(trained, digits, tmp_path):
    path, known = tmp_path / "model.tflite", {"calibration_data": digits[0], "samples": digits[1]}
    with pytest.raises(aezoo.ExportError, match="0.0% more"):
        aezoo.export_tflite(trained("vanilla"), path, quantize="int8", tolerance=1e-6, **known)
    assert not path.exists()
    aezoo.export_tflite(trained("vanilla"), path, quantize="int8", tolerance=0.5, **known)
    assert path.exists()


def test_no_model_stands_without_its_report(tmp_path, monkeypatch):
    def full(self, path):
        raise OSError("No space left on device")

    monkeypatch.setattr(aezoo.ExportReport, "save", full)
    with pytest.raises(OSError, match="No space"):
        aezoo.export_tflite(aezoo.vanilla(4, 2), tmp_path / "model.tflite")
    assert files(tmp_path) == []


def test_files_of_the_user_stay(tmp_path):
    (tmp_path / "a.tflite").write_text("mine")
    (tmp_path / "b.tflite.json").write_text('{"mine": 1}')
    (tmp_path / "c.json").write_text('{"mine": 1}')
    ae = aezoo.vanilla(4, 2)
    for name in ("a.tflite", "b.tflite"):
        with pytest.raises(FileExistsError, match="exists already"):
            aezoo.export_tflite(ae, tmp_path / name)
    with pytest.raises(FileExistsError, match="c.json exists already"):
        aezoo.export_tflite(
            ae, tmp_path / "c", quantize="int8", target="micro", calibration_data=np.ones((30, 4))
        )
    assert files(tmp_path) == ["a.tflite", "b.tflite.json", "c.json"]


def test_score_signature(trained, digits, tmp_path):
    path = tmp_path / "model.tflite"
    signatures = ("reconstruct", "score")
    aezoo.export_tflite(trained("deep"), path, signatures=signatures, samples=digits[1])
    lite = aezoo.LiteModel(path)
    assert lite.parts == signatures
    expected = trained("deep").reconstruction_error(digits[1])
    np.testing.assert_allclose(lite.score(digits[1]), expected, rtol=1e-3)


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_file_is_that_of_the_report(trained, digits, tmp_path, monkeypatch):
    """Also where another way was tried after it."""

    def first(ways, make, tolerance):
        found, _ = (make(*way) for way in ways)
        return found

    monkeypatch.setattr(tflite, "nearest", first)
    monkeypatch.setattr(tflite, "ways", lambda *_: [(True, None), (False, None)])
    path = tmp_path / "model.tflite"
    options = {"quantize": "int8", "calibration_data": digits[0], "samples": digits[1]}
    report = aezoo.export_tflite(trained("deep"), path, **options)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == report.sha256
    assert report.parity["mse_export"] == pytest.approx(
        aezoo.LiteModel(path).score(digits[1]).mean()
    )


@pytest.mark.slow
def test_a_scale_for_each_unit(trained, digits, tmp_path, monkeypatch):
    options = {"quantize": "int8", "calibration_data": digits[0], "samples": digits[1]}
    sizes, errors = [], []
    for per_unit in (False, True):
        monkeypatch.setattr(tflite, "ways", lambda *_, one=(per_unit, None): [one])
        report = aezoo.export_tflite(trained("deep"), tmp_path / "model.tflite", **options)
        sizes.append(report.size)
        errors.append(report.parity["mean_difference"])
    units = 512 + 256 + 8 + 256 + 512 + 64
    # scales of kernel and bias, 4 bytes each, and zeros of 8; layers of as many units share those
    assert 8 * units < sizes[1] - sizes[0] < 16 * units
    assert errors[1] != errors[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        ("MSE_INCREASE", {"int8": -1}, "reconstructs worse"),
        ("RANK_CORRELATION", 2, "ranks samples unlike"),
        ("NOISE", 0, "gives codes that differ"),
    ],
)
def test_each_bound_makes_ranges_narrower_and_scales_finer_before_it_refuses(
    trained, digits, tmp_path, monkeypatch, bound, value, said
):
    asked = []

    def convert(*arguments):
        ranges, _, per_unit = arguments[3:]
        asked.append((per_unit, ranges is not None))
        return real(*arguments)

    real = tflite.convert
    monkeypatch.setattr(tflite, "convert", convert)
    monkeypatch.setattr(bounds, bound, value)
    path = tmp_path / "model.tflite"
    options = {"quantize": "int8", "calibration_data": digits[0], "samples": digits[1]}
    with pytest.raises(aezoo.ExportError, match=said):
        aezoo.export_tflite(trained("deep"), path, **options)
    # calibrated, twice with narrower ranges that the file brings, and calibrated again
    assert asked == [(False, True), (False, False), (True, False), (True, True)]


@pytest.mark.parametrize("given", ["reconstruct", iter(["reconstruct"])])
def test_one_signature(tmp_path, given):
    path = tmp_path / "model.tflite"
    report = aezoo.export_tflite(aezoo.vanilla(4, 2), path, signatures=given)
    assert list(report.contents["signatures"]) == ["reconstruct"]


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"path": "model"}, ValueError, r"end in \.tflite"),
        ({"path": "model.onnx"}, ValueError, r"end in \.tflite"),
        ({"path": "no/model.tflite"}, FileNotFoundError, "no folder"),
        ({"path": "folder.tflite"}, FileExistsError, "is a folder"),
        ({"quantize": "int2"}, ValueError, "one of .*'int4'.*'int2'"),
        ({"quantize": "int4"}, ValueError, "int4 needs calibration_data"),
        ({"quantize": "int4", "target": "micro"}, ValueError, "one of .'int8', 'int16x8'"),
        ({"quantize": "int8"}, ValueError, "int8 needs calibration_data: .* from all over.*permut"),
        ({"quantize": "int16x8"}, ValueError, "int16x8 needs calibration_data"),
        ({"quantize": "int16x8", "io": "int8"}, ValueError, "io must be .*int16.*float32.*'int8'"),
        ({"quantize": "int8", "calibration_data": np.full((9, 4), np.nan)}, ValueError, "NaN"),
        ({"samples": np.zeros((9, 5))}, ValueError, r"\(n, 4\).*\(9, 5\)"),
        ({"samples": np.zeros((1, 4))}, ValueError, "2 samples or more"),
        ({"samples": np.ones((9, 4))}, ValueError, "must differ"),
        ({"quantize": "float16", "samples": TABLE[:19]}, ValueError, "20 samples or more"),
        ({"quantize": "int8", "calibration_data": TABLE[:19]}, ValueError, "20 calibration_data"),
        ({"signatures": 3}, ValueError, "signatures must be one of .*3"),
        ({"signatures": ("reconstruct",) * 2}, ValueError, "each name once"),
        ({"signatures": ("encoder",)}, ValueError, "'encoder'"),
        ({"signatures": ("encode",)}, ValueError, "must have 'reconstruct'"),
        ({"tolerance": 0.1}, ValueError, "float32 is the model"),
        ({"quantize": "float16", "tolerance": 0}, ValueError, "tolerance must be .* above 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be .* positive integers.*0"),
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


def test_no_operator_outside_the_builtin_set(tmp_path):
    """What TensorFlow calls Flex is refused when converting, not found out on the device."""
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Lambda(lambda t: tf.math.erfinv(t * 0.1))(inputs))
    decoder = aezoo.backbones.build("dense", 4, 4)[1]
    ae = aezoo.Autoencoder(encoder, decoder)
    with pytest.raises(aezoo.ExportError, match="Erfinv"):
        aezoo.export_tflite(ae, tmp_path / "model.tflite")
    assert files(tmp_path) == []
