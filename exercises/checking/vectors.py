"""Vectors of exercises, by which twins are found: of the embedding model of the settings."""

from collections.abc import Sequence

from django.conf import settings

from exercises.checking.twins import Vector, text_of
from exercises.content import Item
from learning_assistant import ollama

BATCH = 32
SECONDS = 60.0


def vectors(items: Sequence[Item]) -> list[Vector]:
    """One vector for each of *items*, in order. Raises `ollama.ModelUnavailable`."""
    texts = [text_of(item.prompt, item.content) for item in items]
    found: list[Vector] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        found.extend(ollama.embed(settings.EMBED_MODEL, batch, seconds=SECONDS))
    return found


def vector_or_none(item: Item) -> Vector | None:
    """Its vector; None while the model server is away: duplicates are found by words then."""
    try:
        return vectors([item])[0]
    except ollama.ModelUnavailable:
        return None
