"""The optimizer that models come compiled with."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("aezoo")
class WarmupAdam(keras.optimizers.Adam):
    """Adam whose first steps are short: the step size rises linearly to the learning rate.

    Adam's first steps have the size of the learning rate in every weight, whatever the gradient.
    In a wide network they add up and can drive a sigmoid output so far into saturation that no
    gradient is left: the model answers with one constant image for ever. After a warm-up the same
    learning rates are safe. `learning_rate` stays a number, which callbacks can change.

    Args:
        learning_rate: Positive float, the step size after the warm-up.
        warmup_steps: Positive integer, the number of updates that the warm-up takes.
        **kwargs: Arguments of `keras.optimizers.Adam`.

    Raises:
        ValueError: If `warmup_steps` is not positive.

    Example:

    >>> from aezoo.optimizers import WarmupAdam
    >>> WarmupAdam(0.01, warmup_steps=50).get_config()["warmup_steps"]
    50

    Reference:
        Ma and Yarats, "On the adequacy of untuned warmup for adaptive optimization", AAAI 2021,
        arXiv:1910.04209, section 4.
    """

    def __init__(self, learning_rate=2e-3, warmup_steps=200, **kwargs):
        super().__init__(learning_rate, **kwargs)
        if warmup_steps < 1:
            raise ValueError(f"warmup_steps must be 1 or more. Received: {warmup_steps}")
        self.warmup_steps = warmup_steps

    def update_step(self, gradient, variable, learning_rate):
        done = ops.cast(self.iterations + 1, learning_rate.dtype) / self.warmup_steps
        super().update_step(gradient, variable, learning_rate * ops.minimum(done, 1))

    def get_config(self):
        return {**super().get_config(), "warmup_steps": self.warmup_steps}
