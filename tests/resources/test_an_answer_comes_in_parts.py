"""`Accept: text/event-stream`: the resources first, then the advice as it is written."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.test import Client

from learning_assistant import broker
from resources.rag.advice import checked_beginning
from sessions.models import Interaction
from tests.scripted import Script

SENTENCE = "Start with [1], because it explains how zebra stripes work."
ADVICE = "Start with “Zebra stripes”, because it explains how zebra stripes work."


def events(client: Client, **asked: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    answer: Any = client.post(
        "/api/learning/resources",
        {"query": "how do zebra stripes work?", "session_id": "s"} | asked,
        content_type="application/json",
        headers={"Accept": "text/event-stream"},
    )
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["Cache-Control"] == "no-store"
    for raw in answer.streaming_content:
        event, data = raw.decode().removesuffix("\n\n").split("\n")
        yield event.removeprefix("event: "), json.loads(data.removeprefix("data: "))
    answer.close()


def test_resources_words_and_the_whole(zebras: Script, lane_worker: None, client: Client) -> None:
    told = list(events(client))
    names = [name for name, _ in told]
    assert names[0] == "resources"
    assert names[-1] == "done"
    assert set(names[1:-1]) == {"advice"}
    assert len(names) > 6, "word by word"
    done = told[-1][1]
    assert told[0][1]["resources"] == done["resources"]
    assert len(done["resources"]) >= 3
    assert "".join(data["words"] for _, data in told[1:-1]) == done["advice"] == ADVICE
    assert (done["advice_source"], done["degraded"]) == ("model", False)
    assert Interaction.objects.get(pk=done["query_id"]).advice == ADVICE


def test_it_is_the_same_answer_as_without_streaming(
    zebras: Script, lane_worker: None, client: Client
) -> None:
    (*_, (_, streamed)) = events(client)
    body = {"query": "how do zebra stripes work?", "session_id": "s"}
    whole = client.post("/api/learning/resources", body, content_type="application/json").json()
    changing = ("query_id", "took_ms")
    assert {k: v for k, v in streamed.items() if k not in changing} == {
        k: v for k, v in whole.items() if k not in changing
    }


def test_what_is_wrong_is_not_sent_word_by_word(
    zebras: Script, lane_worker: None, client: Client
) -> None:
    zebras.sentence = "Start with [1], because it explains how Zaphod draws zebra stripes well."
    told = list(events(client))
    words = "".join(data["words"] for name, data in told if name == "advice")
    assert "Zaphod" not in words
    assert ADVICE.startswith(words)
    done = told[-1][1]
    assert done["advice_source"] == "template"
    assert "Zaphod" not in done["advice"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("Start", ""),
        ("Start with [1], bec", "Start with “Z”,"),
        (
            "Start with [1], because it explains stripes. And m",
            "Start with “Z”, because it explains stripes.",
        ),
        ("Start with [1] at www.z.example, because", ""),
        ("Start with [1], because 42 ", ""),
    ],
)
def test_only_whole_words_in_which_nothing_is_wrong(text: str, told: str) -> None:
    first = {
        "title": "Z", "reason": "How stripes work", "summary": "", "kind": "book",
        "level": "beginner", "topics": [], "authors": [],
    }  # fmt: skip
    assert checked_beginning(text, "stripes", first) == told


def test_a_client_that_leaves_frees_the_model(
    zebras: Script, lane_worker: None, client: Client, valkey: redis.Redis
) -> None:
    zebras.sentence, zebras.word_s = f"{SENTENCE[:-1]} {'work ' * 200}.", 0.05
    told = events(client)
    for name, _ in told:
        if name == "advice":
            break
    told.close()
    assert zebras.left.wait(5), "the model server would have gone on for ten seconds"
    assert broker.client().zcard("la:model-slots") == 0
    assert not Interaction.objects.exists()


def test_without_a_worker_it_comes_in_two_parts(
    zebras: Script, valkey: redis.Redis, client: Client
) -> None:
    told = list(events(client))
    assert [name for name, _ in told] == ["resources", "done"]
    assert told[1][1]["degraded_reasons"] == ["queue"]
    assert told[1][1]["advice"]


def test_bad_input_is_a_problem_as_ever(client: Client) -> None:
    answer = client.post(
        "/api/learning/resources",
        {"query": ""},
        content_type="application/json",
        headers={"Accept": "text/event-stream"},
    )
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
