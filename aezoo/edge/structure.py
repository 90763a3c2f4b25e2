"""Whether all offsets of a .tflite file lead to where they should, as FlatBuffers' verifier does.

The library that reads FlatBuffers trusts what it reads, and so does the interpreter.
"""

import struct

from ai_edge_litert import schema_py_generated as schema

LARGER = 4  # than the file may be all that offsets lead to: texts are shared, but not by thousands

# Of each table its fields in the order of the schema: bytes of a number, "text", another table,
# a [vector] of one of these, or "-" for a field that is no longer. Operators' options without a
# field are left out.
TABLES = {
    "Model": "4 [OperatorCode] [SubGraph] text [Buffer] [4] [Metadata] [SignatureDef] "
    "[Group] [External]",
    "Group": "text",
    "External": "4 4 8 8 text",
    "OperatorCode": "1 text 4 4",
    "SubGraph": "[Tensor] [4] [4] [Operator] text 4",
    "Tensor": "[4] 1 4 text Quantization 1 Sparsity [4] 1 [Variant] 4",
    "Quantization": "[4] [4] [4] [8] 1 QuantizationDetails 4",
    "CustomQuantization": "[1]",
    "BlockwiseQuantization": "4 4 4 [4]",
    "MultiAxisQuantization": "4 4 4 [4]",
    "Sparsity": "[4] [4] [Dimension]",
    "Dimension": "1 4 1 SparseIndexVector 1 SparseIndexVector",
    "Int32Vector": "[4]",
    "Uint16Vector": "[2]",
    "Uint8Vector": "[1]",
    "Variant": "[4] 1 1",
    "Operator": "4 [4] [4] 1 BuiltinOptions [1] 1 [1] [4] 8 8 1 BuiltinOptions2 4",
    "Buffer": "[1] 8 8",
    "Metadata": "text 4",
    "SignatureDef": "[TensorMap] [TensorMap] text - 4",
    "TensorMap": "text 4",
    "AddOptions": "1 1",
    "ArgMaxOptions": "1",
    "ArgMinOptions": "1",
    "BatchMatMulOptions": "1 1 1",
    "BidirectionalSequenceLSTMOptions": "1 4 4 1 1 1",
    "BidirectionalSequenceRNNOptions": "1 1 1 1",
    "BucketizeOptions": "[4]",
    "CallOnceOptions": "4",
    "CallOptions": "4",
    "CastOptions": "1 1",
    "ConcatenationOptions": "4 1",
    "Conv2DOptions": "1 4 4 1 4 4 1",
    "Conv3DOptions": "1 4 4 4 1 4 4 4",
    "CumsumOptions": "1 1",
    "DepthToSpaceOptions": "4",
    "DepthwiseConv2DOptions": "1 4 4 4 1 4 4",
    "DivOptions": "1",
    "FakeQuantOptions": "4 4 4 1",
    "FullyConnectedOptions": "1 1 1 1 1 [1]",
    "GatherOptions": "4 4",
    "GeluOptions": "1",
    "HashtableOptions": "4 1 1",
    "IfOptions": "4 4",
    "L2NormOptions": "1",
    "LSTMOptions": "1 4 4 1 1",
    "LeakyReluOptions": "4",
    "LocalResponseNormalizationOptions": "4 4 4 4",
    "MirrorPadOptions": "1",
    "MulOptions": "1",
    "OneHotOptions": "4",
    "PackOptions": "4 4",
    "Pool2DOptions": "1 4 4 4 4 1",
    "RNNOptions": "1 1",
    "RandomOptions": "8 8",
    "ReducerOptions": "1",
    "ReshapeOptions": "[4]",
    "ResizeBilinearOptions": "- - 1 1",
    "ResizeNearestNeighborOptions": "1 1",
    "ReverseSequenceOptions": "4 4",
    "SVDFOptions": "4 1 1",
    "SequenceRNNOptions": "1 1 1",
    "ShapeOptions": "1",
    "SoftmaxOptions": "4",
    "SpaceToDepthOptions": "4",
    "SparseToDenseOptions": "1",
    "SplitOptions": "4",
    "SplitVOptions": "4",
    "SqueezeOptions": "[4]",
    "StridedSliceOptions": "4 4 4 4 4 1",
    "SubOptions": "1 1",
    "TransposeConvOptions": "1 4 4 1 1",
    "UnidirectionalSequenceLSTMOptions": "1 4 4 1 1 1",
    "UniqueOptions": "1",
    "UnpackOptions": "4 4",
    "VarHandleOptions": "text text",
    "WhileOptions": "4 4",
}
UNIONS = {  # tables of which the field before says which it is
    union: {number: name for name, number in vars(getattr(schema, union)).items() if name[0] != "_"}
    for union in ("BuiltinOptions", "QuantizationDetails", "SparseIndexVector")
}
UNIONS["BuiltinOptions2"] = {0: "NONE"}  # of StableHLO, of which LiteRT has hardly any kernels
WIDTHS = {"1": 1, "2": 2, "4": 4, "8": 8, "-": 0}  # of numbers; what is no longer may be of any
FIELDS = {table: kinds.split() for table, kinds in TABLES.items()}


def verify(content: bytes) -> None:
    """Raises an error unless each offset leads to a whole table, vector or text.

    What is left out is not looked at. What several offsets lead to counts for each: a small file
    must not become a large one by reading it. The schema has no table within its like, so that
    nothing is deep.

    Args:
        content: Bytes of a .tflite file.

    Raises:
        ValueError: If one does not.

    Example:

    >>> verify(bytes([252, 0, 0, 0]) + b"TFL3")
    Traceback (most recent call last):
    ValueError: an offset leads out of the file, to byte 252
    """
    _Verifier(content).table("Model", 0)


class _Verifier:
    """Follows offsets, as long as there are not too many."""

    def __init__(self, content):
        self.content = content
        self.left = LARGER * len(content)

    def number(self, kind, at):
        size = struct.calcsize(kind)
        if not 0 <= at <= len(self.content) - size:
            raise ValueError(f"an offset leads out of the file, to byte {at}")
        return struct.unpack_from(kind, self.content, at)[0]

    def take(self, at, size):
        """Counts what an offset leads to."""
        if at + size > len(self.content):
            raise ValueError(f"{size} bytes from {at} on lie outside of the file")
        self.left -= size
        if self.left < 0:
            raise ValueError("its offsets lead to the same again and again")

    def follow(self, at):
        target = at + self.number("<I", at)
        if target % 4 or target == at:
            raise ValueError(f"the offset at byte {at} leads to {target}, where nothing can be")
        return target

    def table(self, name, at):
        start = self.follow(at)
        layout = start - self.number("<i", start)
        size, extent = (self.number("<H", layout + more) for more in (0, 2))
        if layout % 2 or size % 2 or size < 4 or extent < 4:
            raise ValueError(f"the {name} at byte {start} has no layout")
        self.take(layout, size)
        self.take(start, extent)
        self.left -= 8  # what one costs to read, at least
        places = struct.unpack_from(f"<{size // 2 - 2}H", self.content, layout + 4)
        kinds = FIELDS.get(name, ())
        if any(places[len(kinds) :]):
            raise ValueError(f"{name} has a field that this version does not know")
        for number, (kind, place) in enumerate(zip(kinds, places, strict=False)):
            if not place:
                continue
            if place < 4 or place + WIDTHS.get(kind, 4) > extent:
                raise ValueError(f"a field of the {name} at byte {start} lies outside of it")
            if kind in UNIONS:
                at = places[number - 1]
                kind = self.member(kind, self.content[start + at] if at else 0)
            self.field(kind, start + place)

    def field(self, kind, at):
        if kind in WIDTHS:
            return
        if kind == "text":
            start = self.follow(at)
            length = self.number("<I", start)
            self.take(start + 4, length + 1)
            if self.content[start + 4 + length]:
                raise ValueError(f"the text at byte {start} has no end")
        elif kind[0] == "[":
            self.vector(kind[1:-1], self.follow(at))
        else:
            self.table(kind, at)

    def vector(self, kind, start):
        length = self.number("<I", start)
        self.take(start + 4, length * WIDTHS.get(kind, 4))
        if kind not in WIDTHS:
            for i in range(length):
                self.field(kind, start + 4 + 4 * i)

    def member(self, union, number):
        """The table that an offset of a union leads to."""
        if number not in UNIONS[union]:
            raise ValueError(f"there are no {union} {number} that this version knows")
        return UNIONS[union][number] if number else "-"
