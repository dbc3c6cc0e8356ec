"""Whether the model server keeps its callers apart: no answer may hold what another one asked.

llama.cpp has open reports of one prompt leaking into another's answer under parallel slots (issues
27148 and 27422 of ggml-org/llama.cpp). So many callers at once each tell a secret word of their own
and have it said back, after the same long beginning that real prompts share.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from django.conf import settings

from learning_assistant import ollama

TOKENS = 24
SECONDS = 120.0  # for one answer, with those it waits behind
SYSTEM = (
    "You repeat what you are told, word for word, and say nothing else. You never speak of "
    "anything but what this person has just said to you."
)


@dataclass
class Canary:
    """What came of it; `leaks` are pairs of whose answer held whose word, by number."""

    answers: int = 0
    own: int = 0  # that hold their own word: without some, nothing could have leaked either
    failed: list[str] = field(default_factory=list)
    leaks: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = 0.0


def sing(
    answers: int, at_once: int, report: Callable[[Canary], None] = lambda canary: None
) -> Canary:
    """Have the chat model give so many *answers*, *at_once* of them at a time."""
    words = secret_words(answers)
    canary, began = Canary(), time.monotonic()
    with ThreadPoolExecutor(at_once) as threads:
        asked = {threads.submit(_ask, word): number for number, word in enumerate(words)}
        for answer in as_completed(asked):
            try:
                _look(canary, asked[answer], answer.result().casefold(), words)
            except ollama.ModelUnavailable as error:
                canary.failed.append(str(error))
            canary.seconds = time.monotonic() - began
            report(canary)
    return canary


def secret_words(count: int) -> list[str]:
    """Different words that no language has and none of which is part of another."""
    rng = random.SystemRandom()
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(5)))
    return list(found)


def _ask(word: str) -> str:
    said = f"The secret word of this person is {word}. Say: my secret word is {word}."
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": said}]
    completion = ollama.chat(settings.CHAT_MODEL, messages, seconds=SECONDS, max_tokens=TOKENS)
    return completion.text


def _look(canary: Canary, number: int, answer: str, words: Sequence[str]) -> None:
    canary.answers += 1
    canary.own += words[number] in answer
    others = (other for other, word in enumerate(words) if other != number and word in answer)
    canary.leaks += [(number, other) for other in others]
