"""`POST exercises`: the next exercise of a session, from what is published, in milliseconds."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from exercises import presenting, scheduling
from exercises.models import ExerciseType, Source
from exercises.services import choosing
from exercises.services.choosing import Choice, Standing, Wanted
from resources.models import Level, Resource

REVIEW = "review"
# Where a learner begins who has neither said nor asked anything.
STARTER = "classical-learning"

Dues = dict[int, datetime]


@dataclass(frozen=True)
class Request:
    type: str  # one of `ExerciseType`, or "review"
    session_id: str
    topic: str = ""
    level: str = ""
    resource_id: int | None = None


def serve(request: Request) -> dict[str, Any]:
    """The body of the answer; what is served is noted under the session.

    Two requests of one session never get the same exercise: the session is locked while one is
    chosen. Raises `ValidationError` for a topic or resource that there isn't; then nothing is kept.
    """
    started = time.monotonic()
    resource_topics = _topics_of_resource(request)
    next_due = None
    with transaction.atomic():
        standing = choosing.standing(request.session_id)
        topic = _topic_asked(request, standing)
        if request.type == REVIEW:
            wanted = _wanted(request, standing, topic)
            due, next_due = _due(standing, wanted)
            choice = choosing.serve_due(standing.session, wanted, due) if due else None
        else:
            guessed = topic or _topic_guessed(standing, resource_topics)
            wanted = _wanted(request, standing, guessed, asked=topic is not None)
            choice = choosing.serve_next(standing.session, wanted)
    exercise = choice and presenting.exercise(choice.exercise, repeat=choice.seen)
    return {
        "exercise": exercise,
        "relaxed": _relaxed(request, wanted, choice),
        "pool_empty": choice is None or choice.exercise.source == Source.BANK,
        "next_due": next_due.isoformat() if next_due and not choice else None,
        "session_id": request.session_id,
        "took_ms": round((time.monotonic() - started) * 1000),
    }


def _topic_asked(request: Request, standing: Standing) -> int | None:
    if not request.topic:
        return None
    topic = standing.tree.id_of(request.topic)
    if topic is None:
        raise ValidationError(
            {"topic": [f"there is no topic {request.topic!r}"]}, code="unknown_topic"
        )
    return topic


def _topics_of_resource(request: Request) -> list[int]:
    if request.resource_id is None:
        return []
    resource = Resource.objects.published().filter(pk=request.resource_id).first()
    if resource is None:
        detail = f"there is no resource {request.resource_id}"
        raise ValidationError({"resource_id": [detail]}, code="unknown_resource")
    return list(resource.topics.order_by("id").values_list("id", flat=True))


def _topic_guessed(standing: Standing, resource_topics: list[int]) -> int | None:
    """What the session is about: the resource named, else its last queries, else a starter."""
    if resource_topics:
        return resource_topics[0]
    return standing.recent_topic or standing.tree.id_of(STARTER)


def _wanted(
    request: Request, standing: Standing, topic: int | None, *, asked: bool = False
) -> Wanted:
    tree = standing.tree
    distances = tree.distances(topic) if topic is not None else dict.fromkeys(tree.slugs, 0)
    known = [r.mastery for pk, r in standing.reviews.items() if distances.get(pk) == 0]
    mastery = sum(known) / len(known) if known else 0.0
    return Wanted(
        types=list(ExerciseType) if request.type == REVIEW else [ExerciseType(request.type)],
        level=Level(request.level) if request.level else scheduling.level_for(mastery),
        distances=distances,
        asked=asked,
        resource=request.resource_id,
    )


def _due(standing: Standing, wanted: Wanted) -> tuple[Dues, datetime | None]:
    """The topics among those wanted that are due, and when the next one after them is."""
    now = timezone.now()
    dues = {pk: r.due for pk, r in standing.reviews.items() if wanted.distances.get(pk) == 0}
    later = [due for due in dues.values() if due > now]
    return {pk: due for pk, due in dues.items() if due <= now}, min(later, default=None)


def _relaxed(request: Request, wanted: Wanted, choice: Choice | None) -> list[str]:
    """What the exercise is not, of what was wanted."""
    if choice is None or request.type == REVIEW:
        return []
    given_up = {
        "resource_id": wanted.resource is not None and not choice.linked,
        "topic": choice.distance > 0,
        "level": choice.exercise.level != wanted.level,
    }
    return [name for name, is_so in given_up.items() if is_so]
