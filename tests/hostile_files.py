"""Files that harm who opens them: `python hostile_files.py FOLDER`.

Each has to be refused. Writes it, opens it as a user would, and prints a line of JSON: what became
of it, and how much memory it took.
"""

import io
import json
import os
import pickle
import resource
import shutil
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

ROOT = Path(__file__).parents[1]
DENSE = ROOT / "tests" / "golden" / "0.1.0" / "table" / "float32.tflite"
CONV = ROOT / "saved_models" / "conv-mnist" / "model-int8.tflite"
DETECTOR = ROOT / "saved_models" / "detector-ecg5000"
OP, TYPE = schema.BuiltinOperator, schema.TensorType


def bent(change, file=CONV):
    """A .tflite file whose graph was changed by somebody who knows the format."""

    def write(folder):
        model = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
        change(model)
        builder = flatbuffers.Builder(2**20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return in_file(folder / "model.tflite", bytes(builder.Output()))

    return write


def raw(change, file=DENSE):
    """A .tflite file whose bytes were changed."""
    return lambda folder: in_file(
        folder / "model.tflite", bytes(change(bytearray(file.read_bytes())))
    )


def in_file(path, content):
    path.write_bytes(content)
    return path


def put(content, at, kind, *values):
    struct.pack_into(kind, content, at, *values)
    return content


def field(content, number):
    """Where a field of the root table of a .tflite file stands."""
    (root,) = struct.unpack_from("<I", content, 0)
    (back,) = struct.unpack_from("<i", content, root)
    return root + struct.unpack_from("<H", content, root - back + 4 + 2 * number)[0]


def vector(content, number):
    at = field(content, number)
    return at + struct.unpack_from("<I", content, at)[0]


def again_and_again(content):
    """Thousands of subgraphs that are all the first: small as a file, large when read."""
    start = vector(content, 2)
    (first,) = struct.unpack_from("<I", content, start + 4)
    target, end = start + 4 + first, len(content) + -len(content) % 4
    content += bytes(end - len(content)) + struct.pack("<I", 5000)
    # offsets lead forward only: the graph is copied behind them
    copy = end + 4 + 4 * 5000
    for i in range(5000):
        content += struct.pack("<I", copy - (end + 4 + 4 * i))
    content += content[:0]
    shift = copy - target
    content += content[target:end]
    back = struct.unpack_from("<i", content, target)[0]
    put(content, copy, "<i", back + shift)
    put(content, field(content, 2), "<I", end - field(content, 2))
    return content


def operator(model, name):
    code = getattr(OP, name)
    return next(
        o
        for graph in model.subgraphs
        for o in graph.operators
        if max(model.operatorCodes[o.opcodeIndex].builtinCode, 0) == code
    )


def option(key, value, name="CONV_2D"):
    return bent(lambda model: setattr(operator(model, name).builtinOptions, key, value))


def first(what, key, value, file=CONV):
    """Sets an attribute of the first of something of the first graph."""

    def change(model):
        graph = model.subgraphs[0]
        one = {
            "model": lambda: model,
            "code": lambda: model.operatorCodes[0],
            "buffer": lambda: model.buffers[-1],
            "operator": lambda: graph.operators[0],
            "given": lambda: graph.tensors[graph.inputs[0]],
            "weights": lambda: graph.tensors[operator(model, "CONV_2D").inputs[1]],
            "signature": lambda: model.signatureDefs[0],
        }[what]()
        setattr(one, key, value(one, model) if callable(value) else value)

    return bent(change, file)


def calling(name, *targets):
    """An operator that runs subgraphs."""

    def change(model):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(OP, name)
        model.operatorCodes.append(code)
        options = schema.WhileOptionsT() if name == "WHILE" else schema.IfOptionsT()
        for key, target in zip(sorted(vars(options)), targets, strict=True):
            setattr(options, key, target)
        one = model.subgraphs[0].operators[0]
        one.opcodeIndex = len(model.operatorCodes) - 1
        one.builtinOptions = options
        one.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])

    return bent(change)


def constant_input(model):
    graph = model.subgraphs[0]
    buffer = schema.BufferT()
    buffer.data = np.zeros(32, "uint8")
    model.buffers.append(buffer)
    graph.tensors[graph.inputs[0]].buffer = len(model.buffers) - 1


def named(name, kind="CUSTOM"):
    def change(model):
        code = model.operatorCodes[0]
        code.builtinCode, code.deprecatedBuiltinCode = (
            getattr(OP, kind),
            min(127, getattr(OP, kind)),
        )
        code.customCode = name

    return bent(change)


def with_another_hash(folder):
    path = in_file(folder / "model.tflite", DENSE.read_bytes())
    in_file(folder / "model.tflite.json", json.dumps({"sha256": "0" * 64}).encode())
    return path


TFLITE = {
    "empty": (raw(lambda c: b""), "not a TFLite file"),
    "text": (raw(lambda c: b"no model at all"), "not a TFLite file"),
    "cut off": (raw(lambda c: c[: len(c) // 2]), "outside|out of the file|lead"),
    "root outside": (raw(lambda c: put(c, 0, "<I", 2**31)), "out of the file"),
    "root askew": (raw(lambda c: put(c, 0, "<I", 13)), "where nothing can be"),
    "layout outside": (raw(lambda c: put(c, c[0], "<i", 2**30)), "out of the file"),
    "endless vector": (raw(lambda c: put(c, vector(c, 2), "<I", 2**32 - 1)), "outside of the file"),
    "the same again": (raw(again_and_again), "again and again"),
    "text without end": (raw(lambda c: put(c, vector(c, 3), "<I", 2**31)), "outside of the file"),
    "custom operator": (named(b"Evil"), "the operator Evil is not run"),
    "of TensorFlow": (named(b"FlexReadFile"), "the operator FlexReadFile is not run"),
    "of StableHLO": (named(None, "STABLEHLO_CUSTOM_CALL"), "STABLEHLO_CUSTOM_CALL is not run"),
    "of tables": (named(None, "HASHTABLE_LOOKUP"), "HASHTABLE_LOOKUP is not run"),
    "unknown operator": (first("code", "builtinCode", 10**5), "no operator 100000"),
    "stride of 0": (option("strideW", 0), "CONV_2D: strideW is 0"),
    "stride below 0": (option("strideH", -2), "CONV_2D: strideH is -2"),
    "huge dilation": (option("dilationHFactor", 2**30), "dilationHFactor is"),
    "transposed by 0": (option("strideH", 0, "TRANSPOSE_CONV"), "strideH is 0"),
    "padding of 7": (option("padding", 7), "padding is 7"),
    "activation of 99": (option("fusedActivationFunction", 99), "fusedActivationFunction is 99"),
    "no options": (
        bent(
            lambda m: vars(operator(m, "CONV_2D")).update(builtinOptions=None, builtinOptionsType=0)
        ),
        "its options are NoneType",
    ),
    "options of another": (
        bent(
            lambda m: vars(operator(m, "CONV_2D")).update(
                builtinOptions=schema.AddOptionsT(),
                builtinOptionsType=schema.BuiltinOptions.AddOptions,
            )
        ),
        "its options are AddOptions",
    ),
    "packs others": (option("valuesCount", 99, "PACK"), "valuesCount is 99"),
    "calls itself": (calling("WHILE", 0, 0), "calls itself"),
    "calls nobody": (calling("IF", 77, 78), "no subgraph 7[78]"),
    "huge shape": (
        first("given", "shape", np.int32([2**31 - 1] * 4)),
        "is not of|activations take",
    ),
    "negative shape": (first("given", "shape", np.int32([-1, 28, 28, 1])), "shape"),
    "twenty axes": (
        bent(lambda m: vars(m.subgraphs[0].tensors[-1]).update(shape=np.ones(20, "int32"))),
        "axes|is not of|bytes for",
    ),
    "empty weights": (first("weights", "shape", np.int32([0, 3, 3, 1])), "bytes for"),
    "larger weights": (first("weights", "shape", np.int32([999, 3, 3, 1])), "bytes for"),
    "texts": (first("given", "type", TYPE.STRING), "type STRING"),
    "resources": (first("given", "type", TYPE.RESOURCE), "type RESOURCE"),
    "sparse": (first("weights", "sparsity", schema.SparsityParametersT()), "sparse"),
    "weights elsewhere": (
        first("model", "externalBuffers", [schema.ExternalBufferT()]),
        "in other files",
    ),
    "buffer outside": (first("buffer", "offset", 10**9), "outside of the file"),
    "input is constant": (bent(constant_input), "is a constant"),
    "version 4": (first("model", "version", 4), "version 4"),
    "tensor 10^6": (first("operator", "inputs", np.int32([10**6])), "nothing returns tensor"),
    "no input": (first("operator", "inputs", np.int32([])), "0 inputs"),
    "input missing": (first("operator", "inputs", np.int32([-1, -1])), "missing|inputs"),
    "output overwritten": (
        first("operator", "outputs", lambda one, m: m.subgraphs[0].inputs),
        "returned twice",
    ),
    "signature of none": (first("signature", "subgraphIndex", 10**6), "no subgraph"),
    "signatures alike": (
        first("signature", "signatureKey", lambda one, m: m.signatureDefs[1].signatureKey),
        "one name",
    ),
    "too large": (raw(lambda c: c + bytes(2**21)), "give a larger max_bytes"),
    "another hash": (with_another_hash, "SHA-256"),
}


def npy(shape, descr="'<f4'", data=b"\0" * 64):
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data


class Pickled:
    """Makes a file where it is loaded, as others would run a program."""

    def __reduce__(self):
        return (open, ("harmed", "w"))


def objects():
    return npy("(1,)", "'|O'", pickle.dumps(Pickled()))


def zipped(**members):
    """A .npz file."""

    def write(folder):
        path = folder / "x.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name.replace("_npy", ".npy"), content)
        return path

    return write


def png(width, height):
    def part(kind, body):
        body = kind + body
        return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + part(b"IDAT", zlib.compress(bytes(10**6)))
        + part(b"IEND", b"")
    )


def image(name, content):
    def write(folder):
        (folder / "images").mkdir()
        in_file(folder / "images" / name, content)
        return folder / "images"

    return write


def text(name, content):
    return lambda folder: in_file(folder / name, content)


def wide_parquet(folder):
    import pyarrow
    from pyarrow import parquet

    path, names = folder / "x.parquet", [f"c{i}" for i in range(100_001)]
    row = pyarrow.table([pyarrow.array([1], "int8")] * len(names), names=names)
    parquet.write_table(row, path, use_dictionary=False, write_statistics=False)
    return path


def long_parquet(folder):
    import pyarrow
    from pyarrow import parquet

    path, zeros = folder / "x.parquet", pyarrow.array(np.zeros(2**20, "int8"))
    with parquet.ParquetWriter(path, pyarrow.schema([("a", "int8")])) as file:
        for _ in range(9):
            file.write_table(pyarrow.table([zeros], names=["a"]))
    return path


def spoiled_parquet(folder):
    import pandas

    path = folder / "x.parquet"
    pandas.DataFrame({"a": np.arange(50.0)}).to_parquet(path)
    content = bytearray(path.read_bytes())
    content[6:20] = b"\xff" * 14
    return in_file(path, content)


LONG = b"1," * 2**24
DATA = {
    "npy of 10^15": (text("x.npy", npy("(1000000000, 1000000)")), "claims"),
    "npy below 0": (text("x.npy", npy("(-5, 3)")), "cannot be read"),
    "npy of objects": (text("x.npy", objects()), "objects"),
    "npy with an endless head": (text("x.npy", npy("(" + "1," * 9000 + ")")), "cannot be read"),
    "npy that is a pickle": (text("x.npy", pickle.dumps(Pickled())), "cannot be read"),
    "npz of 10^15": (zipped(x_npy=npy("(1000000000, 1000000)")), "claims"),
    "npz of objects": (zipped(x_npy=objects()), "objects"),
    "npz of zeros": (zipped(x_npy=npy("(16, 1000000)", data=bytes(64 * 10**6))), "claims"),
    "npz of no arrays": (zipped(x=b"no array", y=b"none"), "cannot be read"),
    "png of 3.6 * 10^9 pixels": (image("a.png", png(60_000, 60_000)), "pixels"),
    "png of 2^31 rows": (image("a.png", png(1, 2**31 - 1)), "pixels|cannot be read"),
    "bmp of 2^30 columns": (
        image(
            "a.bmp",
            b"BM" + struct.pack("<IIIIiiHHIIiiII", 99, 0, 54, 40, 2**30, 9, 1, 24, *[0] * 6),
        ),
        "pixels|cannot be read",
    ),
    "csv of one line": (text("x.csv", LONG), "columns|bytes|line"),
    "csv of 10^6 columns": (text("x.csv", (b"1," * 10**6 + b"1\n") * 3), "columns"),
    "csv that is none": (text("x.csv", bytes(range(256)) * 9), "UTF-8|cannot be read|number"),
    "csv of a huge cell": (text("x.csv", b"a,b\n1," + b"9" * 10**6 + b"\n"), "cannot|number"),
    "parquet of 10^5 columns": (wide_parquet, "columns"),
    "parquet of zeros": (long_parquet, "claims"),
    "parquet of nothing": (spoiled_parquet, "cannot be read as Parquet"),
    "wav of 2^32 steps": (
        text(
            "x.wav",
            b"RIFF\xff\xff\xff\xffWAVEfmt "
            + struct.pack("<IHHIIHHI", 16, 1, 2, 8000, 32000, 4, 16, 0),
        ),
        "cannot be read as sound",
    ),
}


def compressed(folder, **changes):
    from dataclasses import replace

    import aezoo
    from aezoo.uses.compressed import unpacked

    good = unpacked(aezoo.compress(model(), np.ones((12, 4), "float32"), step=0.1))
    return in_file(folder / "x.aez", replace(good, **changes).packed())


def model():
    import keras

    import aezoo

    keras.utils.set_random_seed(0)
    return aezoo.vanilla(4, 2)


COMPRESSED = {
    "10^12 samples": (lambda f: compressed(f, shape=(2**32 - 1, 4)), "claim more"),
    "10^8 samples": (lambda f: compressed(f, shape=(10**8, 4)), "claim more"),
    "another shape": (lambda f: compressed(f, shape=(4, 2**31, 2**31)), "claim more"),
    "10^7 levels": (lambda f: compressed(f, levels=2**24), "claim more"),
    "half a number": (lambda f: compressed(f, content=b"123"), "multiples of 4"),
    "other content": (lambda f: compressed(f, content=bytes(range(200))), "no codes"),
    "cut": (lambda f: in_file(f / "x.aez", b"AEZ\x01"), "checksum"),
}


def detector(change):
    """A detector whose arrays and record were changed, with the hashes that belong to them."""

    def write(folder):
        import hashlib

        path = folder / "detector"
        shutil.copytree(DETECTOR, path, ignore=lambda *_: ["detector-int8.tflite"])
        with np.load(path / "detector.npz") as file:
            arrays = dict(file)
        record = json.loads((path / "detector.json").read_text(encoding="utf-8"))
        content = change(arrays, record)
        if content is None:
            written = io.BytesIO()
            np.savez(written, **arrays)
            content = written.getvalue()
        in_file(path / "detector.npz", content)
        if record["sha256"].get("detector.npz"):
            record["sha256"]["detector.npz"] = hashlib.sha256(content).hexdigest()
        in_file(path / "detector.json", json.dumps(record).encode())
        return path

    return write


def packed(name, content):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr(name, content)
    return written.getvalue()


DETECTORS = {
    "arrays of objects": (detector(lambda a, r: packed("error.npy", objects())), "objects"),
    "no arrays": (detector(lambda a, r: packed("error", b"12")), "cannot be read"),
    "references of others": (
        detector(lambda a, r: a.update(weights=np.ones((1, 7), "float32"))),
        "weights have the shape",
    ),
    "negative neighbours": (detector(lambda a, r: a.update(neighbors=-5)), "-5 neighbours"),
    "not finite": (detector(lambda a, r: a.update(error=np.float32(np.nan))), "finite"),
    "texts as scores": (
        detector(lambda a, r: a.update(calibration_scores=np.array(["a"] * 9))),
        "calibration is",
    ),
    "a file elsewhere": (
        detector(lambda a, r: r["sha256"].update({"../../../etc/passwd": "0"})),
        "names a file that no detector has",
    ),
}
KINDS = {
    f"{room}: {name}": (room, *kind)
    for room, kinds in (
        ("tflite", TFLITE),
        ("data", DATA),
        ("compressed", COMPRESSED),
        ("detector", DETECTORS),
    )
    for name, kind in kinds.items()
}


def use(room, path):
    import aezoo

    if room == "tflite":
        from aezoo.edge import LiteModel

        LiteModel(path, max_bytes=2**21)
    elif room == "data":
        aezoo.load_dataset(path, "all", window=2 if path.suffix == ".wav" else None)
    elif room == "compressed":
        aezoo.decompress(path.read_bytes(), model())
    else:
        aezoo.AnomalyDetector.load(path).predict(np.ones((2, 140, 1), "float32"))


def main(folder):
    import aezoo

    aezoo.decompress(aezoo.compress(model(), np.ones((12, 4), "float32")), model())  # all imported
    for number, (name, (room, write, _)) in enumerate(KINDS.items()):
        place = Path(folder) / str(number)
        place.mkdir()
        path = write(place)
        if "of zeros" in name:  # of 64 MB: what goes beyond 4 GiB takes too long to write
            os.environ["AEZOO_MAX_BYTES"] = str(10**7)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            use(room, path)
            how, told = "opened", ""
        except ValueError as error:
            how, told = "refused", str(error)
        except Exception as error:
            how, told = "failed", repr(error)
        os.environ.pop("AEZOO_MAX_BYTES", None)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(json.dumps({"name": name, "how": how, "told": told, "grown": grown}), flush=True)
        shutil.rmtree(place)


if __name__ == "__main__":
    main(sys.argv[1])
