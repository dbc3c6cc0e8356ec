"""A tree of Markdown files into documents and chunks; only what changed is stored, and embedded.

Each file is a transaction of its own: a broken one stops nobody, and a run that was killed has
stored whole documents only.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from resources.models import Chunk, Document
from resources.models.documents import PATH_LENGTH
from resources.rag import markdown
from resources.rag.indexing import forget_rows
from resources.rag.items import CHUNKS
from resources.rag.markdown import ChunkText, ReadDocument, Skipped, Unreadable

DELETED_TOGETHER = 100


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Event:
    """What became of one file."""

    change: Change
    path: str
    reason: str = ""  # why it was skipped
    warnings: tuple[str, ...] = ()


class EmptyTree(Exception):
    """There is nothing to read, and all that was read before would be removed."""


@dataclass
class _Known:
    pk: int
    file_hash: str
    chunker: str


def other_root(root: Path, source: str) -> str:
    """Another folder from which documents of *source* were read; empty when there is none."""
    others = Document.objects.filter(source=source).exclude(root=str(root))
    return others.values_list("root", flat=True).first() or ""


def ingest(root: Path, source: str, *, prune: bool, dry_run: bool) -> Iterator[Event]:
    """Bring the documents of *source* up to date with the files under *root*, one by one.

    With *prune* documents whose file is gone are removed in the end; with *dry_run* nothing is
    stored, and the events tell what would be. Raises `EmptyTree`.
    """
    known = {
        path: _Known(pk, file_hash, chunker)
        for path, pk, file_hash, chunker in Document.objects.filter(source=source).values_list(
            "path", "pk", "file_hash", "chunker"
        )
    }
    seen = set()
    readable = False
    for found in markdown.walk(root):
        event = _one(root, source, found, known.get(found.name), store=not dry_run)
        seen.add(event.path)
        readable = readable or event.change != Change.SKIPPED
        yield event
    gone = sorted(set(known) - seen)
    if prune and gone:
        if not readable:
            raise EmptyTree(f"{root} holds no Markdown file that can be read")
        yield from _remove(gone, known, store=not dry_run)


def _one(
    root: Path, source: str, found: "markdown.Found | Skipped", known: _Known | None, *, store: bool
) -> Event:
    if isinstance(found, Skipped):
        return Event(Change.SKIPPED, found.name, found.reason)
    if len(found.name) > PATH_LENGTH:
        reason = f"its path has {len(found.name)} characters, {PATH_LENGTH} are the limit"
        return Event(Change.SKIPPED, found.name, reason)
    try:
        if known and known.chunker == markdown.CHUNKER and known.file_hash == _hash(found.path):
            return Event(Change.UNCHANGED, found.name)
        document = markdown.read(found.path, found.name)
        pieces = list(markdown.chunks(document, count=markdown.estimate_tokens))
    except Unreadable as error:
        return Event(Change.SKIPPED, found.name, error.reason)
    except OSError as error:
        return Event(Change.SKIPPED, found.name, f"can't be read: {error.strerror}")
    if store:
        _store(root, source, document, pieces)
    change = Change.CHANGED if known else Change.ADDED
    return Event(change, found.name, warnings=tuple(document.warnings))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@transaction.atomic
def _store(root: Path, source: str, read: ReadDocument, pieces: list[ChunkText]) -> None:
    document, _ = Document.objects.update_or_create(
        source=source,
        path=read.path,
        defaults={
            "root": str(root),
            "title": read.title,
            "metadata": read.metadata,
            "file_hash": read.file_hash,
            "chunker": markdown.CHUNKER,
            "updated_at": timezone.now(),
        },
    )
    there: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in document.chunks.order_by("-position"):
        there[chunk.content_hash].append(chunk)
    moved, new = [], []
    for piece in pieces:
        content_hash = _content_hash(read.title, piece)
        if same := there[content_hash]:  # its vectors stay
            chunk = same.pop()
            chunk.position = piece.position
            moved.append(chunk)
        else:
            new.append(_chunk(document, piece, content_hash))
    gone = [chunk.pk for chunks in there.values() for chunk in chunks]
    forget_rows(CHUNKS, gone)
    Chunk.objects.filter(pk__in=gone).delete()
    Chunk.objects.bulk_update(moved, ["position"], batch_size=500)
    Chunk.objects.bulk_create(new, batch_size=500)


def _chunk(document: Document, piece: ChunkText, content_hash: str) -> Chunk:
    return Chunk(
        document=document,
        position=piece.position,
        headings=list(piece.headings),
        content=piece.content,
        tokens=piece.tokens,
        content_hash=content_hash,
    )


def _content_hash(title: str, piece: ChunkText) -> str:
    """Of all that the index is made from: a chunk is embedded under its document's title."""
    return hashlib.sha256(json.dumps([title, piece.content_hash]).encode()).hexdigest()


def _remove(paths: list[str], known: dict[str, _Known], *, store: bool) -> Iterator[Event]:
    for start in range(0, len(paths), DELETED_TOGETHER):
        batch = paths[start : start + DELETED_TOGETHER]
        if store:
            remove([known[path].pk for path in batch])
        for path in batch:
            yield Event(Change.REMOVED, path)


@transaction.atomic
def remove(documents: list[int]) -> None:
    """Delete *documents* (ids) with their chunks, their words out of the index's sums."""
    chunks = Chunk.objects.filter(document__in=documents)
    forget_rows(CHUNKS, list(chunks.values_list("pk", flat=True)))
    Document.objects.filter(pk__in=documents).delete()
