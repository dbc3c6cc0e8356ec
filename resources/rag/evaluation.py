"""Measuring retrieval on judged questions: nDCG@10, P@3 and "three good ones in the first three".

nDCG as in Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques (2002),
https://doi.org/10.1145/582415.582418, with gain 2^grade - 1 and discount log2(rank + 1).
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from resources import ranking
from resources.links import canonical
from resources.models import IndexVersion, Resource
from resources.rag import spelling
from resources.rag.embedding import embed_query
from resources.ranking import Filters

GOOD = 2  # of the grades 0 to 3
DEPTH = 10
SECONDS = 60.0
SYSTEMS = ("BM25", "dense", "ours")


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    kind: str


@dataclass(frozen=True)
class Figures:
    """Means over the questions, each from 0 to 1."""

    ndcg_10: float
    p_3: float
    three_good: float
    judged_10: float  # the share of the first ten that somebody has judged


def questions(folder: Path) -> list[Question]:
    """The judged questions of *folder*, from `questions.jsonl`."""
    return [Question(**row) for row in _json_lines(folder / "questions.jsonl")]


def judgements(folder: Path) -> dict[str, dict[str, int]]:
    """By question the grade of each canonical link, from `judgements*.jsonl` there."""
    grades: dict[str, dict[str, int]] = {}
    for path in sorted(folder.glob("judgements*.jsonl")):
        for row in _json_lines(path):
            by_link = grades.setdefault(row["question"], {})
            by_link |= {canonical(url): int(grade) for url, grade in row["grades"].items()}
    return grades


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def rankings(
    version: IndexVersion, text: str, depth: int = DEPTH, systems: Sequence[str] = SYSTEMS
) -> dict[str, list[str]]:
    """What each system finds for *text*: canonical links, the best first.

    Ours mends typing errors first, as the product does. Raises `ollama.ModelUnavailable`.
    """
    mended = spelling.corrected(version.pk, text)
    by_system: dict[str, tuple[str, float | None]] = {
        "BM25": (text, None),
        "dense": (text, 1.0),
        "ours": (mended, ranking.DENSE_WEIGHT),
    }
    found = {}
    for system in systems:
        query, weight = by_system[system]
        vector = None if weight is None else embed_query(version, query, SECONDS)
        hits = ranking.search(
            version.pk, query, vector, Filters(), depth, dense_weight=weight or 0.0
        )
        ids = [hit.resource_id for hit in hits if hit.resource_id]
        links = Resource.objects.in_bulk(ids)
        found[system] = [links[pk].canonical_url for pk in ids]
    return found


def figures(
    ranked: Mapping[str, Sequence[str]],
    grades: Mapping[str, Mapping[str, int]],
    good: int = GOOD,
) -> Figures:
    """The figures of one system from its links by question id; from the grade *good* on one is."""
    first_three = {
        q: [grades[q].get(u, 0) >= good for u in links[:3]] for q, links in ranked.items()
    }
    return Figures(
        ndcg_10=fmean(ndcg(links, grades[q]) for q, links in ranked.items()),
        p_3=fmean(sum(hits) / 3 for hits in first_three.values()),
        three_good=fmean(sum(hits) == 3 for hits in first_three.values()),
        judged_10=fmean(
            sum(u in grades[q] for u in links[:DEPTH]) / max(len(links[:DEPTH]), 1)
            for q, links in ranked.items()
        ),
    )


def ndcg(links: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """nDCG of *links* at *depth*; what nobody has judged counts as not relevant."""

    def gain(values: Sequence[int]) -> float:
        return math.fsum((2.0**v - 1) / math.log2(r + 2) for r, v in enumerate(values[:depth]))

    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(link, 0) for link in links]) / best if best else 0.0
