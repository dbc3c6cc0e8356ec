"""An index of any size for tests, written past the model server: vectors and words are given."""

import random
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from resources.models import (
    Chunk,
    DenseVector,
    Document,
    Facet,
    FacetVector,
    IndexEntry,
    IndexVersion,
    Level,
    Resource,
    Status,
)
from resources.models.index import VersionState
from resources.rag import indexing, items

# None of them is a stop word or has an ending that is cut off.
WORDS = [f"{a}{b}ok" for a in "bdgklmnprtvz" for b in "aeiou"]
RARELY = 33  # one resource in so many is for the advanced


@dataclass
class Made:
    version: IndexVersion
    entries: dict[int, IndexEntry]
    vectors: dict[int, np.ndarray]  # by entry
    facets: dict[int, list[np.ndarray]]  # by entry
    words: dict[int, list[str]]  # by entry


def unit(rng: np.random.Generator, dimension: int) -> list[float]:
    """A random direction, as `halfvec` stores it."""
    vector = rng.normal(size=dimension)
    return [float(x) for x in (vector / np.linalg.norm(vector)).astype(np.float16)]


def texts(count: int, seed: int) -> list[str]:
    """Words by Zipf's law: the first of `WORDS` are in many texts, the last in few."""
    chosen = random.Random(seed)
    weights = [1 / (n + 1) for n in range(len(WORDS))]
    return [" ".join(chosen.choices(WORDS, weights, k=chosen.randint(3, 25))) for _ in range(count)]


def fill(resources: int, chunks: int) -> None:
    """Published resources with two facets each, and chunks of one document."""
    made = Resource.objects.bulk_create(
        Resource(
            title=f"Resource {n}",
            url=f"https://site.example/{n}",
            canonical_url=f"https://site.example/{n}",
            kind="tutorial",
            level=Level.BEGINNER if n % RARELY else Level.ADVANCED,
            summary=text,
            status=Status.PUBLISHED,
            content_hash=f"r{n}",
        )
        for n, text in enumerate(texts(resources, 1))
    )
    Facet.objects.bulk_create(
        Facet(resource=resource, position=n, text=f"Facet {n}") for resource in made for n in (0, 1)
    )
    document = Document.objects.create(source="test", path="a.md", title="Document", file_hash="x")
    Chunk.objects.bulk_create(
        Chunk(document=document, position=n, content=text, tokens=9, content_hash=f"c{n}")
        for n, text in enumerate(texts(chunks, 2))
    )


def index(dimension: int, seed: int = 0, state: VersionState = VersionState.ACTIVE) -> Made:
    """A version over everything that `fill` made, its words indexed as ever."""
    version = IndexVersion.objects.create(
        model=f"random-{dimension}",
        dimension=dimension,
        chunker=items.CHUNKER,
        state=state,
        activated_at=timezone.now(),
    )
    indexing.index_words(version)
    version.refresh_from_db()
    rng = np.random.default_rng(seed)
    entries = {e.pk: e for e in version.entries.select_related("resource", "chunk").order_by("pk")}
    vectors = {pk: unit(rng, dimension) for pk in entries}
    DenseVector.objects.bulk_create(
        DenseVector(
            entry_id=pk, version=version, content_hash=e.content_hash, embedding=vectors[pk]
        )
        for pk, e in entries.items()
    )
    by_resource = {e.resource_id: pk for pk, e in entries.items() if e.resource_id}
    facets = {
        facet: (by_resource[facet.resource_id], unit(rng, dimension))
        for facet in Facet.objects.order_by("pk")
    }
    FacetVector.objects.bulk_create(
        FacetVector(version=version, entry_id=entry, facet=facet, role="ask", embedding=vector)
        for facet, (entry, vector) in facets.items()
    )
    of_entry: dict[int, list[np.ndarray]] = {}
    for entry, vector in facets.values():
        of_entry.setdefault(entry, []).append(np.array(vector))
    return Made(
        version,
        entries,
        {pk: np.array(vector) for pk, vector in vectors.items()},
        of_entry,
        {pk: _words(e) for pk, e in entries.items()},
    )


def _words(entry: IndexEntry) -> list[str]:
    row = entry.resource or entry.chunk
    kind = items.RESOURCES if entry.resource else items.CHUNKS
    return [w.casefold() for w in kind.texts(row).words.split()]
