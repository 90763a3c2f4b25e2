import keras
import numpy as np
import pytest

import aezoo
from aezoo.uses.entropy import MOST_CELLS
from aezoo.uses.rounding import (
    MOST_LEVELS,
    WIDEST,
    chosen,
    numbers_of,
    smallest,
    symbols_of,
    widths_of,
)


def linear(effects):
    """A model whose decoder adds each unit to one number, times its effect."""
    size = len(effects)
    encoder = keras.Sequential([keras.Input((size,)), keras.layers.Dense(size)])
    decoder = keras.Sequential([keras.Input((size,)), keras.layers.Dense(size)])
    ae = aezoo.Autoencoder(encoder, decoder)
    encoder.layers[-1].set_weights([np.diag(1 / np.maximum(effects, 1e-3)), np.zeros(size)])
    decoder.layers[-1].set_weights([np.diag(effects), np.zeros(size)])
    return ae


def test_widths_are_the_inverse_of_effects(rng):
    effects = np.array([8.0, 1.0, 0.125, 2**0.25])
    codes = rng.normal(size=(50, 4)).astype("float32")
    widths = widths_of(linear(effects), codes)
    assert (widths - widths[1]).tolist() == [-12, 0, 12, -1]
    assert abs(widths.mean()) <= 1


def test_units_without_effect_are_as_the_least(rng):
    codes = rng.normal(size=(50, 3)).astype("float32")
    widths = widths_of(linear(np.array([1.0, 0.0, 0.25])), codes)
    assert (widths - widths[0]).tolist() == [0, 8, 8]
    assert widths_of(linear(np.zeros(3)), codes).tolist() == [0, 0, 0]


def test_codes_that_hardly_vary(rng):
    codes = np.ones((50, 3), "float32") + rng.normal(0, 1e-8, (50, 3)).astype("float32")
    assert widths_of(linear(np.ones(3)), codes).tolist() == [0, 0, 0]


def test_widths_are_bounded(rng):
    codes = rng.normal(size=(50, 2)).astype("float32")
    assert widths_of(linear(np.array([1e-7, 1e7])), codes).tolist() == [WIDEST, -WIDEST]


def test_rounding_to_the_nearest(rng):
    codes = rng.normal(size=(100, 3)).astype("float32")
    widths = np.array([-4, 0, 4], np.int8)
    symbols = symbols_of(codes, 0.1, widths)
    numbers = numbers_of(symbols, 0.1, widths)
    assert numbers.dtype == "float32"
    assert (np.abs(numbers - codes) <= np.array([0.025, 0.05, 0.1]) * 1.0001).all()
    np.testing.assert_array_equal(symbols_of(numbers, 0.1, widths), symbols)


def test_the_smallest_step(rng):
    codes = rng.normal(size=(100, 2)).astype("float32")
    widths = np.zeros(2, np.int8)
    least = smallest(codes, widths)
    assert np.ptp(symbols_of(codes, least, widths)) < MOST_LEVELS
    with pytest.raises(ValueError, match="at least"):
        symbols_of(codes, 0.9 * least, widths)
    wide = np.zeros((2, 2048), "float32")
    wide[0] = 1.0
    assert smallest(wide, np.zeros(2048, np.int8)) > 1 / (MOST_CELLS / 2048)
    far = np.full((2, 1), 1e6, "float32")
    assert np.abs(symbols_of(far, smallest(far, np.zeros(1, np.int8)), np.zeros(1))).max() < 2**31


def test_widths_are_by_normalized_outputs(rng):
    """Both units do as much to their column, in its own units."""
    encoder, decoder = linear(np.ones(2)).encoder, linear(np.ones(2)).decoder
    ae = aezoo.Autoencoder(encoder, decoder, normalization="standard")
    x = rng.normal(size=(200, 2)) * [1, 1000]
    ae.adapt(x)
    assert np.ptp(widths_of(ae, ae.encode(x)).astype(int)) <= 1


def test_those_that_are_chosen_follow_no_pattern():
    places = chosen(10_000, 1000)
    assert len(np.unique(places)) == 1000
    assert (np.diff(places) > 0).all()
    assert 400 < (places % 2).sum() < 600
    assert chosen(3, 16).tolist() == [0, 1, 2]
