import keras
import numpy as np
import pytest

import aezoo
from aezoo.scale.models import BYTES, MOST_ROWS, Scorer, source_of


def test_codes_and_errors(ae, files, rng):
    x = rng.normal(size=(700, 5)).astype("float32")
    lite = aezoo.LiteModel(files / "model.tflite")
    for given in (ae, files, files / "model.keras", files / "model.tflite", lite):
        codes, errors = Scorer(source_of(given)).run(x)
        np.testing.assert_allclose(codes, ae.encode(x), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(errors, ae.reconstruction_error(x), rtol=1e-4, atol=1e-5)
        assert errors.dtype == codes.dtype == np.float32


def test_without_codes(ae, files):
    for given in (ae, files / "model.tflite"):
        scorer = Scorer(source_of(given), code=False)
        codes, errors = scorer.run(np.ones((3, 5), "float32"))
        assert codes is None
        assert errors.shape == (3,)
        assert scorer.code_size == 0


def test_codes_of_several_axes_are_flat(rng):
    vq = aezoo.vector_quantized(6, latent_dim=4, num_embeddings=8)
    x = rng.random((9, 6)).astype("float32")
    codes, _ = Scorer(source_of(vq)).run(x)
    np.testing.assert_allclose(codes, vq.encode(x).reshape(9, -1), rtol=1e-5)


def test_mixed_precision_gives_float32(rng):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        ae = aezoo.vanilla(4, 2)
    finally:
        keras.config.set_dtype_policy("float32")
    codes, errors = Scorer(source_of(ae)).run(rng.random((3, 4)).astype("float32"))
    assert codes.dtype == errors.dtype == np.float32


def test_batches_are_what_memory_holds(ae):
    scorer = Scorer(source_of(ae))
    assert scorer.batch_size == MOST_ROWS
    wide = Scorer(source_of(aezoo.deep(5000, 2, hidden_units=(1000,))))
    numbers = 3 * 5000 + 2 + 2 * (5000 + 1000 + 2 + 1000)  # read, code, layers and their inputs
    assert BYTES / (8 * numbers) < wide.batch_size < BYTES / (4 * 3 * 5000)


def test_hashes_tell_models_apart(ae, files):
    assert source_of(ae).sha256 == source_of(ae).sha256
    other = aezoo.deep(5, 2, hidden_units=(4,), normalization="standard")
    other.set_weights([weight + 1 for weight in ae.get_weights()])
    assert source_of(other).sha256 != source_of(ae).sha256
    assert source_of(files).sha256 == source_of(files / "model.keras").sha256
    assert source_of(files).sha256 != source_of(files / "model.tflite").sha256
    lite = aezoo.LiteModel(files / "model.tflite")
    assert source_of(lite).sha256 == source_of(files / "model.tflite").sha256


def test_what_is_no_model(tmp_path, rng):
    with pytest.raises(FileNotFoundError, match=r"no model .*nothing\.keras"):
        source_of(tmp_path / "nothing.keras")
    with pytest.raises(ValueError, match="Received: int"):
        source_of(3)
    (tmp_path / "x.onnx").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"Received: .*x\.onnx"):
        source_of(tmp_path / "x.onnx")
    (tmp_path / "detector.json").write_text("{}")
    with pytest.raises(ValueError, match="aezoo detect score"):
        source_of(tmp_path)


def test_models_that_cannot_score_rows(tmp_path):
    with pytest.raises(ValueError, match=r"rows of numbers. Received: .*\(8, 8, 1\)"):
        Scorer(source_of(aezoo.conv((8, 8, 1), 2, filters=(4,))))
    unfitted = aezoo.deep(5, 2, normalization="standard")
    with pytest.raises(ValueError, match="adapt"):
        Scorer(source_of(unfitted))
    (tmp_path / "x.keras").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"test_models.*x\.keras is damaged"):
        Scorer(source_of(tmp_path / "x.keras"))
    (tmp_path / "x.tflite").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="not a TFLite file"):
        source_of(tmp_path / "x.tflite")
