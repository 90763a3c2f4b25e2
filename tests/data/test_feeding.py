import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import aezoo
from aezoo.data import feeding

pytestmark = pytest.mark.usefixtures("xla")


@pytest.fixture
def x():
    return np.arange(50, dtype="float32").reshape(25, 2) / 50


def read(data):
    return [[None if part is None else part.numpy() for part in batch] for batch in data]


def test_every_sample_once_with_its_target_and_weight(x):
    weights = np.arange(25, dtype="float32")
    data = feeding.batches((x, 2 * x, weights), 10, shuffle=True)
    assert int(data.cardinality()) == 3
    orders = []
    for _ in range(2):
        epoch = read(data)
        assert [len(batch[0]) for batch in epoch] == [10, 10, 5]
        inputs, targets, order = (np.concatenate(parts) for parts in zip(*epoch, strict=True))
        np.testing.assert_array_equal(np.sort(order), weights)
        np.testing.assert_array_equal(inputs, x[order.astype(int)])
        np.testing.assert_array_equal(targets, 2 * inputs)
        orders.append(order.tolist())
    assert orders[0] != orders[1] != weights.tolist()


def test_in_order_and_without_targets(x):
    for _ in range(2):
        inputs, targets, weights = zip(
            *read(feeding.batches((x, None, None), 25, False)), strict=True
        )
        np.testing.assert_array_equal(inputs[0], x)
        assert targets == weights == (None,)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_trains_as_keras_does(x, parts, monkeypatch):
    arrays = (x, x[::-1].copy(), np.linspace(0, 1, 25, dtype="float32"))[:parts]
    kwargs = dict(zip(("x", "y", "sample_weight"), arrays, strict=False))
    weights = []
    for worthwhile in (True, False):
        monkeypatch.setattr(feeding, "worthwhile", lambda ae, answer=worthwhile: answer)
        keras.utils.set_random_seed(0)
        ae = aezoo.deep(2, 1, hidden_units=(4,))
        ae.fit(**kwargs, batch_size=10, epochs=3, shuffle=False, verbose=0)
        weights.append(ae.get_weights())
    for own, kerass in zip(*weights, strict=True):
        np.testing.assert_allclose(own, kerass, atol=1e-6)


def test_the_seed_decides_the_order(x):
    losses = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        ae = aezoo.deep(2, 1, hidden_units=(4,))
        losses.append(ae.fit(x, batch_size=5, epochs=2, verbose=0).history["loss"])
    assert losses[0] == losses[1]


def test_a_target_that_is_the_input_is_held_once(x, monkeypatch):
    converted, real = [], tf.convert_to_tensor
    monkeypatch.setattr(tf, "convert_to_tensor", lambda a: converted.append(a) or real(a))
    data = feeding.batches((x, x, x[:, 0]), 25, shuffle=False)
    assert len(converted) == 2
    ((inputs, targets, weights),) = read(data)
    np.testing.assert_array_equal(inputs, x)
    np.testing.assert_array_equal(targets, x)
    np.testing.assert_array_equal(weights, x[:, 0])


@pytest.mark.parametrize("kwargs", [{"y": np.ones((24, 2))}, {"sample_weight": np.ones(26)}])
def test_lengths_that_differ_are_refused(x, kwargs):
    with pytest.raises(ValueError, match="as many samples.*25, 2"):
        aezoo.deep(2, 1, hidden_units=(4,)).fit(x, **kwargs, verbose=0)


def test_a_model_built_under_a_strategy_is_left_to_keras(x):
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        ae = aezoo.deep(2, 1, hidden_units=(4,))
    assert not feeding.worthwhile(ae)
    assert feeding.worthwhile(aezoo.deep(2, 1, hidden_units=(4,)))
    assert len(ae.fit(x, verbose=0).history["loss"]) == 1


def test_validation_has_the_batches_of_the_training(x):
    sizes = []
    callback = keras.callbacks.LambdaCallback()
    callback.on_test_batch_end = lambda batch, logs=None: sizes.append(batch)
    ae = aezoo.deep(2, 1, hidden_units=(4,))
    ae.compile("adam", "mse")
    ae.fit(x, validation_data=x, batch_size=5, callbacks=[callback], verbose=0)
    assert len(sizes) == 5


def test_batches_are_read_ahead_where_another_device_computes(x, monkeypatch):
    data = feeding.batches([x], 10, shuffle=False)
    assert feeding.read_ahead(data) is data
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])
    ahead = feeding.read_ahead(data)
    assert ahead.__class__.__name__.startswith("_Prefetch")
    assert len(ahead) == 3
    for own, other in zip(ahead, data, strict=True):
        np.testing.assert_array_equal(own[0], other[0])


ON_TWO = """
import numpy as np, tensorflow as tf
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
from aezoo.data.feeding import held
with tf.device("CPU:1"):
    print(tf.convert_to_tensor(np.ones(3)).device[-1], held(np.ones(3)).device[-1])
"""


@pytest.mark.slow
def test_what_is_gathered_from_stays_with_the_processor():
    done = subprocess.run([sys.executable, "-c", ON_TWO], capture_output=True, text=True)
    assert done.stdout == "1 0\n", done.stderr


JAX = """
import keras, numpy as np
from aezoo.data import feeding
x = np.arange(25.0)
def read(data, epochs=2):
    found = []
    for _ in range(epochs):
        data.on_epoch_begin()
        found.append([data[i] for i in range(len(data))])
        data.on_epoch_end()
    return found
first, second = read(feeding.batches((x, None, 2 * x), 10, shuffle=True))
assert [len(batch[0]) for batch in first] == [10, 10, 5] and first[0][1] is None
orders = [np.concatenate([batch[0] for batch in epoch]) for epoch in (first, second)]
assert all((np.sort(order) == x).all() for order in orders)
assert (orders[0] != orders[1]).any()
assert all((batch[2] == 2 * batch[0]).all() for batch in first)
made = []
for begin in (0, 0, 1):
    keras.utils.set_random_seed(7)
    made.append(read(feeding.batches([x], 25, True, begin)))
assert (made[0][0][0][0] == made[1][0][0][0]).all()
assert (made[0][1][0][0] == made[2][0][0][0]).all()
((batch,),) = read(feeding.batches([x], 25, False), 1)
assert (batch[0] == x).all()
"""


@pytest.mark.slow
def test_on_jax_the_seed_and_the_epoch_decide_the_order():
    pytest.importorskip("jax", reason="needs JAX")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", JAX], check=True, env=environment)
