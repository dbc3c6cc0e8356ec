"""`search QUERY` for people, `search --batch FILE --json` for programs."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.resources.making import add, index, tree
from tests.scripted import Script

pytestmark = pytest.mark.django_db


def run(*args: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("search", *args, stdout=out, no_color=True, **options)
    return out.getvalue()


@pytest.fixture
def zebras(model_server: Script) -> Script:
    tree(maths="", algebra="maths")
    words = ["stripes", "hooves", "manes", "herds", "savannah", "foals"]
    for n, word in enumerate(words):
        add(
            f"Zebra {word}", level="beginner" if n < 2 else "advanced", year=2000 + n,
            facets=[f"You want to know about {word}"], topics=["algebra"],
        )  # fmt: skip
    index()
    return model_server


def test_readable(zebras: Script) -> None:
    lines = run("zebra herds").splitlines()
    assert lines[0] == "1. Zebra herds (tutorial, advanced, 2003)"
    assert re.fullmatch(r" {3}https://site\d+\.example/page", lines[1])
    assert re.fullmatch(r" {3}You want to know about herds {2}\[1\.000\]", lines[2])
    assert re.fullmatch(r"5 results in \d+ ms", lines[-1])
    assert len(lines) == 5 * 3 + 1


def test_readable_tells_what_was_given_up(zebras: Script) -> None:
    assert "filters given up to reach three: level" in run("zebra", level="intermediate")


def test_readable_tells_that_meaning_is_missing(zebras: Script) -> None:
    zebras.status = 500
    assert "found by words alone" in run("zebra")


@pytest.mark.parametrize("limit", [1, 2, 3, 6])
def test_the_limit_is_kept(zebras: Script, limit: int) -> None:
    shown = json.loads(run("zebra", json=True, limit=limit))
    assert len(shown["results"]) == limit


def test_a_limit_below_three_gives_up_no_filter(zebras: Script) -> None:
    said = run("zebra", limit=1, level="beginner")
    assert "given up" not in said
    assert said.count("beginner") == 1


def test_a_batch_as_json_lines(zebras: Script, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(
        '{"id": "a", "text": "zebra herds"}\n\n{"id": 7, "text": "zebra foals", "more": 1}\n'
    )
    lines = [json.loads(x) for x in run(batch=str(path), json=True, limit=4).splitlines()]
    assert [line["id"] for line in lines] == ["a", 7]
    for line in lines:
        assert line.keys() == {"id", "results"}
        assert len(line["results"]) == 4
        for result in line["results"]:
            assert result.keys() == {"id", "url", "score"}
            assert result["url"].startswith("https://site")
        scores = [result["score"] for result in line["results"]]
        assert scores == sorted(scores, reverse=True)


def test_a_batch_to_read(zebras: Script, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"id": "a", "text": "zebra herds"}\n')
    assert "a: zebra herds\n1. Zebra herds" in run(batch=str(path))


def test_a_batch_from_standard_input(zebras: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    line = io.BytesIO(b'{"id": 1, "text": "zebra"}\n')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(line))
    assert json.loads(run(batch="-", json=True))["id"] == 1


def test_filters(zebras: Script) -> None:
    assert run("zebra", level="advanced").count("advanced") == 4
    assert "given up" not in run("zebra", topic="maths")


@pytest.mark.parametrize(
    ("args", "options", "complaint"),
    [
        ((), {}, "say either QUERY or --batch FILE"),
        (("q",), {"batch": "f"}, "say either QUERY or --batch FILE"),
        (("q",), {"limit": 0}, "--limit must be from 1 to 1000, 0 was given"),
        (("q",), {"limit": 1001}, "--limit must be from 1 to 1000, 1001 was given"),
        (("q",), {"topic": "nothing"}, "--topic: there is no topic 'nothing'"),
        ((), {"batch": "/nothing.jsonl"}, "--batch: /nothing.jsonl: No such file"),
        (("q", "--level", "expert"), {}, "invalid choice: 'expert'"),
        (("q", "--kind", "x"), {}, "invalid choice: 'x'"),
        (("q", "--limit", "x"), {}, "invalid int value: 'x'"),
    ],
)
def test_wrong_arguments(args: tuple[str, ...], options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CommandError, match=re.escape(complaint)):
        run(*args, **options)


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"id": 1}', '{"text": "x"}', "\xff"])
def test_a_broken_line_of_a_batch_is_named(model_server: Script, tmp_path: Path, line: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_bytes(b'{"id": 1, "text": "x"}\n' + line.encode("latin-1") + b"\n")
    with pytest.raises(CommandError, match=re.escape(f"{path}")):
        run(batch=str(path), json=True)


def test_an_empty_catalogue(model_server: Script) -> None:
    assert "0 results" in run("zebra")
