"""`POST exercises`: the next exercise of a session, from what is published, in milliseconds."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from exercises import presenting, scheduling
from exercises.models import Exercise, ExerciseType, Review, Source
from exercises.services import choosing
from exercises.services.choosing import Choice, Wanted
from exercises.services.topics import Tree
from resources.models import Level, Resource
from sessions.models import LearningSession

REVIEW = "review"
# Where a learner begins who has neither said nor asked anything.
STARTER = "classical-learning"

# What `presenting.exercise` looks at.
SHOWN = [
    *("slug", "type", "level", "prompt", "hints", "content", "source"),
    *("topic__slug", "resource__title", "resource__url", "resource__status"),
]


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
    chosen. Raises `ValidationError` for a topic or resource that there isn't.
    """
    started = time.monotonic()
    tree = Tree.load()
    topic = _topic_asked(request, tree)
    resource_topics = _topics_of_resource(request)
    next_due = None
    with transaction.atomic():
        session = LearningSession.objects.seen(request.session_id)
        reviews = _reviews(session)
        if request.type == REVIEW:
            wanted = _wanted(request, tree, topic, reviews)
            due, next_due = _due(reviews, wanted)
            choice = choosing.choose_due(session.pk, wanted, due) if due else None
        else:
            asked = topic is not None
            if topic is None:
                topic = _topic_guessed(session, tree, resource_topics)
            wanted = _wanted(request, tree, topic, reviews, asked=asked)
            choice = choosing.choose(session.pk, wanted)
        if choice is not None:
            _note(session, choice)
    exercise = _load(choice) if choice else None
    return {
        "exercise": presenting.exercise(exercise, repeat=choice.seen)
        if exercise and choice
        else None,
        "relaxed": _relaxed(request, wanted, choice),
        "pool_empty": exercise is None or exercise.source == Source.BANK,
        "next_due": next_due.isoformat() if next_due and exercise is None else None,
        "session_id": request.session_id,
        "took_ms": round((time.monotonic() - started) * 1000),
    }


def _topic_asked(request: Request, tree: Tree) -> int | None:
    if not request.topic:
        return None
    topic = tree.id_of(request.topic)
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


@dataclass(frozen=True)
class Standing:
    """Of the session in one topic."""

    mastery: float
    due: datetime


def _reviews(session: LearningSession) -> dict[int, Standing]:
    rows = Review.objects.filter(session=session).values_list("topic", "mastery", "due")
    return {topic: Standing(mastery, due) for topic, mastery, due in rows.order_by()}


def _topic_guessed(session: LearningSession, tree: Tree, resource_topics: list[int]) -> int | None:
    """What the session is about: the resource named, else its last queries, else a starter."""
    if resource_topics:
        return resource_topics[0]
    recent = choosing.recent_topic(session.pk)
    return recent if recent is not None else tree.id_of(STARTER)


def _wanted(
    request: Request,
    tree: Tree,
    topic: int | None,
    reviews: dict[int, Standing],
    *,
    asked: bool = False,
) -> Wanted:
    distances = tree.distances(topic) if topic is not None else dict.fromkeys(tree.slugs, 0)
    known = [r.mastery for pk, r in reviews.items() if distances.get(pk) == 0]
    mastery = sum(known) / len(known) if known else 0.0
    return Wanted(
        types=list(ExerciseType) if request.type == REVIEW else [ExerciseType(request.type)],
        level=Level(request.level) if request.level else scheduling.level_for(mastery),
        distances=distances,
        asked=asked,
        resource=request.resource_id,
    )


def _due(
    reviews: dict[int, Standing], wanted: Wanted
) -> tuple[dict[int, datetime], datetime | None]:
    """The topics among those wanted that are due, and when the next one after them is."""
    now = timezone.now()
    dues = {pk: r.due for pk, r in reviews.items() if wanted.distances.get(pk) == 0}
    later = [due for due in dues.values() if due > now]
    return {pk: due for pk, due in dues.items() if due <= now}, min(later, default=None)


def _note(session: LearningSession, choice: Choice) -> None:
    """That it was served now; one that was over begins anew, with no hint taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO exercises_practice AS p (session_id, exercise_id, first_served_at,
                served_at, hints_taken, failed_attempts)
            VALUES (%(session)s, %(exercise)s, %(now)s, %(now)s, 0, 0)
            ON CONFLICT (session_id, exercise_id) DO UPDATE SET
                served_at = excluded.served_at,
                hints_taken = CASE WHEN p.solved_at >= p.served_at OR p.revealed_at >= p.served_at
                    THEN 0 ELSE p.hints_taken END,
                failed_attempts = CASE WHEN p.solved_at >= p.served_at
                    OR p.revealed_at >= p.served_at THEN 0 ELSE p.failed_attempts END
            """,
            {"session": session.pk, "exercise": choice.exercise, "now": timezone.now()},
        )


def _load(choice: Choice) -> Exercise:
    return Exercise.objects.select_related("topic", "resource").only(*SHOWN).get(pk=choice.exercise)


def _relaxed(request: Request, wanted: Wanted, choice: Choice | None) -> list[str]:
    """What the exercise is not, of what was wanted."""
    if choice is None or request.type == REVIEW:
        return []
    given_up = {
        "resource_id": wanted.resource is not None and not choice.linked,
        "topic": choice.distance > 0,
        "level": choice.level != wanted.level,
    }
    return [name for name, is_so in given_up.items() if is_so]
