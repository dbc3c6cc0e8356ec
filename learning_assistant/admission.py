"""Admission to the model server: no more calls in flight than it has slots.

The slots are counted in the broker, so that all workers share them. A holder that died gives its
slot back when its time is up.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
from django.conf import settings

from learning_assistant.broker import client

KEY = "la:model-slots"

# KEYS[1] the set of holders by the time their slot expires; ARGV: slots, milliseconds, holder.
TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local under_way = redis.call('ZCARD', KEYS[1])
if under_way >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) + 1000)
return under_way + 1
"""


@contextmanager
def model_slot(seconds: float, *, leave: int = 0) -> Iterator[int]:
    """Hold a slot of the model server for at most *seconds*: how many calls, with this one, are
    under way; 0 when all slots are taken.

    Work for which nobody waits leaves some slots to those who do: with *leave* = 1 the last free
    one is not taken.
    """
    holder = uuid.uuid4().hex
    broker = client()
    slots, ms = settings.MODEL_SLOTS - leave, int(seconds * 1000)
    under_way: int = broker.eval(TAKE, 1, KEY, slots, ms, holder)
    try:
        yield under_way
    finally:
        if under_way:
            with suppress(redis.exceptions.RedisError):  # else it expires by itself
                broker.zrem(KEY, holder)
