"""Hostile files: what people might be given in place of a model, each made by a function.

A function of `KERAS` takes a good `.keras` file and an empty folder, one of `WEIGHTS` the path of a
good `.weights.h5` file, which it changes, and one of `CARDS` a card, a dictionary, which it
changes. Numbers are those of advisories on Keras, for what is like them.
"""

import base64
import json
import os
import pickle
import stat
import struct
import warnings
import zipfile

import h5py
import keras
import numpy as np
from keras.src.utils.python_utils import func_dump

CANARY = "canary"  # a file in the working folder that payloads make
CONFIG, METADATA, ARRAYS = "config.json", "metadata.json", "model.weights.h5"
KERAS, WEIGHTS, CARDS = {}, {}, {}  # names to pairs: a function, and words of the refusal


class Payload:
    """Makes the canary when it is unpickled."""

    def __reduce__(self):
        return open, (CANARY, "w")


@keras.saving.register_keras_serializable("hostile")
class Other(keras.layers.Layer):
    """A layer that other code of the process registers with Keras, which makes the canary."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        open(CANARY, "w").close()


def kind(of, words):
    def keep(function):
        of[function.__name__] = (function, words)
        return function

    return keep


def members(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(file, parts, compression=zipfile.ZIP_STORED):
    """Writes an archive of pairs: a name or a `ZipInfo`, and bytes."""
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, content in parts:
            target.writestr(name, content)
    return file


def with_more(good, folder, *more):
    return archive(folder / "model.keras", [*members(good).items(), *more])


def with_config(good, folder, config):
    text = config if isinstance(config, (str, bytes)) else json.dumps(config)
    return archive(folder / "model.keras", ({**members(good), CONFIG: text}).items())


def config_of(good):
    return json.loads(members(good)[CONFIG])


def layer(name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": name,
        "config": {"name": "hostile", **config},
        "registered_name": registered,
        "build_config": {"input_shape": [None, 4]},
    }


def function(name, module="builtins"):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def sequential(*layers, shape=(None, 4), **more):
    first = layer("InputLayer", batch_shape=shape, dtype="float32")
    first["config"]["name"] = "input"
    config = {"name": "sequential", "layers": [first, *layers]}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": config,
        "registered_name": None,
        **more,
    }


def bytecode():
    """What Keras writes of a lambda: here one that makes the canary."""
    code, defaults, closure = func_dump(
        lambda x: (__import__("pathlib").Path("canary").touch(), x)[1]
    )
    value = {"code": code, "defaults": defaults, "closure": closure}
    return {"class_name": "__lambda__", "config": value}


def change(file, where, new):
    """Overwrites a `struct` of each record of the central directory that is of the weights."""
    content = bytearray(file.read_bytes())
    at = content.index(ARRAYS.encode(), content.index(b"PK\1\2")) - 46
    offset, form = where
    struct.pack_into(form, content, at + offset, new)
    file.write_bytes(content)
    return file


# Archives


@kind(KERAS, "member '../outside.txt'")
def parent_path(good, folder):
    """A member that would be written beside the folder: path traversal."""
    return with_more(good, folder, ("../outside.txt", b"x"))


@kind(KERAS, "member '/tmp/outside.txt'")
def absolute_path(good, folder):
    """A member that would be written anywhere."""
    return with_more(good, folder, ("/tmp/outside.txt", b"x"))


@kind(KERAS, "member '..\\\\\\\\outside.txt'")
def backslashes(good, folder):
    """A path as Windows reads it."""
    return with_more(good, folder, ("..\\outside.txt", b"x"))


@kind(KERAS, "member 'payload.py'")
def further_member(good, folder):
    """A member that no model has."""
    return with_more(good, folder, ("payload.py", b"open('canary', 'w')"))


@kind(KERAS, "member 'assets/vocabulary.txt'")
def assets(good, folder):
    """Files for layers to read."""
    return with_more(good, folder, ("assets/vocabulary.txt", b"x"))


@kind(KERAS, "two members called config.json")
def duplicate(good, folder):
    """Two configurations: one for who looks, one for who loads."""
    with warnings.catch_warnings(action="ignore"):  # of zipfile
        return with_more(good, folder, (CONFIG, b"{}"))


@kind(KERAS, "member config.json is a link")
def link(good, folder):
    """A link in place of a member, to a file of the reader."""
    info = zipfile.ZipInfo(CONFIG)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    parts = {**members(good), info: b"/etc/hostname"}
    parts.pop(CONFIG)
    return archive(folder / "model.keras", parts.items())


@kind(KERAS, "its member model.weights.h5 is encrypted")
def encrypted(good, folder):
    """A member that nobody can look into."""
    return change(with_more(good, folder), (8, "<H"), 1)


@kind(KERAS, "compressed in a way")
def another_compression(good, folder):
    """A compression that Keras does not write, with a decoder of its own."""
    return archive(folder / "model.keras", members(good).items(), zipfile.ZIP_BZIP2)


@kind(KERAS, "which is a bomb")
def bomb_of_weights(good, folder):
    """50 MB of zeros in 50 kB: decompression bombs (CWE-409)."""
    parts = {**members(good), ARRAYS: bytes(50_000_000)}
    return archive(folder / "model.keras", parts.items(), zipfile.ZIP_DEFLATED)


@kind(KERAS, "config.json has 33,554,433 bytes")
def bomb_of_configuration(good, folder):
    """A configuration of 32 MB of spaces."""
    parts = {**members(good), CONFIG: b" " * (2**25 + 1)}
    return archive(folder / "model.keras", parts.items(), zipfile.ZIP_DEFLATED)


@kind(KERAS, "metadata.json has 65,537 bytes: 65,536 are allowed")
def large_metadata(good, folder):
    """Metadata of 64 kB and a byte, of which Keras reads four strings."""
    parts = {**members(good), METADATA: b" " * (2**16 + 1)}
    return archive(folder / "model.keras", parts.items())


@kind(KERAS, "max_bytes=4,294,967,296 are allowed")
def declared_bomb(good, folder):
    """Weights of which the directory says that they are the largest that it can say."""
    return change(with_more(good, folder), (24, "<I"), 2**32 - 2) and oversized(folder)


def oversized(folder):
    file = folder / "model.keras"
    content = bytearray(file.read_bytes())
    at = content.index(ARRAYS.encode(), content.index(b"PK\1\2")) - 46
    extra = struct.pack("<HHQ", 1, 8, 2**40)  # ZIP64: the size that 32 bits have no room for
    struct.pack_into("<I", content, at + 24, 2**32 - 1)
    struct.pack_into("<H", content, at + 30, len(extra))
    end = content.rindex(b"PK\5\6")
    content[at + 46 + len(ARRAYS) : at + 46 + len(ARRAYS)] = extra
    size, start = struct.unpack_from("<II", content, end + len(extra) + 12)
    struct.pack_into("<II", content, end + len(extra) + 12, size + len(extra), start)
    file.write_bytes(content)
    return file


@kind(KERAS, "is damaged")
def declared_less(good, folder):
    """A member of which the directory says that it is smaller than it is."""
    return change(with_more(good, folder), (24, "<I"), 100)


@kind(KERAS, "no member model.weights.h5")
def no_weights(good, folder):
    """A configuration alone."""
    parts = members(good)
    parts.pop(ARRAYS)
    return archive(folder / "model.keras", parts.items())


@kind(KERAS, "member 'model.weights.npz'")
def pickled_weights(good, folder):
    """Weights in NumPy's format, in which an array may be a pickle."""
    parts = members(good)
    parts.pop(ARRAYS)
    np.savez(folder / "x.npz", allow_pickle=True, a=np.array([Payload()], dtype=object))
    content = (folder / "x.npz").read_bytes()
    (folder / "x.npz").unlink()
    return archive(folder / "model.keras", [*parts.items(), ("model.weights.npz", content)])


@kind(KERAS, "member 'config.json.x00.txt'")
def name_with_a_zero(good, folder):
    """A name that ends early for who reads it as C does."""
    file = with_more(good, folder, ("config.json_.txt", b"x"))
    file.write_bytes(file.read_bytes().replace(b"config.json_.txt", b"config.json\0.txt"))
    return file


@kind(KERAS, "it is a pickle")
def pickle_by_another_name(good, folder):
    """A pickle that is called a model."""
    (folder / "model.keras").write_bytes(pickle.dumps(Payload()))
    return folder / "model.keras"


@kind(KERAS, "it is an HDF5 file")
def legacy_by_another_name(good, folder):
    """The legacy format, called a model: its loader knew no safe mode (CVE-2025-9905)."""
    return legacy(good, folder).rename(folder / "model.keras")


@kind(KERAS, "it is a TensorFlow Lite file")
def tflite_by_another_name(good, folder):
    """A .tflite file that is called a model: its mark stands after an offset."""
    (folder / "model.keras").write_bytes(struct.pack("<I", 28) + b"TFL3" + bytes(100))
    return folder / "model.keras"


@kind(KERAS, "does not begin as")
def two_formats(good, folder):
    """A script to shells, an archive to others."""
    (folder / "model.keras").write_bytes(b"#!/bin/sh\ntouch canary\n" + good.read_bytes())
    return folder / "model.keras"


@kind(KERAS, "is damaged")
def half(good, folder):
    """What a download leaves that was cut off."""
    (folder / "model.keras").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    return folder / "model.keras"


@kind(KERAS, "is damaged")
def empty(good, folder):
    """Nothing."""
    (folder / "model.keras").touch()
    return folder / "model.keras"


# Other formats


@kind(KERAS, "legacy format of Keras")
def legacy(good, folder):
    """A legacy file with a Lambda layer of bytecode: CVE-2025-9905."""
    config = sequential(layer("Lambda", function=bytecode()))
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    return folder / "model.h5"


@kind(KERAS, "is a SavedModel")
def saved_model(good, folder):
    """A SavedModel, whose operations read and write files."""
    (folder / "saved_model.pb").write_bytes(b"x")
    return folder


@kind(KERAS, "is a folder")
def unzipped(good, folder):
    """The members in a folder."""
    with zipfile.ZipFile(good) as source:
        source.extractall(folder)
    return folder


@kind(KERAS, "is a pickle")
def pickled(good, folder):
    """A pickle."""
    (folder / "model.pkl").write_bytes(pickle.dumps(Payload()))
    return folder / "model.pkl"


# Configurations that name code


@kind(KERAS, "it has a Lambda")
def bytecode_in_a_layer(good, folder):
    """A Lambda layer with marshalled bytecode: CVE-2024-3660."""
    return with_config(good, folder, sequential(layer("Lambda", function=bytecode())))


@kind(KERAS, "it has a Lambda")
def bytecode_within_a_wrapper(good, folder):
    """The same in another layer, which makes it by itself.

    Where the safe mode was not set it counted as switched off: CVE-2026-12481.
    """
    inner = layer("Lambda", function=bytecode())
    return with_config(good, folder, sequential(layer("TimeDistributed", layer=inner)))


@kind(KERAS, "it has a __lambda__")
def bytecode_as_an_activation(good, folder):
    """Bytecode where no layer is, but a function of one."""
    return with_config(good, folder, sequential(layer("Dense", units=2, activation=bytecode())))


@kind(KERAS, "it has a __lambda__")
def bytecode_as_a_loss(good, folder):
    """Bytecode in what a model is compiled with."""
    compiled = {"optimizer": "adam", "loss": bytecode()}
    return with_config(good, folder, {**config_of(good), "compile_config": compiled})


@kind(KERAS, "it has a __lambda__")
def bytecode_registered(good, folder):
    """Bytecode that says that it is registered as a layer of aezoo."""
    hostile = {**bytecode(), "registered_name": "aezoo>Sparsity"}
    return with_config(good, folder, sequential(layer("Dense", units=2, activation=hostile)))


@kind(KERAS, "it has a Lambda")
def lambda_registered(good, folder):
    """A Lambda layer that says that it is registered as a layer of aezoo."""
    hostile = layer("Lambda", registered="aezoo>Sparsity", function=bytecode())
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "it has a Lambda")
def bytecode_in_an_autoencoder(good, folder):
    """Bytecode as the corruption of an autoencoder."""
    config = config_of(good)
    config["config"]["corruption"] = layer("Lambda", function=bytecode())
    return with_config(good, folder, config)


@kind(KERAS, "names os.system")
def function_of_a_module(good, folder):
    """A function by the path of its module: CVE-2025-1550."""
    hostile = layer("Dense", units=2, activation=function("system", "os"))
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "names subprocess.Popen")
def class_of_a_module(good, folder):
    """A class by the path of its module: CVE-2025-1550."""
    return with_config(good, folder, sequential(layer("Popen", "subprocess", args="touch canary")))


@kind(KERAS, "names builtins.eval")
def builtin(good, folder):
    """A function of Python itself."""
    hostile = layer("Dense", units=2, activation=function("eval"))
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "names keras.utils.get_file")
def download(good, folder):
    """Keras's function that downloads and unpacks: CVE-2025-8747.

    The archive that it fetches may write outside of its folder: CVE-2025-12060, CVE-2025-12638.
    """
    hostile = layer("Activation", activation=function("get_file", "keras.utils"))
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "enable_unsafe_deserialization")
def unsafe_mode(good, folder):
    """Keras's function that switches its safe mode off, for bytecode after it: CVE-2025-9906."""
    switch = function("enable_unsafe_deserialization", "keras.config")
    return with_config(good, folder, sequential(layer("Activation", activation=switch)))


@kind(KERAS, "names keras.models.load_model")
def another_load(good, folder):
    """Keras's function that loads a second file, with arguments of the first: CVE-2025-9906."""
    hostile = layer("Activation", activation=function("load_model", "keras.models"))
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "names keras.activations.deserialize")
def helper(good, folder):
    """A function among the activations that makes objects of what it is given."""
    hostile = layer("Activation", activation=function("deserialize", "keras.activations"))
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "it has a TFSMLayer")
def layer_of_a_saved_model(good, folder):
    """A layer that loads a SavedModel from anywhere: CVE-2026-1462."""
    hostile = layer("TFSMLayer", filepath="/tmp/hostile", call_endpoint="serving_default")
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "it has a TorchModuleWrapper")
def layer_of_torch(good, folder):
    """A layer that unpickles a module of PyTorch: CVE-2025-49655."""
    module = {
        "class_name": "__bytes__",
        "config": {"value": base64.b64encode(pickle.dumps(Payload())).decode()},
    }
    return with_config(good, folder, sequential(layer("TorchModuleWrapper", module=module)))


@kind(KERAS, "it has a JaxLayer")
def layer_of_jax(good, folder):
    """A layer of any function."""
    hostile = layer("JaxLayer", call_fn=function("system", "os"))
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "it has a FlaxLayer")
def layer_of_flax(good, folder):
    """A layer of any module."""
    return with_config(good, folder, sequential(layer("FlaxLayer", module="hostile")))


@kind(KERAS, "it has a StringLookup")
def vocabulary_of_a_file(good, folder):
    """A layer that reads a file of the reader into the model: CVE-2025-12058."""
    hostile = layer("StringLookup", vocabulary="/etc/hostname")
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "it has a TextVectorization")
def vocabulary_of_an_address(good, folder):
    """A layer that asks a server within the reader's network: CVE-2025-12058."""
    hostile = layer("TextVectorization", vocabulary="https://localhost/x")
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "it has a __typespec__")
def type_specification(good, folder):
    """What Keras makes with a method of a class of any module."""
    hostile = {
        "class_name": "__typespec__",
        "module": "os",
        "spec_name": "system",
        "registered_name": None,
        "config": ["touch canary"],
    }
    return with_config(good, folder, sequential(layer("Dense", units=2, activation=hostile)))


@kind(KERAS, "names keras_hub.layers.Hostile")
def another_package(good, folder):
    """A package that Keras would import."""
    return with_config(good, folder, sequential(layer("Hostile", "keras_hub.layers")))


@kind(KERAS, "names keras.src.saving.saving_lib.Any")
def inner_module(good, folder):
    """A module of Keras that is not of its public ones."""
    return with_config(good, folder, sequential(layer("Any", "keras.src.saving.saving_lib")))


@kind(KERAS, "names 'hostile>Other'")
def registered_by_others(good, folder):
    """A class that other code in the process registered, for files of its own."""
    return with_config(good, folder, sequential(layer("Other", "x", "hostile>Other")))


@kind(KERAS, "names 'hostile>Other'")
def registered_under_a_good_name(good, folder):
    """The same, where the class name is of Keras: the registered name is what counts."""
    return with_config(good, folder, sequential(layer("Dense", registered="hostile>Other")))


@kind(KERAS, "names 'hostile>Other'")
def registered_as_a_string(good, folder):
    """The same as a mere string, which Keras looks up, too."""
    hostile = layer("Dense", units=2, activation="hostile>Other")
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "names aezoo.models.Nothing")
def unknown_part_of_aezoo(good, folder):
    """A name as of the package, which has no such class."""
    return with_config(good, folder, layer("Nothing", "aezoo.models", "aezoo>Nothing"))


# Configurations that take memory or time


@kind(KERAS, "units is 1,000,000,000")
def units(good, folder):
    """A layer whose weights take 16 GB."""
    return with_config(good, folder, sequential(layer("Dense", units=10**9)))


@kind(KERAS, "more in all than")
def fewer_units(good, folder):
    """A layer below the bound of numbers, whose weights take 250 MB."""
    return with_config(good, folder, sequential(layer("Dense", units=2**24 - 1)))


@kind(KERAS, "more in all than")
def many_layers(good, folder):
    """Layers that are each no larger than usual."""
    hostile = []
    for i in range(60):
        one = layer("Dense", units=512)
        one["config"]["name"], one["build_config"]["input_shape"][1] = f"d{i}", 512 if i else 4
        hostile.append(one)
    return with_config(good, folder, sequential(*hostile))


@kind(KERAS, "more in all than")
def kernel(good, folder):
    """A convolution with a kernel of 2 ** 24 places."""
    hostile = layer("Conv1D", filters=2**12, kernel_size=[2**24], padding="same")
    hostile["build_config"]["input_shape"] = [None, 4, 4]
    return with_config(good, folder, sequential(hostile, shape=(None, 4, 4)))


@kind(KERAS, "is damaged")
def cosines(good, folder):
    """A kernel that is no square, to be filled with cosines of a square one."""
    hostile = layer("Conv2D", filters=2, kernel_size=[4, 1], padding="same")
    hostile["build_config"]["input_shape"] = [None, 4, 4, 1]
    hostile["config"]["kernel_initializer"] = layer(
        "Cosines", "aezoo.layers.backbones.lapped", "aezoo>Cosines"
    ) | {"config": {}}
    return with_config(good, folder, sequential(hostile, shape=(None, 4, 4, 1)))


@kind(KERAS, "more in all than")
def table(good, folder):
    """An embedding of 2 ** 48 numbers."""
    return with_config(
        good, folder, sequential(layer("Embedding", input_dim=2**24, output_dim=2**24))
    )


@kind(KERAS, "more in all than")
def metric(good, folder):
    """A metric with a table of 2 ** 40 numbers, made when the model is compiled."""
    metric = {**layer("MeanIoU", "keras.metrics", num_classes=2**20), "build_config": None}
    compiled = {"optimizer": "adam", "loss": "mse", "metrics": [metric]}
    return with_config(good, folder, {**config_of(good), "compile_config": compiled})


@kind(KERAS, "num_thresholds is 16,777,216")
def thresholds(good, folder):
    """A metric that counts to 2 ** 24 before it has a table."""
    metric = {**layer("AUC", "keras.metrics", num_thresholds=2**24), "build_config": None}
    compiled = {"optimizer": "adam", "loss": "mse", "metrics": [metric]}
    return with_config(good, folder, {**config_of(good), "compile_config": compiled})


@kind(KERAS, "more in all than")
def statistics(good, folder):
    """A normalization whose one mean is repeated for each of 2 ** 28 features."""
    hostile = layer("Normalization", mean=1.0, variance=1.0, axis=[1, -1])
    hostile["build_config"]["input_shape"] = [None, 2**14, 2**14]
    return with_config(good, folder, sequential(hostile, shape=(None, 2**14, 2**14)))


@kind(KERAS, r"policy_map has the pattern '\(a\+\)\+b'")
def pattern_of_types(good, folder):
    """A regular expression whose search takes 2 ** 60 steps, on the name of a layer."""
    policies = {"default_policy": "float32", "policy_map": {"(a+)+b": "float32"}}
    policy = {**layer("DTypePolicyMap", "keras.dtype_policies"), "config": policies}
    hostile = layer("Dense", units=2, dtype=policy)
    hostile["config"]["name"] = "a" * 60
    return with_config(good, folder, sequential(hostile))


@kind(KERAS, "exclude_layers has the pattern")
def pattern_of_an_optimizer(good, folder):
    """The same in an optimizer, as the keys of what should be a list."""
    hostile = layer("Dense", units=2)
    hostile["config"]["name"] = "a" * 60
    muon = layer("Muon", "keras.optimizers", exclude_layers={"x": 1, "(a+)+$": 1})
    compiled = {"optimizer": {**muon, "build_config": None}, "loss": "mse"}
    return with_config(good, folder, sequential(hostile, compile_config=compiled))


@kind(KERAS, "string of 1,000,000 characters")
def long_name(good, folder):
    """A name that each variable of the model has in its own."""
    config = config_of(good)
    config["config"]["name"] = "a" * 10**6
    return with_config(good, folder, config)


@kind(KERAS, "string of 1,000,000 characters")
def long_key(good, folder):
    """The same of a key."""
    return with_config(good, folder, sequential(layer("Dense", **{"a" * 10**6: 1})))


@kind(KERAS, "values")
def repeated(good, folder):
    """A mistake in the innermost of models, around each of which Keras tells all that is within."""
    hostile = layer("Dense", units=1, nothing=[0] * 300_000)
    for i in range(20):
        hostile = sequential(hostile)
        hostile["config"]["name"] = f"model{i}"
    return with_config(good, folder, hostile)


@kind(KERAS, "is unrolled")
def steps(good, folder):
    """A recurrent layer whose 16 million steps are written out one by one."""
    hostile = layer("SimpleRNN", units=1, unroll=True)
    return with_config(good, folder, sequential(hostile, shape=(None, 2**24, 1)))


@kind(KERAS, "batch_shape is")
def shape(good, folder):
    """Samples of 10 ** 18 numbers."""
    return with_config(good, folder, sequential(shape=(None, 10**9, 10**9)))


@kind(KERAS, "called without the output")
def call_with_numbers(good, folder):
    """A layer that is called with an array, at once, and repeats it 2 ** 24 times."""
    inputs = keras.Input((4, 2))
    config = json.loads(keras.Model(inputs, keras.layers.UpSampling1D(2)(inputs)).to_json())
    hostile = config["config"]["layers"][1]
    hostile["config"]["size"] = 2**24
    value = {"value": [[[1.0] * 100]], "dtype": "float32"}
    hostile["inbound_nodes"][0]["args"] = [{"class_name": "__numpy__", "config": value}]
    return with_config(good, folder, config)


@kind(KERAS, "called without the output")
def call_with_a_hidden_symbol(good, folder):
    """The same, with a symbol where no call sees it."""
    file = call_with_numbers(good, folder)
    config = config_of(file)
    symbol = {"shape": [None, 4], "dtype": "float32", "keras_history": ["input", 0, 0]}
    value = {"class_name": "__keras_tensor__", "config": symbol}
    hidden = layer("Constant", "keras.initializers", value=value)
    config["config"]["layers"][1]["inbound_nodes"][0]["kwargs"] = {"training": hidden}
    return with_config(good, folder, config)


@kind(KERAS, "array of 'S1000000000'")
def type_of_a_gigabyte(good, folder):
    """An array of one string, of a type of a gigabyte."""
    value = {"class_name": "__numpy__", "config": {"value": "x", "dtype": "S1000000000"}}
    return with_config(good, folder, sequential(layer("Dense", units=value)))


@kind(KERAS, "RecursionError")
def nested(good, folder):
    """Lists in lists, 100,000 deep."""
    return with_config(good, folder, "[" * 100_000 + "]" * 100_000)


@kind(KERAS, "more than 100 levels")
def nested_less(good, folder):
    """Lists in lists, as deep as JSON is read."""
    return with_config(good, folder, "[" * 500 + "]" * 500)


@kind(KERAS, "1,000,000 values")
def numerous(good, folder):
    """More values than a configuration has."""
    return with_config(good, folder, "[" + "0," * 1_100_000 + "0]")


@kind(KERAS, "is damaged")
def no_configuration(good, folder):
    """JSON, but of nothing."""
    return with_config(good, folder, "[1, 2]")


@kind(KERAS, "is damaged")
def no_text(good, folder):
    """Bytes that are no text."""
    return with_config(good, folder, b"\xff\xfe\xff")


# Weights


def first(file):
    """The path of an array that has values."""
    found = []
    file.visit(found.append)
    arrays = (name for name in found if isinstance(file[name], h5py.Dataset))
    return next(name for name in arrays if file[name].size > 1 and "optimizer" not in name)


def replaced(path, **options):
    """Puts another array in the place of one."""
    with h5py.File(path, "a") as file:
        name = first(file)
        shape = file[name].shape
        del file[name]
        file.create_dataset(name, **{"shape": shape, "dtype": "float32", **options})


@kind(WEIGHTS, "SoftLink")
def soft_link(path):
    """An array that is another one by another name."""
    with h5py.File(path, "a") as file:
        name = first(file)
        del file[name]
        file[name] = h5py.SoftLink("/vars")


@kind(WEIGHTS, "ExternalLink")
def external_link(path):
    """An array of another file of the reader."""
    with h5py.File(path, "a") as file:
        name = first(file)
        del file[name]
        file[name] = h5py.ExternalLink("/tmp/secret.h5", "/x")


@kind(WEIGHTS, "second name")
def loop(path):
    """A group within itself, for who looks at all of them."""
    with h5py.File(path, "a") as file:
        file["layers/loop"] = file["layers"]


@kind(WEIGHTS, "virtual or external")
def external_data(path):
    """An array whose data are a file of the reader: CVE-2026-1669."""
    replaced(path, external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


@kind(WEIGHTS, "virtual or external")
def virtual_data(path):
    """An array that is made of arrays of other files: CVE-2026-1669."""
    with h5py.File(path, "a") as file:
        name = first(file)
        shape = file[name].shape
        del file[name]
        layout = h5py.VirtualLayout(shape, "float32")
        layout[...] = h5py.VirtualSource("/tmp/secret.h5", "x", shape)
        file.create_virtual_dataset(name, layout)


@kind(WEIGHTS, "compressed, or filtered")
def another_filter(path):
    """A decoder that no file of Keras needs."""
    replaced(path, compression="lzf", chunks=True)


@kind(WEIGHTS, "not of numbers")
def strings(path):
    """Strings of any length."""
    replaced(path, dtype=h5py.string_dtype())


@kind(WEIGHTS, "not of numbers")
def references(path):
    """References to other things in the file."""
    replaced(path, dtype=h5py.ref_dtype)


@kind(WEIGHTS, "not of numbers")
def compound(path):
    """Records of several numbers."""
    replaced(path, dtype=[("a", "float32"), ("b", "int8")])


@kind(WEIGHTS, "of which the file has 0")
def no_data(path):
    """An array of a petabyte that is not there: CVE-2026-0897."""
    replaced(path, shape=(10**5, 10**5, 10**5))


@kind(WEIGHTS, "of which the file has 0")
def chunks_without_data(path):
    """Chunks that are not there, which are read as zeros: CVE-2026-0897."""
    replaced(path, shape=(10**9, 10**3), chunks=(10**3, 10**3))


@kind(WEIGHTS, "compressed, or filtered")
def compressed_bomb(path):
    """64 MB of zeros in 64 kB."""
    replaced(path, shape=None, data=np.zeros(2**24, "float32"), chunks=True, compression="gzip")


@kind(WEIGHTS, "compressed, or filtered")
def compressed_chunk(path):
    """The right shape, in a chunk that is much larger, and is decompressed as a whole."""
    with h5py.File(path, "a") as file:
        name = first(file)
        shape = file[name].shape
        more = {"chunks": (2**10,) * len(shape), "maxshape": (None,) * len(shape)}
        del file[name]
        file.create_dataset(name, data=np.ones(shape), compression="gzip", **more)


@kind(WEIGHTS, "they overlap")
def overlapping(path):
    """A hundred arrays whose data are the same bytes of the file."""
    size = 2**16
    with h5py.File(path, "a") as file:
        file["data"] = np.ones(size, "int8")
        there = file["data"].id.get_offset()
        for i in range(100):
            file.create_dataset(f"same/{i}", (size,), "int8")
    nowhere, layout = struct.pack("<q", -1), b"\3\1%b" + struct.pack("<Q", size)
    content = path.read_bytes().replace(layout % nowhere, layout % struct.pack("<Q", there))
    path.write_bytes(content)


@kind(WEIGHTS, "of which the file has 0")
def many_bombs(path):
    """Arrays that are each too small to be noticed, and four terabytes together."""
    with h5py.File(path, "a") as file:
        for i in range(1000):
            file.create_dataset(f"bombs/{i}", (2**30,), "float32")


@kind(WEIGHTS, "not an array")
def type_alone(path):
    """A type that is no array."""
    with h5py.File(path, "a") as file:
        file["kind"] = np.dtype("float32")


@kind(WEIGHTS, "nested or numerous")
def deep_groups(path):
    """Groups in groups, 1,000 deep."""
    with h5py.File(path, "a") as file:
        file.create_group("/".join("a" * 1000))


@kind(WEIGHTS, "no shape")
def no_shape(path):
    """An array without a shape."""
    with h5py.File(path, "a") as file:
        file["x"] = h5py.Empty("float32")


@kind(WEIGHTS, "no whole HDF5 file")
def no_hdf5(path):
    """Something else."""
    path.write_bytes(pickle.dumps(Payload()))


@kind(WEIGHTS, "no whole HDF5 file")
def cut(path):
    """Half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@kind(WEIGHTS, "damaged|arrays are not the model's")
def another_shape(path):
    """An array of another shape than the model's."""
    replaced(path, shape=None, data=np.ones((7, 3), "float32"))


@kind(WEIGHTS, "damaged|arrays are not the model's")
def one_missing(path):
    """All arrays but one."""
    with h5py.File(path, "a") as file:
        del file[first(file)]


@kind(WEIGHTS, "many more than its model|arrays are not the model's")
def cargo(path):
    """Two megabytes that are no weights of the model."""
    with h5py.File(path, "a") as file:
        file["cargo"] = np.ones(2**21, "int8")


# Cards


@kind(CARDS, "outside its folder")
def card_of_a_file_above(card):
    """A file beside the folder."""
    card["files"] = {"../../secret": "00"}


@kind(CARDS, "outside its folder")
def card_of_any_file(card):
    """A file anywhere."""
    card["files"] = {"/etc/passwd": "00"}


@kind(CARDS, "damaged card")
def card_of_a_name_with_a_zero(card):
    """A name that no file has."""
    card["files"] = {"a\0b": "00"}


@kind(CARDS, "is damaged, or another|damaged card")
def card_of_a_long_name(card):
    """A name that is longer than names are."""
    card["files"] = {"a" * 100_000: "00"}


@kind(CARDS, "is damaged, or another file")
def card_of_another_hash(card):
    """A file that is not the card's."""
    card["files"] = dict.fromkeys(card["files"], "00")


@kind(CARDS, "samples are of shape")
def card_of_huge_samples(card):
    """Samples of 10 ** 18 numbers."""
    card["input_shape"] = [10**9, 10**9]


@kind(CARDS, "damaged card")
def card_of_no_shape(card):
    """A shape that is none."""
    card["input_shape"] = [8, {"a": 1}]


@kind(CARDS, "latent_dim is|more in all than|no model that can be built")
def card_of_a_huge_code(card):
    """A code of 10 ** 9 numbers."""
    card["latent_dim"] = 10**9


@kind(CARDS, "hidden_units is 1,000,000,000")
def card_of_huge_layers(card):
    """A layer of 10 ** 9 units."""
    card["options"] = {"hidden_units": [10**9]}


@kind(CARDS, "more in all than")
def card_of_large_layers(card):
    """Layers that are each below the bound of one number."""
    card["options"] = {"hidden_units": [2**16, 2**16]}


@kind(CARDS, "more in all than")
def card_of_many_layers(card):
    """Layers of one unit, 100,000 of them."""
    card["options"] = {"hidden_units": [1] * 100_000}


@kind(CARDS, "it has a Lambda")
def card_of_bytecode(card):
    """A layer of bytecode as an option."""
    card["options"] = {"activation": layer("Lambda", function=bytecode())}


@kind(CARDS, "no model that can be built")
def card_of_an_unknown_option(card):
    """An option that the family has not."""
    card["options"] = {"payload": "touch canary"}


@kind(CARDS, "for the model nothing")
def card_of_another_model(card):
    """Another family."""
    card["model"] = "nothing"


@kind(CARDS, "damaged card")
def card_of_a_megabyte(card):
    """A card that is longer than cards are."""
    card["training"] = {"note": "x" * 2**20}


CARD_TEXTS = {
    "nested": ("[" * 100_000 + "]" * 100_000, "damaged card"),
    "no_text": (b"\xff\xfe", "damaged card"),
    "no_card": ("[]", "damaged card"),
    "long_number": ('{"latent_dim": ' + "9" * 10_000 + "}", "damaged card"),
}


def write(name, good, folder):
    """Writes one of `KERAS` or, in a good `.keras` file, one of `WEIGHTS`.

    Args:
        name: String, one of either.
        good: `pathlib.Path` of a `.keras` file.
        folder: `pathlib.Path` of an empty folder.

    Returns:
        `pathlib.Path` of what is to be loaded.
    """
    if name in KERAS:
        return KERAS[name][0](good, folder)
    file = folder / ARRAYS
    file.write_bytes(members(good)[ARRAYS])
    WEIGHTS[name][0](file)
    content = file.read_bytes()
    os.remove(file)
    return archive(folder / "model.keras", ({**members(good), ARRAYS: content}).items())
