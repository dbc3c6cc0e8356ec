"""Where made exercises come from: summaries of published resources, and chunks of documents."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db.models import Count, Max, Min
from pgvector.django import CosineDistance

from resources.models import Chunk, DenseVector, IndexVersion, Level, Resource, Topic

NEIGHBOURS = 5
# Cosine to the nearest resource below which a chunk is about something else (installing, licences).
ON_SUBJECT = 0.45
BATCH = 200


@dataclass(frozen=True)
class Passage:
    """What an exercise is made from, and kept with it."""

    key: str  # r12 or c345: the row it comes from
    text: str
    title: str
    kind: str  # of the resource; "document" for a chunk
    topic: str
    topic_name: str
    level: Level
    resource: str = ""  # link
    chunk_id: int | None = None
    authors: tuple[str, ...] = ()


def of_resources(topic: str = "", level: str = "") -> Iterator[Passage]:
    """The summaries of published resources in English, filed under one topic each."""
    sizes = Topic.objects.annotate(n=Count("resources")).values_list("pk", "n")
    above = set(Topic.objects.filter(parent__isnull=False).values_list("parent_id", flat=True))
    # The most specific first: those without topics below them, then those with few resources.
    order = {pk: (pk in above, n) for pk, n in sizes}
    rows = Resource.objects.published().filter(language="en").exclude(summary="").order_by("pk")
    for resource in rows.prefetch_related("topics").iterator(chunk_size=BATCH):
        own = sorted(resource.topics.all(), key=lambda t: order[t.pk])
        if not own or (level and (resource.level or Level.INTERMEDIATE) != level):
            continue
        chosen = next((t for t in own if t.slug == topic), None) if topic else own[0]
        if chosen is not None:
            yield Passage(
                key=f"r{resource.pk}",
                text=" ".join(resource.summary.split()),
                title=resource.title,
                kind=resource.kind,
                topic=chosen.slug,
                topic_name=chosen.name,
                level=Level(resource.level or Level.INTERMEDIATE),
                resource=resource.url,
                authors=tuple(resource.authors),
            )


def of_chunks(
    wanted: Callable[[str], bool], most: int, topic: str = "", level: str = ""
) -> Iterator[Passage]:
    """Chunks whose content is *wanted*, under topic and level of the resources nearest to each.

    At most *most* are read, from another place each time: a library may hold a million.
    """
    version = IndexVersion.objects.active()
    if version is None:
        return
    seen = set()
    for chunk in islice(_chunks(), most):
        if chunk.content_hash in seen or not wanted(chunk.content):
            continue
        seen.add(chunk.content_hash)
        near = _near(version, chunk.pk)
        if near is None or (topic and near[0].slug != topic) or (level and near[1] != level):
            continue
        yield Passage(
            key=f"c{chunk.pk}",
            text=chunk.content,
            title=chunk.document.title,
            kind="document",
            topic=near[0].slug,
            topic_name=near[0].name,
            level=near[1],
            chunk_id=chunk.pk,
        )


def _chunks() -> Iterator[Chunk]:
    """All chunks, in the order of their ids from any one of them on, and round."""
    ends = Chunk.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    start = random.randint(ends["first"], ends["last"])
    rows = Chunk.objects.select_related("document").order_by("pk")
    yield from rows.filter(pk__gte=start).iterator(chunk_size=BATCH)
    yield from rows.filter(pk__lt=start).iterator(chunk_size=BATCH)


def _near(version: IndexVersion, chunk_id: int) -> tuple[Topic, Level] | None:
    """The topic and the level that most of the nearest resources have; None if none is near."""
    own = DenseVector.objects.filter(version=version, entry__chunk_id=chunk_id)
    vector = own.values_list("embedding", flat=True).first()
    if vector is None:
        return None
    near = DenseVector.objects.filter(version=version, entry__resource__status="published")
    ordered = near.annotate(apart=CosineDistance("embedding", vector)).order_by("apart")
    found = list(ordered.values_list("entry__resource_id", "apart")[:NEIGHBOURS])
    if not found or 1 - found[0][1] < ON_SUBJECT:
        return None
    resources = Resource.objects.in_bulk([pk for pk, _ in found])
    topics: dict[Topic, float] = defaultdict(float)
    levels: Counter[str] = Counter()
    for pk, apart in found:
        for one in resources[pk].topics.all():
            topics[one] += 1 - apart
        levels[resources[pk].level or Level.INTERMEDIATE] += 1
    if not topics:
        return None
    return max(topics, key=lambda one: topics[one]), Level(levels.most_common(1)[0][0])
