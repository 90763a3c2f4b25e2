import shutil
import subprocess

import numpy as np
import pytest

from aezoo.export.micro import Proof
from aezoo.export.micro_detector import refuse_size, write_detector
from tests.export.test_integer_scoring import ENDS, ERRORS, case

MAIN = """\
#include <stdio.h>
#include "detector.h"
#define COUNT {count}
static aezoo_value_t values[2][COUNT][AEZOO_DETECTOR_SIZE];
int main(void) {{
  if (fread(values, sizeof values, 1, stdin) != 1) return 1;
  for (int i = 0; i < COUNT; ++i) {{
    int64_t found[2 + AEZOO_DETECTOR_SIZE];
    found[0] = aezoo_anomaly_score(values[0][i], values[1][i]);
    found[1] = aezoo_is_anomaly(values[0][i], values[1][i]);
    if (aezoo_anomaly_contributions(values[0][i], values[1][i], found + 2) != found[0]) return 2;
    fwrite(found, sizeof found, 1, stdout);
  }}
  for (int i = 0; i < AEZOO_DETECTOR_GOLDEN_COUNT; ++i) {{
    const aezoo_value_t *input = aezoo_detector_golden_inputs[i];
    const aezoo_value_t *output = aezoo_detector_golden_outputs[i];
    if (aezoo_anomaly_score(input, output) != aezoo_detector_golden_scores[i]) return 3;
    if (aezoo_is_anomaly(input, output) != aezoo_detector_golden_anomalies[i]) return 4;
  }}
  return 0;
}}
"""
COMPILERS = {"cc": ["-std=c99", "-pedantic"], "g++": []}


def compiled(folder, count, compiler="cc"):
    """A program that scores so many samples from its standard input."""
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    (folder / "main.c").write_text(MAIN.format(count=count))
    program = folder / "main"
    subprocess.run(
        [
            *(compiler, "-Wall", "-Wextra", "-Werror", *COMPILERS[compiler], "-O1"),
            *("-fsanitize=undefined", "-fno-sanitize-recover", "-o", program),
            *(folder / "main.c", folder / "detector.c"),
        ],
        check=True,
    )
    return program


def run(program, inputs, outputs):
    """Scores, flags and contributions of samples, as the C sources have them."""
    given = inputs.tobytes() + outputs.tobytes()
    done = subprocess.run([program], input=given, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    found = np.frombuffer(done.stdout, "<i8").reshape(len(inputs), -1)
    return found[:, 0], found[:, 1], found[:, 2:]


@pytest.mark.parametrize("dtype", list(ENDS))
@pytest.mark.parametrize("error", list(ERRORS))
@pytest.mark.parametrize(("count", "groups"), [(0, 0), (1, 1), (4, 1), (300, 2)])
def test_c_scores_are_those_of_numpy_to_the_last_bit(tmp_path, rng, dtype, error, count, groups):
    _, integers, inputs, outputs = case(rng, dtype, error, count, groups)
    limits = np.iinfo(dtype)
    far = rng.choice([limits.min, limits.max], (2, 20, 6)).astype(dtype)
    inputs, outputs = np.concatenate([inputs, far[0]]), np.concatenate([outputs, far[1]])
    expected = integers.score(inputs, outputs)
    threshold = int(np.sort(expected)[180])
    write_detector(tmp_path, integers, threshold, 200, Proof(inputs, outputs, 0, 0, 0.0))
    compiler = "g++" if groups == 2 else "cc"
    scores, flags, parts = run(compiled(tmp_path, len(inputs), compiler), inputs, outputs)
    np.testing.assert_array_equal(scores, expected)
    np.testing.assert_array_equal(flags, expected > threshold)
    np.testing.assert_array_equal(parts, integers.contributions(inputs, outputs))


def test_golden_vectors_stand_on_both_sides(tmp_path, rng):
    _, integers, inputs, outputs = case(rng, "int8", "factor", 40, 1)
    scores = np.sort(integers.score(inputs, outputs))
    write_detector(tmp_path, integers, int(scores[150]), 99, Proof(inputs, outputs, 0, 0, 0.0))
    text = (tmp_path / "detector.c").read_text()
    body = text.split("aezoo_detector_golden_scores")[1].split("{")[1].split("}")[0]
    golden = [int(number) for number in body.split(",")]
    assert {scores[0], scores[149], scores[150], scores[151], scores[199]} <= set(golden)
    header = (tmp_path / "detector.h").read_text()
    assert f"#define AEZOO_DETECTOR_THRESHOLD INT64_C({scores[150]})" in header
    assert f"#define AEZOO_DETECTOR_BYTES {integers.bytes} " in header
    assert "scores of 99 normal samples" in header
    assert "{" not in header.split("extern")[0]


def test_sources_are_a_program_that_judges_its_golden_vectors(tmp_path, rng):
    if shutil.which("cc") is None:
        pytest.skip("needs cc")
    _, integers, inputs, outputs = case(rng, "int8", "factor", 40, 1)
    scores = integers.score(inputs, outputs)
    threshold = int(np.median(scores))
    write_detector(tmp_path, integers, threshold, 99, Proof(inputs, outputs, 0, 0, 0.0))

    def said():
        options = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
        command = ["cc", *options, "-D", "AEZOO_DETECTOR_MAIN", "detector.c", "-o", "detect"]
        subprocess.run(command, check=True, cwd=tmp_path)
        done = subprocess.run(["./detect"], cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()

    code, (*lines, end) = said()
    assert (code, end) == (0, "8 of 8 as in Python")
    kinds = [line.split(": ")[1] for line in lines]
    assert kinds == ["normal"] * kinds.count("normal") + ["anomaly"] * kinds.count("anomaly")
    assert lines[0] == f"score {scores.min() * integers.unit:.2f}: normal"
    assert lines[-1] == f"score {scores.max() * integers.unit:.2f}: anomaly"
    source = tmp_path / "detector.c"
    source.write_text(source.read_text().replace(str(scores.max()), str(scores.max() - 1)))
    code, (*_, end) = said()
    assert (code, end) == (1, "7 of 8 as in Python")


def test_too_many_references_are_refused(rng, monkeypatch):
    _, integers, _, _ = case(rng, "int8", "vector", 300, 2)
    assert refuse_size(integers) is None
    monkeypatch.setattr("aezoo.export.micro_detector.LARGEST", 48 + 10 * 100)
    with pytest.raises(ValueError, match=r"3,048 bytes.*300 references.*n_references=100 or fewer"):
        refuse_size(integers)
    monkeypatch.setattr("aezoo.export.micro_detector.LARGEST", 40)
    with pytest.raises(ValueError, match="scoring='error'"):
        refuse_size(integers)
