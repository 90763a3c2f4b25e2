import numpy as np
import pytest
import tensorflow as tf

from aezoo.layers.objectives import Forward, Objective, Term, reversed_gradient


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
