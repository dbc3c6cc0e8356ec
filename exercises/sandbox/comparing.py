"""Whether a result is what a test expects: worked out outside the sandbox, on plain data.

No method of the learner's is called: an object of a class of their own is equal to nothing.
"""

import math
from collections.abc import Mapping
from typing import Any

PLAIN = (type(None), bool, int, float, complex, str, bytes)


def same(expected: Any, got: Any, tolerance: float | None) -> bool:
    """As a teacher would compare.

    1 and 1.0 are the same number, but True is no number; a list passes for a tuple; nan is nan;
    numbers with a *tolerance* (absolute) may be that far apart, wherever they stand.
    """
    if isinstance(expected, bool) or isinstance(got, bool):
        return type(expected) is type(got) is bool and expected == got
    if _is_number(expected):
        return _is_number(got) and _near(expected, got, tolerance)
    if type(expected) in (list, tuple):
        return type(got) in (list, tuple) and _in_order(expected, got, tolerance)
    if type(expected) in (set, frozenset):
        return type(got) in (set, frozenset) and _sets(expected, got, tolerance)
    if type(expected) is dict:
        return type(got) is dict and _dicts(expected, got, tolerance)
    return type(expected) is type(got) and type(got) in PLAIN and bool(expected == got)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float, complex)


def _near(expected: Any, got: Any, tolerance: float | None) -> bool:
    if expected == got:
        return True
    if type(expected) is complex or type(got) is complex:
        return bool(abs(expected - got) <= (tolerance or 0.0))
    if math.isnan(expected) or math.isnan(got):
        return math.isnan(expected) and math.isnan(got)
    if tolerance is None:
        return False
    try:
        return bool(abs(expected - got) <= tolerance)
    except OverflowError:  # an int that is no float
        return False


def _in_order(expected: Any, got: Any, tolerance: float | None) -> bool:
    return len(expected) == len(got) and all(
        same(one, other, tolerance) for one, other in zip(expected, got, strict=True)
    )


def _sets(expected: Any, got: Any, tolerance: float | None) -> bool:
    left = list(got)
    for one in expected:
        match = next((i for i, other in enumerate(left) if same(one, other, tolerance)), None)
        if match is None:
            return False
        left.pop(match)
    return not left


def _dicts(expected: Mapping[Any, Any], got: Mapping[Any, Any], tolerance: float | None) -> bool:
    return (
        len(expected) == len(got)
        and _sets(set(expected), set(got), None)
        and all(key in got and same(expected[key], got[key], tolerance) for key in expected)
    )


def is_plain(value: Any) -> bool:
    """Whether *value* is data through and through."""
    if type(value) in PLAIN:
        return True
    if type(value) in (list, tuple, set, frozenset):
        return all(map(is_plain, value))
    return type(value) is dict and all(is_plain(k) and is_plain(v) for k, v in value.items())
