"""Which exercise comes next: one statement over what is published and what the session has seen.

What is wanted is a type, a topic with those below it, and a level. Before all else comes: never two
of one stem in a row, if there is another. Then an exercise that is not solved; then one that is
linked to the resource asked for; then one never seen; then the nearest topic up the tree, the
nearest level, what workers made before what the bank has, and what was seen longest ago. A topic
that was asked for is left only when all below it is solved, its tree only when that has nothing
at all; a topic that we guessed is left as soon as everything there has been seen.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from exercises.models import ExerciseType
from resources.models import Level

LEVELS = [str(level) for level in Level.values]
# Of a topic that is in another tree than the one that is wanted.
OUTSIDE = 99


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
    exercise: int
    seen: bool
    distance: int
    level: Level
    linked: bool


# An exercise's stem: its question, or the passage of a cloze wherever its gap is.
_STEM = """CASE WHEN {0}.type = 'cloze'
    THEN replace(replace({0}.content->>'passage', '[[', ''), ']]', '') ELSE {0}.prompt END"""

_LAST = f"""
last AS (
    SELECT {_STEM.format("e")} AS stem, e.chunk_id
    FROM exercises_practice p JOIN exercises_exercise e ON e.id = p.exercise_id
    WHERE p.session_id = %(session)s ORDER BY p.served_at DESC LIMIT 1
)"""
_SAME_STEM = f"""coalesce({_STEM.format("e")} = last.stem, false)
        OR coalesce(e.chunk_id = last.chunk_id, false)"""
_LEVELS_APART = """abs(array_position(%(levels)s::text[], e.level::text)
        - array_position(%(levels)s::text[], %(level)s))"""
_CANDIDATES = """
LEFT JOIN exercises_practice p ON p.exercise_id = e.id AND p.session_id = %(session)s
LEFT JOIN last ON true
WHERE e.state = 'published' AND e.type = ANY(%(types)s)"""

_NEXT = f"""
WITH {_LAST},
wanted AS (
    SELECT * FROM unnest(%(topics)s::bigint[], %(distances)s::int[]) AS t(topic_id, distance)
),
candidates AS (
    SELECT e.id, e.level, e.source, p.served_at, p.id IS NOT NULL AS seen,
        p.solved_at IS NOT NULL AS solved, {_SAME_STEM} AS same_stem,
        coalesce(e.resource_id = %(resource)s, false) AS linked,
        coalesce(w.distance, {OUTSIDE}) AS distance, {_LEVELS_APART} AS levels_apart
    FROM exercises_exercise e LEFT JOIN wanted w ON w.topic_id = e.topic_id {_CANDIDATES}
)
SELECT id, seen, distance, level, linked FROM candidates
ORDER BY same_stem, %(asked)s AND distance = {OUTSIDE}, solved, NOT linked,
    %(asked)s AND distance > 0, CASE WHEN solved THEN served_at END,
    seen, CASE WHEN seen THEN served_at END, distance, levels_apart, source = 'bank',
    hashint8extended(id, %(session)s)
LIMIT 1"""

# Of a topic that is due one exercise at a time; first what was failed, last what was solved lately.
_DUE = f"""
WITH {_LAST},
due AS (
    SELECT * FROM unnest(%(topics)s::bigint[], %(dues)s::timestamptz[]) AS t(topic_id, due)
),
candidates AS (
    SELECT e.id, e.level, e.source, p.served_at, p.id IS NOT NULL AS seen,
        p.solved_at IS NOT NULL AS solved, {_SAME_STEM} AS same_stem, d.due,
        coalesce(p.served_at >= d.due, false) AS served, {_LEVELS_APART} AS levels_apart,
        max(p.served_at) OVER (PARTITION BY e.topic_id) >= d.due AS begun
    FROM exercises_exercise e JOIN due d ON d.topic_id = e.topic_id {_CANDIDATES}
)
SELECT id, seen, 0, level, false FROM candidates
ORDER BY same_stem, served, coalesce(begun, false), due, NOT (seen AND NOT solved), seen,
    CASE WHEN seen THEN served_at END, levels_apart, source = 'bank',
    hashint8extended(id, %(session)s)
LIMIT 1"""


def choose(session: int, wanted: Wanted) -> Choice | None:
    """The next exercise of *session*; None where none of these types is published."""
    return _first(
        _NEXT,
        session,
        wanted,
        topics=list(wanted.distances),
        distances=list(wanted.distances.values()),
        asked=wanted.asked,
        resource=wanted.resource,
    )


def choose_due(session: int, wanted: Wanted, due: dict[int, datetime]) -> Choice | None:
    """An exercise of one of the topics that are *due*; None where they have none."""
    return _first(_DUE, session, wanted, topics=list(due), dues=list(due.values()))


def _first(sql: str, session: int, wanted: Wanted, **more: Any) -> Choice | None:
    values: dict[str, Any] = {
        "session": session,
        "types": [str(type_) for type_ in wanted.types],
        "levels": LEVELS,
        "level": str(wanted.level),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values | more)
        row = cursor.fetchone()
    if row is None:
        return None
    pk, seen, distance, level, linked = row
    return Choice(pk, seen, distance, Level(level), linked)


_RECENT_TOPIC = """
SELECT rt.topic_id
FROM (
    SELECT results, row_number() OVER (ORDER BY created_at DESC) AS place
    FROM learning_sessions_interaction WHERE session_id = %(session)s
    ORDER BY created_at DESC LIMIT 5
) i
CROSS JOIN LATERAL jsonb_array_elements(i.results) WITH ORDINALITY AS r(result, place)
JOIN resources_resource_topics rt ON rt.resource_id = (r.result->>'id')::bigint
WHERE r.place <= 3
GROUP BY rt.topic_id
ORDER BY sum(power(0.5, i.place) / r.place) DESC, rt.topic_id
LIMIT 1"""


def recent_topic(session: int) -> int | None:
    """The topic that the results of the session's last queries are about, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_RECENT_TOPIC, {"session": session})
        row = cursor.fetchone()
    return row[0] if row else None
