"""What every family of the zoo promises."""

import keras
import numpy as np
import pytest

import aezoo

SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (140, 1), (30,)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", aezoo.list_models())
def test_build_fit_save_load(name, shape, rng, tmp_path):
    if name == "conv" and len(shape) == 1:
        with pytest.raises(ValueError, match="spatial|signals"):
            aezoo.build(name, shape, 4)
        return
    # smooth samples, as real ones are: a few sines with random phases
    phase = rng.uniform(0, 6.28, (64, 1))
    x = 0.5 + 0.4 * np.sin(phase + np.linspace(0, 6, np.prod(shape)))
    x = x.reshape(64, *shape).astype("float32")

    logs, weights = [], []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        ae = aezoo.build(name, shape, 4)
        before = ae.reconstruction_error(x).mean()
        logs.append(ae.fit(x, epochs=4, batch_size=16, verbose=0).history["loss"])
        weights.append(ae.get_weights())
    assert ae.reconstruction_error(x).mean() < before
    np.testing.assert_allclose(*logs, rtol=1e-5)
    for first, second in zip(*weights, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)

    assert ae.encode(x).shape == (64, *ae.latent_shape)
    assert ae.decode(ae.encode(x)).shape == x.shape
    ae.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.reconstruct(x), ae.reconstruct(x), atol=1e-6)
    np.testing.assert_allclose(loaded.encode(x), ae.encode(x), atol=1e-6)


@pytest.mark.parametrize("name", aezoo.list_models())
def test_factory_is_documented(name):
    doc = getattr(aezoo, name).__doc__
    for part in ("Args:", "Returns:", "Raises:", "Example:", "Reference:"):
        assert part in doc
