"""Each argument that is wrong is refused, and by itself; the rest are tests of `train`."""

import inspect

import pytest

import aezoo
from aezoo.training.arguments import check_arguments

TOLD = {
    name: parameter.default for name, parameter in inspect.signature(aezoo.train).parameters.items()
}


def test_what_train_has_by_default_is_right():
    check_arguments(TOLD)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"epochs": 0}, "epochs must be a positive integer. Received: 0"),
        ({"patience": 2.5}, r"patience must be .* Received: 2\.5"),
        ({"max_shift": -1}, "max_shift must be an integer, 0 or more. Received: -1"),
        ({"flip": 2}, "flip must be True or False. Received: 2"),
        ({"turn": None}, "turn must be True or False. Received: None"),
        ({"precision": "int8"}, "precision must be"),
        ({"quantize_aware": -1}, "quantize_aware"),
        ({"minutes": 0}, "minutes must be a positive number. Received: 0"),
        ({"learning_rate": float("inf")}, "learning_rate must be a positive number. Received: inf"),
        ({"minutes": 1, "epochs": 3}, "minutes or epochs, not both. Received: 1, 3"),
        ({"minutes": 1, "quantize_aware": 3}, "minutes or quantize_aware, not both"),
        ({"input_shape": (8, 8, 1)}, "input_shape is that of the data"),
        ({"exports": ["int9"]}, "int9"),
        ({"decoder": object()}, "decoder cannot be written down.*aezoo.build"),
    ],
)
def test_what_is_wrong(told, message):
    with pytest.raises(ValueError, match=message):
        check_arguments({**TOLD, **told})
