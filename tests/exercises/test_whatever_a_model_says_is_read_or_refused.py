"""What a model says is read, or refused by an error that says so; nothing of it breaks a worker."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exercises.content import Item, Malformed, read_content, read_item
from exercises.generation import whole
from exercises.generation.passages import Passage
from exercises.grading.judging import _read
from learning_assistant.ollama import Completion, read_json
from resources.models import Level
from resources.rag import advice
from tests.examples import examples

PASSAGE = Passage(
    key="r1", text="Gradient descent walks downhill.", title="Descent", kind="tutorial",
    topic="optimization", topic_name="Optimization", level=Level.BEGINNER,
)  # fmt: skip
COMMON = {"prompt": "What is it?", "explanation": "It is so.", "hints": ["a", "b", "c"]}
CASES = [{"name": f"n{i}", "call": f"f({i})", "expected": str(i)} for i in range(3)]
CONTENTS: dict[str, dict[str, Any]] = {
    "multiple_choice": {
        "choices": [
            {"text": "one", "right": True}, {"text": "two", "why": "no"},
            {"text": "three", "why": "no"},
        ]
    },
    "short_answer": {"reference": "It is.", "rubric": [{"point": "it is", "accepts": ["it is"]}]},
    "cloze": {"passage": "A [[gap]] here."},
    "coding": {
        "entry_point": "f", "starter": "def f(x):\n    pass\n",
        "solution": "def f(x):\n    return x\n", "tests": CASES,
    },
}  # fmt: skip
STRANGE = st.sampled_from(
    ["", " ", "\0", "\ud800", "[[", "]]", "[[]]", "[[a]] [[b]]", "f(", "f(x)", "f(**{})", "f(*[1])",
     "f({[]: 1})", "{[]}", "g(1)", "1e999", "-" * 3000 + "1", "(" * 3000, "9" * 5000, "f'{x}'",
     "a.b()", "__import__('os')", "f(1)\n", "b'\\xff'", "\x00", "[" * 9000, "x" * 10_001,
     "lambda: 1", "{1: 2}", "1 if", "None", "..."]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | STRANGE,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["type", "text", "right", "why", "call", "expected", "x", "answer"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    found = [path]
    for key in keys if isinstance(value, (dict, list)) else ():
        found += _places(value[key], (*path, key)) if isinstance(value[key], (dict, list)) else [
            (*path, key)
        ]  # fmt: skip
    return found


def _changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    if not path:
        return to
    copy = value.copy()
    copy[path[0]] = _changed(value[path[0]], path[1:], to)
    return copy


def _exercise(type_: str) -> dict[str, Any]:
    return COMMON | {"content": {"type": type_} | CONTENTS[type_]}


@st.composite
def nearly(draw: st.DrawFn) -> tuple[str, Any]:
    """An exercise as it should be, in which one or two values are something else."""
    type_ = draw(st.sampled_from(sorted(CONTENTS)))
    made: Any = _exercise(type_)
    for _ in range(draw(st.integers(1, 2))):
        if isinstance(made, dict):
            made = _changed(made, draw(st.sampled_from(_places(made)[1:])), draw(STRANGE | JSON))
    return type_, made


@pytest.mark.parametrize("type_", CONTENTS)
def test_what_they_begin_with_is_right(type_: str) -> None:
    assert whole._read(json.dumps(_exercise(type_)), type_, PASSAGE).content.type == type_


@examples(300)
@given(nearly())
@example(("coding", _changed(_exercise("coding"), ("content", "tests", 0, "call"), "f({[]: 1})")))
@example(("coding", _changed(_exercise("coding"), ("content", "tests", 0, "call"), "f(")))
@example(("coding", _changed(_exercise("coding"), ("content", "tests", 0, "expected"), "{[]}")))
def test_a_nearly_right_exercise(made: tuple[str, Any]) -> None:
    type_, raw = made
    try:
        item = whole._read(json.dumps(raw), type_, PASSAGE)
    except Malformed as error:
        assert str(error)
    else:
        assert isinstance(item, Item) and item.content.type == type_
        item.model_dump_json().encode()
    content = raw.get("content") if isinstance(raw, dict) else raw
    if isinstance(content, dict):
        _is_read_or_refused(content)


def _is_read_or_refused(content: dict[str, Any]) -> None:
    try:
        kept = read_content(content).model_dump(mode="json")
    except Malformed as error:
        assert str(error)
    else:
        assert read_content(json.loads(json.dumps(kept))).model_dump(mode="json") == kept
    try:
        read_item(content | {"slug": "a", "topic": "b", "level": "beginner"} | COMMON)
    except Malformed as error:
        assert str(error)


@examples(150)
@given(st.text(max_size=60) | JSON.map(json.dumps), st.sampled_from(sorted(CONTENTS)))
@example("[" * 100_000, "cloze")
@example('{"content": ' * 5000, "cloze")
@example("9" * 5000, "coding")
def test_anything_for_an_exercise(said: str, type_: str) -> None:
    with pytest.raises(Malformed):
        whole._read(said, type_, PASSAGE)


@examples(200)
@given(
    st.text(max_size=40)
    | JSON.map(json.dumps)
    | st.dictionaries(st.sampled_from(["p1", "p2", "p3"]), st.booleans() | JSON).map(json.dumps)
)
@example("[" * 100_000)
@example('{"p1":' * 50_000)
@example('{"p1": 1, "p2": true}')
@example('{"p1": true, "p2": NaN}')
@example('{"p1": true, "p2": false, "p2": true}')
def test_anything_for_a_verdict(said: str) -> None:
    verdicts = _read(said, ["p1", "p2"])
    if verdicts is not None:
        assert len(verdicts) == 2 and all(type(verdict) is bool for verdict in verdicts)
        assert read_json(said).keys() == {"p1", "p2"}


FIRST = {
    "title": "Attention, Step by Step", "kind": "tutorial", "level": "intermediate",
    "topics": ["transformers"], "authors": ["Ada Byron"], "reason": "Draws self-attention",
    "summary": "Explains self-attention with pictures.",
}  # fmt: skip
QUERY = "how does self-attention work?"
GOOD = "Start with [1], because it explains self-attention with pictures."
PIECES = (
    st.sampled_from(
        ["Start", "with", "[1]", "[2]", "[1]s", ",", "because", "it", "explains", "self-attention",
         "https://evil.example", "evil.example", "www.evil", "Kubernetes", "2017", "book", ".", "!",
         "?", "<b>", "&lt;", "`", "](", "video", "beginners", "Question:", "\0", "\ud800", "\u202e",
         "ⅷ", "²", "İ", "e.g.", "attention", "\n", "“", "’s", "pictures", "Ada"]
    )
    | st.text(max_size=8)
)  # fmt: skip


@st.composite
def nearly_good(draw: st.DrawFn) -> str:
    """A sentence that passes with something put into it."""
    at = draw(st.integers(0, len(GOOD)))
    return GOOD[:at] + draw(PIECES) + GOOD[at + draw(st.integers(0, 3)) :]


SAYINGS = nearly_good() | st.lists(PIECES, max_size=20).map(" ".join) | st.text(max_size=80)


@examples(400)
@given(SAYINGS)
@example("Start with [1], because it explains self-attention.")
@example("Start with [1], because itself], explains self-attention.")
@example("Start withStart], because it explains self-attention with pictures.")
@example("[" * 5000 + ".")
@example("a." * 20_000)
@example("Start with [1] " + "'" * 20_000 + ".")
def test_anything_for_advice(said: str) -> None:
    checked = advice.check(Completion(said, 20, 60.0), QUERY, FIRST)
    if checked.fault:
        assert checked.text == ""
        return
    shown = checked.text.replace("“Attention, Step by Step”", "")
    assert shown.endswith((".", "!")) and "\n" not in shown
    assert not set("<>*_`#{}|\\~^[]@") & set(shown) and "http" not in shown.casefold()
    assert not any(c.isdigit() for c in shown) and "evil" not in shown.casefold()
    shown.encode()
    assert "\0" not in shown
