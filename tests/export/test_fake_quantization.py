import keras
import numpy as np
import pytest
from keras import layers

from aezoo.export.fake_quantization import (
    AtRest,
    Rounded,
    RoundedWeights,
    fake_quantized,
    readers_of,
    rounding_layers,
)


def kinds(model):
    return [
        f"{type(x).__name__} {x.layer.name}" if isinstance(x, AtRest) else type(x).__name__
        for x in model.layers[1:]
    ]


def settled(low, high, **options):
    layer = Rounded(**options)
    layer.build(())
    layer.seen = []
    layer(np.float32([low, high]))
    layer.settle()
    return layer


def test_values_are_in_256_steps():
    values = np.linspace(-2, 4, 1999).astype("float32")
    rounded = keras.ops.convert_to_numpy(settled(-1.0, 2.0)(values))
    step = 3 / 255
    np.testing.assert_allclose(rounded, np.round(np.clip(values, -1, 2) / step) * step, atol=1e-6)
    assert len(np.unique(rounded)) == 256


def test_ranges_hold_zero_and_end_where_a_sigmoid_does():
    assert [float(end) for end in settled(2.0, 3.0).range()] == [0.0, 3.0]
    assert [float(end) for end in settled(-9.0, 3.0, most=6.0).range()] == [-6.0, 3.0]
    assert [float(end) for end in settled(-9.0, 3.0, ends=(0.0, 1.0)).range()] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("layer", "shape", "axes", "per_unit"),
    [
        (layers.Dense(5), (4,), None, False),
        (layers.Dense(5), (4,), 0, True),
        (layers.Conv2D(5, 3), (6, 6, 2), (0, 1, 2), False),
        (layers.Conv2DTranspose(5, 3), (6, 6, 2), (0, 1, 3), True),
    ],
)
def test_weights_are_in_steps_by_channel(rng, layer, shape, axes, per_unit):
    x = rng.normal(size=(3, *shape)).astype("float32")
    layer.build((None, *shape))
    kernel = rng.normal(size=layer.kernel.shape).astype("float32")
    layer.kernel.assign(kernel)
    wrapped = RoundedWeights(layer)
    wrapped.per_unit = per_unit
    rounded = keras.ops.convert_to_numpy(wrapped(x))
    np.testing.assert_array_equal(layer.kernel, kernel)
    step = np.abs(kernel).max(axis=axes, keepdims=True) / 127
    layer.kernel.assign(np.round(kernel / step) * step)
    np.testing.assert_allclose(rounded, layer(x), atol=1e-5)


def test_gradients_pass_as_if_nothing_were_rounded(rng):
    tf = pytest.importorskip("tensorflow")
    x = rng.normal(size=(3, 4)).astype("float32")
    layer = layers.Dense(2)
    layer.build((None, 4))
    values = settled(-1.0, 1.0)
    wrapped = RoundedWeights(layer)
    with tf.GradientTape(persistent=True) as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        total = tf.reduce_sum(wrapped(inputs))
        kept = tf.reduce_sum(values(inputs))
    expected = np.repeat(x.sum(axis=0)[:, None], 2, axis=1)
    np.testing.assert_allclose(tape.gradient(total, layer.kernel.value), expected, rtol=1e-5)
    np.testing.assert_array_equal(tape.gradient(kept, inputs), np.abs(x) <= 1)


def test_relu_is_a_part_of_the_layer_before_it_and_other_activations_are_not():
    inputs = keras.Input((4,))
    x = layers.Dense(6, name="a")(inputs)
    x = layers.Reshape((3, 2), name="b")(x)
    x = layers.ReLU(name="c")(x)
    x = layers.Conv1D(2, 3, name="d")(x)
    x = layers.LeakyReLU(name="e")(x)
    outputs = layers.Flatten(name="f")(x)
    found = kinds(fake_quantized(keras.Model(inputs, outputs)))
    assert found == [
        *("RoundedWeights a", "AtRest c", "Rounded", "AtRest b"),
        *("RoundedWeights d", "Rounded", "AtRest e", "Rounded", "AtRest f"),
    ]


def test_what_two_layers_read_is_rounded_before_a_relu():
    inputs = keras.Input((4,))
    x = layers.Dense(4, name="a")(inputs)
    y = layers.Activation("relu", name="b")(x)
    outputs = layers.Activation("relu", name="d")(layers.Add(name="c")([x, y]))
    model = keras.Model(inputs, outputs)
    assert [layer.name for layer in readers_of(model)[model.get_layer("a")]] == ["b", "c"]
    assert kinds(fake_quantized(model)) == [
        *("RoundedWeights a", "Rounded", "AtRest b", "Rounded", "AtRest c", "AtRest d", "Rounded")
    ]


def test_an_open_end_is_left_as_it_is():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Activation("linear")(layers.Dense(2)(inputs)))
    assert [len(rounding_layers(fake_quantized(model, open_end=x))[0]) for x in (0, 1)] == [1, 0]


@pytest.mark.parametrize(
    "layer", [layers.LayerNormalization(name="odd"), layers.Dense(3, "tanh", name="odd")]
)
def test_a_layer_that_is_not_known_is_named(layer):
    with pytest.raises(ValueError, match="The layer 'odd' cannot be fine-tuned for int8"):
        fake_quantized(keras.Sequential([keras.Input((4,)), layer]))
