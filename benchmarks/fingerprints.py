"""Hashes of what each family makes of a seed: to see that a change of structure changed nothing.

    python benchmarks/fingerprints.py > after.txt

Trains every family on the embedded digits for two epochs on one thread with deterministic
operators, and prints the SHA-256 of its weights, of its files in float32 and int8, and of the
pictures. Run it before and after, on one machine, and compare: equal lines are equal to the last
bit. Only public names are used, so that it runs on earlier versions, too (`PYTHONPATH=OLD`).
"""

import hashlib
import io
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import keras
import tensorflow as tf

import aezoo

EPOCHS = 2


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    x, test = aezoo.load_dataset("digits").x, aezoo.load_dataset("digits", "test").x
    for name in aezoo.list_models():
        keras.utils.set_random_seed(0)
        ae = aezoo.build(name, (8, 8, 1), 8)
        ae.fit(x, validation_data=test, epochs=EPOCHS, batch_size=32, verbose=0)
        print(f"{name} weights {digest(sorted(array.tobytes() for array in ae.get_weights()))}")
        print(f"{name} reconstructions {digest([ae.reconstruct(test).tobytes()])}")
        print(f"{name} saved {exported(ae, x, test, None)}")
        print(f"{name} int8 {exported(ae, x, test, 'int8')}", flush=True)
        figure = aezoo.plots.reconstructions(test[:8], ae.reconstruct(test[:8]))
        print(f"{name} picture {pixels(figure)}")
        print(f"{name} latent {pixels(aezoo.plots.latent(ae.encode(test)))}")


def digest(parts):
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()[:16]


def exported(ae, x, test, quantize):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        try:
            aezoo.export_tflite(ae, path, quantize=quantize, calibration_data=x, samples=test)
        except aezoo.ExportError as error:
            return f"refused: {str(error).split('.')[0]}"
        return digest([path.read_bytes()])


def pixels(figure):
    content = io.BytesIO()
    figure.savefig(content, metadata={"Software": None})
    return digest([content.getvalue()])


if __name__ == "__main__":
    main()
