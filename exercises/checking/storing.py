"""From an exercise with its proof to a row, and back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pgvector import HalfVector
from pgvector.django import CosineDistance

from exercises.checking.proving import Proven
from exercises.checking.twins import Twin, Vector, text_of
from exercises.content import Item, content_hash, make_item, read_content
from exercises.models import Exercise, ExerciseState, Proof, Source
from resources.links import canonical
from resources.models import Resource, Topic

NEAREST = 3


class UnknownTopic(Exception):
    """The exercise names a topic that the catalogue does not have."""


def item_of(exercise: Exercise) -> Item:
    """The exercise of a row, as checks and makers take it. Raises `content.Malformed`."""
    return make_item(
        slug=exercise.slug,
        topic=exercise.topic.slug,
        level=exercise.level,
        prompt=exercise.prompt,
        explanation=exercise.explanation,
        hints=list(exercise.hints),
        resource=exercise.resource.url if exercise.resource else "",
        content=exercise.content,
    )


class InDatabase:
    """The exercises that are there: those of the bank and those that were made.

    By their vectors where the embedding model of *digest* made them; the others by their words,
    those of the same topic or prompt.
    """

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def nearest(self, item: Item, vector: Vector | None) -> Iterable[Twin]:
        others = Exercise.objects.exclude(slug=item.slug).filter(type=item.content.type)
        others = others.exclude(state=ExerciseState.RETIRED)
        comparable, near = Q(pk__in=()), {}
        if vector is not None:
            comparable = Q(vector_digest=self._digest, vector__isnull=False)
            distance = CosineDistance("vector", HalfVector(list(vector)))
            ordered = others.filter(comparable).annotate(distance=distance).order_by("distance")
            near = dict(ordered.values_list("pk", "distance")[:NEAREST])
        related = Q(topic__slug=item.topic) | Q(prompt=item.prompt)
        for other in others.filter(Q(pk__in=near) | related & ~comparable):
            apart = near.get(other.pk)
            text = text_of(other.prompt, read_content(other.content))
            yield Twin(other.slug, text, None if apart is None else 1 - apart)


def is_stored(item: Item) -> bool:
    """Whether it is there as the bank has it, with a proof that holds of it."""
    rows = Exercise.objects.filter(slug=item.slug, source=Source.BANK)
    exercise = rows.select_related("topic", "resource").first()
    if exercise is None:
        return False
    values = _values(item)
    if any(getattr(exercise, name) != value for name, value in values.items()):
        return False
    return exercise.proofs.filter(content_hash=_hash(item), passed=True).exists()


@transaction.atomic
def store(
    item: Item,
    proven: Proven,
    *,
    source: Source,
    state: ExerciseState,
    vector: Vector | None = None,
    digest: str = "",
    model: str = "",
    model_digest: str = "",
    prompt_version: str = "",
    passage: str = "",
    chunk_id: int | None = None,
) -> Exercise:
    """The exercise and its proof, in one transaction; a retired one stays retired."""
    old = Exercise.objects.select_for_update().filter(slug=item.slug).first()
    if old and old.state == ExerciseState.RETIRED:
        state = ExerciseState.RETIRED
    exercise, _ = Exercise.objects.update_or_create(
        slug=item.slug,
        defaults={
            **_values(item),
            "content_hash": _hash(item),
            "source": source,
            "state": state,
            "published_at": _published_at(old, state),
            "updated_at": timezone.now(),
            "vector": None if vector is None else HalfVector(list(vector)),
            "vector_digest": digest if vector is not None else "",
            "model": model,
            "model_digest": model_digest,
            "prompt_version": prompt_version,
            "passage": passage,
            "chunk_id": chunk_id,
        },
    )
    record(exercise, proven, model=model, model_digest=model_digest)
    return exercise


def record(exercise: Exercise, proven: Proven, *, model: str = "", model_digest: str = "") -> Proof:
    """Keep what the checks said of *exercise* as it is now."""
    return Proof.objects.create(
        exercise=exercise,
        content_hash=exercise.content_hash,
        passed=proven.passed,
        checks=[check.as_dict() for check in proven.checks],
        seconds=proven.seconds,
        model=model,
        model_digest=model_digest,
    )


def _hash(item: Item) -> str:
    return content_hash(item.prompt, item.hints, item.content.model_dump(mode="json"))


def _values(item: Item) -> dict[str, Any]:
    """What of an exercise stands in columns of its own. Raises `UnknownTopic`."""
    topic = Topic.objects.filter(slug=item.topic).first()
    if topic is None:
        raise UnknownTopic(f"there is no topic {item.topic!r}")
    resource = None
    if item.resource:
        resource = Resource.objects.filter(canonical_url=canonical(item.resource)).first()
    return {
        "type": item.content.type,
        "topic": topic,
        "level": item.level.value,
        "prompt": item.prompt,
        "explanation": item.explanation,
        "hints": item.hints,
        "content": item.content.model_dump(mode="json"),
        "resource": resource,
    }


def _published_at(old: Exercise | None, state: ExerciseState) -> datetime | None:
    if state != ExerciseState.PUBLISHED:
        return None
    return old.published_at if old and old.published_at else timezone.now()
