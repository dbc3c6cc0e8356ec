"""What is stored of a load: each answered question and each taken attempt, once."""

from tests.drills.learners import Load
from tests.stack import Stack

INTERACTIONS = """
SELECT i.id::text FROM learning_sessions_interaction i
JOIN learning_sessions_learningsession s ON s.id = i.session_id
WHERE s.session_id LIKE 'drill-{mark}-%'"""
ATTEMPTS = """
SELECT {what} FROM exercises_attempt a
JOIN exercises_practice p ON p.id = a.practice_id
JOIN learning_sessions_learningsession s ON s.id = p.session_id
WHERE s.session_id LIKE 'drill-{mark}-%'"""


def check_questions(stack: Stack, load: Load) -> None:
    """What was answered is stored, once; what was not answered may be, once."""
    asked = [s for s in load.seen if s.what == "resources"]
    answered = [s.body["query_id"] for s in asked if s.status == 200]
    stored = _all(stack, INTERACTIONS.format(mark=load.mark))
    assert len(set(answered)) == len(answered)
    assert set(answered) <= set(stored), "an answered question is not stored"
    assert len(stored) - len(answered) <= len(asked) - len(answered), "a question is doubled"


def check_attempts(stack: Stack, load: Load) -> None:
    """However often it was sent, an attempt is stored under its key, once, as it was told."""
    tries = [s for s in load.seen if s.what == "attempt"]
    keys = {s.key for s in tries}
    taken = {s.key: s.body["attempt"] for s in tries if s.status in (200, 202)}
    what = "a.idempotency_key || ' ' || a.id"
    stored = [row.split() for row in _all(stack, ATTEMPTS.format(what=what, mark=load.mark))]
    assert len(stored) == len({key for key, _ in stored}), "an attempt is doubled"
    assert taken.items() <= dict(stored).items(), "an answered attempt is not stored"
    assert {key for key, _ in stored} <= keys
    assert keys == taken.keys(), "an attempt was never taken, however often it was sent"


def pending(stack: Stack, load: Load) -> int:
    """How many attempts nobody has graded yet."""
    rows = ATTEMPTS.format(what="count(*)", mark=load.mark) + " AND a.verdict = 'pending'"
    return int(stack.sql(rows))


def _all(stack: Stack, statement: str) -> list[str]:
    rows: list[str] = stack.sql(f"SELECT coalesce(array_agg(x), '{{}}') FROM ({statement}) t(x)")
    return rows
