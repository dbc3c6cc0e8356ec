"""What was worked out a moment ago, and what is being worked out right now.

Whoever reads the broker learns no learner's question: keys are HMACs of all that a result depends
on, and results, which may repeat a question's words, are encrypted with a part of the HMAC that is
not kept, so that only who asks the same can read them. Nothing has to be thrown away when something
changes.
"""

import base64
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import redis
from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac

from learning_assistant import metrics
from learning_assistant.broker import client

logger = logging.getLogger(__name__)
T = TypeVar("T")
TIMEOUT_S = 0.2


def key_of(*parts: Any) -> str:
    """The key of what depends on *parts* (values that JSON can hold), in hexadecimal.

    Its first half names a result, with the second it is encrypted.
    """
    return salted_hmac("remembering", json.dumps(parts), algorithm="sha512").hexdigest()


class Remembered:
    """Results in the broker, at most *places* of them, each for at most *seconds*.

    A result's place follows from its key and whatever was there before goes: a direct-mapped cache,
    bounded without counting anything. A broker that is away remembers nothing.
    """

    def __init__(self, name: str, *, places: int, seconds: int) -> None:
        self._name, self._places, self._seconds = name, places, seconds

    def get(self, key: str) -> Any | None:
        """What was kept under *key*, or None."""
        try:
            kept = client(TIMEOUT_S).get(self._place(key))
        except redis.exceptions.RedisError:
            metrics.CACHE.add(self._name, "away")
            return None
        found = _read(str(kept), key) if kept else None
        metrics.CACHE.add(self._name, "miss" if found is None else "hit")
        return found

    def put(self, key: str, value: Any) -> None:
        """Keep *value*, which JSON can hold and is not None."""
        name, cipher = _halves(key)
        hidden = name + cipher.encrypt(json.dumps(value).encode()).decode()
        try:
            client(TIMEOUT_S).set(self._place(key), hidden, ex=self._seconds)
        except redis.exceptions.RedisError as error:
            logger.warning("%s are not kept: %s", self._name, error)

    def _place(self, key: str) -> str:
        return f"la:{self._name}:{int(key[:12], 16) % self._places}"


def _read(kept: str, key: str) -> Any | None:
    """What stands in *kept*, where it is what *key* names."""
    name, cipher = _halves(key)
    if not kept.startswith(name):
        return None
    try:
        return json.loads(cipher.decrypt(kept[len(name) :]))
    except InvalidToken:
        return None


def _halves(key: str) -> tuple[str, Fernet]:
    half = len(key) // 2
    return key[:half], Fernet(base64.urlsafe_b64encode(bytes.fromhex(key[half:])))


class Flights:
    """Calls for the same thing that come while one is under way share its result (single flight).

    Within one process, whose threads serve the same lane.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Any]] = {}

    def share(self, key: str, work: Callable[[], T], seconds: float) -> T:
        """What *work* returns or raises, here or in the call that came first.

        Raises `TimeoutError` when the first call takes longer than *seconds*.
        """
        with self._lock:
            first = key not in self._under_way
            flight: Future[T] = self._under_way.setdefault(key, Future())
        if not first:
            return flight.result(seconds)
        try:
            result = work()
        except BaseException as error:
            self._land(key)
            flight.set_exception(error)
            raise
        self._land(key)
        flight.set_result(result)
        return result

    def _land(self, key: str) -> None:
        with self._lock:
            del self._under_way[key]
