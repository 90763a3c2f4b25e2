"""What people give to models by mistake, to train on and to rebuild."""

import functools

import numpy as np
import tensorflow as tf

import aezoo

X = np.random.default_rng(0).random((40, 5)).astype("float32")
IMAGES = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")


def batches(*arrays):
    parts = arrays if len(arrays) > 1 else arrays[0]
    return tf.data.Dataset.from_tensor_slices(parts).batch(8)


@functools.cache
def deep():
    return aezoo.deep(5, 2, hidden_units=(4,))


@functools.cache
def image():
    return aezoo.conv((8, 8, 1), 2, filters=(4,))


@functools.cache
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


EVERYWHERE = {
    "bytes": ((X * 255).astype("uint8"), "divide by 255"),
    "gaps": (X * np.nan, "NaN or infinite"),
    "another width": (X[:, :4], r"\(n, 5\)"),
    "none": (None, "Expected input, an array. Received: None"),
}


METHODS = ("evaluate", "predict", "train_on_batch", "test_on_batch", "encode", "reconstruct")
DOORS = ("corrupt", "reconstruction_error")
UNSCALED = (*METHODS[:5], "normalize")


def calls():
    """All of them, as functions without arguments, with words of the error."""
    found = {f"fit: {name}": (_fitting(make), words) for name, (make, words) in FIT.items()}
    for name, (options, words) in ARGUMENTS.items():
        found[f"fit: {name}"] = functools.partial(deep().fit, X, verbose=0, **options), words
    for method in (*METHODS, *DOORS):
        for name, (data, words) in EVERYWHERE.items():
            found[f"{method}: {name}"] = functools.partial(getattr(deep(), method), data), words
    for method in UNSCALED:
        call = functools.partial(getattr(scaled(), method), X)
        found[f"{method}: no statistics"] = call, r"call adapt\(x\) or fit\(x\)"
    found["fit: no channels"] = lambda: image().fit(IMAGES[..., 0]), r"x\[..., np.newaxis\]"
    found["fit: beyond one"] = lambda: image().fit(IMAGES * 255), r"in \[0, 1\]"
    return found


def _fitting(make):
    return lambda: deep().fit(*make(), verbose=0)
