"""`load_catalogue FILE` upserts by link, counts, and passes over broken lines with a reason."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from resources.models import Resource, Status, Topic
from tests.resources.making import topics_of

pytestmark = pytest.mark.django_db
GOOD = {"title": "A course", "url": "https://a.example/course", "kind": "course"}


def load(*paths: Path, **options: Any) -> tuple[str, list[str]]:
    """What it counted, and what it complained of."""
    out, err = StringIO(), StringIO()
    try:
        call_command("load_catalogue", *paths, stdout=out, stderr=err, no_color=True, **options)
    except CommandError as error:
        err.write(f"{error}\n")
    return out.getvalue().strip(), err.getvalue().splitlines()


def jsonl(folder: Path, *lines: Any) -> Path:
    path = folder / "resources.jsonl"
    path.write_bytes(
        b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)
    )
    return path


def csv(folder: Path, text: str) -> Path:
    path = folder / "resources.csv"
    path.write_text(text, encoding="utf-8")
    return path


BROKEN = [
    (b"{not json", "is no JSON"),
    (b"\xff\xfe", "is not UTF-8"),
    (b"[1, 2]", "is no JSON object"),
    (b"null", "is no JSON object"),
    (b"[" * 100_000, "is no JSON"),
    ({"url": "https://b.example/", "kind": "book"}, "title: missing"),
    (GOOD | {"title": "   "}, "title"),
    (GOOD | {"title": "x" * 301}, "title: "),
    (GOOD | {"title": "a\0b"}, "title: holds a NUL character"),
    (GOOD | {"title": 7}, "title: must be a string"),
    (GOOD | {"title": "\ud800"}, "surrogate"),
    (GOOD | {"kind": "podcast"}, "kind: 'podcast' is none of paper, tutorial"),
    (GOOD | {"level": "expert"}, "level: 'expert' is none of beginner"),
    (GOOD | {"status": "gone"}, "status: 'gone' is none of draft"),
    (GOOD | {"colour": "red"}, "colour: unknown field"),
    (GOOD | {"url": "javascript:alert(1)"}, "url: "),
    (GOOD | {"url": "https:///no-host"}, "url: "),
    (GOOD | {"url": "https://a.example/" + "x" * 2000}, "url: "),
    (GOOD | {"year": "MMXX"}, "year: must be a whole number, 'MMXX' was given"),
    (GOOD | {"year": 20.5}, "year: must be a whole number"),
    (GOOD | {"year": True}, "year: must be a whole number"),
    (GOOD | {"year": 99999}, "year: "),
    (GOOD | {"topics": "pca"}, "topics: must be a list of strings"),
    (GOOD | {"topics": ["PCA and SVD"]}, "topics: "),
    (GOOD | {"topics": ["x" * 81]}, "topics: "),
    (GOOD | {"authors": ["a\0b"]}, "NUL"),
    (GOOD | {"authors": ["x" * 201]}, "authors: "),
    (GOOD | {"facets": ["x" * 301]}, "facets: "),
    (GOOD | {"facets": [""]}, "facets: "),
    (GOOD | {"summary": "x" * 20_001}, "summary: "),
    (GOOD | {"language": "x" * 17}, "language: "),
]


@pytest.mark.parametrize(
    ("line", "reason"), BROKEN, ids=[f"{r}-{i}" for i, (_, r) in enumerate(BROKEN)]
)  # noqa: E501
def test_a_broken_line_is_reported_and_the_rest_is_loaded(
    tmp_path: Path, line: Any, reason: str
) -> None:
    before = {"title": "Before", "url": "https://before.example/", "kind": "book"}
    after = {"title": "After", "url": "https://after.example/", "kind": "book"}
    counted, complaints = load(jsonl(tmp_path, before, line, after))
    assert counted.splitlines()[-1] == "2 created, 0 updated, 0 unchanged, 1 rejected"
    assert complaints[0].startswith("resources.jsonl:2: ")
    assert reason in complaints[0]
    assert complaints[-1] == "1 lines were rejected, the rest is loaded"
    assert sorted(Resource.objects.values_list("title", flat=True)) == ["After", "Before"]
    assert not Topic.objects.exists()


def test_all_faults_of_a_line_are_named(tmp_path: Path) -> None:
    _, complaints = load(jsonl(tmp_path, {"kind": "podcast", "year": "x"}))
    for fault in ("title: missing", "url: missing", "kind: 'podcast'", "year: must be"):
        assert fault in complaints[0]


def test_created_updated_unchanged(tmp_path: Path) -> None:
    second = {"title": "B", "url": "https://b.example/", "kind": "book", "facets": ["For all"]}
    assert load(jsonl(tmp_path, GOOD, second)) == (
        "2 created, 0 updated, 0 unchanged, 0 rejected", [],
    )  # fmt: skip
    assert load(jsonl(tmp_path, GOOD, second | {"facets": ["For some"]}))[0] == (
        "0 created, 1 updated, 1 unchanged, 0 rejected"
    )
    facets = Resource.objects.get(title="B").facets.values_list("text", flat=True)
    assert list(facets) == ["For some"]


def test_loading_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    path = jsonl(tmp_path, GOOD | {"topics": ["pca", "maths"], "facets": ["One", "Two"]})
    load(path)
    before = Resource.objects.values().get()
    assert load(path) == ("0 created, 0 updated, 1 unchanged, 0 rejected", [])
    assert Resource.objects.values().get() == before


def test_an_absent_field_stays_as_it_is(tmp_path: Path) -> None:
    load(jsonl(tmp_path, GOOD | {"summary": "Long ago.", "topics": ["pca"]}))
    load(jsonl(tmp_path, GOOD | {"title": "A new title"}))
    resource = Resource.objects.get()
    assert (resource.title, resource.summary) == ("A new title", "Long ago.")
    assert topics_of(resource) == ["pca"]


def test_keep_leaves_what_is_there(tmp_path: Path) -> None:
    load(jsonl(tmp_path, GOOD))
    new = {"title": "B", "url": "https://b.example/", "kind": "book"}
    counted, _ = load(jsonl(tmp_path, GOOD | {"title": "Changed"}, new), keep=True)
    assert counted == "1 created, 0 updated, 1 unchanged, 0 rejected"
    assert sorted(Resource.objects.values_list("title", flat=True)) == ["A course", "B"]


def test_a_new_topic_is_made_and_reported_once(tmp_path: Path) -> None:
    line = GOOD | {"topics": ["graph-theory"]}
    counted, _ = load(jsonl(tmp_path, line, line | {"url": "https://b.example/"}))
    assert counted.splitlines()[0] == "resources.jsonl:1: new topic graph-theory"
    assert counted.count("new topic") == 1
    assert Topic.objects.get().name == "Graph theory"


def test_a_resource_is_published_unless_told_otherwise(tmp_path: Path) -> None:
    load(jsonl(tmp_path, GOOD, GOOD | {"url": "https://b.example/", "status": "draft"}))
    assert Resource.objects.get(url=GOOD["url"]).status == Status.PUBLISHED
    assert Resource.objects.get(url=GOOD["url"]).published_at
    assert Resource.objects.get(url="https://b.example/").published_at is None


def test_csv_with_lists_a_byte_order_mark_and_quoted_lines(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "\ufefftitle,url,kind,year,topics,authors,facets\n"
        '"Maths, gently",https://m.example/,book,2020,pca; maths ;,"A. One;B. Two",For all;Free\n'
        '"Two\nlines",https://n.example/,video,,,,\n',
    )
    assert load(path)[0].splitlines()[-1] == "2 created, 0 updated, 0 unchanged, 0 rejected"
    resource = Resource.objects.get(title="Maths, gently")
    assert topics_of(resource) == ["maths", "pca"]
    assert resource.authors == ["A. One", "B. Two"]
    assert resource.year == 2020
    assert list(resource.facets.values_list("text", flat=True)) == ["For all", "Free"]


def test_broken_lines_of_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "resources.csv"
    path.write_bytes(
        b"title,url,kind,year\n"
        b"A,https://a.example/,book,next\n"
        b"B,https://b.example/,book,2020,more\n"
        b"C\xff,https://c.example/,book,2020\n"
        b"D,https://d.example/,book\n"
        b"E\x00,https://e.example/,book,2020\n"
        b"F,,book,2020\n"
        b"G,https://g.example/,book,2020\n"
    )
    counted, complaints = load(path)
    assert counted == "2 created, 0 updated, 0 unchanged, 5 rejected"
    for number, reason in (
        (2, "year: 'next' is no number"),
        (3, "more fields than the first line"),
        (4, "is not UTF-8"),
        (6, "NUL"),
        (7, "url: missing"),
    ):
        (said,) = [c for c in complaints if c.startswith(f"resources.csv:{number}: ")]
        assert reason in said


def test_a_csv_without_its_columns_is_one_clear_error(tmp_path: Path) -> None:
    path = csv(tmp_path, "name,link\nA,https://a.example/\n")
    counted, complaints = load(path)
    assert counted == ""
    assert complaints == [
        f"{path}: the first line must name the columns; ['title', 'url', 'kind'] are missing"
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "nothing.jsonl"
    assert load(path) == ("", [f"{path}: No such file or directory"])


def test_a_folder_and_an_unknown_ending(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert "Is a directory" in load(tmp_path / "folder.csv")[1][0]
    assert "must end in .jsonl or .csv" in load(tmp_path / "x.xlsx")[1][0]


def test_no_file_at_all() -> None:
    assert load() == ("", ["name a FILE, or say --starter"])


def test_many_broken_lines_are_counted_and_not_all_shown(tmp_path: Path) -> None:
    counted, complaints = load(jsonl(tmp_path, *[b"{"] * 300, GOOD))
    assert counted == "1 created, 0 updated, 0 unchanged, 300 rejected"
    assert len(complaints) < 60
