"""What is counted while the product works: in this process first, then added up in the broker.

Web and workers are many processes, and in containers they share no disk, so counts can't be kept in
files for one of them to read. A thread adds what was counted to one hash in the broker, once a
second while there is anything. To count is to add to a dictionary: it never waits, and it fails for
nobody. While the broker is away counts wait here; a batch whose answer got lost is sent again
under its number, which the broker knows, so that nothing counts twice.

Values of labels are ours or the catalogue's, never a learner's: there are few of each.
"""

import atexit
import os
import threading
import time
import uuid
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from learning_assistant.broker import client

PREFIX = "learning_assistant_"
KEY = "la:metrics"
SEPARATOR = "\x1f"
SUM = "sum"
EVERY_S = 1.0
TIMEOUT_S = 0.3
BATCH_KNOWN_S = 120

# KEYS: the hash, the batch; ARGV: how long a batch is known, then fields and what is added to each.
ADD = """
if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""
# Seconds; the promises are 0.15, 0.3, 1.8, 2 and 3.
LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.6, 1.0, 1.8, 2.0, 3.0, 10.0)


class Counts:
    """What this process has counted and not yet told the broker."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._waiting: dict[str, float] = {}
        self._batch: tuple[str, dict[str, float]] | None = None  # sent, but not acknowledged
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, *counted: tuple[str, float]) -> None:
        with self._lock:
            for field, by in counted:
                self._waiting[field] = self._waiting.get(field, 0.0) + by
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
                self._thread.start()
        self._some.set()

    def flush(self, timeout: float = TIMEOUT_S) -> None:
        """Tell the broker. Raises a `RedisError`; then it is told later."""
        with self._sending:
            if self._batch is None:
                with self._lock:
                    waiting, self._waiting = self._waiting, {}
                if not waiting:
                    return
                self._batch = uuid.uuid4().hex, waiting
            number, added = self._batch
            pairs = [part for field, by in added.items() for part in (field, repr(by))]
            client(timeout).eval(ADD, 2, KEY, f"{KEY}:{number}", BATCH_KNOWN_S, *pairs)
            self._batch = None

    def _run(self) -> None:
        while self._some.wait():
            time.sleep(EVERY_S)
            self._some.clear()
            self.try_to_flush()

    def try_to_flush(self) -> None:
        try:
            self.flush()
        except (redis.exceptions.RedisError, OSError):
            self._some.set()  # once more


_counts = Counts()
flush = _counts.flush
atexit.register(_counts.try_to_flush)
# A child counts from nothing: what waits is its parent's to tell.
os.register_at_fork(after_in_child=_counts._begin)


@dataclass(frozen=True)
class Counter:
    """Something that happens, by the values of its *labels*."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def add(self, *values: str, by: float = 1.0) -> None:
        _counts.add((SEPARATOR.join((self.name, *values)), by))


@dataclass(frozen=True)
class Histogram:
    """Something that takes time, in seconds, by the values of its *labels*."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def observe(self, seconds: float, *values: str) -> None:
        field = SEPARATOR.join((self.name, *values, ""))
        bucket = bisect_left(LATENCIES, seconds)
        _counts.add((f"{field}{bucket}", 1.0), (f"{field}{SUM}", seconds))

    @contextmanager
    def timed(self, *values: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.observe(time.monotonic() - began, *values)


REQUESTS = Histogram(
    "request_seconds", "Requests by how long they took.", ("method", "path", "status")
)
STAGES = Histogram(
    "stage_seconds",
    "Parts of an answer: resources (until the web process has them), fallback (its own search), "
    "search (the worker's, with the query's embedding), embedding, advice, store.",
    ("stage",),
)
LANE_WAITS = Histogram("lane_wait_seconds", "What tasks wait for a worker.", ("lane",))
TASKS = Histogram("task_seconds", "Tasks by how long they took.", ("task", "outcome"))
LATE = Counter("lane_late_total", "Tasks whose time was over when a worker had them.", ("lane",))
SHED = Counter("lane_shed_total", "Messages let go of because too many waited.", ("lane",))
MODEL_CALLS = Histogram(
    "model_call_seconds",
    "Calls of the model server: ok, refused, unavailable or left (by whoever asked).",
    ("operation", "outcome"),
)
MODEL_TOKENS = Counter("model_tokens_total", "Tokens read (in) and written (out).", ("direction",))
MODEL_LOADING = Counter("model_load_seconds_total", "What calls waited for a model to be loaded.")
ANSWERS = Counter("answers_total", "Answers by whose sentence they carry.", ("advice",))
REFUSALS = Counter("advice_refused_total", "Sentences not had or not shown, by why.", ("why",))
DEGRADED = Counter("degraded_total", "Answers without a part.", ("operation", "part"))
CACHE = Counter("cache_total", "What is remembered: hit, miss, away.", ("cache", "outcome"))
BREAKS = Counter("breaker_opened_total", "Times the model server was left alone.", ("breaker",))
GRADED = Counter("graded_total", "Answers to exercises by type and verdict.", ("type", "verdict"))
ALL: tuple[Counter | Histogram, ...] = (
    REQUESTS, STAGES, LANE_WAITS, TASKS, LATE, SHED, MODEL_CALLS, MODEL_TOKENS, MODEL_LOADING,
    ANSWERS, REFUSALS, DEGRADED, CACHE, BREAKS, GRADED,
)  # fmt: skip
