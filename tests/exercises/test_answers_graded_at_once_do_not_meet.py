"""Threads of a worker grade at the same time, and each reads its own learner's words."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from exercises.grading import text

WORDS = [f"{a}{b}" for a in ("general", "norm", "token", "optim", "vector", "parallel")
         for b in ("izations", "izing", "ly", "ed", "ness", "s", "ational", "ements")]  # fmt: skip
THREADS = 8


@pytest.fixture
def busy() -> Iterator[None]:
    """Threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)
    text.stem.cache_clear()


@pytest.mark.usefixtures("busy")
def test_words_have_the_stems_that_they_have_alone() -> None:
    alone = {word: text.stem(word) for word in WORDS}
    for _ in range(20):
        text.stem.cache_clear()
        with ThreadPoolExecutor(THREADS) as pool:
            turned = [WORDS[n:] + WORDS[:n] for n in range(0, len(WORDS), len(WORDS) // THREADS)]
            together = list(pool.map(lambda words: [text.stem(word) for word in words], turned))
        for words, stems in zip(turned, together, strict=True):
            assert dict(zip(words, stems, strict=True)) == alone
