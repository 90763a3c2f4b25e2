"""The chain rule written out in NumPy, against what Keras computes."""

import keras
import numpy as np
import pytest

import aezoo

ACTIVATIONS = {  # name: (function of the sum, derivative as a function of sum and value)
    "sigmoid": (lambda s: 1 / (1 + np.exp(-s)), lambda s, a: a * (1 - a)),
    "tanh": (np.tanh, lambda s, a: 1 - a**2),
    "relu": (lambda s: np.maximum(s, 0), lambda s, a: (s > 0).astype(s.dtype)),
    "linear": (lambda s: s, lambda s, a: np.ones_like(s)),
}


def backpropagation(weights, activations, x):
    """The mean squared error of a chain of dense layers, and its gradients, kernel and bias by
    layer: delta_l = (delta_{l+1} W_{l+1}^T) * f'(s_l), dW_l = a_{l-1}^T delta_l.
    """
    values, sums = [x], []
    layers = list(zip(weights[::2], weights[1::2], activations, strict=True))
    for kernel, bias, activation in layers:
        sums.append(values[-1] @ kernel + bias)
        values.append(ACTIVATIONS[activation][0](sums[-1]))
    loss = np.mean((values[-1] - x) ** 2)
    upstream = 2 * (values[-1] - x) / x.size
    gradients = []
    for i in reversed(range(len(layers))):
        delta = upstream * ACTIVATIONS[activations[i]][1](sums[i], values[i + 1])
        gradients = [values[i].T @ delta, delta.sum(axis=0), *gradients]
        upstream = delta @ layers[i][0].T
    return loss, gradients, values[-1]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("output_activation", ["sigmoid", "linear"])
def test_gradients_agree_with_numpy(activation, output_activation, rng):
    ae = aezoo.deep(
        12,
        3,
        hidden_units=(8, 6),
        activation=activation,
        latent_activation=activation,
        output_activation=output_activation,
    )
    # biases start at 0: move all weights, so that a forgotten bias would show
    ae.set_weights([rng.normal(0, 0.5, w.shape) for w in ae.get_weights()])
    x = rng.random((20, 12)).astype("float32")
    weights = [w.astype("float64") for w in ae.get_weights()]
    loss, gradients, rebuilt = backpropagation(
        weights, [activation] * 5 + [output_activation], x.astype("float64")
    )
    np.testing.assert_allclose(ae.reconstruct(x), rebuilt, atol=1e-5)
    assert ae.evaluate(x, verbose=0) == pytest.approx(loss, abs=1e-5)

    # a step of plain gradient descent with rate 1 subtracts exactly the gradients
    ae.compile(keras.optimizers.SGD(1.0), loss="mse")
    ae.fit(x, batch_size=20, epochs=1, verbose=0)
    for before, after, gradient in zip(weights, ae.get_weights(), gradients, strict=True):
        np.testing.assert_allclose(before - after, gradient, atol=1e-5)
        assert np.abs(gradient).max() > 1e-5
