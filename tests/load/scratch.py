"""Scratch databases with a catalogue or documents of any size, indexed by the product's words path.

Vectors are made (`synthetic`) and copied in, since embedding so many texts would take hours.
"""

import hashlib
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from resources.links import canonical
from resources.models import (
    Chunk,
    Document,
    Facet,
    IndexEntry,
    IndexVersion,
    Kind,
    Level,
    Resource,
    Role,
    Status,
    Topic,
)
from resources.models.index import VersionState
from resources.rag import indexing, items
from tests.load.synthetic import Maker

CHUNKS_A_DOCUMENT = 25
SENTENCES = {"chunk": 10, "summary": 3}
RARE = {"chunk": 8, "summary": 2}
ASKS = 14
BATCH = 2000
Vectors = dict[int, np.ndarray]


@contextmanager
def database(name: str) -> Iterator[bool]:
    """Django's connection goes to the database *name*; whether it had to be made."""
    own = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        is_new = cursor.fetchone() is None
        if is_new:
            cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        if is_new:
            call_command("migrate", verbosity=0)
        yield is_new
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def drop(name: str) -> None:
    """Drop the scratch database *name*, where it is there."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def fill(maker: Maker, resources: int, chunks: int) -> dict[str, float]:
    """An active version with so many *resources* and *chunks*; the seconds each step took."""
    version = IndexVersion.objects.create(
        model="synthetic",
        dimension=maker.vectors.shape[1],
        chunker=items.CHUNKER,
        state=VersionState.ACTIVE,
        activated_at=timezone.now(),
    )
    with _timed("rows") as rows_s:
        vectors, facet_vectors = _resources(maker, resources)
        chunk_vectors = _chunks(maker, chunks)
    with _timed("words") as words_s:
        indexing.index_words(version)
    with _timed("vectors") as vectors_s:
        _copy_vectors(version, "resource", vectors)
        _copy_facet_vectors(version, facet_vectors)
        _copy_vectors(version, "chunk", chunk_vectors)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"rows_s": rows_s[0], "words_s": words_s[0], "vectors_s": vectors_s[0]}


@contextmanager
def _timed(what: str) -> Iterator[list[float]]:
    took: list[float] = []
    began = time.perf_counter()
    yield took
    took.append(round(time.perf_counter() - began, 1))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _topics(maker: Maker) -> dict[str, Topic]:
    slugs = sorted({slug for row in maker.resources for slug in row["topics"]})
    made = Topic.objects.bulk_create(Topic(slug=s, name=s.replace("-", " ")) for s in slugs)
    return {topic.slug: topic for topic in made}


def _resources(maker: Maker, count: int) -> tuple[Vectors, Vectors]:
    topics = _topics(maker)
    made, facets, abouts = [], [], []
    vectors = []
    for number in range(count):
        passage, about = maker.passage(SENTENCES["summary"], RARE["summary"])
        title, _, summary = passage.text.partition(". ")
        url = f"https://site{number}.example/page"
        made.append(
            Resource(
                title=f"{title[:280]} {number}",
                url=url,
                canonical_url=canonical(url),
                kind=maker.choice(Kind.values),
                level=maker.choice(Level.values),
                summary=summary,
                status=Status.PUBLISHED,
                content_hash=_hash(passage.text),
                published_at=timezone.now(),
            )
        )
        abouts.append(about)
        vectors.append(passage.vector)
    Resource.objects.bulk_create(made, batch_size=BATCH)
    through = Resource.topics.through
    through.objects.bulk_create(
        [
            through(resource_id=r.pk, topic_id=topics[slug].pk)
            for r, about in zip(made, abouts, strict=True)
            for slug in maker.resources[maker.sources[about].resource]["topics"]
        ],
        batch_size=BATCH,
    )
    lines = []
    for resource, about in zip(made, abouts, strict=True):
        for position in range(3 + ASKS):
            line = maker.line_about(about)
            role = Role.CASE if position < 3 else Role.ASK
            facets.append(
                Facet(resource=resource, role=role, position=position, text=line.text[:300])
            )
            lines.append(line.vector)
    Facet.objects.bulk_create(facets, batch_size=BATCH)
    return (
        dict(zip((r.pk for r in made), vectors, strict=True)),
        dict(zip((f.pk for f in facets), lines, strict=True)),
    )


def _chunks(maker: Maker, count: int) -> Vectors:
    vectors: Vectors = {}
    for start in range(0, count, BATCH):
        texts = [
            maker.passage(SENTENCES["chunk"], RARE["chunk"])[0]
            for _ in range(min(BATCH, count - start))
        ]
        documents = Document.objects.bulk_create(
            Document(
                source="scale",
                path=f"folder-{n % 100}/{n}.md",
                title=f"Document {n}",
                file_hash=_hash(str(n)),
                chunker="markdown-1",
            )
            for n in range(
                start // CHUNKS_A_DOCUMENT, -(-(start + len(texts)) // CHUNKS_A_DOCUMENT)
            )
        )
        made = Chunk.objects.bulk_create(
            Chunk(
                document=documents[n // CHUNKS_A_DOCUMENT],
                position=n % CHUNKS_A_DOCUMENT,
                headings=[],
                content=text.text,
                tokens=len(text.text.split()),
                content_hash=_hash(text.text),
            )
            for n, text in enumerate(texts)
        )
        vectors |= {c.pk: t.vector.astype(np.float16) for c, t in zip(made, texts, strict=True)}
    return vectors


def _copy_vectors(version: IndexVersion, field: str, vectors: Vectors) -> None:
    within = IndexEntry.objects.filter(version=version, **{f"{field}__isnull": False})
    entries = within.values_list("pk", f"{field}_id", "content_hash").order_by("pk")
    _copy(
        "resources_densevector (entry_id, version_id, content_hash, embedding)",
        (
            (_int8(pk), _int8(version.pk), content_hash.encode(), _halfvec(vectors[row]))
            for pk, row, content_hash in list(entries)
        ),
    )


def _copy_facet_vectors(version: IndexVersion, vectors: Vectors) -> None:
    entries = dict(
        IndexEntry.objects.filter(version=version, resource__isnull=False).values_list(
            "resource_id", "pk"
        )
    )
    facets = Facet.objects.order_by("pk").values_list("pk", "resource_id", "role")
    _copy(
        "resources_facetvector (version_id, entry_id, facet_id, role, embedding)",
        (
            (
                _int8(version.pk),
                _int8(entries[resource]),
                _int8(pk),
                role.encode(),
                _halfvec(vectors[pk]),
            )
            for pk, resource, role in list(facets)
        ),
    )


def _int8(number: int) -> bytes:
    return struct.pack("!q", number)


def _halfvec(vector: np.ndarray) -> bytes:
    return struct.pack("!hh", len(vector), 0) + vector.astype(">f2").tobytes()


def _copy(target: str, rows: Iterable[tuple[bytes, ...]]) -> None:
    """Rows of values in PostgreSQL's binary form.

    https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS
    """
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN BINARY") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for row in rows:
            fields = b"".join(struct.pack("!i", len(value)) + value for value in row)
            copy.write(struct.pack("!h", len(row)) + fields)
        copy.write(struct.pack("!h", -1))
