"""The parts of a model as a SavedModel: written for any TensorFlow, and read back to compare."""

import keras

from aezoo.system.quiet import native_output_discarded

SIGNATURES = ("reconstruct", "encode", "decode")


def write_saved_model(
    ae, folder, signatures, *, batch_size=None, inside=True, serving_default=False
):
    """Writes a SavedModel with an endpoint for each part.

    Args:
        ae: `aezoo.Autoencoder`.
        folder: String or path of the folder to write.
        signatures: Sequence of `"reconstruct"`, `"encode"`, `"decode"` and `"score"`.
        batch_size: Positive integer for a fixed batch, `None` for any.
        inside: Boolean, whether the normalization is a part of it; else it takes and returns
            normalized values.
        serving_default: Boolean, whether to add the endpoint of this name, which reconstructs.
    """
    import tensorflow as tf

    parts = parts_of(ae, inside)
    archive = keras.export.ExportArchive()
    archive.track(ae)
    for name in [*signatures, *(["serving_default"] if serving_default else [])]:
        key, shape = ("code", ae.latent_shape) if name == "decode" else ("x", ae.input_shape[1:])
        archive.add_endpoint(
            name,
            parts["reconstruct" if name == "serving_default" else name],
            input_signature=[tf.TensorSpec((batch_size, *shape), tf.float32, name=key)],
        )
    with native_output_discarded():
        archive.write_out(str(folder), verbose=False)


def parts_of(ae, inside=True):
    """The parts of a model as functions of tensors, that name what they return.

    Args:
        ae: `aezoo.Autoencoder`.
        inside: Boolean, whether the normalization belongs to them; else they work on normalized
            values.

    Returns:
        Dictionary of functions: `reconstruct`, `encode`, `decode` and `score`.
    """
    ops = keras.ops
    scale = ae.normalization if inside and ae.normalization else None

    def into(x):
        return scale(x) if scale else x

    def out_of(x):
        return scale(x, inverse=True) if scale else x

    def encoded(x):
        return ae.encoder(into(x), training=False)

    def decoded(code):
        return ae.decoder(code, training=False)

    def score(x):
        difference = into(x) - decoded(encoded(x))
        return ops.mean(ops.square(difference), axis=range(1, len(x.shape)))  # (B, ...) -> (B,)

    return {
        "reconstruct": lambda x: {"reconstruction": out_of(decoded(encoded(x)))},
        "encode": lambda x: {"code": encoded(x)},
        "decode": lambda code: {"reconstruction": out_of(decoded(code))},
        "score": lambda x: {"score": score(x)},
    }


class SavedModel:
    """A SavedModel with the methods of an autoencoder.

    Args:
        folder: String or path of the folder.

    Attributes:
        parts: Tuple of strings, its methods; each takes and returns an array.
    """

    parts = (*SIGNATURES, "score")

    def __init__(self, folder):
        import tensorflow as tf

        self.model = tf.saved_model.load(str(folder))

    def reconstruct(self, x):
        return self._run("reconstruct", x)

    def encode(self, x):
        return self._run("encode", x)

    def decode(self, z):
        return self._run("decode", z)

    def score(self, x):
        return self._run("score", x)

    def _run(self, name, array):
        import tensorflow as tf

        function = self.model.signatures[name]
        (key,) = function.structured_input_signature[1]
        (output,) = function(**{key: tf.constant(array, tf.float32)}).values()
        return output.numpy()
