import numpy as np
import pytest

from aezoo.sampling import learning, sequences
from aezoo.sampling.sequences import Sequences, drawn


def test_each_depends_on_those_before_it_alone(rng):
    sequences = Sequences(7, 6, seed=0)
    indices = rng.integers(0, 7, (1, 6))
    before = np.asarray(sequences(indices))
    for at in range(6):
        changed = indices.copy()
        changed[0, at] = (changed[0, at] + 1) % 7
        moved = np.abs(np.asarray(sequences(changed)) - before).max(axis=(0, 2)) > 0
        assert moved.tolist() == [i > at for i in range(6)]


def test_draws_are_as_likely_as_the_network_says():
    sequences = Sequences(3, 4, seed=0)
    sequences(np.zeros((1, 4), int))
    weights = sequences.get_weights()
    sequences.set_weights([3 * w for w in weights])
    found = sequences.draw(4000, seed=0)
    logits = np.asarray(sequences(found))
    chances = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    for level in range(3):
        expected = chances[..., level].mean(axis=0)
        np.testing.assert_allclose((found == level).mean(axis=0), expected, atol=0.03)


@pytest.mark.slow
def test_rows_below_each_other_go_together(rng):
    rows = np.repeat(rng.integers(0, 4, (600, 1, 5)), 2, axis=1)  # both rows are alike
    found = drawn(rows, 4, 200, seed=0)
    assert found.shape == (200, 2, 5)
    assert (found[:, 0] == found[:, 1]).mean() > 0.9
    assert len(np.unique(found[:, 0], axis=0)) > 100


@pytest.mark.slow
def test_the_same_seed_draws_the_same(rng, monkeypatch):
    monkeypatch.setattr(learning, "EPOCHS", 2)
    monkeypatch.setattr(sequences, "BLOCKS", 1)
    indices = rng.integers(0, 3, (50, 4))
    np.testing.assert_array_equal(drawn(indices, 3, 9, seed=1), drawn(indices, 3, 9, seed=1))
