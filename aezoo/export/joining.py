"""Several .tflite files of one signature each as one file, with each weight once."""

from collections.abc import Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def joined(contents: Sequence[bytes]) -> bytes:
    """One .tflite file with the graphs and the signatures of several.

    Constants that are equal, byte by byte, are held once. Metadata is that of the first file.

    Args:
        contents: Sequence of bytes, the contents of .tflite files with one subgraph each.

    Returns:
        Bytes, the content of a .tflite file.
    """
    whole, *others = (schema.ModelT.InitFromPackedBuf(content, 0) for content in contents)
    known = {}
    for i, buffer in enumerate(whole.buffers):
        known.setdefault(_bytes(buffer), i)
    codes = [_code(code) for code in whole.operatorCodes]
    for other in others:
        (graph,) = other.subgraphs
        for tensor in graph.tensors:
            buffer = other.buffers[tensor.buffer]
            tensor.buffer = known.setdefault(_bytes(buffer), len(whole.buffers))
            if tensor.buffer == len(whole.buffers):
                whole.buffers.append(buffer)
        for operator in graph.operators:
            code = other.operatorCodes[operator.opcodeIndex]
            if _code(code) not in codes:
                codes.append(_code(code))
                whole.operatorCodes.append(code)
            operator.opcodeIndex = codes.index(_code(code))
        for signature in other.signatureDefs:
            signature.subgraphIndex = len(whole.subgraphs)
            whole.signatureDefs.append(signature)
        whole.subgraphs.append(graph)
    builder = flatbuffers.Builder(sum(map(len, contents)))
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _bytes(buffer):
    return b"" if buffer.data is None else np.asarray(buffer.data).tobytes()


def _code(code):
    return code.builtinCode, code.deprecatedBuiltinCode, code.version, code.customCode
