import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.learning_assistant.inference.asking import chat, embed, refused
from tests.learning_assistant.inference.conftest import CHAT_MODEL, EMBED_MODEL, Server, Start

pytestmark = pytest.mark.alone

LONG: dict[str, Any] = {
    "model": CHAT_MODEL,
    "messages": [{"role": "user", "content": "Tell me a very long story about a bear."}],
    "options": {"num_predict": 1900, "temperature": 1.5, "repeat_penalty": 1.0, "seed": 3},
}


def test_more_requests_than_slots_are_all_answered(server: Server) -> None:
    def ask(number: int) -> str:
        said = [{"role": "user", "content": f"Say {number}."}]
        return str(chat(server.http(), said)["done_reason"])

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) <= {"stop", "length"}


def test_answers_are_not_mixed_up(server: Server) -> None:
    def ask(text: str) -> str:
        return str(chat(server.http(), [{"role": "user", "content": text}])["message"]["content"])

    questions = ["What is a cat?", "What is a car?", "What is a sum?", "What is a war?"]
    alone = [ask(question) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(ask, questions))
    # Batches of another size round differently, so the tails may differ; the beginnings don't.
    assert [text[:8] for text in together] == [text[:8] for text in alone]


def test_a_full_queue_says_so(start: Start) -> None:
    small = start("--parallel", "1", "--queue", "1")

    def ask(_: int) -> httpx.Response | None:
        try:
            return small.http(timeout=1.5).post("/api/chat", json={**LONG, "stream": False})
        except httpx.ReadTimeout:
            return None  # it is still waiting

    with small.http().stream("POST", "/api/chat", json=LONG) as running:
        lines = running.iter_lines()  # kept: the connection closes with it
        next(lines)
        with ThreadPoolExecutor(2) as pool:
            answers = [response for response in pool.map(ask, range(2)) if response]
    message = "server busy, please try again.  maximum pending requests exceeded"
    assert [refused(response, 503) for response in answers] == [message]
    assert chat(small.http())["eval_count"] > 0


def test_a_query_is_embedded_while_chats_run(embedded: Server) -> None:
    one, other = embedded.http(), embedded.http()
    with (
        one.stream("POST", "/api/chat", json=LONG) as first,
        other.stream("POST", "/api/chat", json=LONG) as second,
    ):
        kept = [first.iter_lines(), second.iter_lines()]
        assert all(next(lines) for lines in kept)
        http = embedded.http()
        times = [timed(http) for _ in range(20)]
    assert sorted(times)[10] < 0.15  # seconds; alone it takes 0.01


def test_a_query_overtakes_a_long_batch(embedded: Server) -> None:
    batch = ["A passage of some length about statistics and learning. " * 6] * 64
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(embed, embedded.http(), batch)
        time.sleep(0.2)
        took = timed(embedded.http())
        assert not running.done()
        assert len(running.result()["embeddings"]) == 64
    assert took < 0.8  # seconds; the batch takes three and more


def timed(http: httpx.Client) -> float:
    began = time.monotonic()
    assert http.post("/api/embed", json={"model": EMBED_MODEL, "input": "a query"}).is_success
    return time.monotonic() - began
