import itertools

import keras
import pytest

import aezoo


def layers(ae):
    """(inputs, units, activation) of every dense layer, in order."""
    found = []
    for model in (ae.encoder, ae.decoder):
        for layer in model.layers:
            if hasattr(layer, "units"):
                found.append([layer.kernel.shape[0], layer.units])
            elif hasattr(layer, "activation"):
                found[-1].append(layer.activation.__name__)
    return [tuple(layer) for layer in found]


def chain(sizes, activations):
    return list(zip(sizes, sizes[1:], activations, strict=False))


def parameters(sizes):
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes))


@pytest.mark.parametrize(
    ("shape", "latent_dim", "options", "sizes", "activations", "count"),
    [
        pytest.param(
            (8, 8, 1),
            16,
            {"hidden_units": (32,), "activation": "sigmoid", "latent_activation": "sigmoid"},
            (64, 32, 16, 32, 64),
            ["sigmoid"] * 4,
            5264,
            id="digits, all sigmoid",
        ),
        pytest.param(
            (28, 28, 1),
            3,
            {"hidden_units": (128, 64, 12), "activation": "relu"},
            (784, 128, 64, 12, 3, 12, 64, 128, 784),
            ["relu", "relu", "relu", "linear", "relu", "relu", "relu", "sigmoid"],
            219_891,
            id="code of three",
        ),
        pytest.param(
            (28, 28, 1),
            128,
            {"hidden_units": (512, 256), "activation": "relu", "latent_activation": "relu"},
            (784, 512, 256, 128, 256, 512, 784),
            ["relu"] * 5 + ["sigmoid"],
            1_132_944,
            id="six layers",
        ),
        pytest.param(
            100,
            10,
            {"hidden_units": (50,), "activation": "relu", "latent_activation": "relu"},
            (100, 50, 10, 50, 100),
            ["relu", "relu", "relu", "linear"],
            11_210,
            id="general form",
        ),
    ],
)
def test_seed_configurations(shape, latent_dim, options, sizes, activations, count):
    ae = aezoo.deep(shape, latent_dim, **options)
    assert layers(ae) == chain(sizes, activations)
    assert ae.count_params() == parameters(sizes) == count
    assert all(
        isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
        for layer in ae.encoder.layers
        if hasattr(layer, "units")
    )


def test_default_is_mirrored():
    sizes = [(a, b) for a, b, _ in layers(aezoo.deep())]
    assert sizes == [(b, a) for a, b in reversed(sizes)]
