import numpy as np
import pytest

import aezoo


@pytest.mark.parametrize("shape", [(27, 31, 3), (141, 1), (9,), (5, 7, 3, 1)])
def test_output_has_the_inputs_shape(shape):
    ae = aezoo.residual(shape, 3, **({"filters": (4, 6)} if len(shape) > 1 else {}))
    assert ae.reconstruct(np.zeros((2, *shape))).shape == (2, *shape)


def test_number_of_blocks():
    names = [layer.name for layer in aezoo.residual((8, 8, 1), 3, blocks=2).encoder.layers]
    assert [name for name in names if name.startswith("add")] == [
        f"add_{level}_{block}" for level in (1, 2) for block in (1, 2)
    ]


@pytest.mark.parametrize("blocks", [0.5, -1, "2", True])
def test_bad_blocks(blocks):
    with pytest.raises(ValueError, match="blocks must be an integer"):
        aezoo.residual((8, 8, 1), 3, blocks=blocks)
