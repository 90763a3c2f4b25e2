"""What people type by mistake."""

import contextlib
import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import wavfile
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app

COMMANDS = {
    "empty folder": (["train", "deep", "--data", "here"], "here holds no image"),
    "unknown ending": (["train", "deep", "--data", "./weird.feather"], "weird.feather"),
    "no Parquet": (["train", "deep", "--data", "weird.parquet"], "cannot be read as Parquet"),
    "column of texts": (["train", "deep", "--data", "texts.parquet"], "'colour' holds 'red'"),
    "column of times": (["train", "deep", "--data", "times.csv"], "--window 256"),
    "size of nothing": (["train", "deep", "--size", "0"], "size must be"),
    "size in words": (["train", "deep", "--size", "small"], "--size is N or HEIGHTxWIDTH"),
    "size of a table": (["train", "deep", "--data", "whole.csv", "--size", "8"], "for images"),
    "unknown colour": (["train", "deep", "--color", "sepia"], "'grey' or 'rgb'"),
    "stride without window": (["train", "deep", "--stride", "4"], "give window, too"),
    "window of digits": (["train", "deep", "--window", "4"], "files of recordings"),
    "sound without window": (["train", "deep", "--data", "s.wav"], "--window 256"),
    "long window": (["train", "deep", "--data", "s.wav", "--window", "99"], "too short"),
    "images of two sizes": (["train", "deep", "--data", "sizes"], "--size 64"),
    "images of two colours": (["train", "deep", "--data", "colours"], "--color grey"),
    "window larger than images": (
        ["train", "deep", "--data", "sizes", "--window", "99"],
        "smaller than pieces of 99 x 99",
    ),
    "cell without a number": (["train", "deep", "--data", "gap.csv"], "row 3, column 2"),
    "question mark": (["train", "deep", "--data", "mark.csv"], "row 1, column 3"),
    "damaged archive": (["train", "deep", "--data", "broken.npz"], "broken.npz"),
    "damaged model": (["evaluate", "cut.keras", "--data", "digits"], "damaged"),
    "argument as an option": (["train", "deep", "-O", "latent_dim=4"], "--latent-dim"),
    "no such weights": (["export", "nothing"], "There is no model"),
    "unknown family": (["train", "cnv"], "Did you mean 'conv'"),
    "unknown format": (["export", "cut.keras", "--format", "tf"], "'tf'"),
    "damaged run": (["evaluate", "run"], "damaged"),
    "train: no such option": (["train", "deep", "--epoch", "3"], "--epochs"),
    "train: epochs in words": (["train", "deep", "--epochs", "many"], "--epochs"),
    "train: no epochs": (["train", "deep", "--epochs", "0"], "--epochs"),
    "train: a batch of nothing": (["train", "deep", "--batch-size", "0"], "--batch-size"),
    "train: a negative rate": (["train", "deep", "--learning-rate", "-1"], "learning"),
    "train: a code of nothing": (["train", "deep", "--latent-dim", "0"], "latent"),
    "train: no patience": (["train", "deep", "--patience", "-1"], "patience"),
    "train: no minutes": (["train", "deep", "--minutes", "0"], "minutes"),
    "train: a negative seed": (["train", "deep", "--seed", "-1"], "seed"),
    "train: an unknown precision": (["train", "deep", "--precision", "int3"], "int3"),
    "train: an unknown export": (["train", "deep", "--export", "int3"], "int3"),
    "train: an unknown distribution": (["train", "deep", "--distribute", "all"], "all"),
    "train: an option without value": (["train", "deep", "-O", "dropout"], "dropout"),
    "train: an unknown option of the family": (["train", "deep", "-O", "droput=1"], "dropout"),
    "train: an option out of range": (["train", "deep", "-O", "dropout=2"], "dropout"),
    "train: an option in words": (["train", "deep", "-O", "hidden_units=a"], "hidden_units"),
    "train: shifts beyond images": (["train", "deep", "--max-shift", "99"], "shift"),
    "train: missing data": (["train", "deep", "--data", "./none.npy"], "none.npy"),
    "train: an unknown data set": (["train", "deep", "--data", "digts"], "digts"),
    "train: an empty table": (["train", "deep", "--data", "empty.csv"], "empty.csv"),
    "train: a folder that is taken": (["train", "deep", "-o", "taken"], "taken"),
    "train: resume nothing": (["train", "--resume", "none"], "none"),
    "train: resume with a family": (["train", "conv", "--resume", "run"], "--resume"),
    "train: a rank without others": (["train", "deep", "--rank", "1"], "rank"),
    "train: two families": (["train", "deep", "conv"], "conv"),
    "report: no run": (["report", "none"], "none"),
    "report: a damaged run": (["report", "run"], "damaged"),
    "compare: one run": (["compare", "run"], "Two runs or more"),
    "compare: nothing": (["compare", "none", "run"], "none"),
    "compare: a picture of no kind": (["compare", "run", "none", "-o", "a.txt"], "--output"),
    "search: no room told": (["search"], "--max-kb"),
    "search: no room": (["search", "--max-kb", "0"], "kb"),
    "search: room in words": (["search", "--max-kb", "much"], "--max-kb"),
    "search: no trials": (["search", "--max-kb", "9", "--trials", "0"], "trials"),
    "search: an unknown device": (["search", "--max-kb", "9", "--device", "toaster"], "toaster"),
    "search: missing data": (["search", "--max-kb", "9", "--data", "./none.npy"], "none.npy"),
    "search: no minutes": (["search", "--max-kb", "9", "--minutes", "0"], "minutes"),
    "sweep: an unknown family": (["sweep", "-m", "cnv"], "Received: 'cnv'"),
    "sweep: codes in words": (["sweep", "--latent-dims", "two"], "latent"),
    "sweep: codes of nothing": (["sweep", "--latent-dims", "0"], "latent"),
    "sweep: no jobs": (["sweep", "--jobs", "0"], "jobs"),
    "evaluate: nothing": (["evaluate"], "Missing argument 'run_or_model'"),
    "evaluate: no such run": (["evaluate", "none"], "none"),
    "evaluate: no data": (["evaluate", "four.keras"], "--data"),
    "evaluate: other data": (["evaluate", "four.keras", "--data", "digits"], "(360, 8, 8, 1)"),
    "evaluate: a table": (["evaluate", "table.csv", "--data", "digits"], "table.csv"),
    "evaluate: an empty folder": (["evaluate", "here", "--data", "digits"], "here"),
    "probe: no such run": (["probe", "none"], "none"),
    "probe: no labels": (["probe", "four.keras", "--data", "table.csv"], "label"),
    "probe: labels in words": (
        ["probe", "digits.keras", "--data", "digits", "--labels", "x"],
        "--labels",
    ),
    "probe: no draws": (["probe", "digits.keras", "--data", "digits", "--draws", "0"], "draws"),
    "plot: no such run": (["plot", "none"], "none"),
    "plot: an unknown kind": (["plot", "digits.keras", "--kind", "cake"], "cake"),
    "plot: none": (["plot", "digits.keras", "--data", "digits", "--samples", "0"], "samples"),
    "sample: no such run": (["sample", "none"], "none"),
    "sample: none of them": (["sample", "digits.keras", "-n", "0"], "-n"),
    "sample: many": (["sample", "digits.keras", "-n", "99"], "-n"),
    "sample: an unknown sampler": (
        ["sample", "digits.keras", "--data", "digits", "--sampler", "dice"],
        "dice",
    ),
    "sample: a negative seed": (["sample", "digits.keras", "--seed", "-1"], "--seed"),
    "export: nothing": (["export"], "Missing argument 'run_or_model'"),
    "export: an unknown precision": (
        ["export", "digits.keras", "--quantize", "int3", "--data", "digits"],
        "int3",
    ),
    "export: int8 without data": (["export", "four.keras", "--quantize", "int8"], "--data"),
    "export: other data": (
        ["export", "four.keras", "--quantize", "int8", "--data", "digits"],
        "(1437, 8, 8, 1)",
    ),
    "export: floats that are tuned": (["export", "four.keras", "--fine-tune"], "fine"),
    "inspect: nothing": (["inspect"], "Missing argument 'file'"),
    "inspect: no such file": (["inspect", "none.tflite"], "none.tflite"),
    "inspect: text": (["inspect", "text.tflite"], "text.tflite"),
    "inspect: a folder": (["inspect", "here"], "here"),
    "benchmark: no such file": (["benchmark", "none.tflite"], "none.tflite"),
    "benchmark: text": (["benchmark", "text.tflite"], "text.tflite"),
    "list: something": (["list", "conv"], "conv"),
    "publish: nothing": (["publish"], "Missing argument 'run'"),
    "publish: no such run": (["publish", "none", "published"], "none"),
    "publish: a run without figures": (["publish", "run", "published"], "run"),
    "lock: no address": (["lock", "someone/model"], "someone/model"),
    "verify-models: no such model": (["verify-models", "none"], "none"),
    "rebuild: no such model": (["rebuild", "none", "-o", "rebuilt"], "none"),
    "rebuild: nowhere": (["rebuild", "deep-digits"], "--output"),
    "score: no model": (["score", "four.parquet", "-o", "scored"], "--model"),
    "score: no data": (["score", "none", "-m", "four.keras", "-o", "scored"], "none"),
    "score: missing model": (["score", "four.parquet", "-m", "none", "-o", "scored"], "none"),
    "score: a negative threshold": (
        ["score", "four.parquet", "-m", "four.keras", "-o", "scored", "--threshold", "-1"],
        "threshold",
    ),
    "score: an unknown column": (
        ["score", "four.parquet", "-m", "four.keras", "-o", "scored", "--column", "z"],
        "z",
    ),
    "score: another width": (
        ["score", "four.parquet", "-m", "digits.keras", "-o", "scored"],
        "(8, 8, 1)",
    ),
    "score: elsewhere": (
        ["score", "four.parquet", "-m", "four.keras", "-o", "scored", "--on", "mars"],
        "mars",
    ),
    "score: into another's": (
        ["score", "four.parquet", "-m", "four.keras", "-o", "taken"],
        "taken",
    ),
    "denoise: nothing": (["denoise"], "Missing argument 'files'"),
    "denoise: no such file": (["denoise", "none.png"], "none.png"),
    "denoise: text": (["denoise", "text.png"], "text.png"),
    "denoise: sound that is text": (["denoise", "text.wav"], "text.wav"),
    "denoise: by a narrow code": (["denoise", "sizes/0.png", "-m", "digits.keras"], "unet"),
    "denoise: a tile of nothing": (["denoise", "sizes/0.png", "--tile", "0"], "tile"),
    "denoise: negative noise": (["denoise", "sizes/0.png", "--noise", "-1"], "noise"),
    "compress: no model": (["compress", "sizes/0.png"], "--model"),
    "compress: no such file": (["compress", "none.png", "-m", "digits.keras"], "none.png"),
    "compress: text": (["compress", "text.png", "-m", "digits.keras"], "text.png"),
    "compress: both": (
        ["compress", "sizes/0.png", "-m", "digits.keras", "--step", "1", "--bits-per-pixel", "1"],
        "not both",
    ),
    "compress: a step of nothing": (
        ["compress", "sizes/0.png", "-m", "digits.keras", "--step", "0"],
        "step",
    ),
    "decompress: no such file": (["decompress", "none.aez", "-m", "digits.keras"], "none.aez"),
    "decompress: text": (["decompress", "other.aez", "-m", "digits.keras"], "other.aez"),
    "detect fit: nothing": (["detect", "fit"], "Missing argument 'data'"),
    "detect fit: no such file": (["detect", "fit", "none.csv"], "none.csv"),
    "detect fit: an empty table": (["detect", "fit", "empty.csv"], "empty.csv"),
    "detect fit: an unknown label": (["detect", "fit", "table.csv", "--label", "z"], "z"),
    "detect fit: normal without label": (
        ["detect", "fit", "table.csv", "--normal", "1"],
        "--label",
    ),
    "detect fit: all of them": (["detect", "fit", "table.csv", "--contamination", "1"], "contamin"),
    "detect fit: words": (["detect", "fit", "table.csv", "--contamination", "few"], "few"),
    "detect fit: alarms": (["detect", "fit", "table.csv", "--false-alarm-rate", "2"], "alarm"),
    "detect fit: a threshold": (["detect", "fit", "table.csv", "--threshold", "high"], "high"),
    "detect fit: a window": (["detect", "fit", "table.csv", "--window", "0"], "window"),
    "detect fit: a long window": (["detect", "fit", "table.csv", "--window", "99"], "99"),
    "detect fit: a stride alone": (["detect", "fit", "table.csv", "--stride", "2"], "window"),
    "detect fit: an unknown family": (["detect", "fit", "table.csv", "--model", "cnv"], "conv"),
    "detect fit: an unknown filling": (["detect", "fit", "table.csv", "--missing", "0"], "missing"),
    "detect fit: gaps": (["detect", "fit", "gap.csv"], "--missing"),
    "detect fit: into another's": (["detect", "fit", "table.csv", "-o", "taken"], "taken"),
    "detect fit: a dropped column": (["detect", "fit", "table.csv", "--drop", "z"], "z"),
    "detect score: no detector": (["detect", "score", "table.csv", "-d", "none"], "none"),
    "detect score: another's folder": (["detect", "score", "table.csv", "-d", "taken"], "taken"),
    "detect score: top": (["detect", "score", "table.csv", "-d", "none", "--top", "-1"], "top"),
    "detect export: no detector": (["detect", "export", "none"], "none"),
    "detect export: a precision": (["detect", "export", "taken", "--quantize", "int3"], "taken"),
    "detect evaluate: no label": (["detect", "evaluate", "table.csv", "-d", "none"], "none"),
    "no such command": (["tran"], "train"),
    "no such command of detect": (["detect", "fot"], "fit"),
    "no such option": (["--verion"], "--version"),
}


def invoke(arguments):
    """Runs a command in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


@contextlib.contextmanager
def prepared():
    """A folder to be in, with files of all kinds."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        filled(Path(folder))
        yield Path(folder)


def filled(folder):
    """Writes what the commands are given."""
    rng = np.random.default_rng(0)
    for name in ("here", "run", "taken"):
        (folder / name).mkdir()
    for name in ("weird.feather", "weird.parquet"):
        (folder / name).write_bytes(b"PAR1")
    with contextlib.suppress(ImportError):
        import pandas as pd

        pd.DataFrame({"a": [1], "colour": ["red"]}).to_parquet(folder / "texts.parquet")
        pd.DataFrame(rng.random((40, 4)), columns=list("abcd")).to_parquet(folder / "four.parquet")
    (folder / "times.csv").write_text("when,a\n2024-01-01 10:00,1\n2024-01-01 10:05,2\n")
    (folder / "whole.csv").write_text("1,2\n3,4\n")
    (folder / "gap.csv").write_text("a,b,c\n1,2,3\n4,,6\n7,8,9\n")
    (folder / "mark.csv").write_text("1,2,?\n3,4,5\n")
    (folder / "empty.csv").write_text("")
    (folder / "taken" / "notes.txt").write_text("mine")
    np.savetxt(
        folder / "table.csv", rng.random((40, 4)), delimiter=",", header="a,b,c,d", comments=""
    )
    (folder / "broken.npz").write_bytes(b"PK\x03\x04 not an archive")
    for name in ("text.png", "other.aez", "text.tflite", "text.wav"):
        (folder / name).write_text("no such thing")
    wavfile.write(folder / "s.wav", 8000, np.zeros(50, "int16"))
    for name, mode, size in (("sizes", "L", (5, 4)), ("colours", "RGB", (4, 4))):
        (folder / name).mkdir()
        for i in range(9):
            Image.new("L", (4, 4)).save(folder / name / f"{i}.png")
        for i in range(9, 18):
            Image.new(mode, size).save(folder / name / f"{i}.png")
    aezoo.vanilla(4, 2).save(folder / "run" / "model.keras")
    aezoo.vanilla(4, 2).save(folder / "four.keras")
    aezoo.vanilla((8, 8, 1), 2).save(folder / "digits.keras")
    whole = (folder / "run" / "model.keras").read_bytes()
    (folder / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (folder / "run" / "metrics.json").write_text(json.dumps([1]))
