"""What becomes of files of each format that are cut off, spliced, or have wrong bits.

    python benchmarks/fuzzing.py                       # 1,000 of each, some minutes
    python benchmarks/fuzzing.py npz tflite --count 50

Each is read in another process, and what it holds is used. It must be refused with a `ValueError`
(or a `FileNotFoundError`), or be read: data have no checksum, and neither has a `.tflite` file
without its report. A process that ends, any other error, more than 10 seconds of computing, more
than a minute by the clock, or more than 1 GiB are failures. Checksums are made anew for every other
file, as somebody would who means harm.
"""

import argparse
import contextlib
import hashlib
import io
import json
import queue
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np

SECONDS, BYTES = 10, 2**30  # of computing, and of memory, that one file may take
HANGS = 60  # seconds by the clock, on a machine that has other work
BATCH = 500  # files that one process reads: TensorFlow keeps something of each model
PROGRAM = __file__  # that the other processes run
START = 120  # seconds for a process to import what it needs
IMAGES = ("bmp", "gif", "jpg", "png", "ppm", "tif", "webp")
ENDS = {  # of the files, by format
    "tflite": ".tflite",
    "tflite_graph": ".tflite",  # whole, with other numbers in its graph
    "detector_tflite": ".tflite",
    "detector": "detector.npz",
    "compressed": ".aez",
    **{kind: f".{kind}" for kind in ("npy", "npz", "csv", "parquet", "wav")},
    **{kind: f".{kind}" for kind in IMAGES},
}
BYTE, COUNT = (-128, 127), (0, 2**31 - 1)
WIDTHS = {  # numbers that are not of four bytes and a sign
    **dict.fromkeys(("padding", "fusedActivationFunction", "type", "deprecatedBuiltinCode"), BYTE),
    **dict.fromkeys(("opcodeIndex", "buffer", "externalBuffer", "builtinOptionsType"), COUNT),
}
EXTREMES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)


def fuzz(format, count, seed=0, folder=None, good=None):
    """Reads mutations of a good file in other processes.

    Args:
        format: String, a key of `ENDS`.
        count: Positive integer, how many mutations.
        seed: Integer; the same mutations for the same number.
        folder: Path of a folder where those that fail are kept, or `None`.
        good: Path of the file to mutate. Default: a small one is made, see `make`.

    Returns:
        Dictionary of counts, `"refused"` and `"read"`, and `"failures"`, a list of dictionaries of
        the `number` of the mutation and what happened, `how`.
    """
    found = {"refused": 0, "read": 0, "failures": []}
    with tempfile.TemporaryDirectory() as temporary:
        good = make(format, Path(temporary)) if good is None else Path(good)
        start = 0
        while start < count:
            for number, how in _batch(format, good, seed, start, min(start + BATCH, count)):
                start = number + 1
                if how in ("refused", "read"):
                    found[how] += 1
                    continue
                found["failures"].append({"number": number, "how": how})
                if folder is not None:
                    kept = Path(folder) / f"{format}-{seed}-{number}{good.suffix}"
                    kept.write_bytes(mutated(format, good.read_bytes(), seed, number))
    return found


def mutated(format, content, seed, number):
    """One mutation of a file: cut off, spliced, bits flipped, or numbers made extreme."""
    rng = np.random.default_rng([seed, number])
    if format == "tflite_graph":
        return _other_graph(content, rng)
    sealed = number % 2 and format in SEALS
    opened, seal = SEALS[format] if sealed else (bytes, lambda body, whole: body)
    body = bytearray(opened(content))
    kind = rng.choice(["cut", "flip", "flip", "flip", "splice", "extreme", "extreme"])
    at = int(rng.integers(len(body)))
    if rng.random() < 0.3:  # where most formats say what follows
        at = int(rng.integers(min(len(body), 400)))
    if kind == "cut":
        body = body[:at]
    elif kind == "flip":
        for place in [at, *rng.integers(len(body), size=rng.integers(4))]:
            body[place] ^= 1 << int(rng.integers(8))
    elif kind == "splice":
        length, source = (int(rng.integers(1, 1 + len(body) // n)) for n in (8, 1))
        kept = int(rng.integers(2)) * length
        body[at : at + kept] = body[source : source + length]
    else:
        body[at : at + 4] = struct.pack("<I", rng.choice(EXTREMES))
    return seal(bytes(body), content)


def make(format, folder):
    """Writes a small good file of a format into a folder, and returns its path."""
    path = folder / (ENDS[format] if format == "detector" else f"good{ENDS[format]}")
    rng = np.random.default_rng(0)
    x = rng.random((12, 4)).astype("float32")
    if format in ("npy", "npz"):
        np.save(path, x) if format == "npy" else np.savez(path, x=x, y=np.arange(12))
    elif format in ("csv", "parquet"):
        import pandas

        table = pandas.DataFrame(x, columns=list("abcd"))
        table.to_csv(path, index=False) if format == "csv" else table.to_parquet(path)
    elif format in IMAGES:
        from PIL import Image

        Image.fromarray(rng.integers(0, 256, (12, 10, 3), "uint8")).save(path)
    elif format == "wav":
        from scipy.io import wavfile

        wavfile.write(path, 8000, rng.integers(-100, 100, (50, 2)).astype("int16"))
    else:
        import aezoo

        if format.startswith("tflite"):
            ae = aezoo.conv((8, 8, 1), 3, filters=(4,))
            images = rng.random((20, 8, 8, 1)).astype("float32")
            aezoo.export_tflite(ae, path, quantize="int8", calibration_data=images)
            path.with_name(f"{path.name}.json").unlink()
        elif format == "compressed":
            path.write_bytes(aezoo.compress(_model(), x, step=0.1))
        else:
            detector = aezoo.AnomalyDetector(contamination=0, epochs=1, random_state=0)
            detector.fit(rng.random((60, 4)).astype("float32"))
            if format == "detector_tflite":
                detector.export(path)
                path.with_name(f"{path.name}.json").unlink()
            else:
                detector.save(folder / "saved")
                path = folder / "saved" / "detector.npz"
    return path


def use(format, path):
    """Reads a file and uses what it holds; raises a `ValueError` if that is refused."""
    if format.startswith("tflite"):
        from aezoo.edge import LiteModel, inspect

        inspect(path)
        lite = LiteModel(path)
        for name in lite.parts:
            shape = lite._shape(name)
            for rows in (1, 3):
                getattr(lite, name)(np.zeros((rows, *shape), "float32"))
    elif format == "detector_tflite":
        from aezoo.edge import Detector, inspect

        inspect(path)
        lite = Detector(path)
        lite.p_values(np.ones((3, *lite.input_shape), "float32"))
        lite.predict(np.ones((3, *lite.input_shape), "float32"))
    elif format == "detector":
        import aezoo

        record = json.loads((path.parent / "detector.json").read_text(encoding="utf-8"))
        record["sha256"]["detector.npz"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (path.parent / "detector.json").write_text(json.dumps(record), encoding="utf-8")
        aezoo.AnomalyDetector.load(path.parent).predict(np.ones((3, 4), "float32"))
    elif format == "compressed":
        import aezoo

        aezoo.decompress(path.read_bytes(), _model())
    else:
        import aezoo

        if format in IMAGES:
            aezoo.load_dataset(path.parent, "all")
        else:
            aezoo.load_dataset(path, "all", window=5 if format == "wav" else None)
        if format in ("npy", "csv", "parquet"):  # mapped and in pieces, as streams are read
            aezoo.load_dataset(path, "train", stream=True)


def _model():
    import keras

    import aezoo

    keras.utils.set_random_seed(0)
    return aezoo.vanilla(4, 2)


def _other_graph(content, rng):
    """A .tflite file with one to three other numbers in its operators, options and tensors."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(rng.integers(1, 4)):
        graph = rng.choice([graph for graph in model.subgraphs if len(graph.operators or [])])
        operator = graph.operators[rng.integers(len(graph.operators))]
        ends = {*operator.inputs, *operator.outputs} & {*range(len(graph.tensors))}
        tensor = graph.tensors[rng.choice([*ends, 0])]
        code = model.operatorCodes[rng.integers(len(model.operatorCodes))]
        parts = [operator, operator.builtinOptions, tensor, tensor.quantization, code]
        part = parts[rng.integers(len(parts))]
        numbers = (
            {
                key: value
                for key, value in vars(part).items()
                if isinstance(value, (bool, int, float, np.ndarray))
            }
            if part is not None
            else {}
        )
        if not numbers:
            data = model.buffers[tensor.buffer].data
            if data is not None and 0 < len(data) < 64:  # of a shape, or axes
                data = model.buffers[tensor.buffer].data = np.array(data)
                data[rng.integers(len(data))] = rng.choice([0, 1, 2, 7, 127, 128, 255])
            continue
        key = rng.choice(list(numbers))
        value, others = numbers[key], [-1, 0, 1, 2, 3, 5, 8, 17, 100, 2**15, 2**31 - 1, -(2**31)]
        if isinstance(value, np.ndarray):
            value = np.array(value)
            if len(value):
                others += [1e-20, 1e-6, 1e6, 1e20] if value.dtype.kind == "f" else []
                value[rng.integers(len(value))] = rng.choice(others)
            if rng.random() < 0.2:
                value = value[: rng.integers(1 + len(value))]
            setattr(part, key, value)
        else:
            low, high = WIDTHS.get(key, (-(2**31), 2**31 - 1))
            setattr(part, key, type(value)(np.clip(rng.choice(others), low, high)))
    builder = flatbuffers.Builder(2**20)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except Exception:  # what cannot be written at all
        return content
    return bytes(builder.Output())


def _resealed_zip(body, whole):
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(written, "w") as new:
        first, *others = old.namelist()
        new.writestr(first, body)
        for name in others:
            new.writestr(name, old.read(name))
    return written.getvalue()


def _first_of_zip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return file.read(file.namelist()[0])


def _resealed_png(body, whole):
    """Sums of all parts anew, as far as there are parts."""
    at, content = 8, bytearray(body)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        if at + 12 + length > len(content):
            break
        end = at + 8 + length
        struct.pack_into(">I", content, end, zlib.crc32(content[at + 4 : end]))
        at = end + 4
    return bytes(content)


SEALS = {  # what is mutated within, and how it is closed again with right sums
    "npz": (_first_of_zip, _resealed_zip),
    "detector": (_first_of_zip, _resealed_zip),
    "png": (bytes, _resealed_png),
    "compressed": (
        lambda content: content[:-4],
        lambda body, whole: body + struct.pack("<I", zlib.crc32(body)),
    ),
}


def _batch(format, good, seed, start, count):
    """Numbers of mutations, and what happened, until the process ends or is ended."""
    command = [sys.executable, PROGRAM, "--child", format, good, seed, start, count]
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        child = subprocess.Popen(
            [*map(str, command)], stdout=subprocess.PIPE, stderr=errors, text=True
        )
        lines: queue.Queue = queue.Queue()
        passing = threading.Thread(target=_passed_on, args=(child.stdout, lines), daemon=True)
        passing.start()
        number, wait = start, START
        try:
            while number < count:
                try:
                    line = lines.get(timeout=wait)
                except queue.Empty:
                    yield number, "hangs"
                    return
                if line is None:
                    status = child.wait()
                    errors.seek(0)
                    yield number, f"ends with status {status}: {errors.read()[-300:]}"
                    return
                at, how = line.split(" ", 1)
                number, wait = int(at), HANGS
                if how != "begins":
                    yield number, how
                    number += 1
        finally:
            child.kill()
            child.wait()
            passing.join()
            child.stdout.close()


def _passed_on(stream, lines):
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(None)


def _child(format, good, seed, start, count):
    good = Path(good)
    content = good.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "files" / good.name
        shutil.copytree(good.parent, target.parent) if format == "detector" else (
            target.parent.mkdir()
        )
        target.write_bytes(content)
        use(format, target)  # whole, and all is imported
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(start, count):
            print(number, "begins", flush=True)
            target.write_bytes(mutated(format, content, seed, number))
            began = time.process_time()
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    use(format, target)
                how = "read"
            except (ValueError, FileNotFoundError):
                how = "refused"
            except BaseException as error:
                how = " ".join(repr(error).split())[:300]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if (peak - before) * 1024 > BYTES:
                how, before = f"takes {(peak - before) // 1024} MiB ({how})", peak
            if time.process_time() - began > SECONDS:
                how = f"takes {time.process_time() - began:.0f} s ({how})"
            print(number, how, flush=True)


def main():
    if sys.argv[1:2] == ["--child"]:
        format, good, *numbers = sys.argv[2:]
        _child(format, good, *map(int, numbers))
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("formats", nargs="*", default=list(ENDS))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--good", type=Path, help="the file to mutate, in place of a small one")
    parser.add_argument("--keep", type=Path, help="a folder for files that fail")
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    for format in arguments.formats:
        found = fuzz(format, arguments.count, arguments.seed, arguments.keep, arguments.good)
        print(format, json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
