"""The progress bar of Keras, where an execution has several steps."""

from typing import Any

import keras


class Bar(keras.callbacks.ProgbarLogger):
    """The bar of Keras, which the last execution of several steps does not overshoot."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(self._within(batch), logs)

    def on_test_batch_end(self, batch, logs=None):
        super().on_test_batch_end(self._within(batch), logs)

    def on_predict_batch_end(self, batch, logs=None):
        super().on_predict_batch_end(self._within(batch), logs)

    def _within(self, batch):
        return batch if self.target is None else min(batch, self.target - 1)


def with_bar(callbacks: Any, verbose: Any) -> Any:
    """The callbacks of a run, with this bar among them where one is to be shown and none is there.

    Args:
        callbacks: As in `keras.Model.fit`.
        verbose: As in `keras.Model.fit`.

    Returns:
        A list of callbacks, or what was given.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList) or verbose == 0:
        return callbacks
    callbacks = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or []
    own = any(isinstance(callback, keras.callbacks.ProgbarLogger) for callback in callbacks)
    return callbacks if own else [*callbacks, Bar()]
