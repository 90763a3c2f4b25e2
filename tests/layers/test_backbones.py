import keras
import numpy as np
import pytest

from aezoo.layers import backbones


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    "shape",
    [(140, 1), (7, 3), (28, 28, 1), (27, 31, 3), (8, 8, 1), (1, 5, 2), (9, 6, 5, 2)],
)
@pytest.mark.parametrize("bottleneck", ["dense", "conv", "spatial"])
@pytest.mark.parametrize(("kernel_size", "blocks"), [(3, 0), (4, 0), (3, 1), (4, 2)])
def test_conv_output_has_the_inputs_shape(shape, bottleneck, kernel_size, blocks):
    encoder, decoder = backbones.build(
        "conv",
        shape,
        6,
        filters=(4, 8, 4),
        bottleneck=bottleneck,
        kernel_size=kernel_size,
        blocks=blocks,
    )
    code = {
        "dense": (6,),
        "conv": (*[1] * (len(shape) - 1), 6),
        "spatial": (*[-(-size // 8) for size in shape[:-1]], 6),
    }[bottleneck]
    assert encoder.output_shape == (None, *code)
    assert decoder.input_shape == (None, *code)
    assert decoder(np.zeros((2, *code))).shape == (2, *shape)


def test_conv_crops_no_more_than_rounding_added():
    decoder = backbones.build("conv", (28, 27, 1), 2)[1]
    assert decoder.get_layer("crop_2").cropping == ((0, 0), (0, 1))
    assert "Cropping2D" not in kinds(backbones.build("conv", (28, 28, 1), 2)[1])


@pytest.mark.parametrize("shape", [(5,), (4, 3), (8, 8, 1), (3, 3, 3, 2)])
def test_dense_takes_any_shape(shape):
    encoder, decoder = backbones.build("dense", shape, 2, hidden_units=(7,))
    assert decoder(encoder(np.zeros((2, *shape)))).shape == (2, *shape)


@pytest.mark.parametrize("backbone", ["dense", "conv"])
def test_options_reach_every_layer(backbone):
    encoder, decoder = backbones.build(
        backbone,
        (8, 8, 1),
        2,
        activation="tanh",
        latent_activation="sigmoid",
        output_activation="hard_sigmoid",
        dropout=0.25,
        l2=0.01,
        batch_normalization=True,
    )
    weighted = [layer for m in (encoder, decoder) for layer in m.layers if hasattr(layer, "kernel")]
    assert all(layer.kernel_regularizer.l2 == pytest.approx(0.01) for layer in weighted)
    hidden = [a for m in (encoder, decoder) for a in m.layers if a.name.startswith("activation_")]
    assert {layer.activation for layer in hidden} == {keras.activations.tanh}
    assert encoder.layers[-1].activation is keras.activations.sigmoid
    assert decoder.layers[-1].activation is keras.activations.hard_sigmoid
    for model in (encoder, decoder):
        names = kinds(model)
        assert names.count("Dropout") == names.count("BatchNormalization") >= 2
        assert names.index("BatchNormalization") < names.index("Activation")
        assert names.index("Activation") < names.index("Dropout")
    assert {la.rate for la in encoder.layers if hasattr(la, "rate")} == {0.25}


@pytest.mark.parametrize(
    ("shape", "activation"), [((5,), "linear"), ((9, 2), "linear"), ((8, 8, 1), "sigmoid")]
)
def test_automatic_output_activation(shape, activation):
    decoder = backbones.build("dense", shape, 2)[1]
    assert decoder.layers[-1].activation.__name__ == activation


@pytest.mark.parametrize("shape", [(6,), (8, 8, 1)])
def test_residual_blocks_start_as_nothing(shape, rng):
    """The second layer of a block starts at 0, so that what comes in goes on unchanged."""
    encoder, _ = backbones.build("residual", shape, 3, blocks=2)
    before = encoder.get_layer("dense_1" if len(shape) == 1 else "conv_1").output
    after = encoder.get_layer("add_1_2").output
    x = rng.normal(size=(4, *shape)).astype("float32")
    both = keras.Model(encoder.inputs[0], [before, after])(x)
    np.testing.assert_array_equal(*both)
    block = encoder.get_layer("block_1_1_2")
    block.kernel.assign(block.kernel + 0.1)
    both = keras.Model(encoder.inputs[0], [before, after])(x)
    assert np.abs(both[0] - both[1]).max() > 0.01


@pytest.mark.parametrize("shape", [(9, 2), (8, 7, 3), (4, 5, 6, 1)])
@pytest.mark.parametrize("filters", [(), (4,)])
@pytest.mark.parametrize("linear_path", [False, True])
def test_refinement_corrects_both_ends(shape, filters, linear_path, rng):
    """It starts as nothing; then it changes what goes in, and what comes out."""
    options = {"filters": filters, "linear_path": linear_path, "output_activation": "linear"}
    encoder, decoder = backbones.build(
        "conv", shape, 3, refinement=2, refinement_filters=5, **options
    )
    x = rng.random((2, *shape), "float32")
    assert decoder(encoder(x)).shape == x.shape
    for model, data in ((encoder, x), (decoder, np.asarray(encoder(x)))):
        layer = model.get_layer("refined")
        assert layer.kernel.shape[-1] == 5
        assert "add_refinement_2" in {layer.name for layer in model.layers}
        for other in model.layers:  # also a linear path, which starts at 0
            if other is not layer:
                other.set_weights([rng.normal(size=w.shape) / 4 for w in other.get_weights()])
        before = np.asarray(model(data))
        layer.kernel.assign(layer.kernel + 0.1)
        assert np.abs(model(data) - before).max() > 0.01


def test_a_network_of_refinement_alone_is_linear_at_first(rng):
    encoder, decoder = backbones.build("conv", (6, 6, 1), 3, filters=(), refinement=1)
    x = rng.random((5, 6, 6, 1), "float32")
    latent = encoder.get_layer("latent")
    expected = x.reshape(5, -1) @ np.asarray(latent.kernel) + np.asarray(latent.bias)
    np.testing.assert_allclose(encoder(x), expected, atol=1e-5)
    assert decoder.get_layer("output").units == 36


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": ()}, "with refinement"),
        ({"filters": (), "refinement": 1, "bottleneck": "conv"}, "dense bottleneck"),
        ({"refinement": -1}, "refinement.*-1"),
        ({"refinement": 1, "refinement_filters": 0}, "refinement_filters.*0"),
    ],
)
def test_refinement_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        backbones.build("conv", (8, 8, 1), 2, **options)


def test_residual_block_is_what_its_formula_says(rng):
    encoder, _ = backbones.build(
        "residual", 5, 3, hidden_units=(4,), activation="tanh", latent_activation="tanh"
    )
    for weight in encoder.weights:
        weight.assign(rng.normal(size=weight.shape))
    (w0, b0, w1, b1, w2, b2, w3, b3) = (np.asarray(w) for w in encoder.get_weights())
    x = rng.normal(size=(6, 5)).astype("float32")
    first = x @ w0 + b0
    block = first + np.tanh(np.tanh(first) @ w1 + b1) @ w2 + b2
    expected = np.tanh(np.tanh(block) @ w3 + b3)
    np.testing.assert_allclose(encoder(x), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("backbone", "shape", "options"),
    [
        ("dense", (5,), {}),
        ("residual", (5,), {}),
        ("dense", (4, 4, 1), {}),
        ("conv", (7, 2), {}),
        ("conv", (7, 6, 2), {"bottleneck": "conv"}),
        ("conv", (4, 5, 4, 1), {}),
    ],
)
def test_linear_path_is_added_there_and_back(backbone, shape, options, rng):
    plain, beside = (
        backbones.build(backbone, shape, 3, linear_path=linear_path, **options)
        for linear_path in (False, True)
    )
    codes = rng.normal(size=(5, *plain[1].input_shape[1:])).astype("float32")
    arrays = rng.normal(size=(5, *shape)).astype("float32"), codes
    for before, after, x in zip(plain, beside, arrays, strict=True):
        path = after.get_layer("linear_path")
        assert not path.trainable
        assert len(after.trainable_weights) == len(before.trainable_weights)
        for a, b in zip(after.trainable_weights, before.trainable_weights, strict=True):
            a.assign(b)
        ends = [model.layers[-1] for model in (before, after)]
        for end in ends:
            end.activation = keras.activations.linear
        without = before(x)
        np.testing.assert_allclose(after(x), without, atol=1e-5)
        kernel, bias = (rng.normal(size=weight.shape) for weight in path.weights)
        path.set_weights([kernel, bias])
        added = (x.reshape(5, -1) @ kernel + bias).reshape(without.shape)
        np.testing.assert_allclose(after(x), without + added, atol=1e-3)


def test_linear_path_in_place_of_a_network():
    for model in backbones.build("dense", 5, 2, hidden_units=(), l2=0.1, linear_path=True):
        (layer,) = [layer for layer in model.layers if hasattr(layer, "kernel")]
        assert layer.name == "linear_path"
        assert layer.trainable
        assert layer.kernel_regularizer.l2 == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("shape", "activation"), [((5,), "linear"), ((9, 2), "linear"), ((8, 8, 1), "clip")]
)
def test_automatic_output_activation_with_a_linear_path(shape, activation):
    for backbone in ("auto", "dense"):
        end = backbones.build(backbone, shape, 2, linear_path=True)[1].layers[-1]
        assert end.get_config()["activation"] == activation
        assert end.bias_layer == "linear_path"


def test_automatic_backbone():
    assert "Conv1D" in kinds(backbones.build("auto", (8, 2), 2)[0])
    assert "Conv1D" not in kinds(backbones.build("auto", (8,), 2)[0])
    assert "Add" in kinds(backbones.build("residual", (8, 8, 1), 2)[1])


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        (("cnv", (5,), 2), {}, r"'conv', 'dense', 'lapped', .*'unet', 'residual'.*'cnv'"),
        (("dense", (5,), 2), {"hiden_units": 3}, "Did you mean 'hidden_units'"),
        (("dense", (5,), 0), {}, "latent_dim.*0"),
        (("dense", (5,), 2.5), {}, r"latent_dim.*2\.5"),
        (("dense", (5,), True), {}, "latent_dim.*True"),
        (("dense", (), 2), {}, "input_shape"),
        (("dense", (5, 0), 2), {}, "input_shape.*0"),
        (("dense", (5, None), 2), {}, "input_shape.*None"),
        (("dense", (5,), 2), {"hidden_units": (4, -1)}, "hidden_units.*-1"),
        (("dense", (5,), 2), {"hidden_units": "12"}, "hidden_units.*'12'"),
        (("dense", (5,), 2), {"activation": "rellu"}, "'rellu'. Did you mean 'relu'"),
        (("dense", (5,), 2), {"activation": "qqq"}, "Known names: .*sigmoid"),
        (("dense", (5,), 2), {"output_activation": "sigmod"}, "Did you mean 'sigmoid'"),
        (("dense", (5,), 2), {"dropout": 1}, "dropout.*1"),
        (("dense", (5,), 2), {"l2": -1}, "l2.*-1"),
        (("conv", (5,), 2), {}, r"\(5,\).*dense backbone"),
        (("conv", (5, 5, 5, 5, 1), 2), {}, "volumes"),
        (("conv", (5, 5, 1), 2), {"filters": ()}, "at least one level"),
        (("conv", (5, 5, 1), 2), {"kernel_size": 0}, "kernel_size.*0"),
        (("conv", (5, 5, 1), 2), {"bottleneck": "flat"}, "'dense', 'conv' or 'spatial'"),
        (("conv", (5, 5, 1), 2), {"blocks": -1}, "blocks.*-1"),
        (("residual", (5,), 2), {"filters": (8,)}, "'filters'.*The dense backbone takes"),
        (("dense", (5,), 2), {"linear_path": 1}, "linear_path must be True or False.*1"),
        (
            ("dense", (5,), 2),
            {"linear_path": True, "latent_activation": "tanh"},
            "latent_activation among.*'relu'.*'tanh'",
        ),
        (
            ("conv", (5, 5, 1), 2),
            {"linear_path": True, "output_activation": "sigmoid"},
            "output_activation among.*'clip'.*'sigmoid'",
        ),
        (
            ("conv", (5, 5, 1), 2),
            {"linear_path": True, "bottleneck": "spatial"},
            "spatial bottleneck has no linear path",
        ),
    ],
)
def test_bad_values(args, options, message):
    with pytest.raises(ValueError, match=message):
        backbones.build(*args, **options)


@pytest.mark.parametrize("shape", [(61, 2), (16, 16, 1), (27, 31, 3), (9, 6, 5, 2), (1, 1, 1)])
@pytest.mark.parametrize("blocks", [0, 2])
def test_unet_starts_at_its_input(shape, blocks, rng):
    encoder, decoder = backbones.build("unet", shape, 1, filters=(4, 8, 4), blocks=blocks)
    x = rng.random((2, *shape), "float32")
    np.testing.assert_array_equal(decoder(encoder(x)), x)
    assert not encoder.layers[-1].narrow
    for weights in encoder.weights:
        weights.assign(rng.normal(0, 0.3, weights.shape))
    assert encoder(x).shape == x.shape
    assert np.abs(encoder(x) - x).max() > 0.01
    assert np.max(decoder(2 * x)) == (1 if len(shape) > 2 else 2 * x.max())


def test_unet_has_the_levels_asked_for():
    encoder = backbones.build("unet", (64, 64, 1), 1)[0]
    assert encoder.count_params() == 563_713
    levels = [encoder.get_layer(f"down_{i}").output.shape[1:] for i in (1, 2, 3)]
    assert levels == [(32, 32, 32), (16, 16, 64), (8, 8, 128)]


def test_what_no_unet_is_for():
    with pytest.raises(ValueError, match=r"A unet backbone takes signals.*\(5,\)"):
        backbones.build("unet", (5,), 1)
    with pytest.raises(ValueError, match="at least one level"):
        backbones.build("unet", (8, 8, 1), 1, filters=())
    encoder, _ = backbones.build("unet", (8, 8, 1), 1, filters=(2,))
    with pytest.raises(ValueError, match="no narrow code"):
        backbones.with_bottleneck(encoder, keras.layers.UnitNormalization())
