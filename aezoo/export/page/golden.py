"""What a page's model returned in Python, for the browser to compare itself with."""

from typing import Any

import numpy as np

from aezoo.edge import Detector, LiteModel
from aezoo.export.page.store import Store
from aezoo.export.report import ExportError

STEPS = 255  # in the range of a float output: what eight bits, and a screen, can show
STORED = 65535  # so that what is stored is off by a hundredth of a step at most
MOST, VALUES = 4, 2048  # samples, and numbers in all of them, but one sample at least
FARTHEST = 2.0  # steps on average, of which other kernels' roundings made 0.4 at most


def golden_vectors(
    lite: LiteModel, ends: dict[str, Any], x: np.ndarray, store: Store
) -> dict[str, Any]:
    """Outputs of each part for the first samples, as LiteRT gives them here.

    Args:
        lite: `aezoo.LiteModel` of the page's own file.
        ends: Dictionary, the `signatures` of `aezoo.edge.inspect` of the file it was made of.
        x: float32 array of shape `(n, *input_shape)`, as the page will read them.
        store: `Store` to write to.

    Returns:
        Dictionary of each part to `count`, how many samples; `step`; `integers`, whether that is
        the step of an integer output, else it is a 255th of the range of the outputs; the place of
        the `outputs`, normalized where they are samples; and of `decode` that of its `inputs`. Of
        an `aezoo.edge.Detector` also `gauge`, its scores, with a 255th of the threshold as step.
    """
    found = {}
    for part in lite.parts:
        (end,) = ends[part]["outputs"].values()
        given = _codes(lite, ends, x) if part == "decode" else x
        values = max(given[0].size, x[0].size)  # of what goes in or of what comes out
        count = int(np.clip(VALUES // values, 1, min(MOST, len(given))))
        outputs = getattr(lite, part)(given[:count])
        if part in ("decode", "reconstruct"):
            outputs = lite.normalize(outputs)
        found[part] = {"count": count, **_step(part, outputs, end)}
        if part == "decode":
            found[part]["inputs"] = store.add(given[:count])
        exact = part == "score" or np.issubdtype(outputs.dtype, np.integer)
        found[part]["outputs"] = store.add(outputs, None if exact else STORED)
    if isinstance(lite, Detector):
        scores = store.add(lite.anomaly_score(x))
        step = lite.threshold / STEPS
        found["gauge"] = {"count": len(x), "step": step, "integers": False, "outputs": scores}
    return found


def difference(
    lite: LiteModel, original: LiteModel, ends: dict[str, Any], x: np.ndarray
) -> dict[str, float]:
    """How the page's file differs from the one that it was made of.

    Shapes that are constants let LiteRT run transposed convolutions of integers by other kernels,
    which round unlike.

    Args:
        lite: `aezoo.LiteModel` of the page's own file.
        original: `aezoo.LiteModel` of the file it was made of.
        ends: Dictionary, see `golden_vectors`.
        x: float32 array of shape `(n, *input_shape)`.

    Returns:
        Dictionary: `samples`, how many; `most` and `mean` steps between reconstructions; the mean
        squared errors `mse` of the page's and `mse_original`, in normalized units.

    Raises:
        ExportError: A `ValueError`, if they are apart by more than rounding.
    """
    (end,) = ends["reconstruct"]["outputs"].values()
    mine, others = (model.normalize(model.reconstruct(x)) for model in (lite, original))
    apart = np.abs(mine - others) / _step("reconstruct", others, end)["step"]
    wanted = lite.normalize(x)
    found = {
        "samples": len(x),
        "most": float(apart.max()),
        "mean": float(apart.mean()),
        "mse": float(np.mean(np.square(mine - wanted))),
        "mse_original": float(np.mean(np.square(others - wanted))),
    }
    if not found["mean"] <= FARTHEST:
        raise ExportError(
            "The file cannot be brought into the form that browsers take: its reconstructions "
            f"would be {found['mean']:.2f} steps of 8 bits apart on average. Export it again, in "
            "float32 or int8."
        )
    return found


def _codes(lite, ends, x):
    """Codes to decode: those of the samples, or of a file that does not encode drawn ones."""
    if "encode" in lite.parts:
        return lite.encode(x)
    code = ends["decode"]["inputs"]["code"]
    drawn = np.random.default_rng(0).normal(size=(len(x), *code["shape"][1:]))
    return (0 * drawn if code["dtype"] == "int32" else drawn).astype("float32")


def _step(part, outputs, end):
    """What counts as one step of an output."""
    if np.issubdtype(outputs.dtype, np.integer):
        return {"step": 1.0, "integers": True}
    if "scale" in end:
        return {"step": end["scale"], "integers": True}
    low = 0 if part == "score" else outputs.min()
    return {"step": float(outputs.max() - low) / STEPS or 1.0, "integers": False}
