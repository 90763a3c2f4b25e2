import pytest

import aezoo


@pytest.fixture(scope="session")
def files(trained, digits, tmp_path_factory):
    """A small convolutional model in float and in integers: its outputs have computed shapes."""
    folder = tmp_path_factory.mktemp("files")
    for name in ("float32", "int8"):
        aezoo.export_tflite(
            trained("conv"),
            folder / f"{name}.tflite",
            quantize={"float32": None}.get(name, name),
            calibration_data=digits[0],
            samples=digits[1],
            tolerance=None if name == "float32" else 1.0,
        )
    return folder
