import json

import keras
import numpy as np
import pytest

import aezoo
from aezoo.export.fine_tuning import copied
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


@pytest.mark.parametrize("name", aezoo.list_models())
def test_families_that_are_trained_for_reconstruction_alone(name):
    ae = aezoo.build(name, (8, 8, 1), 4)
    if name in ("vanilla", "deep", "conv", "residual"):
        refuse_untrainable(ae)
    else:
        with pytest.raises(ValueError, match="for reconstruction alone"):
            refuse_untrainable(ae)


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
