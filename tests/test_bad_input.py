"""What people give by mistake, and the sentence that each mistake gets; see `bad_inputs`."""

import numpy as np
import pytest

import aezoo
from tests.bad_inputs import CALLS, COMMANDS, FINE, of_call, of_command, run
from tests.bad_inputs.commands import prepared
from tests.bad_inputs.fitting import X, deep

SLOW = ("evaluate", "export", "inspect", "plot", "probe", "rebuild", "sample", "score", "search")
SLOW += ("compress", "denoise", "sweep", "data", "evaluation", "scale", "uses", "verify-models")


def quick(names):
    return [name for name in names if name.partition(":")[0] not in SLOW]


@pytest.fixture(scope="module", autouse=True)
def untrained():
    """Nothing is trained on any of it."""
    start = deep().get_weights()
    yield
    for before, after in zip(start, deep().get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.fixture(scope="module")
def folder():
    with prepared() as folder:
        yield folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", quick(CALLS))
def test_calls(name):
    assert of_call(*CALLS[name]) == FINE


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", quick(COMMANDS))
def test_commands(name, folder):
    assert of_command(folder, *COMMANDS[name]) == FINE


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_all():
    verdicts = run()
    assert len(verdicts) == len(CALLS) + len(COMMANDS)
    assert [pair for pair in verdicts if pair[1] != FINE] == []


def test_verdicts(tmp_path):
    def fails():
        raise KeyError("x")

    assert of_call(lambda: 3, "") == "accepted: int"
    assert of_call(fails, "x").startswith("traceback: KeyError")
    assert of_call(lambda: int("a"), "base 10") == FINE
    assert of_call(lambda: int("a"), "size").startswith("unclear")
    assert of_command(tmp_path, ["list"], "").startswith("wrong exit code: 0")
    assert of_command(tmp_path, ["tran"], "Did you mean 'train'?") == FINE
    assert of_command(tmp_path, ["tran"], "conv").startswith("unclear")


def test_codes_are_numbers_in_any_units():
    assert deep().decode([[2, 300]]).shape == (1, 5)


def test_a_list_for_a_pair():
    ae = aezoo.deep(5, 2, hidden_units=(4,))
    log = ae.fit(X, validation_data=[X, X], verbose=0).history
    assert log["val_loss"][0] == pytest.approx(ae.reconstruction_error(X).mean(), rel=1e-4)
