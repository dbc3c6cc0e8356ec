"""What the index holds: resources of the catalogue, and chunks of documents.

Each kind says which rows lag behind in a version, and which texts are made of a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Exists, Model, OuterRef, Prefetch, Q, QuerySet

from resources.models import Chunk, Facet, FacetVector, IndexEntry, Resource, Role, Status
from resources.models.documents import HEADING_SEPARATOR
from resources.words import folded

# How content becomes text. A change of it makes vectors of before and after differ: reembed.
CHUNKER = "resource-2, markdown-1"


@dataclass(frozen=True)
class Texts:
    """What is made of one row."""

    passage: str  # embedded
    words: str  # for BM25
    facets: Sequence[Facet] = ()  # embedded each by itself


@dataclass(frozen=True)
class Items:
    """A kind of row that the index holds."""

    field: Literal["resource", "chunk"]  # the foreign key of `IndexEntry`
    model: type[Model]
    wanted: Q  # those that belong into the index
    related: tuple[str | Prefetch[Any], ...]

    def lagging(self, version: int) -> QuerySet[Any]:
        """Rows that lack a vector in *version*, be it of a facet, or should be gone."""
        return self._rows.filter(self._without_vector(version) | self._without_facets(version))

    def without_vector(self, version: int) -> QuerySet[Any]:
        """Rows whose own vector in *version* is missing or out of date, or should be gone."""
        return self._rows.filter(self._without_vector(version))

    def _without_vector(self, version: int) -> Q:
        entries = self._entries(version)
        current = entries.filter(dense__content_hash=OuterRef("content_hash"))
        return (self.wanted & ~Q(Exists(current))) | (~self.wanted & Q(Exists(entries)))

    def _without_facets(self, version: int) -> Q:
        if self.field != "resource":
            return Q(pk__in=[])
        vectors = FacetVector.objects.filter(version_id=version, facet=OuterRef("pk"))
        missing = Facet.objects.filter(~Exists(vectors), resource=OuterRef("pk"))
        return self.wanted & Q(Exists(missing))

    def lagging_in_words(self, version: int) -> QuerySet[Any]:
        """Rows whose words in *version* are missing or out of date."""
        current = self._entries(version).filter(content_hash=OuterRef("content_hash"))
        return self._rows.filter(self.wanted).filter(~Exists(current))

    def refused(self, version: int) -> QuerySet[Any]:
        """Rows that the model server refused as they are now."""
        faults = self._entries(version).filter(fault__content_hash=OuterRef("content_hash"))
        return self.lagging(version).filter(Exists(faults))

    def with_texts(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """*rows*, with what `texts` reads of them at hand."""
        return rows.prefetch_related(*self.related)

    def texts(self, row: Any) -> Texts:
        return _of_resource(row) if isinstance(row, Resource) else _of_chunk(row)

    @property
    def _rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def _entries(self, version: int) -> QuerySet[IndexEntry]:
        return IndexEntry.objects.filter(version_id=version, **{self.field: OuterRef("pk")})


RESOURCES = Items(
    "resource",
    Resource,
    Q(status=Status.PUBLISHED),
    ("topics", Prefetch("facets", Facet.objects.order_by("role", "position", "id"))),
)
CHUNKS = Items("chunk", Chunk, Q(pk__isnull=False), ("document",))
ALL = (RESOURCES, CHUNKS)


def _of_resource(resource: Resource) -> Texts:
    """The title first, since long texts are cut at the end.

    BM25 also sees names that a learner may remember, and questions that others asked.
    """
    facets = list(resource.facets.all())
    cases = [facet.text for facet in facets if facet.role == Role.CASE]
    passage = "\n".join(filter(None, [resource.title, resource.summary, *cases]))
    topics = " ".join(topic.name for topic in resource.topics.all())
    asks = [facet.text for facet in facets if facet.role == Role.ASK]
    words = "\n".join([passage, " ".join(resource.authors), topics, *asks])
    return Texts(passage, folded(words), facets)


def _of_chunk(chunk: Chunk) -> Texts:
    """Under its title and headings, without which a part of a text is rarely understood."""
    above = [chunk.document.title, *chunk.headings]
    distinct = [text for i, text in enumerate(above) if i == 0 or text != above[i - 1]]
    passage = f"{HEADING_SEPARATOR.join(distinct)}\n{chunk.content}"
    return Texts(passage, folded(passage))
