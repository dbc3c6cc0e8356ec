"""The model's sentence on where to start: remembered, admitted by slots, in time or not at all."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from learning_assistant import metrics, ollama
from learning_assistant.admission import model_slot
from learning_assistant.breaker import LeftAlone, breaker, guarded
from learning_assistant.broker import UNREACHABLE
from learning_assistant.ollama import Completion
from learning_assistant.pacing import Pace
from learning_assistant.remembering import Flights, Remembered, key_of
from resources import prompts
from resources.rag.advice import Checked, check, checked_beginning

# With less time no model is asked.
LEAST_S = 0.2
SLACK_S = 0.05


@dataclass(frozen=True)
class Advice:
    """A sentence, or why there is none (`refused`)."""

    advice: str = ""
    refused: str = ""
    model_there: bool = True
    model: str = ""
    digest: str = ""


_pace = Pace()
_breaker = breaker("advice", failures=6)
_flights = Flights()
_remembered = Remembered("advice", places=8192, seconds=24 * 3600)


def advise(
    query: str,
    resource: dict[str, Any],
    seconds: float,
    on_words: Callable[[str], None] | None = None,
) -> Advice:
    """The model's sentence on *resource*, the first found; within *seconds*.

    *on_words* is told what is written so far, as long as nothing is wrong with it, where this call
    is the one that has it written; it may raise `NobodyListens`.
    """
    started = time.monotonic()
    digest = ollama.digest_of(settings.CHAT_MODEL)
    key = key_of(digest, settings.CHAT_MODEL, query, resource, prompts.advice("", resource))
    kept = _remembered.get(key)
    if kept is not None:
        return _of(Checked(**kept), digest)
    try:
        checked = _flights.share(
            key,
            lambda: _write(query, resource, key, started + seconds, on_words),
            seconds,
        )
    except TimeoutError:
        return _without("shared", "the same is being asked for and takes too long")
    except _NotNow as error:
        return _without(error.why, str(error))
    except NobodyListens as error:
        return _without("left", str(error))
    except ollama.ModelUnavailable as error:
        return _without("breaker" if isinstance(error, LeftAlone) else "unavailable", str(error))
    except UNREACHABLE as error:
        return _without("broker", f"broker: {error}")
    return _of(checked, digest)


def _without(why: str, said: str) -> Advice:
    metrics.REFUSALS.add(why)
    return Advice(refused=said[:200], model_there=False)


def _of(checked: Checked, digest: str) -> Advice:
    return Advice(checked.text, checked.fault, model=settings.CHAT_MODEL, digest=digest)


class NobodyListens(Exception):
    """Whoever asked has left."""


class _NotNow(Exception):
    """The model is not asked: there is no time or no slot left."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


def _write(
    query: str,
    resource: dict[str, Any],
    key: str,
    ends: float,
    on_words: Callable[[str], None] | None,
) -> Checked:
    seconds = ends - time.monotonic()
    if seconds < LEAST_S:
        raise _NotNow("deadline", "no time left")
    with model_slot(seconds) as under_way:
        if not under_way:
            raise _NotNow("slots", "all slots taken")
        if not _pace.allows(under_way, seconds):
            raise _NotNow("pace", "the model is too slow now")
        completion = _ask(query, resource, under_way, ends, on_words)
    checked = check(completion, query, resource)
    if checked.fault:
        metrics.REFUSALS.add(checked.why)
    _remembered.put(key, asdict(checked))
    return checked


def _ask(
    query: str,
    resource: dict[str, Any],
    under_way: int,
    ends: float,
    on_words: Callable[[str], None] | None,
) -> Completion:
    began = time.monotonic()
    try:
        with guarded(_breaker):
            completion = ollama.chat(
                settings.CHAT_MODEL,
                prompts.advice(query, resource),
                seconds=ends - began,
                max_tokens=prompts.ADVICE_TOKENS,
                stop=prompts.ADVICE_STOP,
                on_text=None if on_words is None else _checked(on_words, query, resource),
            )
    except ollama.ModelUnavailable:
        if time.monotonic() > ends - SLACK_S:
            _pace.missed(under_way)
        raise
    _pace.ended(under_way, time.monotonic() - began)
    return completion


def _checked(
    on_words: Callable[[str], None], query: str, resource: dict[str, Any]
) -> Callable[[str], None]:
    """Passes on what is new in the checked beginning of a text that grows."""
    told = ""

    def on_text(text: str) -> None:
        nonlocal told
        beginning = checked_beginning(text, query, resource)
        if len(beginning) > len(told) and beginning.startswith(told):
            on_words(beginning[len(told) :])
            told = beginning

    return on_text
