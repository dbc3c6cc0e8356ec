"""A finaliser lets another thread go on in the middle of parsing: CPython's gh-106905."""

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from exercises.sandbox.reading import Source, parse

CODE = "def f(x):\n    while x:\n        pass\n    return x\n" * 20


class InACycle:
    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        for _ in range(50):
            pass


@pytest.fixture(autouse=True)
def turns() -> Iterator[None]:
    """Collection often, and a change of thread at nearly each step."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


def read(_: int) -> bool:
    for _ in range(20):
        InACycle()
    return isinstance(parse(CODE, 10_000), Source)


def test_threads_parse_at_once_without_errors() -> None:
    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(read, range(300)))
