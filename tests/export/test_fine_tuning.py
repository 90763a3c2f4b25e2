import keras
import numpy as np
import pytest

import aezoo
from aezoo.export import bounds, tflite
from aezoo.export.fine_tuning import Simulation, copied, fine_tuned


@pytest.fixture
def coarse(digits):
    """A function that makes a model with a linear detour of large weights, which int8 rounds."""
    keras.utils.set_random_seed(0)
    ae = aezoo.vanilla((8, 8, 1), 8)
    ae.fit(digits[0], epochs=10, batch_size=32, verbose=0)
    code, features = ae.encoder.get_layer("latent"), ae.decoder.layers[1]
    for layer, weights in ((code, [0, 1]), (features, None)):
        if weights:  # one unit of the code in steps that are as coarse as its values
            layer.kernel.assign(layer.kernel * np.float32([30] + [1] * 7))
            layer.bias.assign(layer.bias * np.float32([30] + [1] * 7))
        else:
            layer.kernel.assign(layer.kernel / np.float32([[30]] + [[1]] * 7))
    return ae


def weights_of(ae):
    return [np.array(weight) for weight in ae.get_weights()]


def test_int8_loses_less_and_the_model_stays(coarse, digits):
    before = weights_of(coarse)
    found = fine_tuned(coarse, digits[0], epochs=3)
    for ours, theirs in zip(before, weights_of(coarse), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    told = found.told
    assert told["mse_before"] > 1.02 * told["mse_keras"]
    assert told["mse_after"] <= told["mse_ranges"] <= told["mse_before"]
    lost = told["mse_before"] - told["mse_keras"]
    assert told["mse_after"] - told["mse_keras"] < 0.8 * lost
    test = found.error(digits[1]) - coarse.reconstruction_error(digits[1]).mean()
    plain = Simulation(coarse)
    plain.calibrate(digits[0][:300])
    assert test < 0.8 * (plain.error(digits[1]) - coarse.reconstruction_error(digits[1]).mean())


@pytest.mark.slow
def test_ranges_follow_the_model_and_not_the_samples(digits):
    """One that is trained on spoilt samples has values to cut off, for which errors get less."""
    ratios = []
    for seed in range(3):  # of one training the gain may be none
        keras.utils.set_random_seed(seed)
        ae, x = aezoo.masked((8, 8, 1), 8), digits[1]
        ae.fit(digits[0], epochs=6, batch_size=32, verbose=0)
        plain = Simulation(copied(ae))
        plain.calibrate(digits[0])
        own = ae.reconstruct(x)
        ratios.append(fine_tuned(ae, digits[0], epochs=0).error(x, own) / plain.error(x, own))
    assert np.mean(ratios) < 0.98


@pytest.mark.slow
def test_a_copy_of_the_same_kind(trained, digits):
    ae = trained("variational")
    tuned = aezoo.quantize_aware(ae, digits[0][:200], epochs=1)
    assert type(tuned) is type(ae)
    assert tuned is not ae
    assert tuned.sample(2, seed=0).shape == (2, 8, 8, 1)
    spread = ae.encode(digits[1]).std()
    assert np.abs(tuned.encode(digits[1]) - ae.encode(digits[1])).mean() < 0.05 * spread


def test_batch_normalization_is_folded(digits):
    ae = aezoo.conv((8, 8, 1), 4, filters=(4, 8), batch_normalization=True)
    ae.fit(digits[0], epochs=2, batch_size=32, verbose=0)
    expected, before = ae.reconstruct(digits[1]), ae.get_weights()
    folded = aezoo.quantize_aware(ae, digits[0][:40], epochs=0)
    np.testing.assert_allclose(folded.reconstruct(digits[1]), expected, atol=1e-4)
    for ours, theirs in zip(before, ae.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    layer = folded.encoder.get_layer("batch_normalization_1")
    np.testing.assert_array_equal(layer.beta, np.zeros(4))
    assert layer.trainable


def test_a_batch_normalization_without_a_layer_to_fold_into():
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.BatchNormalization(name="odd")(inputs))
    ae = aezoo.Autoencoder(encoder, keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)]))
    with pytest.raises(ValueError, match="'odd' cannot be folded"):
        aezoo.quantize_aware(ae, np.random.default_rng(0).random((40, 4), "float32"), epochs=0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("residual", {}, marks=pytest.mark.slow),
        ("conv", {"batch_normalization": True}),
    ],
)
def test_the_file_is_what_was_simulated(digits, tmp_path, name, options):
    keras.utils.set_random_seed(0)
    ae = aezoo.build(name, (8, 8, 1), 8, filters=(8,), **options)
    ae.fit(digits[0], epochs=6, batch_size=32, verbose=0)
    report = aezoo.export_tflite(
        *(ae, tmp_path / "model.tflite"),
        quantize="int8",
        calibration_data=digits[0],
        samples=digits[1],
        fine_tune=digits[0],
        fine_tune_epochs=1,
    )
    assert report.contents["float_ops"] == {}
    found = report.fine_tuning
    assert found["outputs_apart"] < 0.3
    assert found["most_steps"] < 30
    assert found["epochs"] == 1
    assert report.parity["mse_export"] < 1.02 * report.parity["mse_keras"]
    assert "file against simulation" in str(report)


@pytest.mark.slow
def test_finer_scales_are_simulated_as_the_file_has_them(trained, digits, tmp_path, monkeypatch):
    scales = []

    def converted(source, *arguments):
        simulated = hasattr(source, "trained")
        units = {layer.per_unit for layer in source.weights} if simulated else None
        scales.append((arguments[5], units))
        return real(source, *arguments)

    real = tflite.converted
    monkeypatch.setattr(tflite, "converted", converted)
    monkeypatch.setitem(bounds.MSE_INCREASE, "int8", -1)
    with pytest.raises(aezoo.ExportError, match="reconstructs worse") as error:
        aezoo.export_tflite(
            *(trained("vanilla"), tmp_path / "model.tflite"),
            quantize="int8",
            calibration_data=digits[0],
            samples=digits[1],
            fine_tune=digits[0],
            fine_tune_epochs=1,
        )
    assert scales == [(False, {False}), (True, {True}), (True, None)]
    assert "fine_tune" not in str(error.value)
    assert error.value.report.fine_tuning["samples"] == 1294  # nine tenths of 1,437


def test_weights_of_four_bits_are_rounded_once(trained):
    found = Simulation(copied(trained("conv")), per_unit=True, bits=4)
    most = {type(rounded.layer).__name__: rounded.most for rounded in found.weights}
    assert most == {"Conv2D": 7, "Conv2DTranspose": 127, "Dense": 7}
    found.round_weights()
    for rounded in found.weights:
        kernel = np.array(rounded.layer.kernel)
        np.testing.assert_allclose(rounded.in_steps(kernel), kernel, atol=1e-6)
        if rounded.most == 7:
            units = kernel.reshape(-1, kernel.shape[-1])
            assert all(len(np.unique(np.round(unit, 6))) <= 15 for unit in units.T)


@pytest.mark.slow
def test_scaled_tables_and_ends_in_float(tmp_path, rng):
    x = (rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) * 50 + 1000).astype("float32")
    ae = aezoo.deep(5, 2, hidden_units=(16,), normalization="standard")
    ae.fit(x, epochs=10, batch_size=32, verbose=0)
    report = aezoo.export_tflite(
        *(ae, tmp_path / "model.tflite"),
        quantize="int8",
        io="float32",
        calibration_data=x,
        fine_tune=x,
        signatures="reconstruct",
    )
    (entry,) = report.contents["signatures"]["reconstruct"]["outputs"].values()
    assert entry["dtype"] == "float32"
    found = report.fine_tuning  # of normalized values, whose variance is 1
    assert found["mse_keras"] < found["mse_after"] < 1.02 * found["mse_keras"] < 1.02


def test_linear_paths_stay_untrained(digits):
    ae = aezoo.vanilla((8, 8, 1), 4, linear_path=True)
    ae.fit(digits[0], epochs=1, verbose=0)
    before = [np.array(w) for w in ae.encoder.get_layer("linear_path").get_weights()]
    tuned = aezoo.quantize_aware(ae, digits[0][:100], epochs=1)
    path = tuned.encoder.get_layer("linear_path")
    assert path.trainable == ae.encoder.get_layer("linear_path").trainable
    if not path.trainable:
        for ours, theirs in zip(before, path.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_what_is_refused(trained, digits, tmp_path):
    ae, path = trained("vanilla"), tmp_path / "model.tflite"
    options = {"quantize": "int8", "calibration_data": digits[0]}
    for bad, reason in (
        (digits[0][:19], "20 samples or more. Received: 19"),
        (digits[0][:, :4], "fine_tune"),
        (np.full((40, 8, 8, 1), np.nan), "NaN"),
    ):
        with pytest.raises(ValueError, match=reason):
            aezoo.export_tflite(ae, path, fine_tune=bad, **options)
    with pytest.raises(ValueError, match="epochs"):
        aezoo.quantize_aware(ae, digits[0], epochs=-1)
    with pytest.raises(ValueError, match="fine_tune_epochs says how often"):
        aezoo.export_tflite(ae, path, fine_tune_epochs=0, **options)
    with pytest.raises(ValueError, match="quantize must be one of"):
        aezoo.export_tflite(ae, path, fine_tune=digits[0])
    with pytest.raises(ValueError, match="codebook"):
        aezoo.quantize_aware(trained("vector_quantized"), digits[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ranges_are_narrowed_where_the_calibrated_ones_are_too_wide(
    trained, digits, tmp_path, monkeypatch
):
    """A channel far below 0, which a ReLU after the addition drops, must not take up the steps."""
    monkeypatch.setitem(bounds.MSE_INCREASE, "int8", 1)  # what is left may still be too much
    monkeypatch.setattr(bounds, "_ranks", lambda parity: None)
    ae = copied(trained("residual"))
    bias = ae.decoder.get_layer("block_1_1_2").bias
    bias.assign(np.concatenate([[-1000], np.array(bias)[1:]]))
    given = {"quantize": "int8", "calibration_data": digits[0], "samples": digits[1]}
    report = aezoo.export_tflite(ae, tmp_path / "model.tflite", **given)
    found = report.fine_tuning
    assert found["epochs"] == 0
    assert found["mse_before"] > 1.05 * found["mse_keras"]
    lost = found["mse_before"] - found["mse_keras"]
    assert found["mse_ranges"] - found["mse_keras"] < 0.5 * lost
    assert report.parity["mse_export"] - report.parity["mse_keras"] < 0.5 * lost
    assert "with narrower ranges, which took" in str(report)
    assert "epochs" not in str(report)


@pytest.mark.slow
def test_what_cannot_be_simulated_keeps_its_ranges(tmp_path, digits, monkeypatch):
    """A codebook has no narrower ranges: what is told is that it was refused, and why."""
    monkeypatch.setitem(bounds.MSE_INCREASE, "int8", -1)
    ae = aezoo.vector_quantized((8, 8, 1), 4)
    with pytest.raises(aezoo.ExportError, match="reconstructs worse") as error:
        aezoo.export_tflite(
            *(ae, tmp_path / "model.tflite"), quantize="int8", calibration_data=digits[0]
        )
    assert error.value.report.fine_tuning == {}
