"""Which operators of a .tflite file are run, and what of them no kernel looks at itself."""

from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.reading import TYPES, listed, operator_name

MOST_AXES = 8
# types of tensors; texts and resources are laid out in ways that nobody checks
ARITHMETIC = {"BOOL", "FLOAT16", "FLOAT32", "INT2", "INT4", "INT8", "INT16", "INT32", "INT64"}
ARITHMETIC |= {"UINT4", "UINT8", "UINT16", "UINT32"}
OPERATORS = {  # by the least and the most inputs, and the number of outputs; None for any
    (1, 1, 1): """ABS BITCAST CAST CEIL COS DEPTH_TO_SPACE DEQUANTIZE ELU EXP FAKE_QUANT FLOOR GELU
        HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_NOT LOGISTIC
        LOG_SOFTMAX NEG QUANTIZE RANK RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SHAPE SIGN SIN
        SOFTMAX SPACE_TO_DEPTH SQRT SQUARE SQUEEZE TANH WHERE ZEROS_LIKE AVERAGE_POOL_2D L2_POOL_2D
        MAX_POOL_2D""",
    (1, 2, 1): "RESHAPE",
    (1, None, 1): "ADD_N CONCATENATION PACK",
    (1, 1, None): "UNPACK",
    (2, 2, 1): """ADD ARG_MAX ARG_MIN ATAN2 BATCH_MATMUL BITWISE_XOR BROADCAST_ARGS BROADCAST_TO
        CUMSUM DIV EMBEDDING_LOOKUP EQUAL EXPAND_DIMS FILL FLOOR_DIV FLOOR_MOD GATHER GATHER_ND
        GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR MAXIMUM MEAN MINIMUM MIRROR_PAD
        MUL NOT_EQUAL PAD POW PRELU REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD
        RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_SEQUENCE REVERSE_V2 RIGHT_SHIFT
        SQUARED_DIFFERENCE SUB SUM TILE TRANSPOSE""",
    (2, 2, 2): "TOPK_V2",
    (2, 2, None): "SPLIT",
    (2, 3, 1): "CONV_2D CONV_3D DEPTHWISE_CONV_2D FULLY_CONNECTED",
    (3, 3, 1): """BATCH_TO_SPACE_ND DYNAMIC_UPDATE_SLICE PADV2 RANGE SCATTER_ND SELECT SELECT_V2
        SLICE SPACE_TO_BATCH_ND""",
    (3, 3, None): "SPLIT_V",
    (3, 4, 1): "CONV_3D_TRANSPOSE TRANSPOSE_CONV",
    (4, 4, 1): "ONE_HOT STRIDED_SLICE",
    (5, 5, 1): "RNN SVDF UNIDIRECTIONAL_SEQUENCE_RNN",
    (20, 24, 1): "UNIDIRECTIONAL_SEQUENCE_LSTM",
    (1, None, None): "IF WHILE",
}
COUNTS = {name: counts for counts, names in OPERATORS.items() for name in names.split()}
OPTIONAL = {  # from which input on one may be left out
    **dict.fromkeys(("CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), 2),
    **dict.fromkeys(("CONV_3D_TRANSPOSE", "SVDF", "TRANSPOSE_CONV"), 3),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 1,
}
OF_ONE_TYPE = {  # inputs that are of the output's type: bytes are moved as they are
    None: "ADD_N CONCATENATION PACK",  # all
    (0,): """ABS CEIL COS DEPTH_TO_SPACE ELU EXP FAKE_QUANT FLOOR GELU HARD_SWISH L2_NORMALIZATION
        LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_NOT LOGISTIC LOG_SOFTMAX NEG RELU RELU6
        RELU_0_TO_1 RELU_N1_TO_1 RESHAPE ROUND RSQRT SIGN SIN SPACE_TO_DEPTH SQRT SQUARE SQUEEZE
        TANH ZEROS_LIKE AVERAGE_POOL_2D L2_POOL_2D MAX_POOL_2D UNPACK BROADCAST_TO CUMSUM
        EXPAND_DIMS GATHER GATHER_ND MEAN MIRROR_PAD PAD PADV2 REDUCE_ALL REDUCE_ANY REDUCE_MAX
        REDUCE_MIN REDUCE_PROD RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_SEQUENCE REVERSE_V2
        SUM TILE TOPK_V2 TRANSPOSE BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND SLICE SPLIT_V STRIDED_SLICE
        """,
    (0, 1): """ADD ATAN2 BITWISE_XOR DIV DYNAMIC_UPDATE_SLICE FLOOR_DIV FLOOR_MOD MAXIMUM MINIMUM
        MUL POW PRELU RIGHT_SHIFT SQUARED_DIFFERENCE SUB""",
    (1,): "FILL SCATTER_ND SPLIT",
    (1, 2): "SELECT SELECT_V2",
}
ALIKE = {name: places for places, names in OF_ONE_TYPE.items() for name in names.split()}
NEEDED = {  # options without which strides are 0, or graphs the first
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), "Pool2DOptions"),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), "Conv3DOptions"),
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "IF": "IfOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SVDF": "SVDFOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNPACK": "UnpackOptions",
    "WHILE": "WhileOptions",
}
POSITIVE = {  # options, at most as large as an axis may be
    *("strideW", "strideH", "strideD", "filterWidth", "filterHeight", "blockSize", "rank"),
    *("dilationWFactor", "dilationHFactor", "dilationDFactor", "numSplits", "valuesCount"),
}
CHOICES = {  # of options, how many there are
    "padding": schema.Padding.VALID + 1,
    "fusedActivationFunction": schema.ActivationFunctionType.SIGN_BIT + 1,
    "mode": schema.MirrorPadMode.SYMMETRIC + 1,
}
# what only moves integers, or looks at their shape, needs no scale of them
MOVING = {
    "BITCAST",
    "BROADCAST_ARGS",
    "BROADCAST_TO",
    "CAST",
    "CONCATENATION",
    "EXPAND_DIMS",
    "FILL",
}
MOVING |= {"DYNAMIC_UPDATE_SLICE", "GATHER", "GATHER_ND", "IF", "MIRROR_PAD", "ONE_HOT"}
MOVING |= {
    "PACK",
    "PAD",
    "PADV2",
    "RANK",
    "RESHAPE",
    "REVERSE_SEQUENCE",
    "REVERSE_V2",
    "SCATTER_ND",
}
MOVING |= {"SELECT", "SELECT_V2", "SHAPE", "SLICE", "SPLIT", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE"}
MOVING |= {"TILE", "TRANSPOSE", "UNPACK", "WHERE", "WHILE", "ZEROS_LIKE"}
SCALED = ("INT8", "UINT8", "INT16")
FINEST, COARSEST = 1e-30, 1e30  # of scales
MOST_STEPS = 2**13  # that an input's may be of the output's; kernels end the process above 2^14
BELOW_ONE = {"EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"}
BELOW_ONE |= {"SQUARED_DIFFERENCE"}
GRAPHS = ("thenSubgraphIndex", "elseSubgraphIndex", "condSubgraphIndex", "bodySubgraphIndex")
COUNTED = {  # options that say how many ends there are
    "PACK": ("valuesCount", "inputs"),
    "UNPACK": ("num", "outputs"),
    "SPLIT": ("numSplits", "outputs"),
    "SPLIT_V": ("numSplits", "outputs"),
}
DEEPEST, MOST_CALLED = 4, 8  # that graphs call graphs, and how many others each
LONGEST = 2**24  # that a stride, a window or an axis may be


def check_operators(model: schema.ModelT) -> None:
    """Raises an error if an interpreter could stumble over an operator.

    Kernels check most of what they are given, but divide by strides, and call what they are told
    to. Only operators of the builtin set are run that compute numbers from numbers: none of
    TensorFlow's (Flex), no custom ones, none of StableHLO, no tables of texts, no random numbers.

    Args:
        model: `ModelT` of the TFLite schema, as `aezoo.edge.reading.read` gives it.

    Raises:
        ValueError: If an operator is not run, or its inputs or options are none of it.
    """
    calls: list[set[int]] = [set() for _ in model.subgraphs]
    for graph, called in zip(model.subgraphs, calls, strict=True):
        for tensor in graph.tensors:
            _check_tensor(tensor)
        for operator in listed(graph.operators):
            name = operator_name(model, operator)
            if name not in COUNTS:
                raise ValueError(
                    f"the operator {name} is not run: expected builtin ones that compute numbers. "
                    "Convert the model without select_tf_ops and custom operators"
                )
            try:
                _check_ends(name, operator)
                _check_options(name, operator)
                _check_types(name, operator, graph)
                _check_scales(name, operator, graph)
            except ValueError as error:
                raise ValueError(f"the operator {name}: {error}") from error
            called |= {getattr(operator.builtinOptions, key, None) for key in GRAPHS} - {None}
    for index in range(len(calls)):
        _check_calls(calls, index)


def _check_tensor(tensor):
    shape, name = listed(tensor.shape), TYPES[tensor.type]
    _require(name in ARITHMETIC, f"a tensor is of type {name}, which is no number")
    _require(tensor.sparsity is None, "a tensor is sparse: convert the model without sparsity")
    _require(len(shape) <= MOST_AXES, f"a tensor has {len(shape)} axes")
    _require(len(shape) < 2 or 0 not in shape, "a tensor is empty")


def _check_ends(name, operator):
    inputs, outputs = listed(operator.inputs), listed(operator.outputs)
    least, most, returned = COUNTS[name]
    _require(least <= len(inputs) <= (most or len(inputs)), f"it has {len(inputs)} inputs")
    _require(returned in (None, len(outputs)), f"it has {len(outputs)} outputs")
    optional = OPTIONAL.get(name, len(inputs))
    _require(all(index >= 0 for index in inputs[:optional]), "an input is missing")


def _check_options(name, operator):
    options = operator.builtinOptions
    if name in NEEDED:
        found = type(options).__name__.removesuffix("T")
        _require(found == NEEDED[name], f"its options are {found}, not {NEEDED[name]}")
    values = {} if options is None else vars(options)
    for key, value in values.items():
        if key in POSITIVE:
            _require(1 <= value <= LONGEST, f"{key} is {value}")
        elif key in CHOICES:
            _require(0 <= value < CHOICES[key], f"{key} is {value}")
        elif key == "axis":
            _require(-MOST_AXES <= value <= MOST_AXES, f"its axis is {value}")
    key, ends = COUNTED.get(name, (None, None))
    if key in values:
        count = len(listed(getattr(operator, ends)))
        _require(values[key] == count, f"{key} is {values[key]}, but it has {count} {ends}")


def _check_types(name, operator, graph):
    if name in ALIKE:
        places = ALIKE[name] or range(len(operator.inputs))
        first = operator.outputs[:1] if name == "TOPK_V2" else operator.outputs
        used = (*(operator.inputs[place] for place in places), *first)
        found = {TYPES[graph.tensors[index].type] for index in used}
        _require(len(found) == 1, f"it takes or makes {' and '.join(sorted(found))}")


def _check_scales(name, operator, graph):
    if name in MOVING:
        return
    known = OPTIONAL.get(name, 0)  # from 1 on weights, of which all may be 0
    inputs = _scales(graph, operator.inputs[:1] if known else operator.inputs)
    outputs = _scales(graph, operator.outputs)
    for scale in (*inputs, *outputs):
        _require(FINEST < scale < COARSEST, f"a tensor of integers has the scale {scale}")
        _require(scale < 1 or name not in BELOW_ONE, f"a scale is {scale}, 1 or more")
    if name in ("ADD", "SUB") and inputs and outputs:
        far = max(inputs) >= MOST_STEPS * outputs[0]
        _require(not far, f"it goes from the scales {inputs} to {outputs}")


def _scales(graph, indices):
    found = []
    for index in listed(indices):
        tensor = graph.tensors[index]
        if index >= 0 and TYPES[tensor.type] in SCALED:
            scales = listed(getattr(tensor.quantization, "scale", None))
            found.append(float(scales[0]) if len(scales) else 0.0)
    return found


def _check_calls(calls, index, above=()):
    """A graph must not call itself, by whatever ways, nor another that is not there."""
    _require(0 <= index < len(calls), f"there is no subgraph {index}")
    _require(index not in above, f"the subgraph {index} calls itself")
    _require(
        len(above) <= DEEPEST and len(calls[index]) <= MOST_CALLED,
        f"the subgraph {index} calls too many, or is called too deep",
    )
    for called in calls[index]:
        _check_calls(calls, called, (*above, index))


def _require(condition, otherwise):
    if not condition:
        raise ValueError(otherwise)
