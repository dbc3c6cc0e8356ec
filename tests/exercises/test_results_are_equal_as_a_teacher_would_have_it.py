"""A value counts, its wrapping does not: lists and tuples, 1 and 1.0, nearly equal floats."""

import math
from decimal import Decimal

import pytest

from exercises.sandbox import Outcome, Runner, comparing, run_cases
from tests.exercises.attacks import LIMITS, both, case, needs

NAN, INF = float("nan"), float("inf")
EQUAL = [
    (1, 1.0), (0, -0.0), (2**70, 2**70), (0.3, 0.1 + 0.2), (1e300, 1e300 * (1 + 1e-12)),
    (NAN, NAN), (INF, INF), ([1, 2], (1, 2)), ([], ()), ({1, 2}, frozenset([2, 1])), ("a", "a"),
    (b"a", b"a"), (None, None), (True, True), ({"a": [1]}, {"a": (1.0,)}), ({1: 2}, {1.0: 2}),
    ({1, 2.0}, {1.0, 2}), ({0.3}, {0.1 + 0.2}), (1 + 2j, 1 + 2j),
    ([NAN, {"x": NAN}], [NAN, {"x": NAN}]),
    ({(1, 2): 3}, {(1, 2): 3}), (range(3), range(3)), ("\0é\ud800", "\0é\ud800"),
    (Decimal("1.5"), Decimal("1.5")), ({True: 1}, {True: 1}),
]  # fmt: skip
UNEQUAL = [
    (1, True), (0, False), (True, 1.0), ([1], [True]), (1, 2), (1, "1"), (None, 0), (None, False),
    ("a", b"a"), ([1, 2], [2, 1]), ([1, 2], [1, 2, 3]), ([1], {1}), ({1: 2}, [(1, 2)]), ([], None),
    ({1: 2}, {1: 3}), ({1: 2}, {"1": 2}), ({1: 2}, {True: 2}), (INF, -INF), (NAN, 0.0), (INF, NAN),
    (2**70, 2**70 + 1), (10**400, INF), (1.0, 1.0001), ([0, 1, 2], range(3)), ({1, 2}, {1, 3}),
    ({1}, {True}), ({"1"}, {1}), ("ab", ["a", "b"]), ({}, set()), ("", []), (1 + 2j, 1),
    ([[1]], [1]),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "got"), EQUAL)
def test_equal(expected: object, got: object) -> None:
    assert comparing.same(comparing.to_wire(expected), comparing.to_wire(got))
    assert comparing.same(comparing.to_wire([expected]), comparing.to_wire((got,)))


@pytest.mark.parametrize(("expected", "got"), UNEQUAL)
def test_not_equal(expected: object, got: object) -> None:
    assert not comparing.same(comparing.to_wire(expected), comparing.to_wire(got))
    assert not comparing.same(comparing.to_wire(got), comparing.to_wire(expected))


@pytest.mark.parametrize(
    ("expected", "got", "tolerance", "equal"),
    [
        (1.0, 1.05, 0.1, True), (1.0, 1.2, 0.1, False), (1, 1.05, 0.1, True),
        ([1.0, [2.0]], (1.01, (1.99,)), 0.05, True), ({"a": 1.0}, {"a": 1.01}, 0.05, True),
        ({1.0, 2.0}, {1.01, 2.01}, 0.05, True), (1.0, NAN, 0.1, False), (INF, 1e300, 0.1, False),
        (1.0, True, 0.1, False), (1.0, "1.0", 0.1, False), (1e-9, 0.0, 0.0, False),
    ],
)  # fmt: skip
def test_a_tests_own_tolerance(
    expected: object, got: object, tolerance: float, equal: bool
) -> None:
    assert comparing.same(comparing.to_wire(expected), comparing.to_wire(got), tolerance) is equal


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([1, "a", None], "[1, 'a', None]"), ((1,), "(1,)"), ((), "()"), (set(), "set()"),
        ({"a": (1, 2)}, "{'a': (1, 2)}"), (frozenset([1]), "frozenset({1})"), (b"\xff", "b'\\xff'"),
        (2**70, str(2**70)), (1 + 2j, "(1+2j)"), (NAN, "nan"),
        (range(1, 9, 2), "range(1, 9, 2)"), ("\0\ud800", "'\\x00\\ud800'"),
        (math.pi, repr(math.pi)),
    ],
)  # fmt: skip
def test_values_are_shown_as_python_writes_them(value: object, shown: str) -> None:
    assert comparing.show(comparing.to_wire(value)) == shown


def test_a_number_too_long_to_be_written_is_described() -> None:
    assert comparing.show(comparing.to_wire(10**5000)) == "<int of 16610 bits>"


def test_long_values_are_cut() -> None:
    for value in ("x" * 5000, list(range(5000)), {i: i for i in range(5000)}, [["y" * 900]] * 900):
        text = comparing.show(comparing.to_wire(value))
        assert len(text) <= comparing.SHOWN and text.endswith("…")


@both
@pytest.mark.parametrize("value", [pair[1] for pair in EQUAL if not isinstance(pair[1], Decimal)])
def test_values_come_out_of_the_runners_as_they_are(runner: Runner, value: object) -> None:
    needs(runner)
    if "\ud800" in str(value) and runner is Runner.MONTY:
        pytest.skip("monty has no lone surrogates")
    code = "def f(x):\n    return x"
    for given in (value, [value]):
        run = run_cases(code, "f", [_passing(given)], LIMITS, runner)
        assert run.verdict is Outcome.PASSED, run


def _passing(value: object) -> object:
    """A case whose argument is *value*, whether it has a literal or not."""

    class Given:
        name, call, expected, tolerance = "as it is", "f(…)", "", None
        args, kwargs = [value], {}

    given = Given()
    given.value = value  # type: ignore[attr-defined]
    return given


def test_what_is_no_value_is_no_result() -> None:
    for text in ("", "{", "[" * 10**5, "nonsense"):
        with pytest.raises(comparing.Unreadable):
            comparing.read(text)
    for wire in ({}, {"int": 3}, {"a": 1, "b": 2}, {"dict": 3}, {"dict": [[1]]}, {"set": None}):
        with pytest.raises(comparing.Unreadable):
            comparing.same(comparing.to_wire({1: 2}), wire)
            comparing.same(comparing.to_wire({1}), wire)
            comparing.show(wire)


def test_numbers_that_share_a_hash_cost_no_more_than_others() -> None:
    wire = {"set": [{"int": hex(i * (2**61 - 1))} for i in range(50_000)]}
    assert comparing.same(wire, wire)
    assert comparing.show(wire).endswith("…")


@both
def test_true_is_no_number(runner: Runner) -> None:
    needs(runner)
    run = run_cases("def f(x): return x == 1", "f", [case("f(1)", 1)], LIMITS, runner)
    assert (run.cases[0].passed, run.cases[0].got, run.cases[0].got_type) == (False, "True", "bool")
