"""Where the bytes of a .tflite file go: constants in flash, activations in memory."""

from ai_edge_litert import schema_py_generated as schema

from aezoo.edge.reading import TYPES, listed, nbytes, operator_name

ROLES = {  # of the constants that operators read, by place
    "CONV_2D": {1: "weights", 2: "bias"},
    "DEPTHWISE_CONV_2D": {1: "weights", 2: "bias"},
    "FULLY_CONNECTED": {1: "weights", 2: "bias"},
    "TRANSPOSE_CONV": {0: "output shape", 1: "weights", 3: "bias"},
}


def flash(model: schema.ModelT) -> list[dict]:
    """The bytes that the buffers of a file hold: weights, and what else is constant.

    Args:
        model: `ModelT` of the TFLite schema.

    Returns:
        List of dictionaries, one for each buffer that is not empty, the largest first: `name`, that
        of the tensor, or where it has none what reads it, such as `"decode 3 CONV_2D weights"` for
        the weights of the fourth operator of `decode`; `shape`, `dtype` and `bytes`. What several
        parts share is there once. The graph itself, with its scales, comes on top.

    Example:

    >>> import aezoo, tempfile
    >>> from aezoo.edge.reading import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ae = aezoo.deep(8, 2, hidden_units=(512,))
    ...     report = aezoo.export_tflite(ae, f"{folder}/model.tflite")
    ...     content, model = read(f"{folder}/model.tflite")
    >>> flash(model)[0]["shape"], flash(model)[0]["bytes"]
    ([8, 512], 16384)
    """
    known = _described(model)
    found = []
    for index, buffer in enumerate(model.buffers):
        size = len(listed(buffer.data)) or buffer.size  # of a large one, behind the graph
        if size:
            unread = {"name": "unread", "shape": [size], "dtype": "uint8"}
            found.append({**known.get(index, unread), "bytes": size})
    return sorted(found, key=lambda entry: -entry["bytes"])


def arena(model: schema.ModelT) -> dict[str, list[dict]]:
    """The bytes of activations that are needed at the same time, operator by operator.

    A tensor is needed from where it is made until it is last read: inputs from the first operator
    on, outputs to the last one. What a runtime needs for itself, for the scratch of its kernels and
    to lay tensors out, comes on top.

    Args:
        model: `ModelT` of the TFLite schema.

    Returns:
        Dictionary of each signature (of what has none, the name of its graph) to a list of
        dictionaries, one for each operator: its name as `operator`, the `shape` and `dtype` of what
        it makes, and `bytes`, those needed while it works, for a batch of one where the file takes
        any.

    Example:

    >>> import aezoo, tempfile
    >>> from aezoo.edge.reading import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = aezoo.export_tflite(aezoo.deep(8, 2, hidden_units=()), f"{folder}/m.tflite")
    ...     content, model = read(f"{folder}/m.tflite")
    >>> arena(model)["encode"]
    [{'operator': 'FULLY_CONNECTED', 'shape': [1, 2], 'dtype': 'float32', 'bytes': 40}]
    """
    found = {}
    for name, graph in _named(model):
        needed = _needed(graph)
        rows = found[name] = []
        for number, operator in enumerate(listed(graph.operators)):
            live = [i for i, (first, last) in needed.items() if first <= number <= last]
            made = [_kind(graph.tensors[index]) for index in listed(operator.outputs)]
            rows.append(
                {
                    "operator": operator_name(model, operator),
                    **(made[0] if made else {"shape": None, "dtype": None}),
                    "bytes": sum(nbytes(graph.tensors[i]) for i in live),
                }
            )
    return found


def _described(model):
    """What buffers hold, by index. Of parts that share one, that with the most operators has it."""
    found = {}
    for name, graph in sorted(_named(model), key=lambda named: -len(listed(named[1].operators))):
        for number, operator in enumerate(listed(graph.operators)):
            kind = operator_name(model, operator)
            for place, index in enumerate(listed(operator.inputs)):
                if index < 0:
                    continue
                tensor = graph.tensors[index]
                role = ROLES.get(kind, {}).get(place, f"input {place}")
                label = _text(tensor.name) or f"{name} {number} {kind} {role}"
                found.setdefault(tensor.buffer, {"name": label, **_kind(tensor)})
        for tensor in graph.tensors:
            label = _text(tensor.name) or f"{name}, unread"
            found.setdefault(tensor.buffer, {"name": label, **_kind(tensor)})
    for entry in model.metadata or []:
        size = len(listed(model.buffers[entry.buffer].data))
        label = f"metadata {entry.name.decode()}"
        found[entry.buffer] = {"name": label, "shape": [size], "dtype": "uint8"}
    return found


def _needed(graph):
    """The first and the last operator that each tensor of the arena is needed at."""
    end = len(listed(graph.operators)) - 1
    first = dict.fromkeys(map(int, listed(graph.inputs)), 0)
    last = dict(first)
    for number, operator in enumerate(listed(graph.operators)):
        for index in map(int, listed(operator.outputs)):
            first[index] = last[index] = number
        for index in map(int, listed(operator.inputs)):
            last[index] = number
    last |= dict.fromkeys(map(int, listed(graph.outputs)), end)
    for index, tensor in enumerate(graph.tensors):
        if tensor.isVariable:
            first[index], last[index] = 0, end
    return {index: (first[index], last[index]) for index in first}


def _named(model):
    """Graphs with the names of their signatures."""
    names = {s.subgraphIndex: s.signatureKey.decode() for s in model.signatureDefs or []}
    return [
        (names.get(index) or _text(graph.name) or f"graph {index}", graph)
        for index, graph in enumerate(model.subgraphs)
    ]


def _text(name):
    return (name or b"").decode(errors="replace")


def _kind(tensor):
    shape = [int(size) for size in listed(tensor.shape)]
    return {"shape": shape, "dtype": TYPES[tensor.type].lower()}
