"""`search QUERY` for people, `search --batch FILE --json` for programs."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.resources.making import add, document, index, tree
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


@pytest.fixture
def handbook(zebras: Script) -> None:
    """Two documents beside the resources."""
    document(
        "guides/equids.md", "Grass. Zebra herds graze.", headings=["Food", "Herds"], title="Equids"
    )
    document("museum/quagga.md", "Quaggas are no more.", source="museum", title="Quagga")
    index()


def test_documents_with_their_headings_and_a_passage(handbook: None) -> None:
    said = run("do herds of zebras graze?", limit=50)
    assert re.search(
        r"^\d+\. Equids \(document, handbook\)\n"
        r" {3}guides/equids.md › Food › Herds\n"
        r" {3}Zebra herds graze\. {2}\[\d\.\d{3}\]$",
        said, re.MULTILINE,
    )  # fmt: skip
    assert re.search(r"^ {3}museum/quagga.md$", said, re.MULTILINE), "which has no headings"
    assert "Zebra herds (tutorial, advanced, 2003)" in said


def test_a_filter_leaves_what_has_it(handbook: None) -> None:
    assert "document" not in run("zebra", level="advanced")
    said = run("zebra", path="museum/")
    assert said.startswith("1. Quagga (document, museum)")
    assert said.count("(document") == 1
    assert "Equids" not in run("zebra", source="museum")


def test_documents_give_up_no_filter(handbook: None) -> None:
    assert "0 results" in run("zebra", path="nothing/")
    assert "0 results" in run("zebra", scope="all", level="intermediate")


def test_documents_as_json(handbook: None, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"id": "a", "text": "zebra herds"}\n')
    for scope, kinds in (("documents", {"document"}), ("all", {"document", "resource"})):
        (line,) = run(batch=str(path), json=True, limit=50, scope=scope).splitlines()
        results = json.loads(line)["results"]
        assert {r["type"] for r in results} == kinds
        for result in results:
            assert result.keys() == {
                "type", "id", "url", "document_path", "heading_path", "position", "score"
            }  # fmt: skip
            assert (result["url"] is None) == (result["type"] == "document")
            assert (result["document_path"] is None) == (result["type"] == "resource")
    assert ("guides/equids.md", "Food › Herds", 0) in {
        (r["document_path"], r["heading_path"], r["position"]) for r in results
    }


def test_json_is_of_resources_unless_asked_otherwise(handbook: None, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"id": "a", "text": "grass and zebra herds graze"}\n')
    for text in (run(batch=str(path), json=True, limit=50), run("zebra", json=True, limit=50)):
        results = json.loads(text)["results"]
        assert len(results) == 6
        assert all(r.keys() == {"id", "url", "score"} for r in results)


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
        (("q", "--scope", "x"), {}, "invalid choice: 'x'"),
        (("q",), {"source": "nothing"}, "--source: there is no tree of documents 'nothing'"),
        (("q",), {"path": "a", "kind": "book"}, "--path: only documents have a path"),
        (("q",), {"scope": "resources", "path": "a"}, "--path: only documents have a path"),
        (("q",), {"scope": "documents", "level": "beginner"}, "--level: only resources have a lev"),
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
