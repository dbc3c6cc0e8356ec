from datetime import UTC, datetime, timedelta

import httpx
import ollama

from tests.learning_assistant.inference.asking import FIGURES, SKY, chat, stream
from tests.learning_assistant.inference.conftest import CHAT_MODEL

OPTIONS = {"num_predict": 8, "temperature": 0}


def test_it_streams_unless_told_otherwise(http: httpx.Client) -> None:
    events = stream(http, "/api/chat", model=CHAT_MODEL, messages=SKY, options=OPTIONS)
    assert len(events) > 3
    assert [event["done"] for event in events] == [False] * (len(events) - 1) + [True]
    assert all(event["message"]["role"] == "assistant" for event in events)
    assert all(event["model"] == CHAT_MODEL for event in events)


def test_only_the_last_event_has_the_figures(http: httpx.Client) -> None:
    *events, last = stream(http, "/api/chat", model=CHAT_MODEL, messages=SKY, options=OPTIONS)
    assert all(name not in event for event in events for name in FIGURES)
    assert all(isinstance(last[name], int) and last[name] >= 0 for name in FIGURES)
    assert last["eval_count"] == 8
    assert last["prompt_eval_count"] > 5
    assert last["total_duration"] >= last["eval_duration"] > 1_000_000  # nanoseconds


def test_every_event_tells_when_it_was_made(http: httpx.Client) -> None:
    events = stream(http, "/api/chat", model=CHAT_MODEL, messages=SKY, options=OPTIONS)
    moments = [datetime.fromisoformat(event["created_at"]) for event in events]
    assert moments == sorted(moments)
    assert abs(datetime.now(UTC) - moments[-1]) < timedelta(minutes=1)


def test_the_pieces_are_the_whole(http: httpx.Client) -> None:
    events = stream(http, "/api/chat", model=CHAT_MODEL, messages=SKY, options=OPTIONS)
    whole = chat(http)
    assert "".join(event["message"]["content"] for event in events) == whole["message"]["content"]
    assert whole["done"] is True and whole["message"]["content"]
    assert all(name in whole for name in FIGURES)


def test_a_whole_answer_is_plain_json(http: httpx.Client) -> None:
    body = {"model": CHAT_MODEL, "messages": SKY, "stream": False, "options": OPTIONS}
    response = http.post("/api/chat", json=body)
    assert response.headers["content-type"].startswith("application/json")


def test_the_official_client_reads_a_stream(client: ollama.Client) -> None:
    parts = list(client.chat(model=CHAT_MODEL, messages=SKY, stream=True, options=OPTIONS))
    assert len(parts) > 3
    assert parts[-1].done_reason == "length"


def test_the_official_client_reads_a_whole_answer(client: ollama.Client) -> None:
    answer = client.chat(model=CHAT_MODEL, messages=SKY, options=OPTIONS)
    assert answer.message.role == "assistant" and answer.message.content
    assert answer.eval_count == 8
