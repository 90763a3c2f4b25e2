import keras
import numpy as np
import pytest

import aezoo


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(layer, steps):
    """Hochreiter and Schmidhuber's cell, step by step, in the order of Keras's gates."""
    kernel, inner, bias = (np.asarray(w, "float64") for w in layer.weights)
    h = c = np.zeros(layer.units)
    told = []
    for x in steps:
        i, f, g, o = np.split(x @ kernel + h @ inner + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        told.append(h)
    return np.array(told)


def dense(layer, x):
    return x @ np.asarray(layer.kernel) + np.asarray(layer.bias)


def test_against_cells_in_numpy(rng):
    ae = aezoo.recurrent((7, 2), 3, units=(5, 4))
    x = rng.normal(size=(7, 2)).astype("float32")
    there, back = (lambda name, m=m: m.get_layer(name) for m in (ae.encoder, ae.decoder))
    h = lstm(there("lstm_2"), lstm(there("lstm_1"), x))
    code = dense(there("latent"), h[-1])
    np.testing.assert_allclose(ae.encode(x[None])[0], code, rtol=1e-4, atol=1e-5)
    g = lstm(back("lstm_2"), lstm(back("lstm_1"), np.tile(code, (7, 1))))
    expected = dense(back("output"), g)
    np.testing.assert_allclose(ae.reconstruct(x[None])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(6,), (6, 2), (5, 4, 3)])
def test_any_shape_whose_first_axis_is_time(shape, rng):
    ae = aezoo.recurrent(shape, 3, units=(4,), cell="gru", dropout=0.1)
    x = rng.random((3, *shape)).astype("float32")
    assert ae.reconstruct(x).shape == x.shape


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow exports")
@pytest.mark.parametrize("cell", ["gru", pytest.param("lstm", marks=pytest.mark.slow)])
def test_exports_have_their_steps_written_out(cell, rng, tmp_path):
    ae = aezoo.recurrent((4, 2), 3, units=(4,), cell=cell)
    x = rng.normal(size=(60, 4, 2)).astype("float32")
    report = aezoo.export_tflite(ae, tmp_path / "model.tflite", samples=x)
    assert "WHILE" not in report.contents["ops"]
    lite = aezoo.LiteModel(tmp_path / "model.tflite")
    np.testing.assert_allclose(lite.reconstruct(x), ae.reconstruct(x), atol=1e-5)
    assert not any(getattr(layer, "unroll", False) for layer in ae.encoder.layers)
    with pytest.raises(aezoo.ExportError, match="cannot express the states of recurrent layers"):
        aezoo.export_tflite(ae, tmp_path / "int8.tflite", quantize="int8", calibration_data=x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "rnn"}, "cell must be one of.*'rnn'"),
        ({"units": ()}, "units must name at least one"),
        ({"units": (0,)}, "units.*0"),
        ({"dropout": 1}, "dropout.*1"),
        ({"linear_path": True}, "Unknown option 'linear_path'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.recurrent((9, 2), 4, **options)
