"""The rules of the starter catalogue, checked over its files: what a curator promised.

Each rule is a function from entries to faults in words; duplicates by meaning need vectors and are
looked for by `twins`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources import reading
from resources.links import canonical
from resources.models import Level

TOPICS_FILE = "topics.jsonl"
SUMMARY_WORDS = (10, 70)
FACETS = (2, 4)
FACET_WORDS = (4, 22)
ASKS = (6, 10)
ASK_WORDS = (2, 16)
A_TOPIC = {"resources": 8, "kinds": 3}
BEGINNERS_SHARE = 1 / 3
PAPERS_SHARE = 0.45
# Cosine similarity of two entries over which they are likely the same thing, told twice.
TWIN = 0.93

_SUPERLATIVES = re.compile(
    r"\b(best|greatest|amazing|awesome|incredible|ultimate|definitive|must-read|must-see"
    r"|comprehensive|excellent|outstanding|world-class|cutting-edge|state-of-the-art guide"
    r"|unparalleled|perfect|brilliant|fantastic|wonderful|superb)\b",
    re.I,
)
_POINTING = re.compile(
    r"\bthis (paper|book|course|resource|tutorial|article|video|page|work)\b", re.I
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


@dataclass(frozen=True)
class Entry:
    """A line of a catalogue file."""

    file: str
    line: int
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {str(self.values.get('title', '?'))[:60]}"

    @property
    def texts(self) -> list[str]:
        return [str(self.values.get("summary", "")), *self.values.get("facets", [])]


def entries(folder: Path) -> tuple[list[Entry], list[str]]:
    """All entries of *folder*, and what can't be read of it."""
    found: list[Entry] = []
    faults: list[str] = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.name == TOPICS_FILE:
            continue
        for row in reading.rows(path):
            if row.fault:
                faults.append(f"{path.name}:{row.line}: {row.fault}")
            else:
                found.append(Entry(path.name, row.line, row.values))
    return found, faults


def topics(folder: Path) -> dict[str, str]:
    """The parent of each topic's slug; empty for those at the top."""
    return {t["slug"]: t.get("parent", "") for t in reading.objects(folder / TOPICS_FILE)}


def faults(found: Sequence[Entry], tree: Mapping[str, str]) -> Iterator[str]:
    """What breaks a rule, each with the file and line."""
    for entry in found:
        for fault in _of_one(entry, tree):
            yield f"{entry}: {fault}"
    yield from _doubles(found)
    yield from _shares(found)
    yield from _topics(found, tree)


def _of_one(entry: Entry, tree: Mapping[str, str]) -> Iterator[str]:
    values = entry.values
    for name in ("level", "summary", "facets", "topics", "provenance"):
        if not values.get(name):
            yield f"{name} is missing"
    for slug in values.get("topics", []):
        if slug not in tree:
            yield f"topic {slug} is not in {TOPICS_FILE}"
    yield from _lengths(values)
    try:
        canonical(values["url"])
    except ValueError as error:
        yield str(error)
    if re.match(r"https?://(www\.)?arxiv\.org/pdf/", values["url"]):
        yield "the link of an arXiv paper is its abstract"
    for text in entry.texts:
        if match := _SUPERLATIVES.search(text) or _POINTING.search(text):
            yield f"tone: “{match[0]}”"
        if "http" in text:
            yield "a link inside a text"


def _lengths(values: Mapping[str, Any]) -> Iterator[str]:
    facets = values.get("facets", [])
    if not FACETS[0] <= len(facets) <= FACETS[1]:
        yield f"{len(facets)} facets, {FACETS[0]} to {FACETS[1]} are asked for"
    asks = values.get("asks", [])
    if not ASKS[0] <= len(asks) <= ASKS[1]:
        yield f"{len(asks)} asks, {ASKS[0]} to {ASKS[1]} are asked for"
    if len({ask.casefold() for ask in asks}) < len(asks):
        yield "the same ask twice"
    for name, texts, (low, high) in (
        ("summary", [values.get("summary", "")], SUMMARY_WORDS),
        ("facet", facets, FACET_WORDS),
        ("ask", asks, ASK_WORDS),
    ):
        for text in texts:
            if not low <= len(text.split()) <= high:
                yield f"{name} of {len(text.split())} words, {low} to {high} are asked for: {text}"


def _doubles(found: Sequence[Entry]) -> Iterator[str]:
    """Links, titles and sentences that stand twice."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry in found:
        marks = {("link", canonical(entry.values["url"])), ("title", _plain(entry.values["title"]))}
        marks |= {
            ("sentence", _plain(sentence))
            for text in entry.texts
            for sentence in _SENTENCE.findall(text)
            if len(sentence.split()) > 3
        }
        for what, mark in sorted(marks):
            if (what, mark) in seen and seen[what, mark] is not entry:
                yield f"{entry}: same {what} as {seen[what, mark]}"
            seen.setdefault((what, mark), entry)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _shares(found: Sequence[Entry]) -> Iterator[str]:
    beginners = sum(e.values.get("level") == Level.BEGINNER for e in found)
    papers = sum(e.values["kind"] == "paper" for e in found)
    if beginners < BEGINNERS_SHARE * len(found):
        yield f"only {beginners} of {len(found)} entries are for beginners"
    if papers > PAPERS_SHARE * len(found):
        yield f"{papers} of {len(found)} entries are papers"


@dataclass
class Coverage:
    """What a topic has: its entries by level, and their kinds."""

    levels: Counter[str]
    kinds: set[str]

    @property
    def total(self) -> int:
        return self.levels.total()


def coverage(found: Iterable[Entry], tree: Mapping[str, str]) -> dict[str, Coverage]:
    """What each topic has; an entry counts for its topics and for all above them."""
    table: dict[str, Coverage] = defaultdict(lambda: Coverage(Counter(), set()))
    for entry in found:
        slugs = {s for slug in entry.values.get("topics", []) for s in _upwards(slug, tree)}
        for slug in slugs:
            table[slug].levels[entry.values.get("level", "")] += 1
            table[slug].kinds.add(entry.values["kind"])
    return {slug: table[slug] for slug in tree}


def _upwards(slug: str, tree: Mapping[str, str]) -> Iterator[str]:
    while slug in tree:
        yield slug
        slug = tree[slug]


def _topics(found: Sequence[Entry], tree: Mapping[str, str]) -> Iterator[str]:
    for slug, has in coverage(found, tree).items():
        if has.total < A_TOPIC["resources"]:
            yield f"topic {slug}: {has.total} resources, {A_TOPIC['resources']} are asked for"
        if len(has.kinds) < A_TOPIC["kinds"]:
            yield f"topic {slug}: only {', '.join(sorted(has.kinds)) or 'nothing'}"
        for level in Level.values:
            if not has.levels[level]:
                yield f"topic {slug}: nothing {level}"


def twins(
    found: Sequence[Entry], vectors: Sequence[Sequence[float]], accepted: frozenset[frozenset[str]]
) -> Iterator[str]:
    """Pairs that say nearly the same, but for those whose links a reader has *accepted*.

    *vectors*: one unit vector an entry, in the same order.
    """
    for i, entry in enumerate(found):
        for j in range(i):
            likeness = sum(a * b for a, b in zip(vectors[i], vectors[j], strict=True))
            pair = frozenset({entry.values["url"], found[j].values["url"]})
            if likeness > TWIN and pair not in accepted:
                yield f"{entry}: nearly the same as {found[j]} (cosine {likeness:.3f})"
