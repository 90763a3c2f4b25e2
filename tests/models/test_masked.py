import keras
import numpy as np
import pytest

import aezoo
from aezoo.models.masked import PatchMask


def test_whole_patches_are_hidden(rng):
    x = 1 + rng.random((30, 8, 12, 2)).astype("float32")
    hidden, weight = (np.asarray(part) for part in PatchMask(4, 0.3, seed=0)(x, training=True))
    mask = hidden == 0
    np.testing.assert_array_equal(weight > 0, mask)
    np.testing.assert_array_equal(hidden[~mask], x[~mask])
    patches = mask.reshape(30, 2, 4, 3, 4, 2).transpose(0, 1, 3, 2, 4, 5).reshape(30, 6, -1)
    assert np.all(patches.all(axis=-1) | ~patches.any(axis=-1))
    np.testing.assert_array_equal(patches.all(axis=-1).sum(axis=1), 2)  # 0.3 of 6, rounded
    np.testing.assert_allclose(weight.reshape(30, -1).mean(axis=1), 1, rtol=1e-5)
    assert len(np.unique(patches.all(axis=-1), axis=0)) > 5  # different ones each time


def test_nothing_is_hidden_in_inference(rng):
    x = rng.random((3, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(PatchMask(4)(x)[0], x)


@pytest.mark.parametrize(
    ("shape", "patch"), [((28, 28, 1), 7), ((8, 8, 1), 2), ((140, 1), 35), ((30,), 6), ((7,), 1)]
)
def test_default_patch(shape, patch):
    layer = PatchMask()
    layer.build((None, *shape))
    assert layer.patch_size == patch


def test_loss_counts_hidden_patches_alone():
    """A decoder that answers 0.5: on values of 1 its error is 1/4 where hidden, and only there."""
    ae = aezoo.masked(8, 1, hidden_units=(), patch_size=2, mask_ratio=0.5)
    ae.compile(keras.optimizers.SGD(0.0), loss="mse")
    ae.decoder.get_layer("output").kernel.assign(np.zeros((1, 8)))
    bias = np.full(8, 0.5)
    ae.decoder.get_layer("output").bias.assign(bias)
    x = np.ones((16, 8), "float32")
    log = ae.fit(x, epochs=1, verbose=0).history
    assert log["loss"][0] == pytest.approx(0.25, rel=1e-4)


def test_gradient_is_that_of_the_hidden_mean(rng):
    """The weights that one step of gradient descent gives, by hand."""
    keras.utils.set_random_seed(1)
    ae = aezoo.masked(4, 1, hidden_units=(), patch_size=1, mask_ratio=0.5)
    ae.compile(keras.optimizers.SGD(1.0), loss="mse")
    mask = np.float32([[1, 0, 0, 1]])
    ae.corruption.call = lambda x, training: (x * (1 - mask), 2 * mask + 0 * x)
    output = ae.decoder.get_layer("output")
    output.bias.assign(np.full(4, 0.1))
    output.kernel.assign(np.zeros((1, 4)))
    x = np.float32([[1, 2, 3, 4]])
    ae.fit(x, epochs=1, verbose=0)
    expected = 0.1 - 2 * (0.1 - x[0]) * mask[0] / 2
    np.testing.assert_allclose(output.bias, expected, rtol=1e-5)


@pytest.mark.parametrize("loss", ["mse", "mae", "binary_crossentropy"])
@pytest.mark.parametrize("weighted", [False, True])
def test_any_loss_is_that_of_hidden_values(loss, weighted, rng):
    ae = aezoo.masked((4, 4, 1), 1, backbone="dense", hidden_units=(), patch_size=2)
    ae.compile(keras.optimizers.SGD(0.0), loss=loss, metrics=["mae"])
    mask = np.zeros((1, 4, 4, 1), "float32")
    mask[:, :2, :2] = mask[:, 2:, 2:] = 1
    ae.corruption.call = lambda x, training=None: (x * (1 - mask), 2 * mask + 0 * x)
    ae.decoder.get_layer("output").bias.assign(np.full(16, 0.7))
    x, target = rng.random((2, 8, 4, 4, 1)).astype("float32")
    out = np.asarray(ae(x, training=True))
    each = {
        "mse": (out - target) ** 2,
        "mae": np.abs(out - target),
        "binary_crossentropy": -target * np.log(out) - (1 - target) * np.log(1 - out),
    }[loss]
    weights = np.arange(8.0) if weighted else np.ones(8)
    expected = np.mean(2 * mask * each * weights.reshape(8, 1, 1, 1))
    given = {"sample_weight": weights} if weighted else {}
    log = ae.fit(x, target, batch_size=8, verbose=0, **given).history
    assert log["loss"][0] == pytest.approx(expected, rel=1e-4)
    assert log["mae"][0] == pytest.approx(np.abs(out - target).mean(), rel=1e-4)


def test_something_stays_visible():
    hidden = PatchMask(4, 0.9, seed=0)(np.ones((5, 8, 8, 1), "float32"), training=True)[0]
    np.testing.assert_array_equal(np.sum(hidden, axis=(1, 2, 3)), 16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_size": 3}, r"patch_size must divide each of \(8, 8\).*3"),
        ({"patch_size": -2}, "patch_size.*-2"),
        ({"patch_size": 0}, "patch_size.*0"),
        ({"patch_size": 8}, "covers the whole input"),
        ({"patch_size": 2.0}, r"patch_size.*2\.0"),
        ({"mask_ratio": 0}, "mask_ratio must be a number above 0 and below 1.*0"),
        ({"mask_ratio": 1.0}, r"mask_ratio.*1\.0"),
        ({"mask_ratio": "half"}, "mask_ratio.*'half'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        aezoo.masked((8, 8, 1), 4, **options)
