import json

import keras
import pytest

from aezoo.registry.configurations import check
from tests.registry.hostile import function, layer


@pytest.mark.parametrize(
    "thing",
    [
        keras.layers.Conv2DTranspose(3, 3, kernel_initializer=keras.initializers.Orthogonal()),
        keras.layers.MultiHeadAttention(2, 8, dtype="mixed_bfloat16"),
        keras.layers.TimeDistributed(keras.layers.Dense(3, kernel_constraint="non_neg")),
        keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.9)),
        keras.losses.Huber(),
        keras.losses.cosine_similarity,
        keras.metrics.AUC(),
        keras.regularizers.L1L2(0.1, 0.1),
        keras.activations.gelu,
        keras.optimizers.Muon(exclude_layers=["head.*", "output_dense"]),
        keras.Model(x := keras.Input((4, 1)), keras.ops.mean(keras.ops.cast(x, "int32"), axis=1)),
    ],
)
def test_parts_of_keras(thing):
    check(json.loads(json.dumps(keras.saving.serialize_keras_object(thing))))


def test_seeds_are_no_sizes():
    check({"seed": 2**40, "shared_object_id": 2**47})
    with pytest.raises(ValueError, match=f"units is {2**40:,}"):
        check({"units": 2**40})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"class_name": ["Dense"], "config": {}}, "no name"),
        (layer("Dense", registered=3), "no name"),
        ({**function("relu"), "config": {}}, "a function whose name is {}"),
        (layer("Input"), "names keras.layers.Input"),  # a function where a class is said
        (function("Dense", "keras.layers"), "names keras.layers.Dense"),
        (layer("Dense", None), "names None.Dense"),
        ({"hidden_units": (3, 2**25)}, "hidden_units is"),
        ({"target_shape": [2**15, -(2**15)]}, "target_shape is"),
        ({"inbound_nodes": [["input", 0, 0, {}]]}, "of Keras 2"),
    ],
)
def test_odd_configurations(config, words):
    with pytest.raises(ValueError, match=words):
        check(config)
