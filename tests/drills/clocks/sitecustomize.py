"""Lets the wall clock of one program of a copy go wrong while it runs.

Python imports this by itself from PYTHONPATH. DRILL_CLOCKS names a folder with a file for each
program, which holds by how many seconds its clock is wrong (a double). The monotonic clock stays
right, as it does when a real clock is set.
"""

import datetime
import mmap
import os
import struct
import sys
import time

PROGRAMS = {"gunicorn": "web", "interactive@%h": "interactive", "durable@%h": "durable"}


def _wrong_by(path):
    with open(path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 8)
    return lambda: struct.unpack("d", memory[:8])[0]


def _install(wrong_by):
    real_time, real = time.time, datetime.datetime

    class Like(type):
        def __instancecheck__(cls, value):
            return isinstance(value, real)

    class Wrong(real, metaclass=Like):
        @classmethod
        def now(cls, tz=None):
            return real.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls):
            return real.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    Wrong.__name__ = Wrong.__qualname__ = "datetime"
    Wrong.__module__ = "datetime"
    time.time = lambda: real_time() + wrong_by()
    datetime.datetime = Wrong


for _word, _name in PROGRAMS.items():
    if _word in sys.orig_argv and "DRILL_CLOCKS" in os.environ:
        _install(_wrong_by(os.path.join(os.environ["DRILL_CLOCKS"], _name)))
