"""Making the index: embedding resources in batches, storing vectors and words.

Idempotent: what is up to date is passed over, so that a task may be delivered twice. No
transaction is open while the model works; before storing, each row is looked at again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Prefetch

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
from resources.ranking import Vector

BATCH = 32
EMBED_SECONDS = 120.0


@dataclass(frozen=True)
class Indexed:
    stored: int
    removed: int


def text_of(resource: Resource, facets: Sequence[str]) -> str:
    """What is embedded for a resource: the title first, since long texts are cut at the end."""
    return "\n".join(filter(None, [resource.title, resource.summary, *facets]))


def words_of(resource: Resource, facets: Sequence[str]) -> str:
    """What BM25 sees: as `text_of`, with names that a learner may remember."""
    topics = " ".join(topic.name for topic in resource.topics.all())
    return "\n".join(filter(None, [text_of(resource, facets), " ".join(resource.authors), topics]))


def index_resources(version: IndexVersion, ids: Sequence[int]) -> Indexed:
    """Bring the entries of the resources *ids* up to date, in batches of `BATCH`."""
    stored = removed = 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        removed += _remove_withdrawn(version, batch)
        stored += _store(version, _outdated(version, batch))
    lexical.refresh_if_stale(version.pk)
    return Indexed(stored, removed)


def index_lagging(
    version: IndexVersion, progress: Callable[[int, int], None] | None = None
) -> Indexed:
    """Index everything that lags behind; *progress* is told how many are done, of how many."""
    total = Resource.objects.lagging(version.pk).count()
    stored = removed = 0
    for ids in _batches_of_lagging(version):
        done = index_resources(version, ids)
        stored, removed = stored + done.stored, removed + done.removed
        if progress:
            progress(stored + removed, max(total, stored + removed))
    return Indexed(stored, removed)


def _batches_of_lagging(version: IndexVersion, size: int = BATCH * 4) -> Iterator[list[int]]:
    last = 0
    while True:
        lagging = Resource.objects.lagging(version.pk).filter(pk__gt=last).order_by("pk")
        ids = list(lagging.values_list("pk", flat=True)[:size])
        if not ids:
            return
        yield ids
        last = ids[-1]


def _outdated(version: IndexVersion, ids: Sequence[int]) -> list[Resource]:
    published = Resource.objects.published().filter(pk__in=ids)
    current = dict(
        IndexEntry.objects.filter(version=version, resource__in=ids).values_list(
            "resource_id", "content_hash"
        )
    )
    with_facets = Prefetch("facets", Facet.objects.order_by("position", "id"))
    return [
        resource
        for resource in published.prefetch_related("topics", with_facets)
        if current.get(resource.pk) != resource.content_hash
    ]


def _store(version: IndexVersion, resources: list[Resource]) -> int:
    if not resources:
        return 0
    facets = {r.pk: list(r.facets.all()) for r in resources}
    texts = [text_of(r, [f.text for f in facets[r.pk]]) for r in resources]
    lines = [f for r in resources for f in facets[r.pk]]
    vectors = ollama.embed(
        version.model,
        [version.passage_prefix + text for text in [*texts, *(f.text for f in lines)]],
        seconds=EMBED_SECONDS,
    )
    by_resource = dict(zip([r.pk for r in resources], vectors, strict=False))
    by_facet = dict(zip([f.pk for f in lines], vectors[len(resources) :], strict=True))
    with transaction.atomic():
        lexical.lock(version.pk)
        unchanged = _unchanged(resources)
        lexical.forget(version.pk, [r.pk for r in unchanged])
        for resource in unchanged:
            _store_one(version, resource, by_resource[resource.pk])
        _store_facets(version, [f for r in unchanged for f in facets[r.pk]], by_facet)
        lexical.learn(
            version.pk,
            {r.pk: words_of(r, [f.text for f in facets[r.pk]]) for r in unchanged},
        )
    return len(unchanged)


def _unchanged(resources: list[Resource]) -> list[Resource]:
    """Those of *resources* that are still as they were embedded, locked against a change."""
    now = dict(
        Resource.objects.select_for_update()
        .filter(pk__in=[r.pk for r in resources], status=Status.PUBLISHED)
        .order_by("pk")
        .values_list("pk", "content_hash")
    )
    return [r for r in resources if now.get(r.pk) == r.content_hash]


def _store_one(version: IndexVersion, resource: Resource, vector: Vector) -> None:
    entry, _ = IndexEntry.objects.update_or_create(
        version=version,
        resource=resource,
        defaults={"content_hash": resource.content_hash, "lexemes": "", "lexical": None},
    )
    DenseVector.objects.update_or_create(
        entry=entry, defaults={"version": version, "embedding": list(vector)}
    )


def _store_facets(version: IndexVersion, facets: list[Facet], vectors: dict[int, Vector]) -> None:
    # A facet that was replaced meanwhile changed its resource's hash, so these all exist.
    FacetVector.objects.bulk_create(
        [FacetVector(version=version, facet=f, embedding=list(vectors[f.pk])) for f in facets],
        update_conflicts=True,
        unique_fields=["version", "facet"],
        update_fields=["embedding"],
    )


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


def lag(version: IndexVersion | None) -> int:
    """How many resources the index is behind by."""
    if version is None:
        return Resource.objects.published().count()
    return Resource.objects.lagging(version.pk).count()


def analyze() -> None:
    """Fresh statistics for the planner after a bulk change."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE resources_indexentry, resources_densevector, resources_facetvector")
