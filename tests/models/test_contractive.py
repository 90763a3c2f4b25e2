import numpy as np
import pytest

import aezoo

CASES = [
    ((7,), {"hidden_units": (9, 5), "activation": "tanh"}),
    ((7,), {"hidden_units": (), "latent_activation": "sigmoid"}),
    ((9, 7, 2), {"filters": (4, 3), "activation": "elu"}),
    ((8, 8, 1), {"filters": (4,), "kernel_size": 4, "activation": "softplus"}),
    ((6, 6, 1), {"filters": (4,), "activation": "sigmoid", "bottleneck": "conv"}),
    ((11, 1), {"filters": (3, 5), "kernel_size": 2, "activation": "leaky_relu"}),
]


@pytest.mark.parametrize(("shape", "options"), CASES, ids=[str(shape) for shape, _ in CASES])
def test_jacobian_against_finite_differences(shape, options, rng):
    ae = aezoo.contractive(shape, 3, backbone="auto", **options)
    x = rng.normal(size=shape)
    step = 1e-2
    steps = step * np.eye(x.size).reshape(-1, *shape)
    codes = [ae.encode((x + sign * steps).astype("float32")) for sign in (1, -1)]
    jacobian = (codes[0] - codes[1]).reshape(x.size, -1) / (2 * step)
    expected = np.sum(jacobian**2) / jacobian.shape[1]
    found = ae.bottleneck.jacobian(np.float32(x[np.newaxis]))
    assert float(found) == pytest.approx(expected, rel=0.01)


def test_one_layer_against_the_closed_form(rng):
    """Rifai et al., equation 7: sum_j (h_j (1 - h_j))^2 sum_i W_ij^2."""
    ae = aezoo.contractive(6, 4, hidden_units=(), latent_activation="sigmoid")
    x = rng.normal(size=(20, 6)).astype("float32")
    h = ae.encode(x)
    kernel = ae.bottleneck.encoder.get_layer("latent").kernel.numpy()
    expected = np.mean(np.sum((h * (1 - h)) ** 2 * np.sum(kernel**2, axis=0), axis=1)) / 4
    assert float(ae.bottleneck.jacobian(x)) == pytest.approx(expected, rel=1e-4)


def test_penalty_contracts(rng):
    x = rng.normal(size=(128, 8)).astype("float32")
    norms = []
    for weight in (0.0, 1.0):
        ae = aezoo.contractive(8, 4, hidden_units=(16,), weight=weight)
        log = ae.fit(x, epochs=10, batch_size=32, verbose=0).history
        norms.append(log["jacobian"][-1])
    assert norms[1] < 0.5 * norms[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "residual"}, "chain of layers"),
        ({"blocks": 1}, "chain of layers"),
        ({"dropout": 0.1}, "no dropout"),
        ({"batch_normalization": True}, "no batch_normalization"),
        ({"linear_path": True}, "no linear_path"),
        ({"activation": "gelu"}, "No derivative of the activation 'gelu'.*tanh"),
        ({"weight": -0.1}, r"weight must be a number at least 0.*-0\.1"),
        ({"weight": None}, "weight.*None"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.contractive(9, 4, **options)
