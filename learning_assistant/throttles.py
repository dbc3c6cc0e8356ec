"""How often sessions, addresses and keys may ask, counted in the broker.

The generic cell rate algorithm (ITU-T I.371, annex A): one number a key, the time at which all
that was let through would have come at the steady rate. One script looks at all limits of a request
and counts it in each or in none, so that two requests at once never pass for one.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from learning_assistant import client_address, rates
from learning_assistant.broker import client
from learning_assistant.models import ApiKey
from learning_assistant.problems import RETRY_AFTER_S
from learning_assistant.remembering import key_of

logger = logging.getLogger(__name__)
# A broker that is slower counts as away, and is then left alone for a moment.
TIMEOUT_S = 0.25
LEFT_ALONE_S = 1.0

# KEYS: one for each limit; ARGV: for each microseconds a request, microseconds of all at once.
# Gives which limit refuses, from 1, and for how many microseconds; 0 and 0 when none does.
TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local refused_by, wait = 0, 0
local due = {}
for i, key in ipairs(KEYS) do
  local every, span = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  -- Never further ahead than a full burst: the clock may have been put back.
  local last = math.min(math.max(tonumber(redis.call('GET', key) or 0), now), now + span)
  due[i] = last + every
  local over = due[i] - now - span
  if over > wait then refused_by, wait = i, over end
end
if wait > 0 then return {refused_by, wait} end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', due[i]), 'PX', math.ceil((due[i] - now) / 1000))
end
return {0, 0}
"""


class TooMany(APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "throttled"

    def __init__(self, detail: str, wait: int) -> None:
        super().__init__(detail)
        self.wait = wait  # becomes Retry-After


class NotCounted(APIException):
    """The broker is away, and whoever asks may not go uncounted."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "not_counted"
    default_detail = "Requests can't be counted without the broker; try again in a moment."
    wait = RETRY_AFTER_S


@dataclass(frozen=True)
class Limit:
    """What is counted, by the *setting* that says how often it may come."""

    setting: str
    whose: str
    value: str

    @property
    def raw(self) -> str:
        return str(getattr(settings, self.setting))

    @property
    def rate(self) -> rates.Rate | None:
        return rates.read(self.raw)

    @property
    def key(self) -> str:
        return f"la:throttle:{key_of(self.setting, self.value)[:32]}"


def limits(request: Request, session_id: str | None) -> Iterator[Limit]:
    """What a request counts for. Whoever has a key counts by it, and not by an address."""
    if session_id:
        yield Limit("THROTTLE_SESSION", "this session", session_id)
    if isinstance(request.auth, ApiKey):
        yield Limit("THROTTLE_KEY", "this API key", request.auth.prefix)
    else:
        yield from of_address(request)


def of_address(request: Request) -> Iterator[Limit]:
    """The limit of the client's address; none for this machine's own."""
    if address := client_address.to_count(request):
        yield Limit("THROTTLE_ADDRESS", "this address", address)


def session_of(request: Request, kwargs: Mapping[str, Any]) -> str | None:
    """The session's id in the path, the query or the body. Raises what reading the body raises."""
    if "session_id" in kwargs:
        return str(kwargs["session_id"])
    source = request.query_params if request.method == "GET" else request.data
    given = source.get("session_id") if isinstance(source, Mapping) else None
    return given.strip() if isinstance(given, str) else None


def take(wanted: Iterator[Limit], *, closed: bool = False) -> None:
    """Count a request for each of its limits. Raises `TooMany`.

    While the broker is away nobody is refused; where *closed*, all are, with `NotCounted`.
    """
    held = [(limit, rate) for limit in wanted if (rate := limit.rate) is not None]
    if not held:
        return
    try:
        refused_by, wait_us = _counter.take(held)
    except redis.exceptions.RedisError as error:
        if closed:
            raise NotCounted from error
        return
    if refused_by:
        limit, rate = held[refused_by - 1]
        wait = math.ceil(wait_us / 1e6)
        raise TooMany(
            f"Too many requests of {limit.whose}: {limit.setting}={limit.raw} lets through {rate}; "
            f"try again in {wait} s.",
            wait,
        )


class _Counter:
    """The script in the broker; one that did not answer is not asked again for `LEFT_ALONE_S`."""

    def __init__(self) -> None:
        self._ask_at = float("-inf")
        self._script: Any = None

    def take(self, held: Sequence[tuple[Limit, rates.Rate]]) -> tuple[int, int]:
        """Which limit refuses, from 1, and for how many microseconds. Raises `RedisError`."""
        if time.monotonic() < self._ask_at:
            raise redis.exceptions.ConnectionError("the broker did not answer a moment ago")
        keys = [limit.key for limit, _ in held]
        numbers = [n for _, r in held for n in (r.every_us, r.every_us * r.times)]
        broker = client(TIMEOUT_S)
        self._script = self._script or broker.register_script(TAKE)
        try:
            refused_by, wait_us = self._script(keys=keys, args=numbers, client=broker)
        except redis.exceptions.RedisError as error:
            self._ask_at = time.monotonic() + LEFT_ALONE_S
            logger.warning("requests are not counted: %s", error)
            raise
        return int(refused_by), int(wait_us)

    def forget(self) -> None:
        """Ask again at once."""
        self._ask_at = float("-inf")


_counter = _Counter()
