"""What practising adds to `GET sessions/{id}/progress`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone
from rest_framework import serializers

from exercises import scheduling
from exercises.models import Attempt, Practice, Review, Verdict
from exercises.services.topics import Tree
from resources.models import Kind, Level, Resource
from sessions.models import LearningSession

FITTING = 3
# A streak is looked for in so many attempts, the newest first.
LONGEST_LOOK = 5000


class TopicProgress(serializers.Serializer[Any]):
    topic = serializers.SlugField()
    name = serializers.CharField()
    mastery = serializers.FloatField(help_text="0 to 1.")
    level = serializers.ChoiceField(
        choices=Level.choices, help_text="Of the exercises that fit this mastery."
    )
    stability_days = serializers.FloatField(
        allow_null=True, help_text="After so many days nine of ten such topics are still known."
    )
    next_review = serializers.DateTimeField()
    due = serializers.BooleanField()
    exercises = serializers.IntegerField(help_text="Served so far.")
    solved = serializers.IntegerField()


class AttemptCounts(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    passed = serializers.IntegerField()
    partly = serializers.IntegerField()
    failed = serializers.IntegerField()
    ungraded = serializers.IntegerField(help_text="Could not be graded; count neither way.")
    pending = serializers.IntegerField()


class FittingResource(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.URLField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    level = serializers.ChoiceField(choices=Level.choices, allow_null=True)
    summary = serializers.CharField()


def fields() -> Mapping[str, Any]:
    return {
        "topics": TopicProgress(many=True, help_text="The weakest first."),
        "attempts": AttemptCounts(),
        "streak_days": serializers.IntegerField(
            help_text="Days in a row with an attempt, in UTC, up to today or yesterday."
        ),
        "due": serializers.IntegerField(help_text="Topics that are due now."),
        "next_due": serializers.DateTimeField(
            allow_null=True, help_text="When the next topic is due; it may have been already."
        ),
        "weakest_topic": serializers.SlugField(allow_null=True),
        "resources": FittingResource(
            many=True, help_text=f"Up to {FITTING} that teach the weakest topic at its level."
        ),
    }


def tell(session: LearningSession) -> Mapping[str, Any]:
    now = timezone.now()
    reviews = list(Review.objects.filter(session=session).select_related("topic"))
    reviews.sort(key=lambda review: (review.mastery, review.due))
    dues = [review.due for review in reviews]
    return {
        "topics": _topics(session, reviews, now),
        "attempts": _attempts(session),
        "streak_days": streak(_days(session), now.astimezone(UTC).date()),
        "due": sum(due <= now for due in dues),
        "next_due": min(dues, default=None),
        "weakest_topic": reviews[0].topic.slug if reviews else None,
        "resources": _fitting(reviews[0]) if reviews else [],
    }


def _topics(session: LearningSession, reviews: list[Review], now: datetime) -> list[dict[str, Any]]:
    counts = {
        row["exercise__topic"]: row
        for row in Practice.objects.filter(session=session)
        .order_by()
        .values("exercise__topic")
        .annotate(served=Count("id"), solved=Count("id", filter=Q(solved_at__isnull=False)))
    }
    none = {"served": 0, "solved": 0}
    return [
        {
            "topic": review.topic.slug,
            "name": review.topic.name,
            "mastery": review.mastery,
            "level": scheduling.level_for(review.mastery),
            "stability_days": round(review.stability, 2) if review.stability else None,
            "next_review": review.due,
            "due": review.due <= now,
            "exercises": counts.get(review.topic_id, none)["served"],
            "solved": counts.get(review.topic_id, none)["solved"],
        }
        for review in reviews
    ]


def _attempts(session: LearningSession) -> dict[str, int]:
    rows = (
        Attempt.objects.filter(practice__session=session)
        .order_by()
        .values_list("verdict")
        .annotate(n=Count("id"))
    )
    counts = {str(verdict): 0 for verdict in Verdict.values} | dict(rows)
    return {"total": sum(counts.values()), **counts}


def _days(session: LearningSession) -> list[date]:
    """The days (UTC) with an attempt, the newest first, each once."""
    times = Attempt.objects.filter(practice__session=session).order_by("-created_at")
    made = times.values_list("created_at", flat=True)[:LONGEST_LOOK]
    return list(dict.fromkeys(time.astimezone(UTC).date() for time in made))


def streak(days: Iterable[date], today: date) -> int:
    """How many of *days*, the newest first, follow one another up to *today* or the day before."""
    length, expected = 0, today
    for day in days:
        if not length and day == today - timedelta(days=1):
            expected = day
        if day != expected:
            break
        length, expected = length + 1, expected - timedelta(days=1)
    return length


_FITTING = """
SELECT r.id FROM resources_resource r
JOIN resources_resource_topics rt ON rt.resource_id = r.id
JOIN unnest(%(topics)s::bigint[], %(distances)s::int[]) AS near(topic_id, distance)
    ON near.topic_id = rt.topic_id
WHERE r.status = 'published'
GROUP BY r.id
ORDER BY min(near.distance), bool_or(rt.topic_id = %(topic)s) DESC,
    abs(array_position(%(levels)s::text[], r.level::text) - %(level)s) NULLS LAST, r.id
LIMIT %(limit)s"""


def _fitting(review: Review) -> list[dict[str, Any]]:
    """Published resources of the topic, else of those up the tree, of the level that fits first."""
    distances = Tree.load().distances(review.topic_id)
    levels = [str(level) for level in Level.values]
    values: dict[str, Any] = {
        "topics": list(distances),
        "distances": list(distances.values()),
        "topic": review.topic_id,
        "levels": levels,
        "level": levels.index(scheduling.level_for(review.mastery)) + 1,
        "limit": FITTING,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FITTING, values)
        ids = [pk for (pk,) in cursor.fetchall()]
    found = Resource.objects.in_bulk(ids)
    return [
        {
            "id": pk,
            "title": found[pk].title,
            "url": found[pk].url,
            "kind": found[pk].kind,
            "level": found[pk].level or None,
            "summary": found[pk].summary,
        }
        for pk in ids
        if pk in found
    ]
