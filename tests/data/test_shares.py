import keras
import numpy as np
import pytest
import tensorflow as tf

from aezoo.data import shares
from aezoo.data.shares import Share


@pytest.fixture
def x():
    return np.arange(22, dtype="float32").reshape(11, 2)


def joined(parts):
    """Batches of all processes, as one would have them."""
    return [tuple(np.concatenate(each) for each in zip(*batch)) for batch in zip(*parts)]  # noqa: B905


def all_of(arrays, size, seed, processes, epochs=1):
    own = [Share(arrays, size, seed, rank, processes) for rank in range(processes)]
    found = []
    for _ in range(epochs):
        found.append(joined([[share[i] for i in range(len(share))] for share in own]))
        for share in own:
            share.on_epoch_end()
    return found


@pytest.mark.parametrize("processes", [2, 4])
def test_batches_are_those_of_one(x, processes):
    one = all_of((x, 2 * x, None), 4, 5, 1, epochs=2)
    several = all_of((x, 2 * x, None), 4, 5, processes, epochs=2)
    for epoch, own in zip(several, one, strict=True):
        for batch, mine in zip(epoch, own, strict=True):
            for part, its in zip(batch, mine, strict=True):
                np.testing.assert_array_equal(part, its)
    assert not np.array_equal(one[0][0][0], one[1][0][0])  # another order in each epoch


def test_every_sample_counts_once(x):
    ((first, second, last),) = all_of((x, None, None), 4, 0, 2)
    real = [batch[0][batch[2] > 0] for batch in (first, second, last)]
    assert [len(part) for part in real] == [4, 4, 3]
    np.testing.assert_array_equal(np.sort(np.concatenate(real)[:, 0]), x[:, 0])
    np.testing.assert_allclose(last[2], [4 / 3] * 3 + [0])  # the mean over the three
    np.testing.assert_array_equal(last[0], last[1])


def test_mean_over_batches_in_order_is_that_of_samples(x):
    ((*batches,),) = all_of((x, None, None), 4, None, 2)
    means = [np.mean(batch[0][:, 0] * batch[2]) for batch in batches]
    np.testing.assert_allclose(np.mean(means), x[:, 0].mean(), rtol=1e-6)
    np.testing.assert_array_equal(batches[0][0], x[:4])


def test_no_weights_where_none_are_needed(x):
    share = Share((x[:8], None, None), 4, None, 0, 2)
    assert [len(share[i]) for i in range(2)] == [1, 1]
    assert len(Share((x, None, np.full(11, 2.0, "float32")), 4, 0, 0, 2)[0]) == 3


def test_weights_that_were_given(x):
    given = np.arange(11, dtype="float32")
    ((*batches,),) = all_of((x, None, given), 4, 3, 2)
    for rows, _, weights in batches[:2]:
        np.testing.assert_array_equal(weights, rows[:, 0] / 2)


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_datasets(x, processes):
    data = tf.data.Dataset.from_tensor_slices(x).batch(4)
    own = [
        list(data.map(lambda b, r=rank: shares._own_of(b, 4, r, processes)).as_numpy_iterator())
        for rank in range(processes)
    ]
    first, _, last = joined(own)
    np.testing.assert_array_equal(first[0], x[:4])
    np.testing.assert_array_equal(first[2], np.ones(4))
    np.testing.assert_array_equal(last[0], x[[8, 9, 10, 8]])
    np.testing.assert_allclose(last[2], [4 / 3] * 3 + [0])


class Distribution:
    num_model_replicas, num_processes, rank, seed = 4, 2, 1, 0


def test_what_fit_cannot_share(x, monkeypatch):
    monkeypatch.setattr(shares, "together", Distribution)
    with pytest.raises(ValueError, match="a multiple of 4. Received: 6"):
        shares.of_fit((x, None, None), None, 6)
    pairs = tf.data.Dataset.from_tensor_slices((x, x)).batch(4)
    with pytest.raises(ValueError, match="of batches of inputs"):
        shares.of_fit((pairs, None, None), None, 4)
    with pytest.raises(ValueError, match="arrays for validation"):
        shares.of_fit((x, None, None), pairs, 4)
    train, judged = shares.of_fit((x, None, None), (x, 2 * x), 4)
    np.testing.assert_array_equal(judged[0][0], x[2:4])
    np.testing.assert_array_equal(judged[0][1], 2 * x[2:4])
    assert len(train) == 3
    assert shares.of_fit((x, None, None), None, 4)[1] is None


def test_only_in_the_scope():
    assert shares.together() is None
    assert not isinstance(keras.distribution.distribution(), shares.Together)
