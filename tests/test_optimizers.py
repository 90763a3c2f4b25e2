import keras
import numpy as np
import pytest

import aezoo
from aezoo.optimizers import WarmupAdam


def steps(optimizer, count, gradient=1.0):
    """The values of one weight over some updates with a constant gradient."""
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer.build([weight])
    values = [0.0]
    for _ in range(count):
        optimizer.apply([keras.ops.convert_to_tensor([gradient])], [weight])
        values.append(float(weight.numpy()[0]))
    return np.diff(values)


def test_steps_rise_linearly_to_adams():
    plain = steps(keras.optimizers.Adam(0.1), 8)
    np.testing.assert_allclose(plain, -0.1, rtol=1e-4)  # Adam's step is the learning rate
    warm = steps(WarmupAdam(0.1, warmup_steps=5), 8)
    np.testing.assert_allclose(warm / plain, [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1], rtol=1e-4)


def test_learning_rate_can_be_set(tmp_path):
    ae = aezoo.deep(8, 2)
    assert isinstance(ae.optimizer, WarmupAdam)
    ae.optimizer.learning_rate = 0.5
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert loaded.warmup_steps == 200
    assert float(loaded.learning_rate) == 0.5


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam, WarmupAdam])
def test_wide_network_collapses_without_warmup_only(optimizer):
    x = aezoo.load_dataset("digits").x.repeat(4, axis=1).repeat(4, axis=2)
    ae = aezoo.deep((32, 32, 1), 8, hidden_units=(1500, 750))
    ae.compile(optimizer(0.004), loss="mse", jit_compile=True, steps_per_execution=20)
    ae.fit(x, batch_size=32, epochs=2, verbose=0)
    spread = ae.reconstruct(x[:100]).std(axis=0).mean()  # 0 for one constant image
    assert (spread > 0.1) == (optimizer is WarmupAdam)


def test_bad_value():
    with pytest.raises(ValueError, match="warmup_steps.*0"):
        WarmupAdam(warmup_steps=0)
