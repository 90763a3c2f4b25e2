import keras
import pytest

import aezoo


def test_seed_configuration():
    ae = aezoo.conv((28, 28, 1), 64, filters=(16, 32), bottleneck="conv", activation="relu")
    found = [
        (layer.filters, layer.kernel_size, layer.strides, layer.padding)
        for model in (ae.encoder, ae.decoder)
        for layer in model.layers
        if hasattr(layer, "filters")
    ]
    assert found == [
        (16, (3, 3), (2, 2), "same"),
        (32, (3, 3), (2, 2), "same"),
        (64, (7, 7), (1, 1), "valid"),
        (32, (7, 7), (1, 1), "valid"),
        (16, (3, 3), (2, 2), "same"),
        (1, (3, 3), (2, 2), "same"),
    ]
    assert ae.latent_shape == (1, 1, 64)
    assert ae.count_params() == 210_369
    names = [
        layer.activation.__name__
        for model in (ae.encoder, ae.decoder)
        for layer in model.layers
        if isinstance(layer, keras.layers.Activation)
    ]
    assert names == ["relu", "relu", "linear", "relu", "relu", "sigmoid"]


def test_compiled_without_xla_on_cpu(xla):
    assert not aezoo.conv((8, 8, 1), 2).jit_compile
    assert aezoo.deep(8, 2).jit_compile


def test_vectors_are_refused():
    with pytest.raises(ValueError, match=r"\(30,\).*dense"):
        aezoo.conv((30,), 2)
