import struct
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.reading import read
from aezoo.edge.structure import FIELDS, TABLES, UNIONS, verify

CONTENT = (Path(__file__).parents[1] / "golden" / "0.1.0" / "table" / "int8.tflite").read_bytes()
SHORT = {  # names here of what the schema calls otherwise
    "QuantizationParameters": "Quantization",
    "SparsityParameters": "Sparsity",
    "DimensionMetadata": "Dimension",
    "VariantSubType": "Variant",
    "ExternalBufferGroup": "Group",
    "ExternalBuffer": "External",
}
SIZES = {"Int8": 1, "Bool": 1, "Uint8": 1, "Int32": 4, "Uint32": 4, "Float32": 4, "Int64": 8}


class Recorder:
    """Takes down what the functions that write a table would tell a builder."""

    def __getattr__(self, name):
        return lambda *arguments: setattr(self, "last", (name, arguments))


def written(table):
    """The fields of a table by their places, as the functions that write them tell."""
    found = {}
    for name, add in vars(schema).items():
        key = name.removeprefix(f"{table}Add")
        if key == name or not hasattr(getattr(schema, table), key):
            continue
        recorder = Recorder()
        add(recorder, 0)
        kind, (place, *_) = recorder.last
        kind = kind.removeprefix("Prepend").removesuffix("Slot")
        found[place] = str({**SIZES, "Uint64": 8}.get(kind, "offset"))
        start = vars(schema).get(f"{table}Start{key}Vector")
        if start is not None:
            start(recorder, 1)
            found[place] = recorder.last[1][0]  # bytes of an element
    return found


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_the_schema(name):
    expected = written({short: long for long, short in SHORT.items()}.get(name, name))
    fields = {i: kind for i, kind in enumerate(FIELDS[name]) if kind != "-"}
    if not expected:
        pytest.skip("this version of ai-edge-litert names the functions that write in another way")
    assert list(fields)[: len(expected)] == sorted(expected)  # an older one may know fewer
    for place, kind in list(fields.items())[: len(expected)]:
        if kind[0] == "[":
            size = int(kind[1:-1]) if kind[1:-1].isdigit() else 4
            assert expected[place] == size
        else:
            assert expected[place] == (kind if kind.isdigit() else "offset")
        assert kind.strip("[]") in {*FIELDS, *UNIONS, "1", "2", "4", "8", "text"}


def test_options_that_are_left_out_have_no_fields():
    assert UNIONS["BuiltinOptions"][schema.BuiltinOptions.Conv2DOptions] == "Conv2DOptions"
    unused = {"ConcatEmbeddingsOptions", "EmbeddingLookupSparseOptions", "LSHProjectionOptions"}
    for name in (
        {*UNIONS["BuiltinOptions"].values()} - {*TABLES, "NONE", "SkipGramOptions"} - unused
    ):
        assert not written(name)


def test_whole_files():
    verify(CONTENT)
    verify(CONTENT + bytes(100))


def test_each_cut_is_noticed():
    end = max(i for i, byte in enumerate(CONTENT) if byte)
    for length in range(8, end, 97):
        with pytest.raises(ValueError, match="outside|out of the file|no end|leads to"):
            verify(CONTENT[:length])


def test_what_is_verified_is_read_without_an_error(tmp_path):
    """Wrong offsets end as a `ValueError` of the verifier, not in the classes of the schema."""
    rng, path = np.random.default_rng(0), tmp_path / "model.tflite"
    passed = 0
    for _ in range(300):
        content = bytearray(CONTENT)
        at = int(rng.integers(len(content) // 4)) * 4
        struct.pack_into("<I", content, at, int(rng.integers(2**32)) >> int(rng.integers(31)))
        try:
            verify(bytes(content))
        except ValueError:
            continue
        schema.ModelT.InitFromPackedBuf(bytes(content), 0)
        passed += 1
        path.write_bytes(content)
        try:
            read(path)
        except ValueError:
            continue
    assert passed > 50
