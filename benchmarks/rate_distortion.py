"""Do codes take fewer bytes than PNG, JPEG, WebP and JPEG XL, at the same error? Real bytes.

    python benchmarks/rate_distortion.py                        # 15 minutes
    python benchmarks/rate_distortion.py --only photographs     # 68 of them, each as a file
    python benchmarks/rate_distortion.py --only round-trips     # compress and back, 10,000 times

Images of the test split, by pretrained models, as `aezoo.compress` makes them with nothing else
said, and with other steps. The others have the least quality whose error is no more than that of
ours. They are measured twice: a file for each image, as one has them, headers included; and, since
small files are mostly headers, all images side by side in one. Ours likewise. The size of the model
is apart ("decoder", bytes in float32). PNG is without loss.

Photographs are those of BSD68, 481 x 321 pixels in grey, from the folder that AEZOO_TEST_DATA
names: each as a file, by each codec with the best quality that takes no more than so many bits a
pixel, and the mean of the peak signal-to-noise ratios, over those photographs that every codec can
make so small.

Errors are those of pixels of 8 bits, ours rounded to them, too.
"""

import argparse
import io
import json
import os
from pathlib import Path

import numpy as np
import pillow_jxl  # noqa: F401, which teaches Pillow JPEG XL
from PIL import Image
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.data import tiles
from aezoo.uses.compressed import unpacked
from aezoo.uses.rounding import numbers_of, symbols_of

HERE = Path(__file__).parent
SETS = {  # and the pretrained models that compress them
    "mnist": ("conv-mnist", "deep-mnist", "residual-mnist", "variational-mnist"),
    "cifar10": ("residual-cifar10-128", "residual-cifar10-256"),
}
FORMATS = {"PNG": {"optimize": True}, "JPEG": {"optimize": True}, "WEBP": {"method": 6}, "JXL": {}}
NAMES = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "JXL": "JPEG XL"}
PHOTOGRAPHS, BITS = "compressive-photographs", (0.25, 0.5, 0.75, 1.0)
OTHERS = ("JPEG", "WEBP", "JXL")
FACTORS = (0.25, 0.5, 1, 2, 4, 8, 16)  # of the step, for the picture
ALONE = 1000  # images that are compressed one by one, of which the mean is taken
ROUND_TRIPS = 10_000
PARTS = (*SETS, "photographs", "round-trips")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--images", type=int, help="default: all")
    parser.add_argument("--output", default=HERE / "rate_distortion.json", type=Path)
    arguments = parser.parse_args()
    output = arguments.output
    found = json.loads(output.read_text()) if output.is_file() else {}
    for name in [arguments.only] if arguments.only else PARTS:
        if name == "round-trips":
            found[name] = round_trips()
        elif name == "photographs":
            found[name] = of_photographs(arguments.images)
            curves = {
                NAMES.get(codec, codec): [[row["bits"], row[codec]] for row in found[name]]
                for codec in ("ours", *OTHERS)
            }
            picture = aezoo.plots.rate_distortion(curves, title="photographs, a file each")
            picture.savefig(output.with_name(f"{output.stem}-{name}.png"), dpi=100)
        else:
            x = images_of(name)[: arguments.images]
            found[name] = measured(x, SETS[name])
            curves = found[name]["curves"]
            title = f"{name}: {len(x):,} images in one file"
            picture = aezoo.plots.rate_distortion(curves, title=title)
            picture.savefig(output.with_name(f"{output.stem}-{name}.png"), dpi=100)
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


def of_photographs(count):
    """Peak signal-to-noise ratios by bits a pixel, means over photographs."""
    folder = Path(os.environ["AEZOO_TEST_DATA"]) / "photos" / "bsd68"
    family, _, data = PHOTOGRAPHS.partition("-")
    ae = aezoo.build(family, weights=data)
    photographs = [np.asarray(Image.open(file)) for file in sorted(folder.iterdir())[:count]]
    rows = []
    for bits in BITS:
        found = []
        for pixels in photographs:
            x = pixels[np.newaxis, ..., np.newaxis].astype("float32") / 255
            data = aezoo.compress(ae, x, bits_per_pixel=bits)
            assert 8 * len(data) <= bits * pixels.size
            rebuilt = bytes_of(aezoo.decompress(data, ae))
            others = [best_psnr(pixels[..., np.newaxis], form, bits) for form in OTHERS]
            found.append([psnr(error_of(rebuilt[0, ..., 0], pixels)), *others])
        reached = [row for row in found if None not in row]
        means = np.mean(reached, axis=0).tolist()
        told = {"bits": bits, "photographs": len(reached)}
        rows.append(told | dict(zip(("ours", *OTHERS), means, strict=True)))
        print(rows[-1], flush=True)
    return rows


def best_psnr(image, form, bits):
    """With so many bits a pixel at most; `None` where the worst quality has more."""
    low, high = -1, 101  # of which the first takes few enough, and the second too many
    while high - low > 1:
        middle = (low + high) // 2
        fits = 8 * len(encoded(image, form, middle)) <= bits * image.size
        low, high = (middle, high) if fits else (low, middle)
    if low < 0:
        return None
    content = encoded(image, form, low)
    return psnr(error_of(decoded(content, image.shape), image))


def images_of(name):
    """Images as 8 bits have them."""
    return np.rint(255 * aezoo.load_dataset(name, "test").x).astype(np.uint8)


def measured(x, models):
    """Bytes by each codec at the error of each model, and curves of bits and PSNR."""
    rows, curves = [], {}
    whole = side_by_side(x)
    for model in models:
        family, _, data = model.partition("-")
        ae = aezoo.build(family, weights=data)
        samples = x.astype("float32") / 255
        content = aezoo.compress(ae, samples)
        error = error_of(bytes_of(aezoo.decompress(content, ae)), x)
        row = {"model": model, "mse": error, "psnr": psnr(error), "images": len(x)}
        row["bytes"] = {"ours": len(content)}
        step = unpacked(content).step
        alone = [
            len(aezoo.compress(ae, samples[i : i + 1], step=step))
            for i in range(min(ALONE, len(x)))
        ]
        row["alone"] = {"ours": float(np.mean(alone)) * len(x)}
        row["decoder"] = 4 * ae.decoder.count_params()
        for form in FORMATS:
            row["bytes"][form], row["alone"][form] = (
                least_bytes(images, form, error) for images in ([whole], x)
            )
        rows.append(row)
        print(row, flush=True)
        points = []
        for factor in FACTORS:
            content = aezoo.compress(ae, samples, step=factor * step)
            error = error_of(bytes_of(aezoo.decompress(content, ae)), x)
            points.append([8 * len(content) / whole[..., 0].size, psnr(error)])
        curves[model] = points
    for form in OTHERS:
        points = []
        for quality in (2, 5, 10, 20, 35, 50, 70, 85):
            content = encoded(whole, form, quality)
            error = error_of(decoded(content, whole.shape), whole)
            points.append([8 * len(content) / whole[..., 0].size, psnr(error)])
        curves[NAMES[form]] = points
    return {"rows": rows, "curves": curves}


def least_bytes(images, form, error):
    """Bytes of all of them, with the least quality whose error over all is no more."""
    if form == "PNG":
        return sum(len(encoded(image, form)) for image in images)
    low, high = 0, 100  # of which the first has too large an error, and the second has not
    some = images if len(images) == 1 else images[:: max(1, len(images) // 1000)]
    while high - low > 1:
        middle = (low + high) // 2
        errors = [error_of(decoded(encoded(one, form, middle), one.shape), one) for one in some]
        low, high = (low, middle) if np.mean(errors) <= error else (middle, high)
    return sum(len(encoded(image, form, high)) for image in images)


def encoded(image, form, quality=None):
    options = FORMATS[form] if quality is None else {**FORMATS[form], "quality": quality}
    buffer = io.BytesIO()
    pixels = image[..., 0] if image.shape[-1] == 1 else image
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def decoded(content, shape):
    with Image.open(io.BytesIO(content)) as image:
        pixels = np.asarray(image.convert("L" if shape[-1] == 1 else "RGB"))
    return pixels.reshape(shape)


def side_by_side(x):
    """All images as one, black where there are none: (n, h, w, C) -> (R h, Q w, C)."""
    columns = int(np.ceil(np.sqrt(len(x))))
    rows = -(-len(x) // columns)
    n, height, width, channels = x.shape
    whole = np.zeros((rows * columns, height, width, channels), x.dtype)
    whole[:n] = x
    return tiles.joined(whole, (rows * height, columns * width))[0]


def bytes_of(x):
    return np.rint(255 * np.clip(x, 0, 1)).astype(np.uint8)


def error_of(a, b):
    return float(np.square((a.astype("float32") - b.astype("float32")) / 255).mean())


def psnr(error):
    return float(-10 * np.log10(error))


def round_trips():
    """Random shapes, steps and types: how often what comes back is not just the rounded codes'."""
    rng, wrong, flips, unnoticed = np.random.default_rng(0), 0, 0, 0
    for count in range(ROUND_TRIPS):
        if count % 10 == 0:  # a model for ten; of every other one codes have places
            shape = tuple(int(n) for n in rng.integers(1, 9, rng.integers(1, 4)))
            places = count % 20 == 0 and len(shape) > 1
            options = {"bottleneck": "spatial", "filters": (4,)} if places else {}
            make = aezoo.conv if places else aezoo.vanilla
            ae = make(shape, int(rng.integers(1, 17)), normalization="minmax", **options)
        dtype = rng.choice(["float16", "float32", "float64", "int8", "uint8", "int16", "int64"])
        x = rng.normal(0, 50, (int(rng.integers(1, 100)), *shape)).astype(dtype)
        if count % 10 == 0:
            ae.adapt(x)
        data = aezoo.compress(ae, x, step=float(np.exp(rng.uniform(-5, 3))))
        head, codes = unpacked(data), ae.encode(x)
        widths = np.zeros(codes.shape[-1], np.int8) if head.widths is None else head.widths
        expected = ae.decode(numbers_of(symbols_of(codes, head.step, widths), head.step, widths))
        wrong += not np.array_equal(aezoo.decompress(data, ae), expected)
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        flips += 1
        try:
            aezoo.decompress(bytes(damaged), ae)
            unnoticed += 1
        except ValueError:
            pass
    return {"round_trips": ROUND_TRIPS, "wrong": wrong, "flips": flips, "unnoticed": unnoticed}


def show(found):
    console = Console()
    for name, part in found.items():
        if name == "round-trips":
            console.print(part)
            continue
        if name == "photographs":
            table = Table(*part[0], title="photographs, PSNR in dB by bits a pixel")
            for row in part:
                table.add_row(*(f"{value:.4g}" for value in row.values()))
            console.print(table)
            continue
        for key, title in (("bytes", "in one file"), ("alone", "a file each")):
            table = Table("model", "PSNR", "ours", *NAMES.values(), title=f"{name}, kB {title}")
            for row in part["rows"]:
                kb = (f"{row[key][form] / 1000:,.0f}" for form in ("ours", *FORMATS))
                table.add_row(row["model"], f"{row['psnr']:.1f}", *kb)
            console.print(table)


if __name__ == "__main__":
    main()
