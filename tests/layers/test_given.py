"""Networks of a user's own in the zoo's families."""

import keras
import numpy as np
import pytest
from keras import layers

import aezoo

SHAPE = (8, 8, 1)
RETURNED = {  # by an encoder, for codes of four numbers
    **dict.fromkeys(("adversarial", "compressive", "denoising", "masked", "wasserstein"), 4),
    **dict.fromkeys(("disentangled", "factor", "hierarchical", "importance_weighted", "info"), 8),
    **dict.fromkeys(("total_correlation", "vamp", "variational"), 8),
    "hyperspherical": 5,
}


def encoder(size=4, shape=SHAPE, activation="linear"):
    stack = [keras.Input(shape), layers.Flatten(), layers.Dense(9, "tanh")]
    return keras.Sequential([*stack, layers.Dense(size, activation)])


def decoder(size=4, shape=SHAPE, activation="sigmoid"):
    stack = [keras.Input((size,)), layers.Dense(9, "tanh")]
    stack += [layers.Dense(int(np.prod(shape)), activation), layers.Reshape(shape)]
    return keras.Sequential(stack)


@pytest.mark.parametrize("family", RETURNED)
def test_a_family_around_them(family, rng, tmp_path):
    x = rng.uniform(size=(32, *SHAPE)).astype("float32")
    mine = {"encoder": encoder(RETURNED[family]), "decoder": decoder()}
    ae = aezoo.build(family, SHAPE, 4, **mine)
    before = [np.array(v) for part in mine.values() for v in part.weights]
    ae.fit(x, epochs=2, verbose=0)
    after = [np.array(v) for part in mine.values() for v in part.weights]
    assert all(np.abs(a - b).max() > 0 for a, b in zip(after, before, strict=True))
    np.testing.assert_allclose(ae.decode(x[:5, :4, 0, 0]), mine["decoder"](x[:5, :4, 0, 0]))
    ae.save(tmp_path / "model.keras")
    loaded = aezoo.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(x), ae.reconstruct(x), atol=1e-6)
    assert type(loaded.bottleneck) is type(ae.bottleneck)


def test_one_of_both():
    """The other one is the backbone's, with its options."""
    mine = encoder(8)
    ae = aezoo.variational(SHAPE, 4, encoder=mine, backbone="dense", hidden_units=(7,))
    assert mine.layers[-1] in ae.encoder.layers or mine in ae.encoder.layers
    assert [layer.units for layer in ae.decoder.layers if hasattr(layer, "units")] == [7, 64]
    mine = decoder()
    ae = aezoo.variational(SHAPE, 4, decoder=mine, backbone="dense", hidden_units=(7,))
    assert ae.decoder is mine
    assert ae.encoder.output_shape == (None, 4)


def test_with_an_activation_that_the_family_needs():
    ae = aezoo.sparse(SHAPE, 4, encoder=encoder(activation="relu"), decoder=decoder())
    assert ae.encoder.output_shape == (None, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: aezoo.vamp(SHAPE, 4, encoder=encoder(4)), r"must return 8 .* is 4. Received: 4"),
        (lambda: aezoo.hyperspherical(SHAPE, 4, encoder=encoder(4)), "must return 5 .*is 4"),
        (lambda: aezoo.vamp(SHAPE, 4, decoder=decoder(3)), "must take 4 .*Received: 3"),
        (lambda: aezoo.vamp((9, 9, 1), 4, encoder=encoder(8)), r"input_shape: \(9, 9, 1\)"),
        (lambda: aezoo.vamp((9, 9, 1), 4, decoder=decoder()), r"input_shape: \(9, 9, 1\)"),
        (lambda: aezoo.vamp(SHAPE, 4, encoder="mine"), "encoder must be a keras.Model.*'mine'"),
        (lambda: aezoo.vamp(SHAPE, 4, decoder=layers.Dense(4)), "decoder must be a keras.Model"),
        (
            lambda: aezoo.vamp(SHAPE, 4, decoder=keras.Sequential([layers.Dense(4)])),
            "begin it with keras.Input",
        ),
        (lambda: aezoo.sparse(SHAPE, 4, encoder=encoder()), "end with 'relu' here.*'linear'"),
        (
            lambda: aezoo.vamp(
                SHAPE, 4, decoder=decoder(activation="relu"), likelihood="bernoulli"
            ),
            "end with 'sigmoid' here.*'relu'",
        ),
        (
            lambda: aezoo.vamp(SHAPE, 4, encoder=encoder(8), decoder=decoder(), hidden_units=(3,)),
            "no backbone to take 'hidden_units'",
        ),
        (
            lambda: aezoo.deep(SHAPE, 4, encoder=encoder(), decoder=decoder()),
            "aezoo.Autoencoder",
        ),
        (lambda: aezoo.regularized(SHAPE, 4, decoder=decoder()), "kernel_regularizer"),
    ],
)
def test_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
