"""Reading the index as another program does, and what there is to read."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction

from learning_assistant.embedded.services import endpoints
from resources.models import Chunk, DenseVector, Document, IndexEntry, IndexVersion, VersionState
from resources.rag.items import CHUNKER


@contextmanager
def as_reader(**changes: str) -> Iterator["psycopg.Connection[Any]"]:
    """A connection of the role rag_reader to the test database, as its address gives it."""
    database = {"dbname": connection.settings_dict["NAME"]} | changes
    with psycopg.connect(
        endpoints(settings.DATA_DIR).reader_url, autocommit=True, connect_timeout=3, **database
    ) as reader:
        yield reader


def document(path: str, *contents: str, source: str = "handbook", **metadata: Any) -> Document:
    """A document with a chunk for each of *contents*, not yet in the index."""
    made = Document.objects.create(
        source=source,
        path=path,
        title=f"The title of {path}",
        metadata=metadata,
        file_hash="",
        chunker=CHUNKER,
    )
    for position, content in enumerate(contents):
        Chunk.objects.create(
            document=made,
            position=position,
            headings=["Backend", "RAG pipeline"][:position],
            content=content,
            tokens=len(content.split()),
            content_hash=hashlib.sha256(content.encode()).hexdigest(),
        )
    return made


def version_beside(active: IndexVersion, dimension: int, state: str = "building") -> IndexVersion:
    """A version of another width with a vector for each entry of *active*."""
    other = IndexVersion.objects.create(
        model="another", digest="d2", dimension=dimension, chunker=CHUNKER, state=state
    )
    for entry in IndexEntry.objects.filter(version=active):
        content_hash = entry.content_hash
        entry.pk, entry.version = None, other
        entry.save()
        vector = [1.0] + [0.0] * (dimension - 1)
        DenseVector.objects.create(
            entry=entry, version=other, content_hash=content_hash, embedding=vector
        )
    return other


@transaction.atomic
def activate(version: IndexVersion) -> None:
    IndexVersion.objects.filter(state=VersionState.ACTIVE).update(state=VersionState.READY)
    IndexVersion.objects.filter(pk=version.pk).update(state=VersionState.ACTIVE)


def ask(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of *sql*, as the application, on the test's own connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchall() if cursor.description else []
