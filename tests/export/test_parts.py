import numpy as np
import pytest

import aezoo
from aezoo.export.parts import parts_of


@pytest.mark.parametrize("inside", [True, False])
def test_parts_with_and_without_the_normalization(rng, inside):
    x = (rng.normal(size=(40, 3)) * [1, 10, 100] + 5).astype("float32")
    ae = aezoo.deep(3, 2, hidden_units=(4,), normalization="standard")
    ae.fit(x, epochs=1, verbose=0)
    given = x if inside else ae.normalize(x)
    parts = {name: part for name, part in parts_of(ae, inside).items() if name != "decode"}
    out = {name: next(iter(part(given).values())).numpy() for name, part in parts.items()}
    rebuilt = ae.reconstruct(x)
    np.testing.assert_allclose(out["encode"], ae.encode(x), atol=1e-5)
    np.testing.assert_allclose(out["score"], ae.reconstruction_error(x), rtol=1e-4)
    expected = rebuilt if inside else ae.normalize(rebuilt)
    np.testing.assert_allclose(out["reconstruct"], expected, rtol=1e-4, atol=1e-5)
