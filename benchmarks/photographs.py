"""How much noise does the pretrained unet take out of photographs? Beside BM3D and non-local means.

    pip install -e ".[bench]"
    python benchmarks/photographs.py --data FOLDER

Gaussian noise, which may leave the range of the photographs as in the literature, is added once
for each level. An ensemble is the mean over a photograph turned and mirrored in eight ways. The
opponents are told the standard deviation of the noise, the unet is not. Figures are peak
signal-to-noise ratios in dB, of results cut off at 0 and 1, the mean over the photographs. DnCNN's
are its paper's (Zhang et al., IEEE TIP 2017, arXiv:1608.03981, table II), for Set12.
"""

import argparse
import json
import time
from pathlib import Path

import bm3d
import numpy as np
from rich.console import Console
from rich.table import Table
from skimage.data import camera
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_nl_means

import aezoo
from aezoo.data.photographs import read_photograph
from aezoo.registry import weights

HERE = Path(__file__).parent
LEVELS = (10, 15, 25, 50)  # of 255
PAPER = {15: 32.86, 25: 30.43, 50: 27.18}
MODEL = "denoising-photographs"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="a folder of grey photographs")
    parser.add_argument("--model", type=Path, help="a run folder; default: the pretrained one")
    parser.add_argument("--levels", nargs="*", type=int, default=LEVELS)
    parser.add_argument("--only-ours", action="store_true", help="without the opponents")
    parser.add_argument("--output", default=str(HERE / "photographs.json"), help="or none")
    parser.add_argument("--picture", default=str(HERE / "photographs.png"), help="or none")
    arguments = parser.parse_args()
    photos = [read_photograph(file).pixels / 255 for file in sorted(arguments.data.glob("*.png"))]
    ways = methods(arguments.model, arguments.only_ours)
    found = {"data": arguments.data.name, "photographs": len(photos), "levels": {}, "seconds": {}}
    for level in arguments.levels:
        rng = np.random.default_rng(0)
        sigma = level / 255
        noisy = [x + sigma * rng.standard_normal(x.shape) for x in photos]
        row = {"noisy": quality(photos, noisy)}
        for name, way in ways.items():
            begin = time.perf_counter()
            cleaned = [way(x, sigma) for x in noisy]
            found["seconds"][name] = round(time.perf_counter() - begin, 1)
            row[name] = quality(photos, cleaned)
        found["levels"][level] = row
        print(level, row, flush=True)
    if arguments.picture != "none":
        draw(loaded(arguments.model), arguments.picture)
    if arguments.output != "none":
        Path(arguments.output).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


def loaded(run):
    if run is None:
        return aezoo.build("denoising", weights="photographs")
    from aezoo.training.folder import load_model

    return load_model(run / "model.keras")


def methods(run, only_ours):
    """Functions of a noisy photograph and the standard deviation of its noise."""
    ae = loaded(run)
    folder = weights.folder() / MODEL if run is None else run
    ways = {
        "unet": lambda x, sigma: aezoo.denoise(ae, x),
        "unet, ensemble": lambda x, sigma: aezoo.denoise(ae, x, ensemble=True),
    }
    if (folder / "model-int8.tflite").is_file():
        lite = aezoo.LiteModel(folder / "model-int8.tflite")
        ways["unet, int8"] = lambda x, sigma: aezoo.denoise(lite, x)
        ways["unet, int8, ensemble"] = lambda x, sigma: aezoo.denoise(lite, x, ensemble=True)
    if not only_ours:
        ways["BM3D"] = lambda x, sigma: bm3d.bm3d(x, sigma)
        ways["non-local means"] = lambda x, sigma: denoise_nl_means(
            x, 5, 6, h=0.6 * sigma, sigma=sigma, fast_mode=False
        )
    return ways


def quality(photos, cleaned):
    pairs = zip(photos, cleaned, strict=True)
    return float(
        np.mean([peak_signal_noise_ratio(x, np.clip(y, 0, 1), data_range=1) for x, y in pairs])
    )


def draw(ae, file):
    """A photograph that comes with scikit-image, and may be shown."""
    photo = camera()[:384, 64:448] / 255
    noisy = photo + 25 / 255 * np.random.default_rng(0).standard_normal(photo.shape)
    figure = aezoo.plots.before_after(noisy, aezoo.denoise(ae, noisy), photo)
    figure.savefig(file, dpi=80)


def show(found):
    names = list(next(iter(found["levels"].values())))
    table = Table("noise, of 255", *names, "DnCNN, its paper", title=found["data"])
    for level, row in found["levels"].items():
        paper = f"{PAPER[int(level)]:.2f}" if int(level) in PAPER else ""
        table.add_row(str(level), *(f"{row[name]:.2f}" for name in names), paper)
    Console().print(table)


if __name__ == "__main__":
    main()
