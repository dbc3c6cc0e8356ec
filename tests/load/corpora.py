"""Test collections on disk: documents, queries and who finds what relevant.

A folder holds `corpus.jsonl` ({"_id" or "id", "title", "text"}), `queries.jsonl` ({"_id" or "id",
"text"}) and `qrels.tsv` or `qrels/test.tsv` (query, document, grade; a header or none), as those
of BEIR do: Thakur et al. (2021), https://arxiv.org/abs/2104.08663
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from resources.links import canonical
from resources.models.catalogue import SUMMARY_LENGTH, TITLE_LENGTH

TITLE_WORDS = 12  # of a text without a title
HOST = "https://collection.example"


class BadCollection(Exception):
    """The folder does not hold what a test collection holds."""


@dataclass(frozen=True)
class Collection:
    """*entries* as `catalogue.upsert` takes them; *grades* by query id and canonical link."""

    name: str
    entries: list[dict[str, Any]]
    queries: dict[str, str]
    grades: dict[str, dict[str, int]]


def read(folder: Path) -> Collection:
    """The collection in *folder*; queries without a relevant document are left out."""
    links: dict[str, str] = {}
    entries = []
    for row in _json_lines(folder / "corpus.jsonl"):
        link = f"{HOST}/{quote(_id(row), safe='')}"
        links[_id(row)] = canonical(link)
        text = row.get("text") or ""
        title = row.get("title") or " ".join(text.split()[:TITLE_WORDS]) or _id(row)
        entries.append(
            {"title": title[:TITLE_LENGTH], "url": link, "kind": "paper"}
            | {"summary": text[:SUMMARY_LENGTH]}
        )
    grades: dict[str, dict[str, int]] = {}
    for query, document, grade in _qrels(folder):
        if document in links:
            grades.setdefault(query, {})[links[document]] = grade
    queries = {_id(row): row["text"] for row in _json_lines(folder / "queries.jsonl")}
    judged = {q: text for q, text in queries.items() if max(grades.get(q, {"": 0}).values()) > 0}
    if not judged:
        raise BadCollection(f"{folder}: no query has a relevant document")
    return Collection(folder.name, entries, judged, {q: grades[q] for q in judged})


def _id(row: dict[str, Any]) -> str:
    return str(row["_id"] if "_id" in row else row["id"])


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        raise BadCollection(f"{path} is missing")
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _qrels(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Query, document, grade; of TREC's form (query, 0, document, grade) too."""
    found = [p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.exists()]
    if not found:
        raise BadCollection(f"{folder}: neither qrels.tsv nor qrels/test.tsv is there")
    for number, line in enumerate(found[0].read_text(encoding="utf-8").splitlines()):
        parts = line.split("\t") if "\t" in line else line.split()
        if not parts or (number == 0 and not parts[-1].lstrip("-").isdigit()):
            continue
        yield parts[0], parts[-2], int(parts[-1])
