import keras
import numpy as np

import aezoo
from aezoo.autoencoder.bar import Bar, with_bar


def test_it_ends_where_the_steps_do(rng, capsys):
    """Keras shows 60/45 for executions of twenty steps."""
    x = rng.random((360, 5)).astype("float32")
    ae = aezoo.deep(5, 2, hidden_units=(6,))
    ae.fit(x, batch_size=8, epochs=2, verbose=1)
    assert ae.steps_per_execution == 20
    ae.evaluate(x, batch_size=9, verbose=1)
    shown = capsys.readouterr().out
    assert "45/45" in shown
    assert "60/45" not in shown
    assert "40/40" in shown
    assert len(ae.predict(x, verbose=1)) == 360
    assert "12/12" in capsys.readouterr().out


def test_among_other_callbacks():
    one = keras.callbacks.History()
    assert [type(c) for c in with_bar(one, "auto")] == [keras.callbacks.History, Bar]
    assert with_bar(None, 0) is None
    assert [type(c) for c in with_bar(None, 1)] == [Bar]
    assert np.size(with_bar([one, one], 2)) == 3


def test_a_bar_of_ones_own_stays_the_only_one():
    own = keras.callbacks.ProgbarLogger()
    assert with_bar([own], 1) == [own]
