"""Which exercise comes next: two statements, one that reads where a session stands, one that
chooses among what is published and notes what was served.

What is wanted is a type, a topic with those below it, and a level. Before all else comes: never two
of one stem in a row, if there is another. Then an exercise that is not solved; then one that is
linked to the resource asked for; then one never seen; then the nearest topic up the tree, the
nearest level, what workers made before what the bank has, and what was seen longest ago. A topic
that was asked for is left only when all below it is solved, its tree only when that has nothing
at all; a topic that we guessed is left as soon as everything there has been seen.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from exercises.models import Exercise, ExerciseType
from exercises.services.topics import Tree
from resources.models import Level, Resource, Status, Topic

LEVELS = [str(level) for level in Level.values]
# Of a topic that is in another tree than the one that is wanted.
OUTSIDE = 99


@dataclass(frozen=True)
class InTopic:
    """Where a session stands in one topic."""

    mastery: float
    due: datetime


@dataclass(frozen=True)
class Standing:
    """Where a session stands. Its row is locked until the end of the transaction."""

    session: int
    tree: Tree
    reviews: dict[int, InTopic]  # by topic
    recent_topic: int | None  # what the results of its last queries are about, the newest first


@dataclass(frozen=True)
class Wanted:
    types: list[ExerciseType]
    level: Level
    # By topic how far up the tree it is from what is wanted; 0 for the topic and all below it.
    distances: dict[int, int] = field(default_factory=dict)
    asked: bool = False  # for this topic, by the learner
    resource: int | None = None


@dataclass(frozen=True)
class Choice:
    exercise: Exercise  # with what is shown of it, its topic and its resource
    seen: bool
    distance: int
    linked: bool


_STANDING = """
WITH s AS (
    INSERT INTO learning_sessions_learningsession
        (session_id, created_at, last_seen_at, secret_hash)
    VALUES (%(session_id)s, %(now)s, %(now)s, '')
    ON CONFLICT (session_id) DO UPDATE SET last_seen_at = excluded.last_seen_at
    RETURNING id
)
SELECT s.id,
    (SELECT json_agg(json_build_array(t.id, t.slug, t.parent_id)) FROM resources_topic t),
    (SELECT json_agg(json_build_array(r.topic_id, r.mastery, r.due))
        FROM exercises_review r WHERE r.session_id = s.id),
    (SELECT rt.topic_id
        FROM (
            SELECT i.results, row_number() OVER (ORDER BY i.created_at DESC) AS place
            FROM learning_sessions_interaction i WHERE i.session_id = s.id
            ORDER BY i.created_at DESC LIMIT 5
        ) i
        CROSS JOIN LATERAL jsonb_array_elements(i.results) WITH ORDINALITY AS r(result, place)
        JOIN resources_resource_topics rt ON rt.resource_id = (r.result->>'id')::bigint
        WHERE r.place <= 3
        GROUP BY rt.topic_id
        ORDER BY sum(power(0.5, i.place) / r.place) DESC, rt.topic_id
        LIMIT 1)
FROM s"""


def standing(session_id: str) -> Standing:
    """Where the session stands, marked as seen now; made on its first request."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"session_id": session_id, "now": timezone.now()})
        session, topics, reviews, recent = cursor.fetchone() or (0, None, None, None)
    tree = Tree.of(topics or [])
    known = {t: InTopic(mastery, datetime.fromisoformat(due)) for t, mastery, due in reviews or []}
    return Standing(session, tree, known, recent)


# An exercise's stem: its question, or the passage of a cloze wherever its gap is.
_STEM = """CASE WHEN {0}.type = 'cloze'
    THEN replace(replace({0}.content->>'passage', '[[', ''), ']]', '') ELSE {0}.prompt END"""

_CANDIDATES = f"""
last AS (
    SELECT {_STEM.format("e")} AS stem, e.chunk_id
    FROM exercises_practice p JOIN exercises_exercise e ON e.id = p.exercise_id
    WHERE p.session_id = %(session)s ORDER BY p.served_at DESC LIMIT 1
),
candidates AS (
    SELECT e.id, e.source, e.resource_id, e.topic_id, p.served_at, p.id IS NOT NULL AS seen,
        p.solved_at IS NOT NULL AS solved,
        coalesce({_STEM.format("e")} = last.stem, false)
            OR coalesce(e.chunk_id = last.chunk_id, false) AS same_stem,
        abs(array_position(%(levels)s::text[], e.level::text)
            - array_position(%(levels)s::text[], %(level)s)) AS levels_apart
    FROM exercises_exercise e
    LEFT JOIN exercises_practice p ON p.exercise_id = e.id AND p.session_id = %(session)s
    LEFT JOIN last ON true
    WHERE e.state = 'published' AND e.type = ANY(%(types)s)
)"""

_NEXT = f"""
WITH {_CANDIDATES},
ranked AS (
    SELECT c.*, coalesce(c.resource_id = %(resource)s, false) AS linked,
        coalesce(w.distance, {OUTSIDE}) AS distance
    FROM candidates c
    LEFT JOIN unnest(%(topics)s::bigint[], %(distances)s::int[]) AS w(topic_id, distance)
        ON w.topic_id = c.topic_id
),
chosen AS (
    SELECT id, seen, distance, linked FROM ranked
    ORDER BY same_stem, %(asked)s AND distance = {OUTSIDE}, solved, NOT linked,
        %(asked)s AND distance > 0, CASE WHEN solved THEN served_at END,
        seen, CASE WHEN seen THEN served_at END, distance, levels_apart, source = 'bank',
        hashint8extended(id, %(session)s)
    LIMIT 1
)"""

# Of a topic that is due one exercise at a time; first what was failed, last what was solved lately.
_DUE = f"""
WITH {_CANDIDATES},
ranked AS (
    SELECT c.*, d.due, coalesce(c.served_at >= d.due, false) AS served,
        coalesce(max(c.served_at) OVER (PARTITION BY c.topic_id) >= d.due, false) AS begun
    FROM candidates c
    JOIN unnest(%(topics)s::bigint[], %(dues)s::timestamptz[]) AS d(topic_id, due)
        ON d.topic_id = c.topic_id
),
chosen AS (
    SELECT id, seen, 0 AS distance, false AS linked FROM ranked
    ORDER BY same_stem, served, begun, due, NOT (seen AND NOT solved), seen,
        CASE WHEN seen THEN served_at END, levels_apart, source = 'bank',
        hashint8extended(id, %(session)s)
    LIMIT 1
)"""

# It was served now; one that was over begins anew, with no hint taken.
_NOTE_AND_SHOW = """,
noted AS (
    INSERT INTO exercises_practice AS p
        (session_id, exercise_id, first_served_at, served_at, hints_taken, failed_attempts)
    SELECT %(session)s, id, %(now)s, %(now)s, 0, 0 FROM chosen
    ON CONFLICT (session_id, exercise_id) DO UPDATE SET
        served_at = excluded.served_at,
        hints_taken = CASE WHEN p.solved_at >= p.served_at OR p.revealed_at >= p.served_at
            THEN 0 ELSE p.hints_taken END,
        failed_attempts = CASE WHEN p.solved_at >= p.served_at OR p.revealed_at >= p.served_at
            THEN 0 ELSE p.failed_attempts END
)
SELECT c.seen, c.distance, c.linked, e.id, e.slug, e.type, e.level, e.prompt, e.hints,
    e.content::text, e.source, t.id, t.slug, r.id, r.title, r.url, r.status
FROM chosen c
JOIN exercises_exercise e ON e.id = c.id
JOIN resources_topic t ON t.id = e.topic_id
LEFT JOIN resources_resource r ON r.id = e.resource_id"""


def serve_next(session: int, wanted: Wanted) -> Choice | None:
    """The next exercise of *session*, noted as served; None where none of the types is
    published."""
    return _served(
        _NEXT,
        session,
        wanted,
        topics=list(wanted.distances),
        distances=list(wanted.distances.values()),
        asked=wanted.asked,
        resource=wanted.resource,
    )


def serve_due(session: int, wanted: Wanted, due: dict[int, datetime]) -> Choice | None:
    """An exercise of one of the topics that are *due*, noted as served; None where they have
    none."""
    return _served(_DUE, session, wanted, topics=list(due), dues=list(due.values()))


def _served(sql: str, session: int, wanted: Wanted, **more: Any) -> Choice | None:
    values: dict[str, Any] = {
        "session": session,
        "types": [str(type_) for type_ in wanted.types],
        "levels": LEVELS,
        "level": str(wanted.level),
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql + _NOTE_AND_SHOW, values | more)
        row = cursor.fetchone()
    if row is None:
        return None
    seen, distance, linked, pk, *shown = row
    return Choice(_exercise(pk, shown), seen, distance, linked)


def _exercise(pk: int, row: list[Any]) -> Exercise:
    slug, type_, level, prompt, hints, content, source, topic_id, topic, *resource = row
    made = Exercise(
        id=pk,
        slug=slug,
        type=type_,
        level=level,
        prompt=prompt,
        hints=hints,
        content=json.loads(content),
        source=source,
        topic=Topic(id=topic_id, slug=topic),
    )
    if resource[0] is not None:
        resource_id, title, url, status = resource
        made.resource = Resource(id=resource_id, title=title, url=url, status=Status(status))
    return made
