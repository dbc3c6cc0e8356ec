"""Texts by which other programs ask the index: `ollama_embed(text)` in SQL looks their vectors up.

A text is kept exactly as it was given, and found only when given so again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from learning_assistant import ollama
from resources.models import IndexVersion, QueryVector, RegisteredQuery, VersionState
from resources.models.index import QUERY_LENGTH
from resources.rag import embedding

SHOWN = 60  # characters of a text in a message


class BadText(ValueError):
    """The text can't be registered; says why."""


class NoIndex(Exception):
    """There is no active version of the index yet."""


@dataclass(frozen=True)
class Registered:
    """What one call of `register` did."""

    new: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    # Versions that may become active and whose model is away, with the reason.
    behind: list[tuple[IndexVersion, str]] = field(default_factory=list)


def check(text: str) -> None:
    """Raises `BadText`, which says what is wrong with *text* and shows its beginning."""
    if not text.strip():
        raise BadText("the text is empty")
    shown = repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
    if len(text) > QUERY_LENGTH:
        raise BadText(f"a text may have {QUERY_LENGTH} characters, {len(text)} were given: {shown}")
    if "\0" in text:
        raise BadText(f"the text holds a NUL character: {shown}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadText(f"the text is not UTF-8: {shown}") from None


def register(texts: Iterable[str]) -> Registered:
    """Have `ollama_embed` know *texts*, now and once another version is active.

    They must have passed `check`. Raises `NoIndex`, and `ollama.ModelUnavailable` when the active
    version's model is away: what came before is registered then.
    """
    live = list(IndexVersion.objects.live())
    if not live or live[0].state != VersionState.ACTIVE:
        raise NoIndex
    active, *others = live
    done = Registered()
    for text in dict.fromkeys(texts):
        if QueryVector.objects.filter(version=active, query__text=text).exists():
            done.known.append(text)
            continue
        vector = embedding.embed_query(active, text, embedding.EMBED_SECONDS)
        with transaction.atomic():
            query, _ = RegisteredQuery.objects.select_for_update().get_or_create(text=text)
            _store(active, query, vector)
        done.new.append(text)
    for version in others:
        try:
            catch_up(version)
        except ollama.ModelUnavailable as error:
            done.behind.append((version, str(error)))
    return done


def catch_up(version: IndexVersion) -> int:
    """Embed for *version* what is registered and has no vector there; how many.

    To be called before *version* is activated, or `ollama_embed` fails for what it lacks.
    Raises `ollama.ModelUnavailable`; what came before is stored then.
    """
    made = 0
    for query in list(RegisteredQuery.objects.exclude(vectors__version=version).order_by("pk")):
        vector = embedding.embed_query(version, query.text, embedding.EMBED_SECONDS)
        with transaction.atomic():
            still = RegisteredQuery.objects.select_for_update().filter(pk=query.pk).first()
            if still is not None:  # else removed while it was embedded
                _store(version, still, vector)
                made += 1
    return made


def _store(version: IndexVersion, query: RegisteredQuery, vector: Sequence[float]) -> None:
    QueryVector.objects.bulk_create(
        [QueryVector(version=version, query=query, embedding=list(vector))], ignore_conflicts=True
    )
