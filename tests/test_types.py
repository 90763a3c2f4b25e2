"""What editors and type checkers know of the package."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_docstrings import INHERITED, NAMES, is_method

ROOT = Path(__file__).parents[1]
USER = """
import aezoo
model = aezoo.build("conv")
model.encode([[0.0]]).mean()
aezoo.variational().kl_divergence([[0.0]])
reveal_type(model)
reveal_type(aezoo.LiteModel("model.tflite").score([[0.0]]))
aezoo.biuld("conv")
model.encode([[0.0]], 3)
"""


def mypy(path, folder):
    options = ["--ignore-missing-imports", f"--cache-dir={folder}"]
    command = [sys.executable, "-m", "mypy", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_checked_in_a_file_of_a_user(tmp_path):
    pytest.importorskip("mypy", reason="needs the extra [dev]")
    pages = tmp_path / "pages"
    pages.mkdir()
    docs = ROOT / "docs"
    for page in (ROOT / "README.md", *docs.glob("*.md"), *(docs / "guides").glob("*.md")):
        blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
        file = pages / f"{page.stem.replace('-', '_')}_.py"
        file.write_text("\n".join(blocks), encoding="utf-8")
    assert "Success: no issues found" in mypy(pages, tmp_path / "cache")
    user = tmp_path / "user.py"
    user.write_text(USER, encoding="utf-8")
    said = mypy(user, tmp_path / "cache")
    assert 'Revealed type is "aezoo.autoencoder.model.Autoencoder"' in said
    assert 'Revealed type is "numpy.ndarray' in said
    assert 'has no attribute "biuld"; maybe "build"?' in said
    assert 'Too many arguments for "encode"' in said
    assert "Found 2 errors" in said


@pytest.mark.parametrize(
    "name", [n for n in NAMES if not (is_method(n) and n.rpartition(".")[2] in INHERITED)]
)
def test_annotated(name):
    value = NAMES[name]
    signature = inspect.signature(value)
    for parameter in list(signature.parameters.values()):
        if parameter.name not in ("self", "cls"):
            assert parameter.annotation is not parameter.empty, parameter
    assert inspect.isclass(value) or signature.return_annotation is not signature.empty
