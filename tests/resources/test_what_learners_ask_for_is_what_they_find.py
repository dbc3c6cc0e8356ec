"""Eight questions to a whole running copy: the first three answers are on topic.

What is on topic was judged by reading the catalogue: a resource of the right topics whose text
speaks of the right thing.
"""

import re
from dataclasses import dataclass

import pytest

from tests.resources.test_the_starter_catalogue_is_in_order import RESOURCES
from tests.stack import Stack, until

BY_LINK = {row["url"]: row for row in RESOURCES}
# Each has an end; how long it takes is for `make bench` to say.
EMBEDDED_WITHIN_S = 600


@dataclass(frozen=True)
class Question:
    query: str
    topics: frozenset[str]
    words: str
    kinds: str = ""


QUESTIONS = [
    Question(
        "intro to reinforcement learning",
        frozenset({"reinforcement-learning", "deep-reinforcement-learning"}),
        r"intro|beginner|first|basics|start|gentle|foundations",
    ),
    Question(
        "math behind PCA",
        frozenset({"dimensionality-reduction", "linear-algebra", "mathematics"}),
        r"\bPCA\b|principal component",
    ),
    Question(
        "how do I fine-tune an LLM on one GPU",
        frozenset({"fine-tuning", "model-efficiency"}),
        r"fine-?tun",
    ),
    Question("graph neural networks", frozenset({"graph-learning"}), r"graph"),
    Question(
        "what is a p-value",
        frozenset({"statistical-inference", "statistics"}),
        r"p-?\s?values?|significance|hypothesis test",
    ),
    Question(
        "attention is all you need explained",
        frozenset({"transformers", "language-models", "deep-learning"}),
        r"attention|transformer",
    ),
    Question(
        "deploy a model to production",
        frozenset({"mlops", "model-serving"}),
        r"deploy|production|serv",
    ),
    Question(
        "bayesian statisics book",
        frozenset({"bayesian-statistics"}),
        r"bayes",
        kinds="book course tutorial",
    ),
]


@pytest.fixture(scope="module")
def searchable(stack: Stack) -> Stack:
    """The stack once the whole catalogue is embedded."""

    def behind() -> int:
        return int(
            stack.sql(
                "SELECT (SELECT count(*) FROM resources_resource WHERE status = 'published')"
                " - (SELECT count(*) FROM resources_densevector)"
            )
        )

    until(lambda: behind() <= 0, EMBEDDED_WITHIN_S, "the whole catalogue is embedded")
    return stack


@pytest.mark.timeout(EMBEDDED_WITHIN_S + 60)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.query)
def test_the_first_three_are_on_topic(searchable: Stack, question: Question) -> None:
    answer = searchable.ask(question.query)
    assert answer.status_code == 200
    body = answer.json()
    assert "embedding" not in body["degraded_reasons"]
    shown = body["resources"]
    assert len(shown) >= 3
    for resource in shown[:3]:
        row = BY_LINK[resource["url"]]
        text = " ".join([row["title"], row["summary"], *row["facets"]])
        assert question.topics & set(resource["topics"]), resource["title"]
        assert re.search(question.words, text, re.I), resource["title"]
        assert not question.kinds or resource["kind"] in question.kinds, resource["title"]


def test_a_book_is_first_where_a_book_is_asked_for(searchable: Stack) -> None:
    shown = searchable.ask("bayesian statisics book").json()["resources"]
    assert shown[0]["kind"] == "book"


def test_the_paper_itself_is_among_the_first(searchable: Stack) -> None:
    shown = searchable.ask("attention is all you need explained").json()["resources"]
    assert any("1706.03762" in r["url"] for r in shown)


def test_doctor_finds_nothing_to_mend(searchable: Stack) -> None:
    """Learners' questions, without which all is found too, may still be on their way."""
    done = searchable.manage("doctor")
    assert done.returncode == 0, done.stdout
    assert "✘" not in done.stdout
    assert f"{len(RESOURCES)} searchable" in done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines() if "!" in line] in ([], ["index"])
