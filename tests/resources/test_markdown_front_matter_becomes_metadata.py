"""Front matter: JSON-able whatever stands in it, and never lost where it is broken."""

import json
from typing import Any

import pytest

from resources.rag.markdown import ReadDocument, chunks
from resources.rag.markdown.reading import read_bytes


def document(text: str) -> ReadDocument:
    return read_bytes(text.encode(), "notes/plan.md")


def metadata(yaml: str) -> dict[str, Any]:
    read = document(f"---\n{yaml}\n---\n\nBody\n")
    assert read.text.strip() == "Body", read.warnings
    json.dumps(read.metadata, allow_nan=False)
    return read.metadata


def test_names_and_values_are_kept_as_written() -> None:
    read = document(
        "---\r\ntitle: The plan\r\ndate: 2025-07-17\r\nproject: Learning Assistant\r\n"
        "Spec-ID: SPEC-LA-BACK\r\ntags: [rag, django]\r\n---\r\n\r\n# Other\r\n\r\nBody\r\n"
    )
    assert read.title == "The plan"
    assert read.metadata == {
        "title": "The plan",
        "date": "2025-07-17",
        "project": "Learning Assistant",
        "Spec-ID": "SPEC-LA-BACK",
        "tags": ["rag", "django"],
    }
    assert [c.content for c in chunks(read)] == ["Body"]
    assert not read.warnings


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("2025-07-17", "2025-07-17"),
        ("2025-7-1", "2025-07-01"),
        ("2025-07-17 10:00:00Z", "2025-07-17T10:00:00+00:00"),
        ("2025-02-31", "2025-02-31"),
        ("1.5", 1.5),
        ("12", 12),
        ("-3", -3),
        ("1.10", "1.10"),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        (".nan", ".nan"),
        ("-.inf", "-.inf"),
        ("1" * 5000, "1" * 5000),
        ("9007199254740993", "9007199254740993"),
        ("true", True),
        ("no", "no"),
        ("~", None),
        ("", None),
        ("!secret word", "word"),
        ("!!python/object:os.system [x]", ["x"]),
        ("!!binary aGk=", "aGk="),
        ("{1: a, ~: b, true: c, 2025-01-01: d}", {"1": "a", "~": "b", "true": "c", "2025-01-01": "d"}),
        ("{? [a, b] : c}", {"['a', 'b']": "c"}),
        ("|\n  two\n  lines", "two\nlines"),
    ],
)
def test_every_value_is_json_able(yaml: str, value: Any) -> None:
    assert metadata(f"x: {yaml}") == {"x": value}


def test_aliases_and_merges_are_followed() -> None:
    assert metadata("a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}") == {
        "a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2},
    }  # fmt: skip


def test_empty_front_matter() -> None:
    assert metadata("") == {}
    assert metadata("# a comment") == {}


def laughs(aliases: int, levels: int) -> str:
    lines = ["a0: &a0 [ha]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * aliases)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("title: [x", "line 3"),
        ("a: b: c", "mapping values"),
        ("\tx: y", "token"),
        ("a: *nobody", "undefined alias"),
        ("a: " + "[" * 5000, "nested"),
        ("a: " + "{a: " * 5000, "nested"),
        (laughs(9, 10), "aliases"),
        (laughs(10, 2) + "\nb: &b [*b]", "aliases"),
        ("a: &a\n  b: *a", "aliases"),
        ("x: " + "long " * 20_000, "longer"),
    ],
)
def test_what_is_no_yaml_stays_in_the_text_with_a_warning(yaml: str, reason: str) -> None:
    if reason == "longer":
        return  # not front matter at all, see below
    read = document(f"---\n{yaml}\n---\n# Head\n\nBody\n")
    assert read.metadata == {}
    assert "no valid YAML" in read.warnings[0]
    assert reason in read.warnings[0]
    assert yaml in read.text
    assert read.title == "Head"
    assert chunks(read)[-1].content == "Body"


def test_front_matter_is_not_longer_than_64_kilobytes() -> None:
    read = document("---\nx: " + "long " * 20_000 + "\n---\n\nBody\n")
    assert read.metadata == {}
    assert read.warnings == ["front matter is never closed; kept as text"]
    assert sum(c.content.count("long") for c in chunks(read, overlap=0)) == 20_000


def test_unclosed_front_matter_stays_in_the_text_with_a_warning() -> None:
    read = document("---\ntitle: A plan\nauthor: me\n\nBody text\n")
    assert read.metadata == {}
    assert read.warnings == ["front matter is never closed; kept as text"]
    assert [c.content for c in chunks(read)] == ["title: A plan author: me\n\nBody text"]


@pytest.mark.parametrize("inner", ["just words", "- a\n- list", "42"])
def test_what_has_no_names_is_text(inner: str) -> None:
    read = document(f"---\n{inner}\n---\n\nBody\n")
    assert read.metadata == {}
    assert "no names" in read.warnings[0]
    text = chunks(read)[0].content
    assert inner.split()[-1] in text
    assert "Body" in text


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    read = document("---\n\nWords\n\nmore")
    assert not read.warnings
    assert chunks(read)[0].content == "Words\n\nmore"


def test_the_title_is_front_matters_else_the_first_h1_else_the_name() -> None:
    assert document("---\nTITLE: ' A  b '\n---\n# C").title == "A b"
    assert document("---\ntitle: 2025\n---\n# C").title == "2025"
    assert document("---\ntitle: [x]\n---\n## B\n\n# C *d*\n").title == "C d"
    assert document("Setext\n===\n").title == "Setext"
    assert document("<div>\n<h1 align=center>Logo <b>name</b></h1>\n</div>\n").title == "Logo name"
    assert document("## B\n").title == "plan"
    assert len(document("# " + "long " * 200).title) == 300
