"""Whatever bytes come out of a sandbox are a result to be compared, or a fault, and no pass."""

import json
import os
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exercises.content import Case
from exercises.fence.wire import codec
from exercises.sandbox import comparing
from exercises.sandbox.fenced import FencedSession
from exercises.sandbox.results import FaultKind, Limits
from exercises.sandbox.running import _compared
from exercises.sandbox.sessions import Reply
from tests.examples import examples

KINDS = [
    "int", "tuple", "list", "set", "frozenset", "dict", "bytes", "complex", "range", "deque",
    "keys", "values", "items", "iterator", "Decimal", "Fraction", "other", "", "unknown",
]  # fmt: skip
HUGE = 10**400
ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from([HUGE, -HUGE, "0x1f", "zz", "ff", "1/0", "NaN", "\ud800", "\0"])
)  # fmt: skip
# What the codec writes, and whatever else has its looks.
WIRES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(lambda kind, held: {kind: held}, st.sampled_from(KINDS), inner)
        | st.builds(
            lambda kind, held: {kind: held}, st.sampled_from(KINDS), st.lists(inner, max_size=3)
        )
        | st.dictionaries(st.sampled_from([*KINDS, "a"]), inner, max_size=3)
    ),
    max_leaves=12,
)
MESSAGES = st.dictionaries(
    st.sampled_from(["value", "fault", "output", "ask", "arguments", "ready"]),
    WIRES | st.fixed_dictionaries({"kind": WIRES, "line": WIRES, "type": WIRES, "message": WIRES}),
    max_size=4,
)
# No example makes this up.
EXPECTED = ["'a needle in a haystack'", "[71000111.5, 71000112]", "{'needle': {71000113}}"]


def case(expected: str, tolerance: float | None = None) -> Case:
    return Case(name="n", call="f()", expected=expected, tolerance=tolerance)


def _deep(depth: int) -> str:
    return "[" * depth + "]" * depth


@examples(300)
@given(
    WIRES.map(lambda wire: json.dumps([wire])) | WIRES.map(json.dumps) | st.text(max_size=40),
    st.sampled_from(EXPECTED),
    st.sampled_from([None, 0.0, 1e308]),
)
@example('[{"complex": [1%s, 0]}]' % ("0" * 400), EXPECTED[0], None)
@example('[{"other": {}}]', EXPECTED[0], None)
@example('[{"other": []}]', EXPECTED[0], None)
@example('[{"a": 1, "b": 2}]', EXPECTED[0], None)
@example('[{"int": "0x%s"}]' % ("f" * 9000), EXPECTED[1], None)
@example("[%s]" % ("9" * 5000), EXPECTED[1], None)
@example(_deep(200_000), EXPECTED[1], None)
@example(_deep(900), EXPECTED[1], None)
@example("[{}]", EXPECTED[0], None)
@example("{}", EXPECTED[0], None)
@example("[NaN, Infinity]", EXPECTED[1], 1e308)
def test_a_made_up_result_never_passes(text: str, expected: str, tolerance: float | None) -> None:
    if tolerance and expected == EXPECTED[1]:
        expected = EXPECTED[0]  # within that of anything
    result = _compared(case(expected, tolerance), Reply(text))
    assert not result.passed
    assert (result.got is None) == (result.fault is not None)
    shown = [result.got or "", result.got_type, result.fault.message if result.fault else ""]
    assert all(len(text) <= comparing.SHOWN for text in shown)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.binary(max_size=6) | st.complex_numbers() | st.just(range(1, 9, 2)) | st.decimals(),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=4) | st.integers() | st.booleans(), inner, max_size=4)
    | st.sets(st.integers() | st.text(max_size=4), max_size=4),
    max_leaves=12,
)  # fmt: skip


@examples(200)
@given(VALUES)
def test_a_value_is_itself_after_crossing_and_not_another(value: Any) -> None:
    encode, decode = codec()
    crossed = comparing.read(encode(value))
    assert comparing.same(comparing.to_wire(value), crossed)
    assert comparing.same(crossed, comparing.to_wire(decode(encode(value))))
    assert not comparing.same(comparing.to_wire([value]), crossed)
    assert not comparing.same(comparing.to_wire({"x": value}), crossed)
    assert len(comparing.show(crossed)) <= comparing.SHOWN


class _Silent(FencedSession):
    """A session whose child is a pipe: what it says was written before."""

    def __init__(self, said: bytes) -> None:
        super().__init__(Limits(seconds=0.05))
        self._from, child = os.pipe()
        self._hears, self._to = os.pipe()
        os.set_blocking(self._from, False)
        os.set_blocking(self._to, False)
        os.set_blocking(child, False)
        os.write(child, said)
        os.close(child)

    def close(self) -> None:
        for number in (self._from, self._to, self._hears):
            os.close(number)


LINES = st.lists(
    st.binary(max_size=60)
    | MESSAGES.map(lambda message: json.dumps(message).encode())
    | WIRES.map(lambda wire: json.dumps(wire).encode()),
    min_size=1,
    max_size=3,
).map(lambda lines: b"\n".join(lines) + b"\n")


@examples(300)
@given(LINES)
@example(b'{"value": "x", "fault": {"kind": [], "line": true}}\n')
@example(b'{"fault": {"kind": "exception", "line": 1e999, "type": null}}\n')
@example(b'{"output": %s}\n' % _deep(990).encode())
@example(b'{"output": %s}\n' % _deep(900).encode())
@example(b'{"value": "\\ud800\\u0000", "output": "\\ud800\\u0000"}\n')
@example(b"[" * 60_000)
@example(b"\n")
@example(b"")
def test_any_bytes_of_a_child_are_a_reply(said: bytes) -> None:
    session = _Silent(said)
    try:
        reply = session.call("f", "[[], {}]")
    finally:
        session.close()
    assert isinstance(reply.value, str) and isinstance(reply.output, str)
    (reply.output + (reply.fault.message + reply.fault.type if reply.fault else "")).encode()
    assert "\0" not in reply.output
    assert not _compared(case(EXPECTED[0]), reply).passed


@examples(150)
@given(LINES)
@example(b'{"ask": "double", "arguments": "[[1], {}]"}\n{"value": "", "fault": null}\n')
@example(b'{"ask": [], "arguments": {}}\n' * 9)
def test_any_bytes_of_the_tests_own_child_are_a_reply(said: bytes) -> None:
    session = _Silent(said)
    asked: list[tuple[str, str]] = []

    def ask(name: str, arguments: str) -> Reply:
        asked.append((name, arguments))
        return Reply("[1]")

    try:
        reply = session.run_tests("check(double)", {"double": True}, ask)
    finally:
        session.close()
    assert all(isinstance(part, str) for pair in asked for part in pair)
    if reply.fault is not None:
        assert isinstance(reply.fault.kind, FaultKind)


@pytest.mark.parametrize("said", [b"", b"x" * 70, b'{"value": '])
def test_a_child_that_says_no_whole_line_is_gone(said: bytes) -> None:
    session = _Silent(said)
    try:
        reply = session.call("f", "[[], {}]")
    finally:
        session.close()
    assert reply.fault is not None and reply.ends
