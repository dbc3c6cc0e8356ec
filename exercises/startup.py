"""What this app adds to the whole when Django starts: lines in `doctor`, its part of a progress."""

from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Count

from exercises import examples, progress, sandbox
from exercises.models import Attempt, Exercise, ExerciseState, Verdict
from learning_assistant import parts
from learning_assistant.parts import Line, State
from learning_assistant.postgresql.base import time_limit
from sessions import progress as of_sessions


def register_all() -> None:
    of_sessions.register(of_sessions.Part(progress.fields, progress.tell, examples.PROGRESS))
    parts.register(exercises)
    parts.register(runners)


def exercises() -> Iterator[Line]:
    """How many exercises learners can get, and answers that still wait for their result."""
    try:
        with time_limit(parts.TIMEOUT_S):
            by_state = dict(Exercise.objects.values_list("state").annotate(Count("pk")).order_by())
            pending = Attempt.objects.filter(verdict=Verdict.PENDING).count()
    except DatabaseError:
        return  # PostgreSQL's own line says so
    published = by_state.get(ExerciseState.PUBLISHED, 0)
    detail = f"{published} published, {by_state.get(ExerciseState.PROVEN, 0)} wait for staff"
    if pending:
        detail += f", {pending} answers wait for their result"
    if published:
        yield Line("exercises", State.OK, detail)
    else:
        load = ".venv/bin/python manage.py load_bank"
        yield Line("exercises", State.WARN, detail, load, blocks=False)


def runners() -> Iterator[Line]:
    """Where learners' code can run on this machine."""
    reasons = sandbox.runners()
    works = ", ".join(runner for runner, reason in reasons.items() if not reason)
    missing = "; ".join(f"{runner}: {reason}" for runner, reason in reasons.items() if reason)
    if not missing:
        yield Line("sandbox", State.OK, works)
        return
    mend = "run the workers on x86-64 or arm64 Linux with seccomp; until then such code is ungraded"
    yield Line("sandbox", State.WARN, f"{works}; {missing}", mend, blocks=False)
