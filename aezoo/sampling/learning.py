"""How the small networks learn that codes are drawn from."""

from collections.abc import Callable

import keras
import numpy as np

EPOCHS = 100  # at most...
MOST_UPDATES = 3000  # ... nor more than these in all
PATIENCE = 5
HELD_OUT = 10  # one of so many is not learned from, but tells when to stop
UPDATES = 50  # in an epoch, as far as batches are not ...
SMALLEST, LARGEST = 16, 256  # ... less than this or more
LEARNING_RATE = 1e-3


def learned(
    network: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    loss: keras.losses.Loss | Callable,
    seed: int | None,
    largest: int = LARGEST,
) -> None:
    """Trains a network until samples held out are likely no more.

    Args:
        network: `keras.Model`.
        x: Array of shape `(m, ...)`, two samples or more; one alone is learned by heart.
        y: Array of shape `(m, ...)`.
        loss: A Keras loss, or function of both.
        seed: Integer or `None`, of what is held out, and of the order of samples.
        largest: Positive integer, samples in a batch at most.

    Raises:
        ValueError: If the loss is no number, so that nothing was learned.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    held_out, rest = np.split(order, [max(1, len(x) // HELD_OUT)])
    rest = rest if len(rest) else held_out
    batch_size = min(max(len(rest) // UPDATES, SMALLEST), largest)
    batches = _Shuffled(x[rest], y[rest], batch_size, seed)
    stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    network.compile(keras.optimizers.Adam(LEARNING_RATE), loss)
    network.fit(
        batches,
        epochs=min(EPOCHS, max(1, MOST_UPDATES // len(batches))),
        validation_data=(x[held_out], y[held_out]),
        callbacks=[stop],
        shuffle=False,  # which would be by Keras's global seed
        verbose=0,
    )
    if not np.isfinite(network.history.history["val_loss"]).all():
        raise ValueError("The sampler has learned nothing: its loss is NaN or infinite.")


class _Shuffled(keras.utils.PyDataset):
    """Batches, put together anew for each epoch by a seed of their own."""

    def __init__(self, x, y, batch_size, seed):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.x))
