"""The pool: some exercises of each type, topic and level, made while nobody waits for anything.

One run at a time, for a minute at most, a few exercises each; it ends as soon as somebody asks. A
place for which the passages give nothing more is left alone for a day.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import connection

from exercises.generation import capability
from exercises.generation.making import Maker, Outcome
from exercises.models import Exercise, ExerciseState
from learning_assistant import admission, broker, lanes, ollama
from resources.models import Level, Resource

logger = logging.getLogger(__name__)

SECONDS = 60.0
MOST_MADE = 5  # in one run
MOST_CHUNKS = 300  # read for one place: a few seconds, in which nobody looks at the clock
LEFT_TO_LEARNERS = 1  # slots of the model server
EMPTY_S = 24 * 3600
EMPTY = "la:pool:empty:"
LOCK = 5_1972_0001  # of PostgreSQL's advisory locks: any number that nothing else uses


@dataclass(frozen=True)
class Place:
    """Where exercises are missing, and how many."""

    type: str
    topic: str
    level: str
    missing: int

    @property
    def key(self) -> str:
        return f"{EMPTY}{self.type}:{self.topic}:{self.level}"


def fill(seconds: float = SECONDS) -> Counter[Outcome]:
    """Make a few exercises where the fewest are; what became of the passages that were tried.

    Ends after *seconds* (and the exercise it is at), when the models or the broker are away, and
    at once where another run is under way or learners ask.
    """
    ends, done = time.monotonic() + seconds, Counter[Outcome]()
    if not settings.EXERCISE_POOL_TARGET or is_busy():
        return done
    with _alone() as alone:
        if not alone:
            return done
        try:
            maker = Maker(leave=LEFT_TO_LEARNERS, most_chunks=MOST_CHUNKS)
            _examine_once(maker)
            for place in missing(maker.types()):
                if not _fill(place, maker, ends, done):
                    break
        except ollama.ModelUnavailable as error:
            logger.warning("the pool waits for the model server: %s", error)
        except redis.exceptions.RedisError as error:
            logger.warning("the pool waits for the broker: %s", error)
    if done:
        logger.info("pool: %s", ", ".join(f"{n} {outcome}" for outcome, n in done.items()))
    return done


def missing(types: tuple[str, ...], topic: str = "", level: str = "") -> Iterator[Place]:
    """Where the pool is below its target, emptiest first; those that wait for staff count."""
    counted = Exercise.objects.filter(state__in=[ExerciseState.PROVEN, ExerciseState.PUBLISHED])
    there = Counter(counted.values_list("type", "topic__slug", "level"))
    published = Resource.objects.published().exclude(topics=None)
    topics = published.order_by().values_list("topics__slug", flat=True).distinct()
    places = [
        Place(type_, slug, one, settings.EXERCISE_POOL_TARGET - there[type_, slug, one])
        for type_ in map(str, types)
        for slug in topics
        for one in map(str, Level.values)
        if topic in ("", slug) and level in ("", one)
    ]
    yield from sorted((p for p in places if p.missing > 0), key=lambda p: -p.missing)


def is_busy() -> bool:
    """Whether somebody waits for an answer, or for work that must not be lost."""
    try:
        pipe = broker.client().pipeline(transaction=False)
        pipe.llen(lanes.INTERACTIVE)
        pipe.llen(lanes.DURABLE)
        pipe.zcard(admission.KEY)
        return any(pipe.execute())
    except redis.exceptions.RedisError:
        return True  # nobody knows


def _fill(place: Place, maker: Maker, ends: float, done: Counter[Outcome]) -> bool:
    """Make what is missing at *place*; whether there is time and calm for the next one."""
    if broker.client().exists(place.key):
        return True
    left = place.missing
    for made in maker.make(place.type, place.topic, place.level):
        done[made.outcome] += 1
        left -= made.kept
        enough = done[Outcome.PROVEN] + done[Outcome.PUBLISHED] >= MOST_MADE
        if enough or time.monotonic() > ends or is_busy():
            return False
        if not left:
            return True
    broker.client().set(place.key, 1, ex=EMPTY_S)
    return True


def _examine_once(maker: Maker) -> None:
    """Find out what the chat model can do, where a slot is left to learners meanwhile."""
    if settings.MODEL_SLOTS <= LEFT_TO_LEARNERS or capability.able(maker.asker.digest) is not None:
        return
    with suppress(ollama.ModelUnavailable):  # next time, then
        capability.examine(maker.asker)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other run is under way; a run that dies lets go with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
