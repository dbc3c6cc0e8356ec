"""What this app adds to the whole when Django starts: lines in `doctor`, its part of a progress."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count

from exercises import examples, progress
from exercises.models import Attempt, Exercise, ExerciseState, Verdict
from exercises.sandbox import Runner, fenced, monty
from learning_assistant import gauges, parts
from learning_assistant.gauges import Gauge
from learning_assistant.parts import Line, State
from learning_assistant.postgresql.base import time_limit
from sessions import progress as of_sessions

MEND_FENCE = (
    "run as root, allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0), or apt install bubblewrap"
)
MEND_MONTY = "make setup, or set CODE_SANDBOX=fenced"


def register_all() -> None:
    of_sessions.register(of_sessions.Part(progress.fields, progress.tell, examples.PROGRESS))
    parts.register(exercises)
    parts.register(code_sandbox)
    gauges.register(of_exercises)


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


def of_exercises() -> Iterator[Gauge]:
    """For `GET /metrics`."""
    for state, count in Exercise.objects.values_list("state").annotate(Count("pk")).order_by():
        yield Gauge("exercises", "By their state.", count, {"state": state})
    pending = Attempt.objects.filter(verdict=Verdict.PENDING).count()
    yield Gauge("attempts_pending", "Answers that wait for their result.", pending)


def code_sandbox() -> Iterator[Line]:
    """Which runners of learners' code work here. What can't be run counts neither way."""
    part, wanted = "code sandbox", Runner(settings.CODE_SANDBOX)
    if wanted is Runner.OFF:
        yield Line(part, State.WARN, "off", "set CODE_SANDBOX=auto", blocks=False)
        return
    works, troubles, mend = [], [], ""
    if wanted is not Runner.FENCED:
        trouble = monty.trouble()
        works += [] if trouble else ["monty"]
        troubles += [f"monty: {trouble}"] if trouble else []
        mend = MEND_MONTY if trouble else ""
    if wanted is not Runner.MONTY:
        fence = fenced.fence()
        works += [] if fence.trouble else [f"fenced CPython ({', '.join(fence.layers)})"]
        troubles += [f"no fence, {fence.trouble}"] if fence.trouble else []
        mend = MEND_FENCE if fence.trouble and not mend else mend
    state = State.OK if not troubles else State.WARN if works else State.FAIL
    yield Line(part, state, "; ".join([*works, *troubles]), mend, blocks=False)
