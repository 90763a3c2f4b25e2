import hashlib
import json

import numpy as np
import pytest

import aezoo

pytest.importorskip("tf2onnx", reason="needs the extra [onnx]")
ort = pytest.importorskip("onnxruntime", reason="needs the extra [onnx]")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def test_onnx(trained, digits, tmp_path):
    ae, x = trained("conv"), digits[1]
    path = tmp_path / "model.onnx"
    report = aezoo.export_onnx(ae, path, samples=x)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "model.onnx.json"]
    saved = json.loads((tmp_path / "model.onnx.json").read_text())
    assert saved["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert saved["size"] == report.size == path.stat().st_size
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rebuilt, code, score = session.run(["reconstruction", "code", "score"], {"x": x})
    np.testing.assert_allclose(rebuilt, ae.reconstruct(x), atol=1e-4)
    np.testing.assert_allclose(code, ae.encode(x), atol=1e-4)
    np.testing.assert_allclose(score, ae.reconstruction_error(x), rtol=1e-3)


def test_a_file_of_the_user_stays(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="without the report"):
        aezoo.export_onnx(aezoo.vanilla(4, 2), path)
    assert path.read_text() == "mine"
