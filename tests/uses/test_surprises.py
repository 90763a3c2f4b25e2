import numpy as np
import pytest

from aezoo.uses.surprises import Surprises


def walk(steps, seed):
    """A channel that drifts, one of noise about a level, one that never changes."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(2, steps))
    return np.stack([np.cumsum(noise[0]), 5 + 3 * noise[1], np.full(steps, 7.0)], axis=1)


def test_features_against_brute_force():
    x = walk(60, 0)
    found = Surprises.fit([x[:40]], 24)
    assert (found.weights.shape, found.spans) == ((2, 3), (4, 8))
    expected = []
    for end in range(24, 61):
        z = (x[end - 24 : end] - found.mean) / found.scale
        error = [
            z[t] - sum(found.weights[p] * z[t - 1 - p] for p in range(2)) for t in range(2, 24)
        ]
        expected.append(np.concatenate([np.mean(error[-4:], axis=0), np.mean(error[-8:], axis=0)]))
    np.testing.assert_allclose(found.of(x), expected, atol=1e-6)
    np.testing.assert_array_equal(found.of(x, 5), found.of(x)[::5])


def test_weights_are_the_ridge_regression_of_each_channel():
    parts = [walk(50, 1), walk(80, 2)]
    found = Surprises.fit(parts, 36)
    for channel in range(2):
        z = [(part[:, channel] - found.mean[channel]) / found.scale[channel] for part in parts]
        past = np.array([s[t - 3 : t][::-1] for s in z for t in range(3, len(s))])
        ahead = np.concatenate([s[3:] for s in z])
        ridge = np.sqrt(0.1 * len(past)) * np.eye(3)  # as rows that ask for weights of 0
        rows, values = np.r_[past, ridge], np.r_[ahead, np.zeros(3)]
        expected = np.linalg.lstsq(rows, values, rcond=None)[0]
        np.testing.assert_allclose(found.weights[:, channel], expected, atol=1e-9)


def test_a_drift_is_foretold_and_a_shift_is_not():
    x = walk(4000, 3)
    found = Surprises.fit([x], 60)
    level, drift = found.weights.sum(axis=0)[[1, 0]]
    assert abs(level) < 0.1
    assert drift > 0.9


def test_a_constant_channel_is_silent_until_it_changes():
    x = walk(200, 4)
    found = Surprises.fit([x], 12)
    assert np.abs(found.of(x)[:, 2::3]).max() == 0
    x[100:, 2] = 14
    assert found.of(x)[-1, 2] == pytest.approx(1, abs=1e-6)
    zeros = Surprises.fit([np.zeros((50, 1))], 12)
    assert np.isfinite(zeros.of(np.ones((50, 1)))).all()


@pytest.mark.parametrize("window", [1, 2, 11])
def test_short_windows_are_averages(window):
    x = walk(30, 5)
    found = Surprises.fit([x], window)
    z = (x - found.mean) / found.scale
    span = max(1, window // 6)
    means = [z[end - span : end].mean(axis=0) for end in range(window, 31)]
    np.testing.assert_allclose(found.of(x)[:, :3], means, atol=1e-5)


def test_recordings_shorter_than_a_window_have_none():
    found = Surprises.fit([walk(30, 6), walk(3, 7)], 24)
    assert found.of(walk(23, 6)).shape == (0, 6)
    assert found.of(walk(24, 6)).shape == (1, 6)
