import shutil
import subprocess

import numpy as np
import pytest

from aezoo.export.micro import Proof
from aezoo.export.plain_c.examples import write_examples
from aezoo.export.plain_c.graph import graph_of
from aezoo.export.plain_c.source import source_of
from tests.export.plain_c.conftest import constant, options, tensor


def needs(*programs):
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")


@pytest.fixture
def folder(network, tmp_path):
    """An example that doubles what comes in, in int8."""
    tensors = [tensor((1, 6), 0.1), constant(np.eye(6), 1.0), tensor((1, 6), 0.05)]
    dense = ("FULLY_CONNECTED", [0, 1, -1], 2, options("FullyConnectedOptions"))
    source = source_of([graph_of(network(tensors, [dense]))], [{}])
    (tmp_path / "aezoo.h").write_text(source.header)
    (tmp_path / "aezoo.c").write_text(source.body)
    x = np.arange(-30, 30).reshape(10, 6).astype("int8")
    write_examples(tmp_path / "examples", {"encode": Proof(x, 2 * x, 0, 0, 0.0)})
    return tmp_path / "examples"


def make(folder, *targets):
    return subprocess.run(["make", *targets], cwd=folder, capture_output=True, text=True)


def test_golden_vectors_here(folder):
    needs("make", "cc")
    run = make(folder)
    assert run.returncode == 0, run.stderr
    assert "4 of 4 golden vectors as in TensorFlow Lite Micro" in run.stdout
    golden = folder / "golden.h"
    golden.write_text(golden.read_text().replace("-60", "-61", 1))
    run = make(folder)
    assert run.returncode != 0
    assert "3 of 4 golden vectors" in run.stdout


def test_golden_vectors_on_an_emulated_cortex_m4(folder):
    needs("make", "arm-none-eabi-gcc", "qemu-system-arm")
    run = make(folder, "emulate")
    assert run.returncode == 0, run.stderr
    assert "4 of 4 golden vectors as in TensorFlow Lite Micro" in run.stdout
    assert "aezoo.o" in make(folder, "size").stdout
    golden = folder / "golden.h"
    golden.write_text(golden.read_text().replace("-60", "-61", 1))
    assert make(folder, "emulate").returncode != 0
    assert make(folder, "clean").returncode == 0
    assert {file.name for file in folder.iterdir()} == {
        *("main.c", "golden.h", "Makefile", "cortex_m4.ld")
    }
