"""`ingest_docs` makes a tree of Markdown searchable, and keeps it so: only what changed is done."""

import os
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from resources.models import Chunk, DenseVector, Document, IndexEntry
from resources.rag import embedding, versions
from resources.ranking import Scope, search
from tests.resources.making import add, filters, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db
GUIDE = """---
title: Zebra handbook
date: 2026-01-02
tags: [herd, stripes]
---
# Backend

## RAG pipeline

Stripes are stored in the savannah table.

## Frontend

Okapis are shown in the forest view.
"""


@pytest.fixture
def tree(tmp_path: Path, model_server: Script, valkey: "redis.Redis") -> Path:
    folder = tmp_path / "notes"
    (folder / "über uns").mkdir(parents=True)
    (folder / "guide.md").write_text(GUIDE)
    (folder / "über uns" / "a file.md").write_text("# Giraffes\n\nGiraffes have long necks.\n")
    (folder / "empty.md").write_text("")
    (folder / "picture.md").write_bytes(bytes(range(256)) * 8)
    return folder


def ingest(folder: Path, *args: str, **options: Any) -> str:
    out = StringIO()
    call_command("ingest_docs", str(folder), *args, stdout=out, stderr=out, **options)
    return out.getvalue()


def embedded(server: Script) -> list[str]:
    texts = [t for path, asked in server.calls if path == "/api/embed" for t in asked["input"]]
    server.calls.clear()
    return [text for text in texts if text != "dimension"]


def passages(query: str) -> list[str]:
    """The document paths and contents of what a search finds."""
    version = versions.active_or_first()
    vector = embedding.embed_query(version, query, 5)
    hits = search(version.pk, query, vector, filters(), 3, scope=Scope.DOCUMENTS)
    chunks = Chunk.objects.select_related("document").in_bulk([h.chunk_id for h in hits])
    return [
        f"{c.document.path}: {c.content}" for h in hits if h.chunk_id and (c := chunks[h.chunk_id])
    ]


def test_a_tree_becomes_documents_and_chunks(tree: Path, model_server: Script) -> None:
    said = ingest(tree)
    assert "notes: 3 added, 0 changed, 0 unchanged, 0 removed, 1 skipped" in said
    assert "skipped picture.md: is no text but a binary file" in said
    guide = Document.objects.get(source="notes", path="guide.md")
    assert guide.title == "Zebra handbook"
    assert guide.metadata == {
        "title": "Zebra handbook", "date": "2026-01-02", "tags": ["herd", "stripes"],
    }  # fmt: skip
    paths = list(guide.chunks.order_by("position").values_list("position", "headings"))
    assert paths == [(0, ["Backend", "RAG pipeline"]), (1, ["Backend", "Frontend"])]
    assert guide.chunks.get(position=0).heading_path == "Backend › RAG pipeline"
    assert Document.objects.filter(path="über uns/a file.md").exists()
    assert passages("savannah")[0].startswith("guide.md: ")
    assert passages("zebra handbook forest")[0].endswith("Okapis are shown in the forest view.")


def test_a_second_run_changes_nothing_and_a_touched_file_is_embedded_alone(
    tree: Path, model_server: Script
) -> None:
    ingest(tree)
    assert len(embedded(model_server)) == 3
    before = dict(Chunk.objects.values_list("pk", "content_hash"))
    assert "0 added, 0 changed, 3 unchanged, 0 removed, 1 skipped" in ingest(tree)
    os.utime(tree / "guide.md")
    assert "3 unchanged" in ingest(tree), "its bytes are the same"
    assert embedded(model_server) == []
    assert dict(Chunk.objects.values_list("pk", "content_hash")) == before
    with (tree / "guide.md").open("a") as file:
        file.write("\n## Night\n\nLions wake up.\n")
    assert "0 added, 1 changed, 2 unchanged" in ingest(tree)
    (text,) = embedded(model_server)
    assert text == "Zebra handbook › Backend › Night\nLions wake up."
    assert passages("lions")[0] == "guide.md: Lions wake up."


def test_what_moves_inside_a_file_keeps_its_vector(tree: Path, model_server: Script) -> None:
    ingest(tree)
    embedded(model_server)
    new = GUIDE.replace("# Backend\n", "# Backend\n\nAn introduction about gnus.\n")
    (tree / "guide.md").write_text(new)
    ingest(tree)
    assert embedded(model_server) == ["Zebra handbook › Backend\nAn introduction about gnus."]
    positions = Chunk.objects.filter(document__path="guide.md").values_list("position", flat=True)
    assert sorted(positions) == [0, 1, 2]


def test_a_new_title_is_a_new_text(tree: Path, model_server: Script) -> None:
    ingest(tree)
    embedded(model_server)
    (tree / "guide.md").write_text(GUIDE.replace("Zebra handbook", "Quagga handbook"))
    ingest(tree)
    assert [t.partition(" ")[0] for t in embedded(model_server)] == ["Quagga", "Quagga"]


def test_prune_removes_what_is_gone_and_nothing_else(tree: Path, model_server: Script) -> None:
    ingest(tree)
    shutil.rmtree(tree / "über uns")
    assert "3 unchanged" not in (said := ingest(tree))
    assert "0 removed" in said, "only --prune removes"
    assert "1 removed" in ingest(tree, "--prune", "--dry-run")
    assert Document.objects.filter(path="über uns/a file.md").exists()
    (tree / "guide.md").write_bytes(b"\0" * 4096)
    said = ingest(tree, "--prune")
    assert "1 removed" in said and "2 skipped" in said
    assert Document.objects.filter(path="guide.md").exists(), "it can't be read, but it is there"
    assert not any("Giraffes" in text for text in passages("giraffes"))
    version = versions.active_or_first()
    assert version.rows == IndexEntry.objects.count() == DenseVector.objects.count()


def test_a_folder_without_documents_prunes_nothing(tree: Path, tmp_path: Path) -> None:
    ingest(tree)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="nothing is pruned: .*/empty holds no Markdown file"):
        ingest(tmp_path / "empty", "--prune", "--source", "notes")
    assert Document.objects.count() == 3


def test_a_dry_run_changes_nothing(tree: Path, model_server: Script) -> None:
    said = ingest(tree, "--dry-run")
    assert "added guide.md" in said
    assert "notes: 3 added" in said and "(dry run)" in said
    assert not Document.objects.exists()
    assert model_server.calls == []


def test_two_trees_of_one_name_do_not_mix(tree: Path, tmp_path: Path) -> None:
    ingest(tree)
    other = tmp_path / "elsewhere" / "notes"
    other.mkdir(parents=True)
    (other / "guide.md").write_text("# Something else")
    with pytest.raises(
        CommandError, match="documents named 'notes' were read from .*: say --source"
    ):
        ingest(other)
    ingest(other, "--source", "others")
    assert Document.objects.filter(path="guide.md").count() == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--source", "catalogue"], "'catalogue' is the catalogue's own name"),
        (["--source", "x" * 121], "--source: 1 to 120 characters"),
    ],
)
def test_names_that_cannot_be_are_refused(tree: Path, args: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        ingest(tree, *args)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="DIR: .*/nowhere is no folder"):
        ingest(tmp_path / "nowhere")


def test_without_the_model_server_documents_are_stored_and_found_by_words(
    tree: Path, model_server: Script
) -> None:
    add("Aardvark")
    index()
    model_server.status = 503
    with pytest.raises(CommandError, match="stored, and found by words; not by meaning yet"):
        ingest(tree)
    version = versions.active_or_first()
    hits = search(version.pk, "giraffes", None, filters(), 3, scope=Scope.DOCUMENTS)
    assert [hit.title for hit in hits] == ["Giraffes"]
