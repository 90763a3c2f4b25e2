import re
import shutil
import subprocess

import numpy as np
import pytest

import aezoo
from aezoo.edge import inspect
from aezoo.export.micro import Proof
from aezoo.export.plain_c import proving
from aezoo.export.plain_c.proving import compare

pytest.importorskip("tflite_micro", reason="needs the extra [micro]")

PARTS = ("reconstruct", "encode", "decode")
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2")


def exported(ae, x, path, **options):
    return aezoo.export_tflite(ae, path, quantize="int8", calibration_data=x, target="c", **options)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory, digits):
    folder = tmp_path_factory.mktemp("c") / "firmware"
    ae = aezoo.build("deep", weights="digits")
    return ae, folder, exported(ae, digits[0], folder, samples=digits[1])


def test_what_is_written(pretrained):
    _, folder, report = pretrained
    names = {*(f"{part}.tflite" for part in PARTS), "aezoo.h", "aezoo.c", "examples"}
    assert {path.name for path in folder.iterdir()} == names
    assert folder.with_name("firmware.json").is_file()
    assert (report.format, report.precision, report.micro) == ("c", "int8", {})
    header = (folder / "aezoo.h").read_text()
    for part in PARTS:
        (ends,) = inspect(folder / f"{part}.tflite")["signatures"].values()
        (given,), (returned,) = (ends[end].values() for end in ("inputs", "outputs"))
        said = dict(re.findall(rf"#define AEZOO_{part.upper()}_(\w+) (\S+)", header))
        assert int(said["INPUT_SIZE"]) == np.prod(given["shape"])
        assert float(said["OUTPUT_SCALE"].rstrip("f")) == pytest.approx(returned["scale"])
        assert report.c[part]["arena"] < report.c[part]["runtime_arena"]
    # the parts share their weights: 64-32-16-32-64, a byte each
    weights = 2 * (64 * 32 + 32 * 16)
    assert weights < report.c["encode"]["constants"] < weights + 4096


def test_every_byte_is_as_in_the_runtime(pretrained):
    _, _, report = pretrained
    if report.c["encode"]["compiler"] is None:
        pytest.skip("needs a C compiler")
    assert {report.c[part]["compared"] for part in PARTS} == {50}
    assert "all bytes equal, 50 samples" in str(report)


def test_c_is_strict(pretrained, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    _, folder, _ = pretrained
    command = ["gcc", *STRICT, "-c", folder / "aezoo.c", "-o", tmp_path / "aezoo.o"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    symbols = subprocess.run(
        ["nm", "-u", tmp_path / "aezoo.o"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(symbols) <= {"U", "memcpy", "memset"}  # no library


@pytest.mark.slow
def test_other_bytes_leave_nothing(digits, tmp_path, monkeypatch):
    if not any(map(shutil.which, proving.COMPILERS)):
        pytest.skip("needs a C compiler")

    def source_of(graphs, tables, normalization):
        made = real(graphs, tables, normalization)
        return made._replace(body=made.body.replace("INT64_C(1) << 30", "0"))  # rounds down

    real = proving.source_of
    monkeypatch.setattr(proving, "source_of", source_of)
    ae = aezoo.build("deep", weights="digits")
    with pytest.raises(aezoo.ExportError, match=r"reconstruct in C does not do what .* are others"):
        exported(ae, digits[0], tmp_path / "firmware", signatures="reconstruct")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_a_compiler_it_is_not_proved(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(proving.shutil, "which", lambda name: None)
    ae = aezoo.build("deep", weights="digits")
    report = exported(ae, digits[0], tmp_path / "firmware", signatures="reconstruct")
    assert report.c["reconstruct"]["compiler"] is None
    assert report.c["reconstruct"]["compared"] == 0
    assert "not proved: there is no C compiler here" in str(report)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("#error no", "does not compile on this machine .*no"),
        ("void aezoo_encode(const int8_t *x, int8_t *y) { *(volatile char *)0 = 0; }", "not run"),
        ("void aezoo_encode(const int8_t *x, int8_t *y) { *y = *x; }", "33.33% of its outputs"),
    ],
)
def test_c_that_does_something_else(tmp_path, body, match):
    if not any(map(shutil.which, proving.COMPILERS)):
        pytest.skip("needs a C compiler")
    sizes = "#define AEZOO_ENCODE_INPUT_SIZE 1\n#define AEZOO_ENCODE_OUTPUT_SIZE 1\n"
    head = f"#include <stdint.h>\n{sizes}void aezoo_encode(const int8_t *, int8_t *);\n"
    (tmp_path / "aezoo.h").write_text(head)
    (tmp_path / "aezoo.c").write_text(f'#include "aezoo.h"\n{body}\n')
    x = np.int8([[1], [2], [3]])
    with pytest.raises(aezoo.ExportError, match=match):
        compare(tmp_path, {"encode": Proof(x, np.int8([[1], [2], [4]]), 0, 0, 0.0)})


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"quantize": None}, r"quantize must be one of \('int8',\). Received: None"),
        ({"quantize": "int16x8"}, "quantize must be one of"),
        ({"target": "C"}, r"target must be one of \(None, 'micro', 'c'\). Received: 'C'"),
        ({"batch_size": 2}, "batch_size must be one of"),
        ({"io": "float32"}, "io must be one of"),
    ],
)
def test_bad_input(tmp_path, options, match):
    given = {"quantize": "int8", "target": "c", "calibration_data": np.zeros((30, 8)), **options}
    with pytest.raises(ValueError, match=match):
        aezoo.export_tflite(aezoo.vanilla(8, 2), tmp_path / "firmware", **given)


def test_an_operator_without_c_is_named(tmp_path, rng):
    ae = aezoo.deep(8, 2, hidden_units=(8,), latent_activation="softmax")
    x = rng.random((100, 8)).astype("float32")
    ae.fit(x, epochs=1, verbose=0)
    with pytest.raises(ValueError, match="no C for the operator SOFTMAX. There is for: ABS"):
        exported(ae, x, tmp_path / "firmware")
    assert list(tmp_path.iterdir()) == []


def test_normalization_goes_with_it(tmp_path, rng):
    x = (rng.normal(size=(200, 4)) * [1, 10, 100, 1] + 3).astype("float32")
    ae = aezoo.deep(4, 2, hidden_units=(8,), normalization="standard")
    ae.fit(x, epochs=5, verbose=0)
    exported(ae, x, tmp_path / "firmware")
    offset, scale = ae.normalization.statistics
    text = (tmp_path / "firmware" / "aezoo.c").read_text()
    for name, values in (("offset", offset), ("scale", scale)):
        (found,) = re.findall(rf"aezoo_feature_{name}\[4\] = {{\n(.*?)}}", text, re.DOTALL)
        written = [np.float32(value.strip().rstrip("f")) for value in found.split(",")]
        np.testing.assert_array_equal(written, np.ravel(values))


# of operators that there is no C for: lengths of 1, means over time, steps of recurrent layers
WITHOUT_C = ("hierarchical", "hyperspherical", "recurrent", "temporal")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "backbone"),
    [
        *((family, None) for family in aezoo.list_models() if family not in WITHOUT_C),
        *((family, "residual") for family in ("variational", "vector_quantized")),
    ],
)
def test_every_family(family, backbone, trained, digits, tmp_path):
    """Here, and on an emulated Cortex-M4 where there is one."""
    if backbone is None:
        ae = trained(family)
    else:
        ae = aezoo.build(family, (8, 8, 1), 8, backbone=backbone)
        ae.fit(digits[0], epochs=6, batch_size=32, verbose=0)
    whole = {"signatures": "reconstruct"} if family in ("gumbel", "vector_quantized") else {}
    try:
        report = exported(ae, digits[0], tmp_path / "firmware", samples=digits[1], **whole)
    except aezoo.ExportError as error:
        if error.report is None:  # int8 is too coarse for it, which is not what is asked here
            raise
        pytest.skip("int8 is refused")
    for part in report.c.values():
        assert part["compared"] in (0, 50)
        assert part["arena"] <= part["runtime_arena"]
    if all(map(shutil.which, ("make", "arm-none-eabi-gcc", "qemu-system-arm"))):
        run = subprocess.run(
            ["make", "emulate"], cwd=tmp_path / "firmware/examples", capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.data
def test_pretrained_convolutions(mnist_dir, tmp_path):
    x = aezoo.load_dataset("mnist").x[:2000]
    ae = aezoo.build("conv", weights="mnist")
    report = exported(ae, x, tmp_path / "firmware", samples=aezoo.load_dataset("mnist", "test").x)
    for part in report.c.values():
        assert part["compared"] == 50
        assert part["arena"] <= part["runtime_arena"]
    size = report.contents["signatures"]
    assert set(size) == set(PARTS)
    assert part["constants"] < 270_000
