"""What people give by mistake, and the sentence that each mistake gets."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.io import wavfile
from typer.testing import CliRunner

import aezoo
from aezoo.cli import app

X = np.random.default_rng(0).random((40, 5)).astype("float32")
IMAGES = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")


def batches(*arrays):
    parts = arrays if len(arrays) > 1 else arrays[0]
    return tf.data.Dataset.from_tensor_slices(parts).batch(8)


@pytest.fixture(scope="module")
def deep():
    ae = aezoo.deep(5, 2, hidden_units=(4,))
    start = ae.get_weights()
    yield ae
    for before, after in zip(start, ae.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)  # nothing was trained on any of it


@pytest.fixture(scope="module")
def image():
    return aezoo.conv((8, 8, 1), 2, filters=(4,))


@pytest.fixture(scope="module")
def scaled():
    return aezoo.deep(5, 2, hidden_units=(4,), normalization="standard")


FIT = {
    "none": (lambda: (None,), "Expected input, an array. Received: None"),
    "name of a file": (lambda: ("x.npy",), "aezoo.load_dataset"),
    "dictionary": (lambda: ({"image": X},), "Expected input, an array. Received: dict"),
    "number": (lambda: (3,), "Expected input, an array"),
    "empty array": (lambda: (X[:0],), "at least one sample"),
    "empty list": (lambda: ([],), r"\(n, 5\).*\(0,\)"),
    "ragged list": (lambda: ([[1, 2, 3, 4, 5], [1]],), "several shapes"),
    "text": (lambda: (X.astype(str),), "real numbers"),
    "objects": (lambda: (X.astype(object),), "real numbers"),
    "complex": (lambda: (X + 1j,), "real numbers"),
    "missing value": (lambda: (np.where(X > 0.9, np.nan, X),), "NaN or infinite"),
    "infinity": (lambda: (np.where(X > 0.9, np.inf, X),), "NaN or infinite"),
    "too large": (lambda: (X.astype("float64") * 1e39,), "finite in float32"),
    "other width": (lambda: (X[:, :4],), r"\(n, 5\).*\(40, 4\).*input_shape"),
    "one sample": (lambda: (X[0],), r"x\[np.newaxis\]"),
    "images for vectors": (lambda: (IMAGES,), r"\(n, 5\)"),
    "bytes": (lambda: ((X * 255).astype("uint8"),), "divide by 255"),
    "bytes with a target": (lambda: ((X * 255).astype("uint8"), X), "divide by 255"),
    "labels": (lambda: (X, np.arange(40)), "A label is no target"),
    "one-hot labels": (lambda: (X, np.eye(40)), r"target of shape \(n, 5\)"),
    "shorter target": (lambda: (X, X[:39]), "as many samples.*40, 39"),
    "target with gaps": (lambda: (X, np.where(X > 0.9, np.nan, X)), "target.*NaN"),
    "dataset of labels": (lambda: (batches(X, np.arange(40)),), "leave them out"),
    "dataset of dictionaries": (lambda: (batches({"a": X, "b": X}),), "entries are: a, b"),
    "dataset without batches": (
        lambda: (tf.data.Dataset.from_tensor_slices(X),),
        r"dataset.batch\(32\)",
    ),
    "empty dataset": (lambda: (batches(X).take(0),), "an empty dataset"),
    "empty generator": (lambda: ((x for x in ()),), "an empty dataset"),
    "endless dataset": (lambda: (batches(X).repeat(),), "without end"),
    "dataset of bytes": (lambda: (batches((X * 255).astype("uint8")),), "divide by 255"),
    "dataset with gaps": (lambda: (batches(X * np.nan),), "first batch.*NaN"),
    "dataset of another width": (lambda: (batches(X[:, :3]),), r"\(n, 5\).*\(8, 3\)"),
    "masked values": (lambda: (np.ma.masked_array(X, X > 0.5),), "masked values"),
    "dataset and target": (lambda: (batches(X), X), "holds its own targets"),
}
ARGUMENTS = {
    "no batch": ({"batch_size": 0}, "batch_size.*0"),
    "negative batch": ({"batch_size": -1}, "batch_size.*-1"),
    "half a batch": ({"batch_size": 2.5}, r"batch_size.*2\.5"),
    "classes": ({"class_weight": {0: 1.0}}, "use sample_weight"),
    "weights with gaps": ({"sample_weight": np.full(40, np.nan)}, "sample_weight must be finite"),
    "negative weights": ({"sample_weight": -np.ones(40)}, "0 or more"),
    "too few weights": ({"sample_weight": np.ones(3)}, "as many samples"),
    "weights of values": ({"sample_weight": np.ones((40, 5))}, "one number a sample"),
    "text weights": ({"sample_weight": np.full(40, "a")}, "sample_weight must be numbers"),
    "half an epoch": ({"epochs": 1.5}, r"epochs must be.*1\.5"),
    "negative epochs": ({"epochs": -1}, "epochs must be.*-1"),
    "a split of two": ({"validation_split": 2}, "validation_split.*below 1.*2"),
    "a negative split": ({"validation_split": -0.1}, "validation_split.*at least 0"),
    "four of validation": ({"validation_data": (X, X, X, X)}, "a tuple of 4"),
    "validation of another width": ({"validation_data": X[:, :4]}, "validation input"),
    "validation labels": ({"validation_data": (X, np.arange(40))}, "A label is no target"),
    "validation with gaps": ({"validation_data": X * np.nan}, "validation input.*NaN"),
    "validation weights": (
        {"validation_data": (X, None, np.full(40, np.inf))},
        "sample_weight must be finite",
    ),
}


@pytest.mark.parametrize("case", FIT)
def test_fit(deep, case):
    make, message = FIT[case]
    with pytest.raises(ValueError, match=f"(?s){message}"):
        deep.fit(*make(), verbose=0)


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments_of_fit(deep, case):
    arguments, message = ARGUMENTS[case]
    with pytest.raises(ValueError, match=message):
        deep.fit(X, verbose=0, **arguments)


EVERYWHERE = {
    "bytes": ((X * 255).astype("uint8"), "divide by 255"),
    "gaps": (X * np.nan, "NaN or infinite"),
    "another width": (X[:, :4], r"\(n, 5\)"),
    "none": (None, "Expected input, an array. Received: None"),
}


@pytest.mark.parametrize("case", EVERYWHERE)
@pytest.mark.parametrize(
    "method",
    ["evaluate", "predict", "train_on_batch", "test_on_batch", "encode", "reconstruct", "corrupt"],
)
def test_one_door(deep, method, case):
    data, message = EVERYWHERE[case]
    with pytest.raises(ValueError, match=message):
        getattr(deep, method)(data)


@pytest.mark.parametrize(
    "method", ["evaluate", "predict", "train_on_batch", "test_on_batch", "encode", "normalize"]
)
def test_without_statistics(scaled, method):
    with pytest.raises(ValueError, match=r"call adapt\(x\) or fit\(x\)"):
        getattr(scaled, method)(X)


def test_codes_are_numbers_in_any_units(deep):
    assert deep.decode([[2, 300]]).shape == (1, 5)
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        deep.decode(X)


def test_channels_that_are_missing(image):
    with pytest.raises(ValueError, match=r"x\[..., np.newaxis\]"):
        image.fit(IMAGES[..., 0])
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        image.fit(IMAGES * 255)


def test_a_list_for_a_pair(deep):
    ae = aezoo.deep(5, 2, hidden_units=(4,))
    log = ae.fit(X, validation_data=[X, X], verbose=0).history
    assert log["val_loss"][0] == pytest.approx(ae.reconstruction_error(X).mean(), rel=1e-4)


PLOTS = {
    "no samples": (lambda: aezoo.plots.reconstructions(X[:0], X[:0]), "Expected samples to draw"),
    "none": (lambda: aezoo.plots.reconstructions(None, X), "Expected samples to draw"),
    "none of them": (lambda: aezoo.plots.reconstructions(X, X, n=0), "n must be.*0"),
    "fewer than none": (lambda: aezoo.plots.reconstructions(X, X, n=-1), "n must be.*-1"),
    "two shapes": (lambda: aezoo.plots.reconstructions(X, X[:3]), "one shape"),
    "codes with gaps": (lambda: aezoo.plots.latent(X * np.nan), "finite codes"),
    "no codes": (lambda: aezoo.plots.latent(X[:0]), "finite codes"),
    "too few labels": (lambda: aezoo.plots.latent(X, [1]), "one for each code"),
}


@pytest.mark.parametrize("case", PLOTS)
def test_plots(case):
    draw, message = PLOTS[case]
    with pytest.raises(ValueError, match=message):
        draw()


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
}


@pytest.mark.parametrize("case", COMMANDS)
def test_commands(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    for name in ("weird.feather", "weird.parquet"):
        (tmp_path / name).write_bytes(b"PAR1")
    if case in ("no Parquet", "column of texts"):
        pd = pytest.importorskip("pandas", reason="needs the extra [tables]")
        pd.DataFrame({"a": [1], "colour": ["red"]}).to_parquet(tmp_path / "texts.parquet")
    (tmp_path / "times.csv").write_text("when,a\n2024-01-01 10:00,1\n2024-01-01 10:05,2\n")
    (tmp_path / "whole.csv").write_text("1,2\n3,4\n")
    wavfile.write(tmp_path / "s.wav", 8000, np.zeros(50, "int16"))
    for folder, mode, size in (("sizes", "L", (5, 4)), ("colours", "RGB", (4, 4))):
        (tmp_path / folder).mkdir()
        for i in range(9):
            Image.new("L", (4, 4)).save(tmp_path / folder / f"{i}.png")
        for i in range(9, 18):
            Image.new(mode, size).save(tmp_path / folder / f"{i}.png")
    (tmp_path / "gap.csv").write_text("a,b,c\n1,2,3\n4,,6\n7,8,9\n")
    (tmp_path / "mark.csv").write_text("1,2,?\n3,4,5\n")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 not an archive")
    (tmp_path / "run").mkdir()
    aezoo.vanilla(4, 2).save(tmp_path / "run" / "model.keras")
    whole = (tmp_path / "run" / "model.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "run" / "metrics.json").write_text(json.dumps([1]))
    arguments, message = COMMANDS[case]
    result = CliRunner().invoke(app, arguments)
    said = " ".join((result.stdout + result.stderr).split())
    assert result.exit_code in (1, 2), said
    assert message in said
    assert "Traceback" not in said
