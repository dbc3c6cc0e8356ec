"""Writing the catalogue: one door for the loader, the admin and whoever comes later.

Each write makes the content hash anew and, after the commit, queues what the index needs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from learning_assistant import lanes
from resources import tasks
from resources.links import canonical
from resources.models import Facet, Resource, Role, Status, Topic


class Change(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass
class Outcome:
    """What one upsert did."""

    change: Change
    resource: Resource
    new_topics: list[str] = field(default_factory=list)


# Resources a message names: few enough to be done between two other messages.
QUEUED_TOGETHER = 64

SIMPLE_FIELDS = (
    "title",
    "url",
    "kind",
    "level",
    "authors",
    "year",
    "language",
    "summary",
    "licence",
    "provenance",
    "status",
)


def upsert(values: Mapping[str, Any], *, keep: bool = False) -> Outcome:
    """Create or update the resource whose link is the same as `values["url"]`.

    *values* holds any of `SIMPLE_FIELDS`, `topics` (slugs), `facets` and `asks` (lines); what is
    absent stays as it is; with *keep* a resource that is there stays as it is altogether. The
    caller queues the indexing (`queue_indexing`). Raises `ValidationError` that names each field
    at fault.
    """
    try:
        canonical_url = canonical(str(values["url"]))
    except ValueError as error:
        raise ValidationError({"url": str(error)}) from error
    try:
        return _upsert(values, canonical_url, keep=keep)
    except IntegrityError:  # somebody else has just created it
        return _upsert(values, canonical_url, keep=keep)


def _upsert(values: Mapping[str, Any], canonical_url: str, *, keep: bool) -> Outcome:
    with transaction.atomic():
        resource = Resource.objects.select_for_update().filter(canonical_url=canonical_url).first()
        is_new = resource is None
        if keep and resource is not None:
            return Outcome(Change.UNCHANGED, resource)
        resource = resource or Resource(canonical_url=canonical_url, status=Status.PUBLISHED)
        before = None if is_new else _snapshot(resource)
        for name in SIMPLE_FIELDS:
            if name in values:
                setattr(resource, name, values[name])
        resource.full_clean(exclude=["content_hash"], validate_unique=False)
        if is_new:
            resource.save()
        new_topics = _set_topics(resource, values.get("topics"))
        known = {} if is_new else _lines(resource)
        _set_facets(resource, Role.CASE, "facets", values.get("facets"), known)
        _set_facets(resource, Role.ASK, "asks", values.get("asks"), known)
        if before is not None and before == _snapshot(resource):
            return Outcome(Change.UNCHANGED, resource)
        _store(resource)
    return Outcome(Change.CREATED if is_new else Change.UPDATED, resource, new_topics)


def store(resource: Resource) -> None:
    """Save *resource*, whose topics and facets are already stored, and queue its indexing."""
    _store(resource)
    queue_indexing([resource])


def queue_indexing(resources: Sequence[Resource]) -> None:
    """Have a worker bring the index up to date for *resources*, once they are committed."""
    ids = [resource.pk for resource in resources]
    for start in range(0, len(ids), QUEUED_TOGETHER):
        lanes.enqueue(tasks.index_resources, ids[start : start + QUEUED_TOGETHER])


def _store(resource: Resource) -> None:
    resource.canonical_url = canonical(resource.url)
    resource.content_hash = resource.text_hash(*_text_parts(resource))
    resource.updated_at = timezone.now()
    if resource.status == Status.PUBLISHED and resource.published_at is None:
        resource.published_at = resource.updated_at
    resource.save()


def set_status(resources: Iterable[Resource], status: Status) -> int:
    """Publish, archive, … *resources*; how many changed."""
    ids = [resource.pk for resource in resources]
    with transaction.atomic():
        changed = list(_locked(ids).exclude(status=status))
        for resource in changed:
            resource.status = status
            _store(resource)
        queue_indexing(changed)
    return len(changed)


def _text_parts(resource: Resource) -> tuple[list[str], list[str], list[str]]:
    topics = resource.topics.values_list("slug", "name")
    lines = _lines(resource)
    return (
        lines.get(Role.CASE, []),
        lines.get(Role.ASK, []),
        [f"{slug} {name}" for slug, name in topics],
    )


def _lines(resource: Resource) -> dict[str, list[str]]:
    """The texts of its facets by role, in their order."""
    lines: dict[str, list[str]] = {}
    for role, text in resource.facets.order_by("position", "id").values_list("role", "text"):
        lines.setdefault(role, []).append(text)
    return lines


def _snapshot(resource: Resource) -> list[Any]:
    cases, asks, topics = _text_parts(resource)
    return [*(getattr(resource, name) for name in SIMPLE_FIELDS), cases, asks, sorted(topics)]


def _set_topics(resource: Resource, slugs: Sequence[str] | None) -> list[str]:
    """Give *resource* the topics *slugs*; those nobody knew are made, and returned."""
    if slugs is None:
        return []
    wanted = {slug: slug.replace("-", " ").capitalize() for slug in slugs}
    known = set(Topic.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    new = [slug for slug in wanted if slug not in known]
    Topic.objects.bulk_create(
        [Topic(slug=slug, name=wanted[slug]) for slug in new], ignore_conflicts=True
    )
    resource.topics.set(Topic.objects.filter(slug__in=wanted))
    return new


def _set_facets(
    resource: Resource,
    role: Role,
    name: str,
    lines: Sequence[str] | None,
    known: Mapping[str, Sequence[str]],
) -> None:
    if lines is None or known.get(role, []) == list(lines):
        return
    if role in known:
        resource.facets.filter(role=role).delete()
    facets = [
        Facet(resource=resource, role=role, position=i, text=line) for i, line in enumerate(lines)
    ]
    for facet in facets:
        try:
            facet.clean_fields(exclude=["resource"])  # which has just been read or written
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error
    Facet.objects.bulk_create(facets)


def upsert_topic(slug: str, name: str, parent: str = "") -> Topic:
    """Create or update one topic of the tree; its parent must be there."""
    if slug != slugify(slug):
        raise ValidationError({"slug": f"{slug!r} is no slug, {slugify(slug)!r} would be"})
    above = Topic.objects.get(slug=parent) if parent else None
    topic = Topic.objects.filter(slug=slug).first() or Topic(slug=slug)
    if (topic.name, topic.parent) != (name, above):
        topic.name, topic.parent = name, above
        store_topic(topic)
    return topic


def store_topic(topic: Topic) -> None:
    """Save *topic*; resources are found by its name, so its own are indexed again."""
    with transaction.atomic():
        topic.save()
        _index_again(list(topic.resources.values_list("pk", flat=True)))


def delete_topics(topics: Iterable[Topic]) -> None:
    """Delete *topics*; their resources stay, and are found by those names no more."""
    with transaction.atomic():
        for topic in topics:
            ids = list(topic.resources.values_list("pk", flat=True))
            topic.delete()
            _index_again(ids)


def _index_again(ids: Sequence[int]) -> None:
    resources = list(_locked(ids))
    for resource in resources:
        _store(resource)
    queue_indexing(resources)


def _locked(ids: Sequence[int]) -> QuerySet[Resource]:
    """In the order of their ids, as the workers lock them, so that nobody waits in a circle."""
    return Resource.objects.select_for_update().filter(pk__in=ids).order_by("pk")


def delete(resources: Iterable[Resource]) -> None:
    """Delete *resources*; a worker takes their words out of the index's sums."""
    with transaction.atomic():
        for resource in resources:
            resource.delete()
        lanes.enqueue(tasks.index_resources, [])
