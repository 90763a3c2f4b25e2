import math

import pytest

import aezoo
from aezoo.training.costs import DEVICES, FILE, LAYER, Costs, counted


def test_dense_layers():
    ae = aezoo.deep(20, 3, hidden_units=(7,))
    weights = 20 * 7 + 7 * 3 + 3 * 7 + 7 * 20
    biases = 7 + 3 + 7 + 20
    costs = counted(ae)
    assert (costs.macs, costs.values, costs.parameters) == (weights, biases, weights + biases)
    assert costs.size == FILE + 4 * LAYER + weights + 4 * (biases + 7)  # the decoder's first twice


def test_convolutions():
    ae = aezoo.conv((8, 8, 1), 5, filters=(4,))
    there, latent = 9 * 1 * 4 * 16, 16 * 4 * 5  # 3 x 3 kernels at 4 x 4 places
    assert counted(ae).macs == there + latent + 5 * 64 + 9 * 1 * 4 * 16
    assert counted(ae).values == 4 * 16 + 5 + 64 + 64
    added = aezoo.residual((8, 8, 1), 5, filters=(4,))
    assert counted(added).values > counted(ae).values + 2 * 2 * 4 * 16


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deep", "conv"])
def test_size_is_about_that_of_the_file(name, tmp_path):
    digits = aezoo.load_dataset("digits").x
    ae = aezoo.build(name, weights="digits" if name == "deep" else None) if name == "deep" else None
    if ae is None:
        ae = aezoo.conv((8, 8, 1), 8, filters=(8, 16))
        ae.fit(digits, epochs=2, batch_size=32, verbose=0)
    report = aezoo.export_tflite(
        ae, tmp_path / "m.tflite", quantize="int8", calibration_data=digits, samples=digits
    )
    assert abs(counted(ae).size - report.size) < 3500


def test_estimates_of_devices():
    costs = Costs(size=0, macs=12_300_000, values=0, parameters=0)
    measured = 99.1e3  # CMSIS-NN, arXiv:1801.06601, table 1
    assert math.isclose(costs.microseconds("cortex-m7"), measured, rel_tol=0.03)
    times = [costs.microseconds(name) for name in ("cortex-m4", "cortex-m7", "cortex-m55")]
    assert times == sorted(times, reverse=True)
    more = costs._replace(values=1000)
    each = (more.microseconds("cortex-m4") - costs.microseconds("cortex-m4")) * 120
    assert math.isclose(each, 1000 * DEVICES["cortex-m4"].per_value, rel_tol=1e-6)
