"""A .tflite file as LiteRT.js takes it: one sample at a time, float32 in and out."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from aezoo.edge.reading import TYPES, listed, operator_name
from aezoo.export.conversion import SharingBuilder, align

DIRECT = ("FLOAT32", "INT32")  # LiteRT.js gives no others to a model
INTEGERS = ("INT32", "INT64")  # shapes, and what is computed of them


def for_browser(content: bytes) -> bytes:
    """The same graphs for a batch of one, with QUANTIZE before and DEQUANTIZE behind integers.

    LiteRT.js (2.5) refuses a tensor where the file's shape has a -1 for any batch; it has neither
    int8 nor int16; and of an output whose shape is computed it returns whatever the memory held.

    Args:
        content: Bytes, the content of a .tflite file that `aezoo.edge.reading.read` has checked.

    Returns:
        Bytes. It computes what the file does, and its ends round as `aezoo.LiteModel` rounds.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.shapeSignature = None  # the shape has a 1 in its place
    _fold_shapes(model, _packed(model))
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        for member in listed(signature.inputs):
            _in_float(model, graph, member, "inputs")
        for member in listed(signature.outputs):
            _in_float(model, graph, member, "outputs")
    return _packed(model)


def _packed(model):
    align(model)
    builder = SharingBuilder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _fold_shapes(model, content):
    """Puts constants in place of what is computed of shapes alone, which a batch of one settles."""
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
        num_threads=1,
    )
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        runner = interpreter.get_signature_runner(signature.signatureKey.decode())
        runner(
            **{
                name: np.zeros(detail["shape"], detail["dtype"])
                for name, detail in runner.get_input_details().items()
            }
        )
        known = {-1}
        for place, tensor in enumerate(graph.tensors):
            if len(listed(model.buffers[tensor.buffer].data)):
                known.add(place)
        kept, folded = [], set()
        for operator in graph.operators:
            outputs = [int(place) for place in operator.outputs]
            settled = operator_name(model, operator) == "SHAPE" or known.issuperset(operator.inputs)
            if settled and all(TYPES[graph.tensors[place].type] in INTEGERS for place in outputs):
                known.update(outputs)
                folded.update(outputs)
            else:
                kept.append(operator)
        graph.operators = kept
        for place in folded & {int(place) for operator in kept for place in operator.inputs}:
            value = interpreter.get_tensor(place, signature.subgraphIndex)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(value).tobytes(), "uint8")
            graph.tensors[place].buffer = len(model.buffers)
            graph.tensors[place].shape = np.array(value.shape, "int32")
            model.buffers.append(buffer)


def _in_float(model, graph, member, side):
    """Puts a tensor of float32 before or behind the one of integers that a signature names."""
    inner = member.tensorIndex
    if TYPES[graph.tensors[inner].type] in DIRECT:
        return
    outer = schema.TensorT()
    outer.name = graph.tensors[inner].name + b"_float"
    outer.shape = np.array(graph.tensors[inner].shape)
    outer.type = schema.TensorType.FLOAT32
    outer.buffer = 0  # by the format's rule the empty one
    member.tensorIndex = len(graph.tensors)
    graph.tensors.append(outer)
    ends = np.array(getattr(graph, side))
    setattr(graph, side, np.where(ends == inner, member.tensorIndex, ends).astype("int32"))
    first = side == "inputs"
    operator = schema.OperatorT()
    operator.opcodeIndex = _code(model, "QUANTIZE" if first else "DEQUANTIZE")
    given, returned = (member.tensorIndex, inner) if first else (inner, member.tensorIndex)
    operator.inputs, operator.outputs = np.array([[given], [returned]], "int32")
    graph.operators.insert(0 if first else len(graph.operators), operator)


def _code(model, name):
    number = getattr(schema.BuiltinOperator, name)
    for i, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
            return i
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = number
    code.version = 2 if name == "DEQUANTIZE" else 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
