import keras
import numpy as np
import pytest
from scipy.stats import logistic

import aezoo
from aezoo.layers.objectives import Forward
from aezoo.models.compressive import FASTER, STEP, Rate


@pytest.fixture
def layer(rng):
    layer = Rate(0.5, pixels=4, seed=0)
    layer(np.zeros((1, 3), "float32"))
    for weight in (layer.middles, layer.log_widths, layer.logits):
        weight.assign(0.1 * rng.normal(size=weight.shape))
    return layer


def density(layer, unit):
    """The distribution function of a unit, of what SciPy knows."""
    weights = np.exp(FASTER * layer.logits.numpy()[:, unit])
    middles = STEP * FASTER * layer.middles.numpy()[:, unit]
    widths = STEP * np.exp(FASTER * layer.log_widths.numpy()[:, unit])

    def below(z):
        return np.sum(weights / weights.sum() * logistic.cdf(z, middles, widths))

    return below


def test_bits_are_those_of_the_probability_of_a_step(layer, rng):
    code = rng.normal(0, 0.3, (5, 3)).astype("float32")
    for step in (STEP, 3 * STEP):
        expected = [
            sum(
                -np.log2(density(layer, unit)(z + step / 2) - density(layer, unit)(z - step / 2))
                for unit, z in enumerate(row)
            )
            for row in code
        ]
        np.testing.assert_allclose(layer.bits(code, step), expected, rtol=1e-3)


def test_probabilities_of_all_steps_are_one(layer):
    steps = (STEP * np.arange(-4000, 4001)).astype("float32")
    code = np.repeat(steps[:, None], 3, axis=1)
    one = Rate(0.5, pixels=4)
    one(np.zeros((1, 1), "float32"))
    for unit in range(3):
        for name in ("middles", "log_widths", "logits"):
            getattr(one, name).assign(getattr(layer, name).numpy()[:, unit : unit + 1])
        total = np.exp2(-np.asarray(one.bits(code[:, :1]), "float64")).sum()
        assert total == pytest.approx(1, abs=1e-3)


def test_noise_is_uniform_and_as_wide_as_steps_that_vary(layer):
    zeros = np.zeros((4000, 3), "float32")
    np.testing.assert_array_equal(layer(zeros), zeros)
    drawn = np.asarray(layer.draw(zeros, seed=0))
    assert np.abs(drawn).max() <= STEP / 2
    assert drawn.std() == pytest.approx(STEP / 12**0.5, rel=0.02)
    noisy = np.abs(np.asarray(layer(zeros, training=True)))
    assert STEP * 0.9 < noisy.max() <= STEP
    expected = (np.square(STEP) * 15 / 4 / np.log(16) / 12) ** 0.5  # over 2^-1 to 2 of the step
    assert np.asarray(layer(zeros, training=True)).std() == pytest.approx(expected, rel=0.05)


def test_the_loss_is_the_error_and_what_bits_are_worth(rng):
    ae = aezoo.compressive(6, 3, rate=0.25, hidden_units=())
    x = rng.normal(size=(300, 6)).astype("float32")
    found = ae.evaluate(x, verbose=0, return_dict=True)
    ae.bottleneck.rate = 0.0
    ae.compile()
    alone = ae.evaluate(x, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(alone["loss"] + 0.25 * found["bits"], rel=1e-4)
    code = ae.encode(x)
    assert found["bits"] == pytest.approx(np.mean(ae.bottleneck.bits(code)) / 6, rel=0.1)


def test_bits_are_worth_the_square_of_the_step(layer, rng):
    features = np.zeros((20_000, 3), "float32")
    forward = Forward(None, None, features, features, None, None, training=True)
    term = layer.terms(forward)["bits"]
    alone = 0.5 * float(term.value)
    assert float(term.loss) != pytest.approx(alone, rel=0.05)
    steps = (STEP * 2.0 ** rng.uniform(-1, 1, (20_000, 1))).astype("float32")
    drawn = (steps * rng.uniform(-0.5, 0.5, (20_000, 3))).astype("float32")
    bits = np.asarray(layer.bits(drawn, steps)) / 4
    expected = 0.5 * np.mean(np.square(steps[:, 0] / STEP) * bits)
    assert float(term.loss) == pytest.approx(expected, rel=0.03)


def test_samples_unlike_any_before(rng):
    ae = aezoo.compressive(10, 4)
    zeros = np.zeros((50, 10))
    assert len(aezoo.compress(ae, zeros, bits_per_pixel=8)) < 100
    far = rng.random((50, 10))
    far[3] = 1e7
    assert aezoo.decompress(aezoo.compress(ae, far), ae).shape == (50, 10)


@pytest.mark.slow
def test_bits_are_learned_to_be_few(rng):
    keras.utils.set_random_seed(0)
    x = rng.normal(size=(2000, 2)) @ rng.normal(size=(2, 8))
    sizes, errors = [], []
    for rate in (0.002, 0.2):
        ae = aezoo.compressive(8, 4, rate=rate, hidden_units=(), normalization="standard")
        ae.fit(x, epochs=30, verbose=0)
        data = aezoo.compress(ae, x)
        sizes.append(len(data))
        errors.append(np.square(aezoo.decompress(data, ae) - x).mean() / x.var())
    assert sizes[1] < 0.7 * sizes[0]
    assert errors[0] < errors[1] < 0.3


def test_the_step_of_training_is_that_of_files(rng):
    x = rng.random((20, 6)).astype("float32")
    ae = aezoo.compressive(6, 3)
    assert aezoo.compress(ae, x) == aezoo.compress(ae, x, step=STEP)
    assert aezoo.compress(ae, x) != aezoo.compress(ae, x, step=STEP / 2)


def test_measured_as_it_is_used(rng):
    ae = aezoo.compressive((8, 8, 1), 8)
    x = rng.random((40, 8, 8, 1)).astype("float32")
    data = aezoo.compress(ae, x)
    metrics = aezoo.evaluate(ae, x, x)
    assert metrics["code_bits"] == 8 * len(data) / 40
    expected = np.square(aezoo.decompress(data, ae) - x).mean()
    assert metrics["mse"] == pytest.approx(expected, rel=1e-4)


def test_bad_input():
    with pytest.raises(ValueError, match="rate.*-1"):
        aezoo.compressive(6, 3, rate=-1)
