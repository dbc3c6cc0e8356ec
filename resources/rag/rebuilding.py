"""Building a version of the index beside the active one.

Every row is committed by itself, so a build that was killed goes on where it stopped. Rows that
change meanwhile are brought up to date in every live version by the worker, and whatever that
missed lags, so that the build finds it: it is done when nothing lags.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils import timezone
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay
from tenacity.wait import wait_exponential

from learning_assistant import ollama
from resources.models import IndexFault, IndexVersion
from resources.models.index import VersionState
from resources.rag import graph, indexing, items, registered
from resources.rag.embedding import ModelReplaced, embed_passages

# A model server that restarts does not end a build of hours; one that stays away does.
PATIENCE_S = 120.0
PAGE = indexing.VECTORS_BATCH
# The first key of PostgreSQL's advisory locks for builders; the second is the version's id.
BUILDERS = 0x1EA12


class Stopped(Exception):
    """The build ended before the version was complete; it goes on where it stopped."""


@dataclass(frozen=True)
class Progress:
    done: int
    total: int
    refused: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second, in this run."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate else None


Report = Callable[[Progress], None]


def build(version: IndexVersion, report: Report, say: Callable[[str], None]) -> Progress:
    """Bring *version* up to date with the catalogue and all documents, and make it ready.

    Raises `Stopped` when it was cancelled or dropped, or is being built elsewhere, and
    `ollama.ModelUnavailable` when the model server stays away.
    """
    with _only_builder(version):
        IndexVersion.objects.filter(pk=version.pk).update(cancel_requested=False)
        # What was refused may be taken now: the server's settings can have changed.
        IndexFault.objects.filter(version=version).delete()
        run = _Run(version, report, say)
        indexing.index_words(version)
        run.report()
        while ids := run.next_page():
            run.work_off(*ids)
        _finish(version)
    return run.progress()


def refused(version: IndexVersion) -> int:
    """How many rows the model server refused as they are now."""
    return sum(kind.refused(version.pk).count() for kind in items.ALL)


def _finish(version: IndexVersion) -> None:
    indexing.refresh(version)
    registered.catch_up(version)
    indexing.analyze()
    graph.ensure(version)
    IndexVersion.objects.filter(pk=version.pk, state=VersionState.BUILDING).update(
        state=VersionState.READY, ready_at=timezone.now()
    )
    version.refresh_from_db()


class _Run:
    def __init__(self, version: IndexVersion, report: Report, say: Callable[[str], None]) -> None:
        self._version = version
        self._report = report
        self._say = say
        self._done = 0
        self._began = time.monotonic()

    def next_page(self) -> tuple[items.Items, list[int]] | None:
        """The next rows that lag, but those that the server refused in this run."""
        for kind in items.ALL:
            lagging = kind.lagging(self._version.pk).exclude(
                pk__in=kind.refused(self._version.pk).values("pk")
            )
            if ids := list(lagging.order_by("pk").values_list("pk", flat=True)[:PAGE]):
                return kind, ids
        return None

    def work_off(self, kind: items.Items, ids: list[int]) -> None:
        self._still_wanted()
        before = time.monotonic()
        try:
            done = self._patiently(lambda: indexing.index_rows(self._version, kind, ids))
        except ollama.ModelRefused:
            embed_passages(self._version, ["Is it these texts, or everything?"])
        else:
            self._done += done.stored + done.removed
        IndexVersion.objects.filter(pk=self._version.pk).update(
            build_seconds=F("build_seconds") + (time.monotonic() - before)
        )
        self.report()

    def _patiently(self, step: Callable[[], indexing.Indexed]) -> indexing.Indexed:
        def away(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            self._say(f"the model server is away, waiting for it: {error}")
            self._still_wanted()

        for attempt in Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_exponential(max=15),
            before_sleep=away,
            reraise=True,
        ):
            with attempt:
                return step()
        raise AssertionError("tenacity raises what the last attempt raised")

    def _still_wanted(self) -> None:
        self._version.refresh_from_db()
        if self._version.cancel_requested:
            raise Stopped("cancelled; the same command goes on where it stopped")
        if self._version.state == VersionState.RETIRED:
            raise Stopped("the version was dropped meanwhile")

    def progress(self) -> Progress:
        return Progress(
            done=self._done,
            total=self._done + indexing.lag(self._version) - refused(self._version),
            refused=refused(self._version),
            seconds=time.monotonic() - self._began,
        )

    def report(self) -> None:
        self._report(self.progress())


def _may_pass(error: BaseException) -> bool:
    is_answer = isinstance(error, (ollama.ModelRefused, ModelReplaced))
    return isinstance(error, ollama.ModelUnavailable) and not is_answer


@contextmanager
def _only_builder(version: IndexVersion) -> Iterator[None]:
    """One process builds a version; the lock goes with its database connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [BUILDERS, version.pk])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise Stopped("another process is building this version")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [BUILDERS, version.pk])


def being_built(version: IndexVersion) -> bool:
    """Whether a process holds the builder's lock of *version*."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND classid = %s AND objid = %s)",
            [BUILDERS, version.pk],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def catch_up(version: IndexVersion) -> None:
    """What changed since *version* was ready. Raises `ollama.ModelUnavailable`."""
    indexing.index_lagging(version)
    indexing.refresh(version)
    registered.catch_up(version)
