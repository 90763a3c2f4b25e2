"""C sources that turn a sample and its reconstruction into a score, and a yes or no."""

from pathlib import Path

import numpy as np

from aezoo.export.integer_scoring import IntegerScoring
from aezoo.export.micro import Proof, array_of

GOLDEN = 8  # samples that a firmware can check itself with
LARGEST = 2**20  # bytes of constants that it may be asked for
HEADER = """\
// Tells whether a sample is an anomaly, from what goes into the model in reconstruct.h and what
// comes out of it. Integers alone: no floating point, no memory but some hundred bytes of stack.
//
// Of each feature, with q of the input and r of the reconstruction,
//   e = input_factors (q - {input_zero_point}) - output_factors (r - {output_zero_point})
{matrix}//   part = (e^2 >> {error_shift}) + (sum(weights (q - references)^2) >> {neighbor_shift})
// over the {neighbors} nearest references, and the score is the sum of the parts.
//
// Nothing overflows, whatever the input: |e| < 2^30 and score < 2^62.
// The threshold was set on these very scores of {calibration} normal samples.
#ifndef AEZOO_DETECTOR_H_
#define AEZOO_DETECTOR_H_

#include <stdint.h>

typedef {dtype}_t aezoo_value_t;  // of the model's input and output

#define AEZOO_DETECTOR_SIZE {size}  // values of a sample
#define AEZOO_DETECTOR_THRESHOLD INT64_C({threshold})
#define AEZOO_DETECTOR_SCORE_UNIT {unit:.9e}  // times the score: as AnomalyDetector.anomaly_score
#define AEZOO_DETECTOR_BYTES {bytes}  // of constants, without the golden vectors
#define AEZOO_DETECTOR_GOLDEN_COUNT {count}

#ifdef __cplusplus
extern "C" {{
#endif
// 1 for an anomaly, 0 for a normal sample.
int aezoo_is_anomaly(const aezoo_value_t *input, const aezoo_value_t *reconstruction);

// How odd a sample is, 0 or more; beyond AEZOO_DETECTOR_THRESHOLD it is an anomaly.
int64_t aezoo_anomaly_score(const aezoo_value_t *input, const aezoo_value_t *reconstruction);

// The same, and what each feature has added to it, in an array of AEZOO_DETECTOR_SIZE.
int64_t aezoo_anomaly_contributions(
    const aezoo_value_t *input, const aezoo_value_t *reconstruction, int64_t *contributions);

// Inputs, what the model makes of them, and what the functions above must make of both.
extern const aezoo_value_t
    aezoo_detector_golden_inputs[AEZOO_DETECTOR_GOLDEN_COUNT][AEZOO_DETECTOR_SIZE];
extern const aezoo_value_t
    aezoo_detector_golden_outputs[AEZOO_DETECTOR_GOLDEN_COUNT][AEZOO_DETECTOR_SIZE];
extern const int64_t aezoo_detector_golden_scores[AEZOO_DETECTOR_GOLDEN_COUNT];
extern const int8_t aezoo_detector_golden_anomalies[AEZOO_DETECTOR_GOLDEN_COUNT];
#ifdef __cplusplus
}}
#endif

#endif  // AEZOO_DETECTOR_H_
"""
MATRIX = "//   e = sum(e matrix) >> {matrix_shift}, rounded towards 0\n"
RESIDUAL = """\
static int64_t residual(const aezoo_value_t *input, const aezoo_value_t *reconstruction, int i) {{
  return (int64_t)input_factors[i] * ((int32_t)input[i] - ({input_zero_point})) -
         (int64_t)output_factors[i] * ((int32_t)reconstruction[i] - ({output_zero_point}));
}}
"""
WHITENED = """
static int64_t whitened(const aezoo_value_t *input, const aezoo_value_t *reconstruction, int i) {{
  int64_t sum = 0;
  for (int j = 0; j < SIZE; ++j) {{
    sum += residual(input, reconstruction, j) * matrix[j][i];
  }}
  return sum >= 0 ? sum >> {matrix_shift} : -(-sum >> {matrix_shift});
}}
"""
NEAREST = """
// The neighbours of a sample among the references of a positive weight, and how many they are.
static int nearest(const aezoo_value_t *input, const uint16_t *weight, int32_t *places) {{
  int64_t distances[NEIGHBORS + 1];
  int count = 0;
  for (int32_t j = 0; j < REFERENCES; ++j) {{
    if (weight[j] == 0) continue;
    int64_t distance = 0;
    for (int i = 0; i < SIZE; ++i) {{
      const int64_t difference = (int32_t)input[i] - references[j][i];
      distance += difference * difference;
    }}
    if (count == NEIGHBORS + 1 && distance >= distances[NEIGHBORS]) continue;
    int at = count < NEIGHBORS + 1 ? count++ : NEIGHBORS;
    for (; at > 0 && distances[at - 1] > distance; --at) {{
      distances[at] = distances[at - 1];
      places[at] = places[at - 1];
    }}
    distances[at] = distance;
    places[at] = j;
  }}
  if (count < 2) return count;
  if (distances[0] == 0) {{  // the sample itself, which is no neighbour of its own
    for (int at = 1; at < count; ++at) places[at - 1] = places[at];
  }}
  return count - 1;
}}
"""
SCORE = """
int64_t aezoo_anomaly_contributions(
    const aezoo_value_t *input, const aezoo_value_t *reconstruction, int64_t *contributions) {{
  int64_t score = 0;
{find}  for (int i = 0; i < SIZE; ++i) {{
    const int64_t e = {residual}(input, reconstruction, i);
    int64_t part = (e * e) >> {error_shift};
{add}    if (contributions) contributions[i] = part;
    score += part;
  }}
  return score;
}}

int64_t aezoo_anomaly_score(const aezoo_value_t *input, const aezoo_value_t *reconstruction) {{
  return aezoo_anomaly_contributions(input, reconstruction, 0);
}}

int aezoo_is_anomaly(const aezoo_value_t *input, const aezoo_value_t *reconstruction) {{
  return aezoo_anomaly_score(input, reconstruction) > AEZOO_DETECTOR_THRESHOLD;
}}
"""
FIND = """\
  int32_t places[GROUPS][NEIGHBORS + 1];
  int counts[GROUPS];
  for (int g = 0; g < GROUPS; ++g) counts[g] = nearest(input, weights[g], places[g]);
"""
MAIN = """\
#ifdef AEZOO_DETECTOR_MAIN  // cc -D AEZOO_DETECTOR_MAIN detector.c -o detect && ./detect
#include <stdio.h>
int main(void) {
  int right = 0;
  for (int i = 0; i < AEZOO_DETECTOR_GOLDEN_COUNT; ++i) {
    const aezoo_value_t *input = aezoo_detector_golden_inputs[i];
    const aezoo_value_t *reconstruction = aezoo_detector_golden_outputs[i];
    const int64_t score = aezoo_anomaly_score(input, reconstruction);
    const int anomaly = aezoo_is_anomaly(input, reconstruction);
    printf("score %.2f: %s\\n", score * AEZOO_DETECTOR_SCORE_UNIT, anomaly ? "anomaly" : "normal");
    right += score == aezoo_detector_golden_scores[i] &&
             anomaly == aezoo_detector_golden_anomalies[i];
  }
  printf("%d of %d as in Python\\n", right, AEZOO_DETECTOR_GOLDEN_COUNT);
  return right != AEZOO_DETECTOR_GOLDEN_COUNT;
}
#endif
"""
ADD = """\
    int64_t distance = 0;
    for (int g = 0; g < GROUPS; ++g) {{
      for (int k = 0; k < counts[g]; ++k) {{
        const int32_t j = places[g][k];
        const int64_t difference = (int32_t)input[i] - references[j][i];
        distance += weights[g][j] * (difference * difference);
      }}
    }}
    part += distance >> {neighbor_shift};
"""


def refuse_size(scoring: IntegerScoring) -> None:
    """Refuses constants that no microcontroller has room for.

    Args:
        scoring: `aezoo.export.integer_scoring.IntegerScoring`.

    Raises:
        ValueError: If they take more than 1 MiB.
    """
    if scoring.bytes <= LARGEST:
        return
    count = len(scoring.references)
    way = "with fewer features"
    if count:
        each = scoring.references[0].nbytes + scoring.weights[:, 0].nbytes
        fits = (LARGEST - scoring.bytes + count * each) // each
        way = f"with n_references={fits} or fewer" if fits > 0 else "with scoring='error'"
    raise ValueError(
        f"The detector takes {scoring.bytes:,} bytes beside its model, {count:,} references with "
        f"it, and a microcontroller may be asked for {LARGEST:,}: fit it {way}."
    )


def write_detector(
    folder: Path,
    scoring: IntegerScoring,
    threshold: int,
    calibration: int,
    proof: Proof,
) -> None:
    """Writes `detector.h` and `detector.c`, C99 and C++ alike.

    Compiled with `-D AEZOO_DETECTOR_MAIN`, the latter is a program that judges its golden vectors.

    Args:
        folder: `pathlib.Path` of the folder.
        scoring: `aezoo.export.integer_scoring.IntegerScoring`.
        threshold: Integer, the score above which a sample is an anomaly.
        calibration: Integer, how many samples it was set on.
        proof: `aezoo.export.micro.Proof` of the model. Of its inputs and outputs the least and the
            most odd, and those beside the threshold become golden vectors.
    """
    golden = _golden(scoring.score(*proof[:2]), threshold)
    inputs, outputs = (a[golden].reshape(len(golden), -1) for a in proof[:2])
    scores = scoring.score(inputs, outputs)
    dtype = scoring.references.dtype.name
    fields = scoring._asdict()
    size = scoring.references.shape[1]
    whitened, near = scoring.matrix is not None, len(scoring.references) > 0
    header = HEADER.format(
        **{**fields, "matrix": MATRIX.format(**fields) if whitened else ""},
        dtype=dtype,
        size=size,
        threshold=threshold,
        bytes=scoring.bytes,
        calibration=calibration,
        count=len(scores),
    )
    (folder / "detector.h").write_text(header, encoding="utf-8")
    sizes = {"SIZE": size}
    arrays = [
        array_of("static const int32_t input_factors", scoring.input_factors),
        array_of("static const int32_t output_factors", scoring.output_factors),
    ]
    code = [RESIDUAL]
    if whitened:
        arrays.append(array_of("static const int16_t matrix", scoring.matrix))
        code.append(WHITENED)
    if near:
        sizes |= {"REFERENCES": len(scoring.references), "NEIGHBORS": scoring.neighbors}
        sizes["GROUPS"] = len(scoring.weights)
        arrays.append(array_of("static const aezoo_value_t references", scoring.references))
        arrays.append(array_of("static const uint16_t weights", scoring.weights))
        code.append(NEAREST)
    code.append(SCORE)
    parts = {
        "find": FIND if near else "",
        "add": ADD.format(**fields) if near else "",
        "residual": "whitened" if whitened else "residual",
    }
    anomalies = (scores > threshold).astype("int8")
    body = [
        '#include "detector.h"\n',
        "enum {{ {} }};\n".format(", ".join(f"{key} = {value}" for key, value in sizes.items())),
        *arrays,
        "".join(code).format(**fields, **parts),
        array_of("const aezoo_value_t aezoo_detector_golden_inputs", inputs),
        array_of("const aezoo_value_t aezoo_detector_golden_outputs", outputs),
        array_of("const int64_t aezoo_detector_golden_scores", scores),
        array_of("const int8_t aezoo_detector_golden_anomalies", anomalies),
        MAIN,
    ]
    (folder / "detector.c").write_text("\n".join(body), encoding="utf-8")


def _golden(scores, threshold):
    """Samples from the least odd to the oddest, and those on both sides of the threshold."""
    order = np.argsort(scores, kind="stable")
    border = np.searchsorted(scores[order], threshold, side="right")
    beside = np.clip(np.arange(border - 2, border + 2), 0, len(order) - 1)
    ends = np.linspace(0, len(order) - 1, GOLDEN - len(beside)).astype(int)
    return order[np.unique(np.concatenate([beside, ends]))]
