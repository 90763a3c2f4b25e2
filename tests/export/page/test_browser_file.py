import numpy as np
import pytest

import aezoo
from aezoo.edge import inspect
from aezoo.edge.reading import read
from aezoo.export.page.browser_file import for_browser


@pytest.fixture(params=["float32", "int8"])
def both(request, files, tmp_path):
    """A file and the page's, as paths."""
    given, made = files / f"{request.param}.tflite", tmp_path / "model.tflite"
    made.write_bytes(for_browser(read(given)[0]))
    return given, made


def test_one_sample_and_float_ends(both):
    found = inspect(both[1])
    for ends in found["signatures"].values():
        for tensor in (*ends["inputs"].values(), *ends["outputs"].values()):
            assert tensor["dtype"] == "float32"
            assert tensor["shape"][0] == 1
    # what LiteRT.js returns of an output whose shape is computed is whatever the memory held
    assert not {"SHAPE", "STRIDED_SLICE", "PACK"} & set(found["ops"])
    assert set(inspect(both[0])["ops"]) >= {"SHAPE", "STRIDED_SLICE", "PACK"}


def test_it_computes_what_the_file_does(both, digits):
    given, made = (aezoo.LiteModel(path) for path in both)
    x = digits[1][:40]
    codes = given.encode(x)
    np.testing.assert_allclose(made.encode(x), codes, atol=1e-5)
    step = 1 / 256 if "int8" in both[0].name else 1e-5
    for one, other in (
        (made.reconstruct(x), given.reconstruct(x)),
        (made.decode(codes), given.decode(codes)),
    ):
        apart = np.abs(one - other) / step
        assert apart.max() <= 8
        assert apart.mean() < 0.1  # transposed convolutions round unlike


def test_places_in_a_codebook_stay_integers(trained, digits, tmp_path):
    path, made = tmp_path / "vq.tflite", tmp_path / "model.tflite"
    options = {"calibration_data": digits[0], "samples": digits[1], "tolerance": 9.0}
    aezoo.export_tflite(trained("vector_quantized"), path, quantize="int8", **options)
    made.write_bytes(for_browser(read(path)[0]))
    given, mine = aezoo.LiteModel(path), aezoo.LiteModel(made)
    codes = mine.encode(digits[1][:20])
    assert codes.dtype == np.int32
    np.testing.assert_array_equal(codes, given.encode(digits[1][:20]))
    assert np.abs(mine.decode(codes) - given.decode(codes)).max() <= 8 / 256
