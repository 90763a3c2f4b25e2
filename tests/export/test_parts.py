import numpy as np
import pytest

import aezoo
from aezoo.export.parts import parts_of, tells_indices


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


def test_parts_by_indices(rng):
    x = rng.random((40, 6)).astype("float32")
    ae = aezoo.vector_quantized(6, 2, num_codes=3, num_embeddings=8, hidden_units=(4,))
    ae.fit(x, epochs=3, verbose=0)
    parts = parts_of(ae, indices=True)
    indices = parts["encode"](x)["code"].numpy()
    assert indices.dtype == np.int32
    np.testing.assert_array_equal(indices, ae.encode_indices(x))
    for name, given in (("reconstruct", x), ("decode", indices)):
        found = parts[name](given)["reconstruction"].numpy()
        np.testing.assert_allclose(found, ae.reconstruct(x), atol=1e-6)


def test_which_codes_are_indices():
    learned = aezoo.vector_quantized(4, 3, num_codes=2, hidden_units=(4,))
    fixed = aezoo.vector_quantized(4, 3, num_codes=2, hidden_units=(4,), quantizer="fsq")
    assert tells_indices(learned, "int8")
    assert not tells_indices(learned, None)
    assert not tells_indices(fixed, "int8")
    assert not tells_indices(aezoo.vanilla(4, 2), "int8")


@pytest.mark.slow
@pytest.mark.parametrize("io", [None, "float32"])
def test_a_codebook_in_int8(trained, digits, tmp_path, io):
    """Codes are indices: those of Keras but for codes that lie nearly as near."""
    ae, path = trained("vector_quantized"), tmp_path / "model.tflite"
    options = {"calibration_data": digits[0], "samples": digits[1], "io": io}
    report = aezoo.export_tflite(ae, path, quantize="int8", **options)
    lite, indices = aezoo.LiteModel(path), ae.encode_indices(digits[1])
    found = lite.encode(digits[1])
    assert (found.dtype, found.shape) == (np.int32, indices.shape)
    differing = np.mean(found != indices)
    assert report.parity["encode_differing"] == differing < 0.25
    assert f"{differing:.2%}" in str(report)
    np.testing.assert_allclose(lite.decode(indices), ae.decode_indices(indices), atol=0.05)
    np.testing.assert_array_equal(lite.decode(found), lite.reconstruct(digits[1]))
    book = np.array(ae.bottleneck.embeddings)
    vectors = np.array(ae._features(digits[1]))
    distances = [np.square(vectors - book[i]).sum(axis=-1).mean() for i in (found, indices)]
    assert distances[0] < 1.05 * distances[1]
    size = len(book)
    for wrong in (0.5, -1, size):
        with pytest.raises(ValueError, match="decode"):
            lite.decode(np.full((1, *indices.shape[1:]), wrong))


def test_fsq_has_no_export_in_int8(digits, tmp_path):
    ae = aezoo.vector_quantized((8, 8, 1), 3, quantizer="fsq", filters=(4,))
    with pytest.raises(aezoo.ExportError, match="stayed in float.*ROUND"):
        aezoo.export_tflite(ae, tmp_path / "a.tflite", quantize="int8", calibration_data=digits[0])
