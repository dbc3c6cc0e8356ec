"""The catalogue that ships: enough of it, complete, in the known vocabulary, in our own words."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils.text import slugify

from resources import reading
from resources.links import canonical
from resources.models import Kind, Level
from resources.models.catalogue import FACET_LENGTH

FOLDER: Path = settings.STARTER_CATALOGUE
FILES = sorted(path for path in FOLDER.glob("*.jsonl") if path.name != "topics.jsonl")
RESOURCES = [
    {"at": f"{path.name}:{n}"} | row
    for path in FILES
    for n, row in enumerate(reading.objects(path), start=1)
]
TOPICS = list(reading.objects(FOLDER / "topics.jsonl"))
# Sites that answer at http only, or whose certificate is for another name.
HTTP_ONLY = {"neuralnetworksanddeeplearning.com", "incompleteideas.net", "bayes.cs.ucla.edu"}
AT_LEAST = 150


def of(name: str) -> list[tuple[str, Any]]:
    return [(r["at"], r[name]) for r in RESOURCES]


def doubled(values: list[tuple[str, str]]) -> list[str]:
    counted = Counter(value for _, value in values)
    return [f"{at}: {value}" for at, value in values if counted[value] > 1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_one_that_the_loader_takes(path: Path) -> None:
    assert [f"{row.line}: {row.fault}" for row in reading.rows(path) if row.fault] == []


def test_there_are_enough_of_every_sort() -> None:
    assert len(RESOURCES) >= AT_LEAST
    kinds = Counter(kind for _, kind in of("kind"))
    levels = Counter(r.get("level") for r in RESOURCES)
    assert set(kinds) <= set(Kind.values)
    assert all(kinds[k] >= 10 for k in (Kind.PAPER, Kind.BOOK, Kind.COURSE, Kind.TUTORIAL))
    assert all(levels[level] >= 20 for level in Level.values)


def test_each_has_a_summary_two_facets_a_topic_and_a_source() -> None:
    wrong = [
        r["at"]
        for r in RESOURCES
        if len(r["summary"]) < 40
        or len(r["facets"]) < 2
        or len(set(r["facets"])) < len(r["facets"])
        or not r["topics"]
        or not r["provenance"]
    ]
    assert wrong == []


def test_facets_are_short_lines() -> None:
    facets = [(r["at"], facet) for r in RESOURCES for facet in r["facets"]]
    assert [at for at, f in facets if not 15 <= len(f) <= FACET_LENGTH // 2 or "\n" in f] == []


def test_links_are_there_once() -> None:
    assert doubled([(at, canonical(url)) for at, url in of("url")]) == []


def test_titles_are_there_once() -> None:
    assert doubled([(at, re.sub(r"\W", "", title.casefold())) for at, title in of("title")]) == []


def test_links_are_https_where_the_site_has_it() -> None:
    http = [(at, url) for at, url in of("url") if not url.startswith("https://")]
    assert [x for x in http if x[1].split("/")[2].removeprefix("www.") not in HTTP_ONLY] == []


def test_topics_are_a_tree_of_slugs_and_each_is_used() -> None:
    slugs = [topic["slug"] for topic in TOPICS]
    assert len(slugs) == len(set(slugs))
    assert [s for s in slugs if s != slugify(s)] == []
    for position, topic in enumerate(TOPICS):
        above = topic.get("parent")
        assert above is None or above in slugs[:position], f"{topic['slug']} comes before {above}"
    used = {topic for _, topics in of("topics") for topic in topics}
    assert used <= set(slugs)
    parents = {topic.get("parent") for topic in TOPICS}
    assert set(slugs) - used - parents == set(), "a topic without a resource helps nobody"


def test_no_sentence_is_shared() -> None:
    sentences = [
        (r["at"], sentence.strip(" .").casefold())
        for r in RESOURCES
        for text in (r["summary"], *r["facets"])
        for sentence in re.split(r"(?<=[.!?])\s", text)
    ]
    assert doubled(sentences) == []


def test_no_text_holds_markup_or_a_link() -> None:
    texts = [(r["at"], t) for r in RESOURCES for t in (r["title"], r["summary"], *r["facets"])]
    assert [x for x in texts if re.search(r"https?:|</?[a-z]|\]\(|\*\*|&\w+;", x[1])] == []
