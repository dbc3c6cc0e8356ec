"""Catalogues and documents of any size, made from the starter catalogue's own sentences.

A text is put together from a sentence and its nearest neighbours by meaning, so that it keeps to
a subject as real texts do; halves of sentences are exchanged, and a Zipfian tail of rare words
(names, identifiers) is mixed in. Its vector is the mix of its sentences' real vectors, plus noise:
embedding 100,000 texts would take hours, and this keeps the geometry of a real model.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from learning_assistant import ollama

NEIGHBOURS = 48
RARE_WORDS = 120_000
NOISE = 0.35  # length of the noise beside a vector of length 1
EMBED_BATCH = 64


@dataclass(frozen=True)
class Made:
    """A text, and the vector that stands for it."""

    text: str
    vector: np.ndarray


@dataclass(frozen=True)
class Source:
    """A sentence of the starter catalogue, and the resource that it comes from."""

    text: str
    resource: int


def starter() -> list[dict[str, Any]]:
    """The resources of the starter catalogue."""
    found = []
    for path in sorted(Path(settings.STARTER_CATALOGUE).glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            found += [row for row in map(json.loads, file) if "title" in row]
    return found


def questions() -> list[str]:
    """The judged questions of learners."""
    path = Path(settings.STARTER_CATALOGUE) / "judged" / "questions.jsonl"
    with path.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def embed(texts: list[str], cache: Path) -> np.ndarray:
    """The vectors of *texts* by `EMBED_MODEL`, one row each, length 1; kept in *cache*."""
    key = hashlib.sha256(json.dumps([settings.EMBED_MODEL, texts]).encode()).hexdigest()[:16]
    path = cache / f"vectors-{key}.npy"
    if path.exists():
        return np.load(path)
    rows: list[Any] = []
    for start in range(0, len(texts), EMBED_BATCH):
        rows += ollama.embed(settings.EMBED_MODEL, texts[start : start + EMBED_BATCH], seconds=300)
    vectors = _unit(np.array(rows, dtype=np.float32))
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


class Maker:
    """Makes texts with vectors, the same ones for the same *seed*."""

    def __init__(self, cache: Path, seed: int = 1) -> None:
        self.resources = starter()
        self.sources = list(_sentences(self.resources))
        self.vectors = embed([s.text for s in self.sources], cache)
        self._near = self._neighbours()
        self._random = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        # A Zipfian tail: the rank of a rare word is drawn log-uniformly.
        self._rare = [_pseudo_word(n) for n in range(RARE_WORDS)]

    def passage(self, sentences: int, rare: int) -> tuple[Made, int]:
        """A text of so many *sentences*, and the source that it is about."""
        about = self._random.randrange(len(self.sources))
        return self.passage_about(about, sentences, rare), about

    def passage_about(self, about: int, sentences: int, rare: int) -> Made:
        """A text about the source *about*; the first three sentences weigh most in its vector."""
        used = [about, *self._random.sample(list(self._near[about]), sentences - 1)]
        weights = np.array(([1.0, 0.6, 0.4] + [0.15] * sentences)[:sentences], dtype=np.float32)
        text = ". ".join(self._varied(n) for n in used)
        words = [self._rare_word() for _ in range(rare)]
        return Made(f"{text}. {' '.join(words)}", self._noisy(weights @ self.vectors[used]))

    def line_about(self, about: int) -> Made:
        """One sentence near the source *about*."""
        used = int(self._random.choice(self._near[about]))
        return Made(self._varied(used), self._noisy(self.vectors[used]))

    def choice(self, options: Any) -> Any:
        return self._random.choice(options)

    def _neighbours(self) -> np.ndarray:
        similar = self.vectors @ self.vectors.T
        np.fill_diagonal(similar, -1)
        return np.argpartition(-similar, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]

    def _varied(self, number: int) -> str:
        """The sentence, half the time with the second half of a neighbour's."""
        words = self.sources[number].text.split()
        if self._random.random() < 0.5:
            other = self.sources[int(self._random.choice(self._near[number]))].text.split()
            words = words[: len(words) // 2 + 1] + other[len(other) // 2 :]
        return " ".join(words)

    def _rare_word(self) -> str:
        return self._rare[int(RARE_WORDS ** self._random.random()) - 1]

    def _noisy(self, vector: np.ndarray) -> np.ndarray:
        noise = self._noise.normal(size=vector.shape).astype(np.float32)
        return _unit(_unit(vector) + NOISE * _unit(noise))


def _sentences(resources: list[dict[str, Any]]) -> Iterator[Source]:
    for number, row in enumerate(resources):
        yield Source(row["title"], number)
        for sentence in re.split(r"(?<=[.!?:;])\s+", row.get("summary", "")):
            if len(sentence.split()) > 3:
                yield Source(sentence.rstrip("."), number)
        for facet in row.get("facets", []):
            yield Source(facet, number)


def _pseudo_word(number: int) -> str:
    """A word that no dictionary knows, pronounceable, different for each number."""
    syllables = []
    number += 1000
    while number:
        number, rest = divmod(number, 80)
        syllables.append("bcdfghjklmnprstv"[rest % 16] + "aeiou"[rest // 16])
    return "".join(syllables)
