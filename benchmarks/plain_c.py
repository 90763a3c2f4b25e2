"""What do the pretrained models take as plain C on a Cortex-M4, and are its bytes right there?

    python benchmarks/plain_c.py

Needs Debian's `gcc-arm-none-eabi`, `libnewlib-arm-none-eabi` and `qemu-system-arm`. Each model is
exported here and compiled with `-Os`: flash is what the linker keeps of it for a part alone, and
beyond weights and biases are code, multipliers and tables. Memory is the arena of that part, and
that of TensorFlow Lite Micro, which holds input and output, too. The golden vectors are run on an
emulated board. Models that int8 is too coarse for are fine-tuned for it.
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.export.plain_c.graph import graph_of
from aezoo.registry import weights
from aezoo.system.quiet import native_output_discarded

HERE = Path(__file__).parent
ARM = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-std=c99", "-Os")
SECTIONS = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-nostartfiles")
TUNED = 10000  # training samples
SAMPLES = 2000  # of the test split that an export is judged on


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", help="such as conv-mnist [default: all]")
    parser.add_argument("--output", default=str(HERE / "plain_c.json"), help="or none")
    arguments = parser.parse_args()
    rows = []
    for (model, name), card in weights.cards().items():
        if arguments.models is None or f"{model}-{name}" in arguments.models:
            rows += measure(model, name, card)
    if arguments.output != "none":
        Path(arguments.output).write_text(json.dumps(rows, indent=2) + "\n")
    show(rows)


def measure(model, name, card):
    x, samples = (aezoo.load_dataset(card["data"], split).x for split in ("train", "test"))
    options = {"quantize": "int8", "target": "c", "calibration_data": x}
    options["samples"] = samples[:SAMPLES]
    ae = aezoo.build(model, weights=name)
    with tempfile.TemporaryDirectory() as place, native_output_discarded():
        folder = Path(place, "c")
        for fine_tune in (None, x[:TUNED]):
            try:
                report = aezoo.export_tflite(ae, folder, fine_tune=fine_tune, **options)
                break
            except aezoo.ExportError as error:
                print(f"{model}-{name}: {error}", flush=True)
        else:
            return []
        run = subprocess.run(
            ["make", "emulate"], cwd=folder / "examples", capture_output=True, text=True
        )
        right = re.search(r"(\d+) of (\d+) golden", run.stdout)
        rows = []
        for part, found in report.c.items():
            row = {"model": f"{model}-{name}", "part": part, "fine_tuned": fine_tune is not None}
            row |= sizes(folder, part) | {"weights": weight_bytes(folder / f"{part}.tflite")}
            row |= {key: found[key] for key in ("arena", "runtime_arena", "compared")}
            row["emulated"] = right[0].removesuffix(" golden") if right else run.stderr[-200:]
            rows.append(row)
    for row in rows:
        print(row, flush=True)
    return rows


def sizes(folder, part):
    """What the linker keeps for a part: flash and memory, without what starts a board."""
    main = folder / "alone.c"
    main.write_text(
        f'#include "aezoo.h"\nvolatile int8_t *volatile at;\n'
        f"void _start(void) {{ aezoo_{part}((const int8_t *)at, (int8_t *)at); }}\n"
    )
    file = folder / "alone.elf"
    sources = [main, folder / "aezoo.c"]
    subprocess.run([*ARM, *SECTIONS, f"-I{folder}", *sources, "-o", file], check=True)
    said = subprocess.run(
        ["arm-none-eabi-size", file], capture_output=True, text=True, check=True
    ).stdout
    text, data, bss = map(int, said.splitlines()[1].split()[:3])
    return {"flash": text + data, "bss": bss}


def weight_bytes(path):
    """The weights and biases of a file, which unlike shapes have scales."""
    tensors = {t.index: t for s in graph_of(path).steps for t in s.inputs if t is not None}
    kept = [t for t in tensors.values() if t.data is not None and len(t.scales)]
    return sum(tensor.data.nbytes for tensor in kept)


def show(rows):
    table = Table(
        *("model", "part", "weights", "flash", "beyond weights", "memory", "TFLM's memory"),
        *("bytes equal here", "on a Cortex-M4"),
    )
    for row in rows:
        table.add_row(
            row["model"] + (", fine-tuned" if row["fine_tuned"] else ""),
            row["part"],
            f"{row['weights']:,}",
            f"{row['flash']:,}",
            f"{row['flash'] - row['weights']:,}",
            f"{row['arena']:,}",
            f"{row['runtime_arena']:,}",
            f"{row['compared']} samples",
            row["emulated"],
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
