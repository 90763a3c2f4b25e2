from types import SimpleNamespace

import pytest

from aezoo.export import ways as module
from aezoo.export.ways import nearest, ways

X = object()


@pytest.mark.parametrize(
    ("quantize", "asked", "expected"),
    [
        (None, None, [(False, None)]),
        ("float16", None, [(False, None)]),
        ("int8", None, [(False, None), (False, (X, 0)), (True, (X, 0)), (True, None)]),
        ("int8", ("x", 3), [(False, ("x", 3)), (True, ("x", 3)), (True, None)]),
        ("int4", ("x", 3), [(True, ("x", 3))]),
        ("int4", None, [(True, None)]),
        ("int16x8", None, [(False, None), (True, None)]),
    ],
)
def test_what_is_tried(quantize, asked, expected):
    assert ways(quantize, asked, X) == expected


@pytest.mark.parametrize(
    ("exports", "tried", "taken"),
    [  # how each is: near, right, or wrong; its PSNR against the model
        ([("near", 40), ("near", 50)], 1, 0),
        ([("right", 40), ("near", 50), ("near", 60)], 2, 1),
        ([("right", 40), ("right", 30), ("near", 60)], 2, 0),
        ([("wrong", 70), ("right", 30), ("near", 60)], 2, 1),
        ([("wrong", 20), ("wrong", 40), ("right", 30)], 3, 2),
        ([("wrong", 20), ("wrong", 40), ("wrong", 30)], 3, 1),
        ([("wrong", 20), None, ("right", 30)], 3, 2),
        ([("right", None), ("right", 30)], 2, 0),  # no difference at all
    ],
)
def test_which_is_taken(monkeypatch, exports, tried, taken):
    def refusal(report, tolerance):
        assert tolerance == 0.07
        return "no" if report.how == "wrong" else None

    monkeypatch.setattr(module, "refusal", refusal)
    monkeypatch.setattr(module, "is_near", lambda report: report.how == "near")
    asked = []

    def make(per_unit, tuning):
        asked.append((per_unit, tuning))
        one = exports[len(asked) - 1]
        if one is None:
            raise NotImplementedError
        return (SimpleNamespace(how=one[0], parity={"psnr": one[1]}), len(asked) - 1)

    given = ways("int8", None, X)[: len(exports)]
    assert nearest(given, make, 0.07)[1] == taken
    assert asked == given[:tried]


def test_what_goes_wrong_with_the_first_way_is_told():
    def make(per_unit, tuning):
        raise ValueError("It cannot be.")

    with pytest.raises(ValueError, match="It cannot be"):
        nearest(ways("int8", None, X), make)
