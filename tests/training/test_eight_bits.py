import json

import keras
import numpy as np
import pytest

import aezoo
from aezoo.export.fine_tuning import Simulation, copied
from aezoo.training.eight_bits import refuse_untrainable, standardize_codes, train_on
from aezoo.training.plan import planned


@pytest.fixture(scope="module")
def digits():
    return aezoo.load_dataset("digits").x, aezoo.load_dataset("digits", "test").x


@pytest.fixture(scope="module")
def deep(digits):
    keras.utils.set_random_seed(0)
    ae = aezoo.deep((8, 8, 1), 8)
    ae.fit(digits[0], epochs=6, batch_size=32, verbose=0)
    return ae


@pytest.fixture
def plan(digits):
    return planned("deep", digits[0][:1000], digits[0][1000:], 8, {}, max_shift=0, flip=False)


@pytest.fixture
def coarse(deep):
    """A model with one unit of the code in steps that are as coarse as the values of others."""
    ae = copied(deep)
    scale = np.float32([30] + [1] * 7)
    code, features = ae.encoder.get_layer("latent"), ae.decoder.layers[1]
    code.kernel.assign(code.kernel * scale)
    code.bias.assign(code.bias * scale)
    features.kernel.assign(features.kernel / scale[:, np.newaxis])
    return ae


@pytest.mark.slow
def test_int8_loses_less(coarse, digits, plan, tmp_path):
    ae, before = coarse, copied(coarse)
    x, held_out = digits[0][:1000], digits[0][1000:]
    how = {"batch_size": 32, "learning_rate": 2e-3, "patience": 20, "folder": tmp_path}
    found = train_on(ae, x, held_out, plan, 0, epochs=8, **how)
    assert found["epochs_run"] == 8
    assert found["val_loss"][1] < found["val_loss"][0]
    assert len((tmp_path / "log-int8.csv").read_text().splitlines()) == 9
    assert "trained on as int8 computes" in plan.reasons[-1]
    given = {"quantize": "int8", "calibration_data": digits[0], "samples": digits[1]}
    report = aezoo.export_tflite(ae, tmp_path / "model.tflite", **given)
    with pytest.raises(aezoo.ExportError) as refused:
        aezoo.export_tflite(before, tmp_path / "before.tflite", **given)
    assert report.parity["mse_export"] < refused.value.report.parity["mse_export"]


@pytest.mark.slow
def test_what_gets_no_better_stays_as_it_was(deep, digits, plan, tmp_path):
    ae = copied(deep)
    expected = ae.reconstruct(digits[1])
    how = {"batch_size": 32, "learning_rate": 1e9, "patience": 1, "folder": tmp_path}
    found = train_on(ae, digits[0][:1000], digits[0][1000:], plan, 0, epochs=2, **how)
    assert found["val_loss"][1] == found["val_loss"][0]
    np.testing.assert_allclose(ae.reconstruct(digits[1]), expected, atol=1e-5)


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize("name", ["vanilla", "conv"])
def test_codes_are_standardized_and_decoded_as_before(digits, name, linear_path):
    options = {"latent_activation": "linear"} if name == "vanilla" else {}
    ae = aezoo.build(name, (8, 8, 1), 4, linear_path=linear_path, **options)
    ae.fit(digits[0], epochs=1, verbose=0)
    expected = ae.reconstruct(digits[1])
    standardize_codes(ae, digits[0])
    codes = ae.encode(digits[0])
    np.testing.assert_allclose(codes.mean(axis=0), np.zeros(4), atol=1e-3)
    np.testing.assert_allclose(codes.std(axis=0), np.ones(4), atol=1e-3)
    np.testing.assert_allclose(ae.reconstruct(digits[1]), expected, atol=1e-4)


def test_codes_of_an_activation_are_left_alone(digits):
    ae = aezoo.vanilla((8, 8, 1), 4, latent_activation="relu")
    before = ae.encode(digits[0])
    standardize_codes(ae, digits[0])
    np.testing.assert_array_equal(ae.encode(digits[0]), before)


def test_what_else_reads_a_code_keeps_its_reconstructions(digits):
    inputs = keras.Input((6,))
    both = keras.layers.Concatenate()([inputs, keras.layers.Dense(4)(inputs)])
    decoder = keras.Model(inputs, keras.layers.Dense(64)(both))
    encoder = keras.Sequential([keras.Input((64,)), keras.layers.Dense(6)])
    ae = aezoo.Autoencoder(encoder, decoder)
    x = digits[0].reshape(-1, 64)
    expected = ae.reconstruct(x)
    standardize_codes(ae, x)
    np.testing.assert_allclose(ae.reconstruct(x), expected, atol=1e-4)


def test_an_idle_unit_keeps_its_scale(deep, digits):
    ae = copied(deep)
    layer = ae.encoder.get_layer("latent")
    layer.kernel.assign(layer.kernel * np.float32([0] + [1] * 7))
    standardize_codes(ae, digits[0])
    assert np.abs(ae.decoder.layers[1].kernel).max() < 100
    assert np.abs(layer.kernel).max() < 100


@pytest.mark.parametrize("name", aezoo.list_models())
def test_families_that_are_trained_for_reconstruction_alone(name):
    ae = aezoo.build(name, (8, 8, 1), 4)
    if name in ("vanilla", "deep", "conv", "residual", "temporal"):
        refuse_untrainable(ae)
    else:
        with pytest.raises(ValueError, match="for reconstruction alone|in a LSTM is not known"):
            refuse_untrainable(ae)


@pytest.mark.slow
def test_a_run_says_what_came_of_it(tmp_path):
    run = aezoo.train("deep", "digits", epochs=2, quantize_aware=2, output=tmp_path / "run")
    training = json.loads((run.folder / "metrics.json").read_text())["training"]
    assert training["quantize_aware"] == 2
    assert training["int8"]["epochs_run"] == 2
    assert training["epochs_run"] == 2
    assert not training["interrupted"]
    assert "trained on as int8 computes" in run.chosen[-1]
    kept = keras.saving.load_model(run.folder / "model.keras")
    x = aezoo.load_dataset("digits", "test").x
    np.testing.assert_allclose(kept.reconstruct(x), run.model.reconstruct(x), atol=1e-6)


@pytest.mark.slow
def test_tables_and_what_train_chooses_for_them(tmp_path, rng):
    """Rows far out are cut off for the network, and values are scaled."""
    x = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 7)) * 50 + 1000
    np.save(tmp_path / "x.npy", x.astype("float32"))
    options = {"epochs": 2, "quantize_aware": 2, "output": tmp_path / "run"}
    run = aezoo.train("deep", tmp_path / "x.npy", **options)
    before, after = json.loads((run.folder / "metrics.json").read_text())["training"]["int8"][
        "val_loss"
    ]
    assert after <= before < 1  # of normalized values, whose variance is 1


@pytest.mark.slow
def test_an_error_leaves_the_trained_model(tmp_path):
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if not isinstance(self.model, aezoo.Autoencoder):
                raise RuntimeError("It is broken.")

    given = {"epochs": 1, "quantize_aware": 1, "callbacks": [Broken()]}
    with pytest.raises(RuntimeError, match="broken"):
        aezoo.train("deep", "digits", output=tmp_path / "run", **given)
    keras.saving.load_model(tmp_path / "run.unfinished" / "model.keras")


@pytest.mark.parametrize("when", ["calibrate", "fit"])
def test_ctrl_c_keeps_what_was_trained(deep, digits, plan, tmp_path, monkeypatch, when):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    if when == "calibrate":
        monkeypatch.setattr(Simulation, "calibrate", interrupt)
    else:
        monkeypatch.setattr(keras.Model, "fit", interrupt)
    ae = copied(deep)
    how = {"batch_size": 32, "learning_rate": 1e-3, "patience": 1, "folder": tmp_path}
    found = train_on(ae, digits[0][:1000], digits[0][1000:], plan, 0, epochs=2, **how)
    assert found["interrupted"]
    for ours, theirs in zip(ae.get_weights(), deep.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_batch_normalizations_can_be_trained_further(tmp_path):
    options = {"batch_normalization": True, "epochs": 1, "quantize_aware": 1}
    run = aezoo.train("conv", "digits", output=tmp_path / "run", refinement=0, **options)
    kept = keras.saving.load_model(run.folder / "model.keras")
    assert len(kept.trainable_variables) == len(run.model.trainable_variables)
    assert len(kept.trainable_variables) == len(kept.optimizer._trainable_variables)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"quantize_aware": -1}, "quantize_aware"),
        ({"quantize_aware": 1.5}, "quantize_aware"),
        ({"quantize_aware": 2, "minutes": 1}, "not both"),
        ({"quantize_aware": 2, "model": "variational"}, "for reconstruction alone"),
    ],
)
def test_what_is_refused_before_anything_is_trained(tmp_path, given, said):
    with pytest.raises(ValueError, match=said):
        aezoo.train(**{"model": "deep", **given}, data="digits", output=tmp_path / "run")
    assert not list(tmp_path.iterdir())
