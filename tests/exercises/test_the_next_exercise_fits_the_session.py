"""`POST exercises`: topic and level, nothing twice, and what is said where nothing fits."""

from typing import Any

import pytest
from django.test import Client

from exercises.models import Exercise, Review
from resources.models import Chunk, Document, Level
from sessions.models import Interaction, LearningSession
from tests.exercises.making import MAKERS, ask, attempt, choice, cloze, post, right_answer, topic
from tests.resources.making import add, tree

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("type_", MAKERS)
def test_each_type_is_shown_with_what_answering_it_needs(client: Client, type_: str) -> None:
    made = MAKERS[type_](level="advanced")
    body = ask(client, type_)
    shown = body["exercise"]
    assert (shown["id"], shown["type"], shown["topic"], shown["level"]) == (
        made.pk, type_, "optimization", "advanced",
    )  # fmt: skip
    assert (shown["hints"], shown["source"], shown["repeat"]) == (3, "bank", False)
    assert (body["session_id"], body["pool_empty"], body["next_due"]) == ("s", True, None)
    assert isinstance(body["took_ms"], int)
    assert ("choices" in shown) == (type_ == "multiple_choice")
    assert ("starter_code" in shown) == (type_ == "coding")
    if type_ == "multiple_choice":
        assert [c["id"] for c in shown["choices"]] == ["a", "b", "c", "d"]
    if type_ == "cloze":
        assert "has ____ in it." in shown["prompt"]


@pytest.mark.parametrize(
    ("word", "type_"),
    [
        ("Q&A", "short_answer"), ("qa", "short_answer"), ("Short Answer", "short_answer"),
        ("coding task", "coding"), ("Coding-Task", "coding"), ("CODING", "coding"),
        ("multiple choice", "multiple_choice"), ("MCQ", "multiple_choice"),
        ("multipleChoice", "multiple_choice"), ("fill in the blank", "cloze"), (" Cloze ", "cloze"),
    ],
)  # fmt: skip
def test_other_words_for_the_types(client: Client, word: str, type_: str) -> None:
    for make in MAKERS.values():
        make()
    assert ask(client, word)["exercise"]["type"] == type_


def test_a_draft_is_never_served(client: Client) -> None:
    choice(state="draft")
    choice(state="proven")
    choice(state="retired")
    body = ask(client)
    assert body["exercise"] is None
    assert body["pool_empty"] is True


def test_what_was_made_comes_before_the_bank_at_the_same_level(client: Client) -> None:
    choice()
    harder = choice(source="model", level="advanced")
    made = choice(source="model")
    bodies = [ask(client), ask(client), ask(client)]
    assert bodies[0]["exercise"]["id"] == made.pk
    assert (bodies[0]["pool_empty"], bodies[0]["exercise"]["source"]) == (False, "model")
    assert (bodies[1]["pool_empty"], bodies[1]["exercise"]["source"]) == (True, "bank")
    assert bodies[2]["exercise"]["id"] == harder.pk


def test_nothing_comes_twice_while_others_are_left_then_the_one_seen_longest_ago(
    client: Client,
) -> None:
    for _ in range(6):
        choice()
    first = [ask(client)["exercise"] for _ in range(6)]
    assert len({e["id"] for e in first}) == 6
    assert not any(e["repeat"] for e in first)
    again = [ask(client)["exercise"] for _ in range(6)]
    assert [e["id"] for e in again] == [e["id"] for e in first]
    assert all(e["repeat"] for e in again)


def test_one_that_is_solved_waits_for_those_that_are_not(client: Client) -> None:
    exercises = {e.pk: e for e in (choice(), choice(), choice())}
    order = [ask(client)["exercise"]["id"] for _ in range(3)]
    attempt(client, exercises[order[0]], right_answer(exercises[order[0]]))
    assert [ask(client)["exercise"]["id"] for _ in range(4)] == order[1:] * 2
    for pk in order[1:]:
        attempt(client, exercises[pk], right_answer(exercises[pk]))
    body = ask(client)
    assert (body["exercise"]["id"], body["exercise"]["repeat"]) == (order[0], True)


def test_one_that_is_left_over_is_served_however_often(client: Client) -> None:
    choice()
    assert [ask(client)["exercise"]["repeat"] for _ in range(3)] == [False, True, True]


def test_two_sessions_do_not_count_for_each_other(client: Client) -> None:
    only = choice()
    for session in ("one", "two"):
        body = ask(client, session=session)
        assert (body["exercise"]["id"], body["exercise"]["repeat"]) == (only.pk, False)


def test_never_two_of_one_stem_in_a_row(client: Client) -> None:
    for n in range(3):
        choice("Which one is an optimizer?", slug=f"same-{n}")
        choice(slug=f"other-{n}")
    prompts = [ask(client)["exercise"]["prompt"] for _ in range(6)]
    assert all(a != b for a, b in zip(prompts, prompts[1:], strict=False))


def test_a_passage_with_another_gap_is_the_same_stem(client: Client) -> None:
    cloze("descent", "Gradient")
    ask(client, "cloze")
    twin = cloze("gradient", "Gradient")
    content = twin.content | {"passage": "[[Gradient]] has descent in it."}
    Exercise.objects.filter(pk=twin.pk).update(content=content)
    assert ask(client, "cloze")["exercise"]["id"] == twin.pk, "there is no other"
    other = cloze()
    assert ask(client, "cloze")["exercise"]["id"] == other.pk


def test_two_of_one_passage_are_never_served_in_a_row(client: Client) -> None:
    about = {"source": "handbook", "title": "t", "chunker": "test", "file_hash": "0" * 64}
    document = Document.objects.create(path="a.md", **about)
    chunk = Chunk.objects.create(
        document=document, position=0, headings=[], content="c", tokens=1, content_hash="0" * 64
    )
    choice(chunk=chunk)
    ask(client)
    choice(chunk=chunk, source="model")
    other = choice(level="advanced")
    assert ask(client)["exercise"]["id"] == other.pk


@pytest.fixture
def forest() -> None:
    tree(mathematics="", optimization="mathematics", calculus="mathematics", speech="")
    tree(convex_optimization="optimization")


@pytest.mark.usefixtures("forest")
class TestTopic:
    def test_a_topic_counts_with_those_below_it(self, client: Client) -> None:
        below = choice(topic="convex-optimization")
        choice(topic="speech")
        for wanted in ("convex-optimization", "optimization", "mathematics"):
            body = ask(client, session=wanted, topic=wanted)
            assert (body["exercise"]["id"], body["relaxed"]) == (below.pk, [])

    def test_level_is_given_up_first_then_the_topic_up_the_tree(self, client: Client) -> None:
        wanted = [
            choice(topic="optimization", level="beginner"),
            choice(topic="optimization", level="intermediate"),
            choice(topic="optimization", level="advanced"),
            choice(topic="calculus", level="beginner"),
            choice(topic="calculus", level="advanced"),
        ]
        choice(topic="speech", level="beginner")
        said = []
        for exercise in wanted:
            body = ask(client, topic="optimization", level="beginner")
            assert body["exercise"]["id"] == exercise.pk
            attempt(client, exercise, right_answer(exercise))
            said.append(body["relaxed"])
        assert said == [[], ["level"], ["level"], ["topic"], ["topic", "level"]]
        body = ask(client, topic="optimization", level="beginner")
        assert body["exercise"]["id"] == wanted[0].pk, "a repeat, before another tree"
        assert body["exercise"]["repeat"]

    def test_a_topic_asked_for_is_left_only_when_all_of_it_is_solved(self, client: Client) -> None:
        mine = {choice(topic="optimization").pk, choice(topic="optimization").pk}
        choice(topic="calculus")
        assert {ask(client, topic="optimization")["exercise"]["id"] for _ in range(6)} == mine

    def test_another_tree_is_better_than_nothing(self, client: Client) -> None:
        only = choice(topic="speech")
        body = ask(client, topic="optimization")
        assert (body["exercise"]["id"], body["relaxed"]) == (only.pk, ["topic"])

    def test_without_a_topic_the_last_queries_say_it(self, client: Client) -> None:
        for slug in ("optimization", "speech", "calculus"):
            choice(topic=slug)
            for n in range(3):
                add(f"About {slug} {n}", topics=[slug])
        session = LearningSession.objects.create(session_id="s")
        self.asked(session, "optimization")
        self.asked(session, "speech")
        assert ask(client)["exercise"]["topic"] == "speech"

    def asked(self, session: LearningSession, slug: str) -> None:
        found = topic(slug).resources.values_list("id", flat=True)
        Interaction.objects.create(
            session=session, query="?", results=[{"id": pk, "score": 1.0} for pk in found]
        )

    def test_without_anything_a_starter(self, client: Client) -> None:
        tree(classical_learning="", regression="classical-learning")
        choice(topic="speech")
        starter = choice(topic="regression")
        body = ask(client)
        assert (body["exercise"]["id"], body["relaxed"]) == (starter.pk, [])

    def test_what_is_linked_to_the_resource_comes_first(self, client: Client) -> None:
        resource = add("Speech", topics=["speech"])
        choice(topic="optimization")
        near = choice(topic="speech", level="advanced")
        linked = choice(topic="calculus", resource=resource)
        body = ask(client, resource_id=resource.pk)
        assert body["exercise"]["id"] == linked.pk
        assert body["exercise"]["resource"] == {
            "id": resource.pk, "title": "Speech", "url": resource.url,
        }  # fmt: skip
        assert "resource_id" not in body["relaxed"]
        body = ask(client, resource_id=resource.pk)
        assert (body["exercise"]["id"], body["relaxed"]) == (near.pk, ["resource_id", "level"])


def test_the_level_is_that_of_the_sessions_mastery(client: Client) -> None:
    for level in Level.values:
        choice(level=level)
    for mastery, level in ((0.1, "beginner"), (0.5, "intermediate"), (0.9, "advanced")):
        session = LearningSession.objects.create(session_id=level)
        Review.objects.create(session=session, topic=topic(), mastery=mastery)
        assert ask(client, session=level)["exercise"]["level"] == level
        assert ask(client, session=level, level="beginner")["exercise"]["level"] == "beginner" or (
            level == "beginner"
        )


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"exercise_type": "essay"}, "exercise_type", "must be one of multiple_choice"),
        ({"exercise_type": ""}, "exercise_type", "blank"),
        ({"exercise_type": 7}, "exercise_type", "must be a string, int was sent"),
        ({"exercise_type": "\ud800"}, "exercise_type", "must be one of"),
        ({"session_id": "x" * 129}, "session_id", "at most 128 characters, 129 were sent"),
        ({"session_id": "a\0"}, "session_id", "ull"),
        ({"topic": "no-such"}, "topic", "there is no topic 'no-such'"),
        ({"level": "expert"}, "level", "one of beginner"),
        ({"resource_id": 12345}, "resource_id", "there is no resource 12345"),
        ({"resource_id": "1"}, "resource_id", "must be a whole number, str"),
        ({"resource_id": 2**70}, "resource_id", "must be from 1 to"),
        ({"levl": "beginner"}, "levl", "unknown field"),
    ],
)
def test_a_field_at_fault_is_named(
    client: Client, change: dict[str, Any], field: str, said: str
) -> None:
    body = {"exercise_type": "cloze", "session_id": "s"} | change
    (error,) = post(client, "exercises", body, 400)["errors"]
    assert error["field"] == field
    assert said in error["detail"]
    assert not LearningSession.objects.exists()


def test_with_a_slash_too(client: Client) -> None:
    made = choice()
    assert (
        post(client, "exercises/", {"exercise_type": "mcq", "session_id": "s"})["exercise"]["id"]
        == made.pk
    )


def test_it_takes_a_few_statements_however_much_there_is(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(60):
        choice(topic=f"topic-{n % 7}", level=Level.values[n % 3])
    ask(client)
    with django_assert_max_num_queries(12):
        ask(client)
