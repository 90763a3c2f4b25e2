import functools

import keras
import pytest

import aezoo


@pytest.fixture(scope="session")
def digits():
    return aezoo.load_dataset("digits").x, aezoo.load_dataset("digits", "test").x


@pytest.fixture(scope="session")
def trained(digits):
    """A function from a family to a model, trained a little: ranges mean nothing without."""

    @functools.cache
    def train(name):
        keras.utils.set_random_seed(0)
        ae = aezoo.build(name, (8, 8, 1), 8)
        ae.fit(digits[0], epochs=6, batch_size=32, verbose=0)
        return ae

    return train
