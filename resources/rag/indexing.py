"""Making the index: the words first, all in SQL and at once, then vectors in batches.

Idempotent: what is up to date is passed over, so that a task may be delivered twice. No
transaction is open while the model works; before storing, each row is looked at again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, Prefetch, QuerySet

from learning_assistant import ollama
from resources.models import (
    DenseVector,
    Facet,
    FacetVector,
    IndexEntry,
    IndexVersion,
    Resource,
    Status,
)
from resources.rag import lexical
from resources.words import folded

logger = logging.getLogger(__name__)

WORDS_BATCH = 500
VECTORS_BATCH = 32
EMBED_SECONDS = 120.0


@dataclass(frozen=True)
class Indexed:
    stored: int
    removed: int


def text_of(resource: Resource) -> str:
    """What is embedded for a resource: the title first, since long texts are cut at the end."""
    facets = [facet.text for facet in resource.facets.all()]
    return "\n".join(filter(None, [resource.title, resource.summary, *facets]))


def words_of(resource: Resource) -> str:
    """What BM25 sees: as `text_of`, with names that a learner may remember."""
    topics = " ".join(topic.name for topic in resource.topics.all())
    return folded("\n".join([text_of(resource), " ".join(resource.authors), topics]))


def index_resources(version: IndexVersion, ids: Sequence[int]) -> Indexed:
    """Bring the entries of the resources *ids* up to date.

    Words that are missing are stored for all resources, since that is quick and makes them found.
    """
    index_words(version)
    stored = removed = 0
    for batch in _batches(ids, VECTORS_BATCH):
        removed += _remove_withdrawn(version, batch)
        stored += _store_vectors(version, batch)
    if removed:
        lexical.refresh_if_stale(version.pk)
    return Indexed(stored, removed)


def index_lagging(
    version: IndexVersion, progress: Callable[[int, int], None] | None = None
) -> Indexed:
    """Index everything that lags behind; *progress* is told how many are done, of how many."""
    total = Resource.objects.lagging(version.pk).count()
    stored = removed = 0
    for ids in _pages_of_lagging(version):
        done = index_resources(version, ids)
        stored, removed = stored + done.stored, removed + done.removed
        if progress:
            progress(stored + removed, max(total, stored + removed))
    return Indexed(stored, removed)


def refresh(version: IndexVersion) -> None:
    """Put the sums right that a deletion left behind, if there was one."""
    lexical.refresh_if_stale(version.pk)


def lag(version: IndexVersion | None) -> int:
    """How many resources the index is behind by."""
    if version is None:
        return Resource.objects.published().count()
    return Resource.objects.lagging(version.pk).count()


def analyze() -> None:
    """Fresh statistics for the planner after a bulk change."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE resources_indexentry, resources_densevector, resources_facetvector")


def _batches(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _pages_of_lagging(version: IndexVersion, size: int = VECTORS_BATCH * 4) -> Iterator[list[int]]:
    last = 0
    while True:
        lagging = Resource.objects.lagging(version.pk).filter(pk__gt=last).order_by("pk")
        ids = list(lagging.values_list("pk", flat=True)[:size])
        if not ids:
            return
        yield ids
        last = ids[-1]


def index_words(version: IndexVersion) -> int:
    """Store the words of all resources whose words lag behind; how many."""
    lagging = Resource.objects.lagging_in_words(version.pk).order_by("pk")
    ids = list(lagging.values_list("pk", flat=True))
    stored = sum(_store_words(version, batch) for batch in _batches(ids, WORDS_BATCH))
    lexical.refresh_if_stale(version.pk)
    return stored


def _store_words(version: IndexVersion, ids: Sequence[int]) -> int:
    with transaction.atomic():
        lexical.lock(version.pk)
        outdated = Resource.objects.lagging_in_words(version.pk).filter(pk__in=ids)
        # Locked, so that nobody changes a row between reading it and storing its words.
        locked = outdated.select_for_update(of=("self",)).order_by("pk")
        resources = list(_with_texts(locked))
        lexical.forget(version.pk, [r.pk for r in resources])
        IndexEntry.objects.bulk_create(
            [
                IndexEntry(version=version, resource=r, content_hash=r.content_hash, lexemes="")
                for r in resources
            ],
            update_conflicts=True,
            unique_fields=["version", "resource"],
            update_fields=["content_hash", "lexemes", "indexed_at"],
        )
        lexical.learn(version.pk, {r.pk: words_of(r) for r in resources})
    return len(resources)


def _with_texts(resources: QuerySet[Resource]) -> QuerySet[Resource]:
    facets = Prefetch("facets", Facet.objects.order_by("position", "id"))
    return resources.prefetch_related("topics", facets)


def _store_vectors(version: IndexVersion, ids: Sequence[int]) -> int:
    lagging = Resource.objects.lagging(version.pk).published().filter(pk__in=ids)
    resources = list(_with_texts(lagging))
    if not resources:
        return 0
    facets = [facet for r in resources for facet in r.facets.all()]
    texts = [*map(text_of, resources), *(facet.text for facet in facets)]
    try:
        vectors = ollama.embed(
            version.model, [version.passage_prefix + text for text in texts], seconds=EMBED_SECONDS
        )
    except ollama.ModelRefused:
        if len(resources) == 1:
            raise
        return _store_one_by_one(version, [r.pk for r in resources])
    by_resource = dict(zip((r.pk for r in resources), vectors, strict=False))
    by_facet = dict(zip((f.pk for f in facets), vectors[len(resources) :], strict=True))
    with transaction.atomic():
        entries = _entries_still_current(version, resources)
        DenseVector.objects.bulk_create(
            [
                DenseVector(
                    entry=entry,
                    version=version,
                    content_hash=entry.content_hash,
                    embedding=list(by_resource[entry.resource_id]),
                )
                for entry in entries
            ],
            update_conflicts=True,
            unique_fields=["entry"],
            update_fields=["content_hash", "embedding"],
        )
        kept = {entry.resource_id for entry in entries}
        FacetVector.objects.bulk_create(
            [
                FacetVector(version=version, facet=facet, embedding=list(by_facet[facet.pk]))
                for facet in facets
                if facet.resource_id in kept
            ],
            update_conflicts=True,
            unique_fields=["version", "facet"],
            update_fields=["embedding"],
        )
    return len(entries)


def _store_one_by_one(version: IndexVersion, ids: Sequence[int]) -> int:
    """One text that the model server refuses stays behind; the others do not wait for it.

    Raises `ollama.ModelRefused` when it refuses them all: then it is the server.
    """
    stored = 0
    refusal: ollama.ModelRefused | None = None
    for pk in ids:
        try:
            stored += _store_vectors(version, [pk])
        except ollama.ModelRefused as error:
            logger.error("resource %s can't be embedded: %s", pk, error)
            refusal = error
    if refusal and not stored:
        raise refusal
    return stored


def _entries_still_current(version: IndexVersion, resources: list[Resource]) -> list[IndexEntry]:
    """The entries of those of *resources* that are as they were when they were embedded.

    Their resources are locked against a change until the transaction ends. A facet that was
    replaced meanwhile changed its resource's hash, so the facets of the others all exist.
    """
    embedded = {r.pk: r.content_hash for r in resources}
    locked = Resource.objects.select_for_update().filter(pk__in=embedded, status=Status.PUBLISHED)
    now = dict(locked.order_by("pk").values_list("pk", "content_hash"))
    entries = IndexEntry.objects.filter(
        version=version, resource__in=now, content_hash=F("resource__content_hash")
    )
    return [entry for entry in entries if entry.content_hash == embedded[entry.resource_id]]


def _remove_withdrawn(version: IndexVersion, ids: Sequence[int]) -> int:
    gone = IndexEntry.objects.filter(version=version, resource__in=ids).exclude(
        resource__status=Status.PUBLISHED
    )
    if not gone.exists():
        return 0
    with transaction.atomic():
        lexical.lock(version.pk)
        pks = list(gone.values_list("resource_id", flat=True))
        lexical.forget(version.pk, pks)
        IndexEntry.objects.filter(version=version, resource__in=pks).delete()
    return len(pks)
