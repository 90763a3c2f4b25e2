import numpy as np
import pytest
import tensorflow as tf

from aezoo.layers.objectives import (
    Forward,
    Objective,
    Term,
    gradient_to,
    reversed_gradient,
    without_value,
)


@pytest.mark.parametrize("factor", [1.0, 0.3])
def test_gradient_is_turned_round(rng, factor):
    x = tf.Variable(rng.normal(size=(4, 3)).astype("float32"))
    upstream = rng.normal(size=(4, 3)).astype("float32")
    with tf.GradientTape() as tape:
        y = reversed_gradient(x, factor)
        out = tf.reduce_sum(y * upstream)
    np.testing.assert_allclose(y, x, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(out, x), -factor * upstream, rtol=1e-5)


def test_an_objective_adds_nothing_of_its_own():
    assert Objective().terms(Forward(*[None] * 7)) == {}
    assert Term(3.0).loss is None


def test_gradient_of_one_player(rng):
    x = tf.Variable(rng.normal(size=(4, 3)).astype("float32"))
    w = tf.Variable(rng.normal(size=(3, 2)).astype("float32"))
    with tf.GradientTape(persistent=True) as tape:
        y = gradient_to(lambda x: tf.square(x @ w), x)
        alone = tf.reduce_sum(y)
        plain = tf.reduce_sum(tf.square(x @ w))
    np.testing.assert_allclose(y, tf.square(x @ w), rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(alone, x), tape.gradient(plain, x), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(alone, w), np.zeros((3, 2)), atol=1e-5)


def test_a_loss_without_a_value(rng):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = without_value(x**2)
    assert float(loss) == 0
    assert float(tape.gradient(loss, x)) == 6
