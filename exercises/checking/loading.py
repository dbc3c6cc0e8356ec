"""The bank on its way into the database: proven one by one, published where the proof holds."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from exercises.banking import Entry
from exercises.checking import storing
from exercises.checking.proving import prove
from exercises.checking.vectors import vector_or_none
from exercises.content import Item
from exercises.models import Exercise, ExerciseState, Source
from learning_assistant import ollama


class Outcome(StrEnum):
    LOADED = "loaded"
    UNCHANGED = "unchanged"
    KEPT = "kept as staff changed them"
    REFUSED = "refused"


@dataclass(frozen=True)
class Loaded:
    """What became of one entry, and why it was refused."""

    entry: Entry
    outcome: Outcome
    faults: Sequence[str] = ()


def load(entries: Sequence[Entry], restore: Collection[str] = ()) -> Iterator[Loaded]:
    """Prove and publish what is new or changed; nothing that fails a check is stored.

    What staff changed stays as they left it, but for the slugs in *restore*. Without the model
    server duplicates are found by their words alone.
    """
    digest = ollama.digest_of(settings.EMBED_MODEL)
    others = storing.InDatabase(digest)
    for entry in entries:
        if entry.item is None or entry.fault:
            yield Loaded(entry, Outcome.REFUSED, [entry.fault])
            continue
        try:
            if entry.slug not in restore and _is_theirs(entry.slug):
                yield Loaded(entry, Outcome.KEPT)
            else:
                yield _load(entry, entry.item, others, digest)
        except storing.UnknownTopic as error:
            yield Loaded(entry, Outcome.REFUSED, [str(error)])


def _is_theirs(slug: str) -> bool:
    return Exercise.objects.filter(slug=slug).exclude(source=Source.BANK).exists()


def _load(entry: Entry, item: Item, others: storing.InDatabase, digest: str) -> Loaded:
    if storing.is_stored(item):
        return Loaded(entry, Outcome.UNCHANGED)
    vector = vector_or_none(item)
    proven = prove(item, vector, others)
    if not proven.passed:
        return Loaded(entry, Outcome.REFUSED, proven.faults)
    storing.store(
        item,
        proven,
        source=Source.BANK,
        state=ExerciseState.PUBLISHED,
        vector=vector,
        digest=digest,
    )
    return Loaded(entry, Outcome.LOADED)
