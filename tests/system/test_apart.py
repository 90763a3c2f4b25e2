import os
import signal

import pytest

from aezoo.system.apart import apart


def test_returns_and_raises_what_the_function_does():
    assert apart(os.getpid) != os.getpid()
    with pytest.raises(ValueError, match="'x'"):
        apart(int, "x")


def test_a_crash_is_an_error():
    with pytest.raises(RuntimeError, match="11: what ran this has crashed"):
        apart(signal.raise_signal, signal.SIGSEGV)
