"""Properties: how they are tried, and what they have in common."""

import functools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

PROPERTIES = {}  # names to what is tried, what is drawn for it, and its share of all cases
ROUNDING = 2e-5  # of float32 in other orders of additions, for values of about 1


def holds(share, **drawn):
    """Makes a function a property, to be called with what is drawn."""

    def add(function):
        PROPERTIES[function.__name__] = function, drawn, share
        return function

    return add


def trial(name, examples, number=None, tried=None):
    """Tries a property so often, with the same cases for the same number."""
    function, drawn, _ = PROPERTIES[name]

    @functools.wraps(function)
    def counted(**case):
        if tried is not None:
            tried[name] += 1
        function(**case)

    test = settings(
        max_examples=examples,
        derandomize=number is None,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(**drawn)(counted))
    (test if number is None else seed(number)(test))()


def run(count, number=0):
    """Tries all properties, by their shares of so many cases.

    Returns:
        A `Counter` of the cases by property, and a list of pairs: a property that failed, and the
        text of the error, which has the case.
    """
    tried, failures = Counter(), []
    total = sum(share for _, _, share in PROPERTIES.values())
    for name, (_, _, share) in PROPERTIES.items():
        try:
            trial(name, max(1, round(count * share / total)), number, tried)
        except Exception as error:
            failures.append((name, "\n".join([repr(error), *getattr(error, "__notes__", [])])))
    return tried, failures


def unchanged(function, *given, **options):
    """What a function makes of arrays, which it leaves as they were."""
    before = _contents(given, options)
    result = function(*given, **options)
    assert before == _contents(given, options), "the input was changed"
    return result


def close(found, expected, what=""):
    """Asserts that arrays are alike, but for rounding."""
    most = ROUNDING * max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=most, err_msg=what)


def same_in_threads(function, arrays):
    """Asserts that many threads at once get what one gets."""
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(function, arrays))
    for found, expected in zip(together, map(function, arrays), strict=True):
        close(found, expected)


def samples_of(function, given, shape):
    """Asserts that results go by samples, and by values alone: not by form, batch or order.

    Returns:
        The samples as float32, and the results.
    """
    x, form = given.of(shape)
    expected = unchanged(function, x)
    assert len(expected) == len(x)
    assert np.isfinite(expected).all()
    close(unchanged(function, form), expected, given.form)
    some = np.random.default_rng(given.seed).permutation(len(x))[:4]
    close(np.concatenate([function(x[i : i + 1]) for i in some]), expected[some], "alone")
    return x, expected


def _contents(given, options):
    arrays = (v for v in (*given, *options.values()) if isinstance(v, (np.ndarray, list)))
    return [np.asarray(array).tobytes() for array in arrays]
