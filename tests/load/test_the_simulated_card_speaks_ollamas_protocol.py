"""The server over the wire, by what it says; how long it takes is the card's own matter."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import ollama as ollama_package
import pytest
import uvicorn
from django.conf import settings as project
from pytest_django import Settings

from learning_assistant import ollama
from resources import prompts
from resources.rag import advice
from tests.conftest import forget_model_client
from tests.load.card import CARDS, Card
from tests.load.driving import Driver
from tests.load.gpu import Gpu, application, client_of
from tests.stack import free_port, until

EMBEDDED = project.OLLAMA_HOST  # what the tests replace
KIND = replace(CARDS["rtx5060ti"], load_s=0.001)
HELLO = [{"role": "user", "content": "Find AI/ML resources for: gradient descent"}]
FAST = 1000.0
# An answer of 215 tokens takes two minutes, a single token no time to speak of.
SLOW = 0.025
RESOURCE: dict[str, Any] = {
    "title": "A Tour", "kind": "tutorial", "level": "beginner", "authors": [], "topics": [],
    "summary": "", "reason": "Gradient descent drawn step by step for readers without calculus",
}  # fmt: skip
FIGURES = ("total", "load", "prompt_eval", "eval")


@contextmanager
def served(
    speed: float = FAST, parallel: int = 2, max_queue: int = 512, kind: Any = KIND
) -> Iterator[httpx.Client]:
    card = Card(kind, "best", parallel, max_queue=max_queue)
    gpu = Gpu(Driver(card, speed), client_of(EMBEDDED))
    port = free_port()
    config = uvicorn.Config(
        application(gpu), port=port, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, 10, "the simulated card serves")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            yield http
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def gpu() -> Iterator[httpx.Client]:
    with served() as http:
        yield http


def chat(http: httpx.Client, **more: Any) -> httpx.Response:
    return http.post(
        "/api/chat", json={"model": "llama3", "messages": HELLO, "stream": False} | more
    )


def lines(http: httpx.Client, path: str, **body: Any) -> list[dict[str, Any]]:
    with http.stream("POST", path, json={"model": "llama3"} | body) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in answer.iter_lines()]


@contextmanager
def begun(http: httpx.Client) -> Iterator[httpx.Response]:
    """An answer on its way, its first line read."""
    with http.stream("POST", "/api/chat", json={"model": "llama3", "messages": HELLO}) as answer:
        written = answer.iter_lines()  # were it forgotten, the connection would be closed
        next(written)
        yield answer


def counts(http: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = http.get("/simulated").json()
    return told


def loaded(http: httpx.Client) -> bool:
    """Whether the chat model is."""
    return "llama3:latest" in [m["name"] for m in http.get("/api/ps").json()["models"]]


def test_an_answer_comes_whole_with_its_figures(gpu: httpx.Client) -> None:
    body = chat(gpu).json()
    assert body["done"]
    assert body["done_reason"] == "stop"
    assert body["message"]["role"] == "assistant"
    assert len(body["message"]["content"]) > 500
    assert all(body[f"{name}_duration"] >= 0 for name in FIGURES)
    assert body["eval_count"] > 200
    assert body["prompt_eval_count"] == 19  # 42 characters, two headers


def test_an_answer_streams_in_pieces_that_make_the_whole(gpu: httpx.Client) -> None:
    whole = chat(gpu).json()["message"]["content"]
    events = lines(gpu, "/api/chat", messages=HELLO)
    assert "".join(e["message"]["content"] for e in events) == whole
    assert [e["done"] for e in events] == [False] * (len(events) - 1) + [True]
    assert len(events) > 20


def test_a_prompt_is_completed(gpu: httpx.Client) -> None:
    events = lines(gpu, "/api/generate", prompt="gradient descent", options={"num_predict": 9})
    assert events[-1]["eval_count"] == 9
    assert events[-1]["done_reason"] == "length"
    assert "".join(e["response"] for e in events).strip()


def test_stops_and_caps_end_it(gpu: httpx.Client) -> None:
    capped = chat(gpu, options={"num_predict": 4}).json()
    assert capped["done_reason"] == "length"
    assert capped["eval_count"] == 4
    stopped = chat(gpu, options={"stop": ["."]}).json()
    assert stopped["done_reason"] == "stop"
    assert "." not in stopped["message"]["content"]


def test_a_schema_is_obeyed(gpu: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [3]}}, "required": ["a"]}
    assert json.loads(chat(gpu, format=schema).json()["message"]["content"]) == {"a": 3}
    refused = chat(gpu, format={"type": "array", "uniqueItems": True})
    assert refused.status_code == 400
    assert "uniqueItems" in refused.json()["error"]


def test_the_card_is_as_fast_as_it_says(gpu: httpx.Client) -> None:
    body = chat(gpu).json()
    written = (body["eval_count"] - 1) / body["eval_duration"] * 1e9
    assert written == pytest.approx(71, rel=0.01)


@pytest.mark.parametrize(("status", "body"), [
    (404, {"model": "mistral", "messages": HELLO}), (400, {"messages": HELLO}),
    (400, {"model": "llama3", "messages": 3}), (400, {"model": "llama3", "format": 3}),
])  # fmt: skip
def test_bad_requests_are_refused(gpu: httpx.Client, status: int, body: Any) -> None:
    answer = gpu.post("/api/chat", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_full_queue_is_a_503() -> None:
    with served(SLOW, parallel=1, max_queue=0) as http, begun(http):
        refused = chat(http)
        assert refused.status_code == 503
        assert "server busy" in refused.json()["error"]
        assert counts(http)["busy"] == 1


def test_who_stops_reading_frees_the_slot() -> None:
    with served(SLOW, parallel=1) as http:
        with begun(http):
            pass
        assert chat(http, options={"num_predict": 1}).json()["done"]
        assert counts(http)["dropped"] == 1


def test_who_stops_waiting_frees_the_slot() -> None:
    with served(SLOW, parallel=1) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/api/chat", timeout=0.3, json={
                "model": "llama3", "messages": HELLO, "stream": False,
            })  # fmt: skip
        assert chat(http, options={"num_predict": 1}).json()["done"]
        assert counts(http)["dropped"] == 1


def test_a_model_comes_with_the_first_request_and_goes_when_told(gpu: httpx.Client) -> None:
    assert not loaded(gpu)
    assert chat(gpu, messages=[], keep_alive=-1).json()["done_reason"] == "load"
    assert loaded(gpu)
    assert chat(gpu, messages=[], keep_alive=0).json()["done_reason"] == "unload"
    assert not loaded(gpu)


def test_who_gives_up_a_cold_model_leaves_it_cold() -> None:
    with served(1.0, kind=CARDS["rtx5060ti"]) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/api/chat", timeout=0.3, json={"model": "llama3", "messages": HELLO})
        until(lambda: counts(http)["dropped"] == 1, 10, "the server has noticed")
        assert not loaded(http)


def test_hundred_streams_at_once_all_end() -> None:
    with served(20.0, parallel=100) as http:
        ended: list[int] = []

        def ask(number: int) -> None:
            messages = [{"role": "user", "content": f"word {number}"}]
            events = lines(http, "/api/chat", messages=messages, options={"num_predict": 30})
            ended.append(events[-1]["eval_count"])

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert ended == [30] * 100


# --- beside the product ------------------------------------------------------------------------
@pytest.fixture
def product(gpu: httpx.Client, services: None, settings: Settings) -> Iterator[None]:
    """OLLAMA_HOST is the simulated card, its vectors those of the embedded model server."""
    forget_model_client()
    settings.OLLAMA_HOST = str(gpu.base_url)
    yield
    forget_model_client()


def test_the_products_advice_passes_its_checks(product: None) -> None:
    query = "what is gradient descent?"
    said = ollama.chat(
        "llama3", prompts.advice(query, RESOURCE), seconds=10,
        max_tokens=prompts.ADVICE_TOKENS, stop=prompts.ADVICE_STOP,
    )  # fmt: skip
    assert advice.check(said, query, RESOURCE).text.endswith(".")
    assert 0 < said.tokens_per_second < 80


def test_vectors_are_those_of_the_embedded_server(product: None, gpu: httpx.Client) -> None:
    texts = ["gradient descent", "a cake with butter"]
    with httpx.Client(
        base_url="http://embedded",
        transport=httpx.HTTPTransport(uds=EMBEDDED.removeprefix("unix://")),
    ) as embedded:
        body = {"model": "all-minilm", "input": texts}
        real = embedded.post("/api/embed", json=body).json()["embeddings"]
    assert ollama.embed("all-minilm", texts, seconds=20) == real
    assert counts(gpu)["embedded"] == 2


def test_both_models_are_listed_with_digests(product: None) -> None:
    assert set(ollama.digests()) == {"llama3:latest", "all-minilm:latest"}
    assert all(ollama.digests().values())


def test_models_tell_what_they_can_do(product: None, gpu: httpx.Client) -> None:
    client = ollama_package.Client(host=str(gpu.base_url))
    assert client.show("llama3").capabilities == ["completion"]
    assert client.show("all-minilm").capabilities == ["embedding"]
    client._client.close()


def test_the_chat_model_does_not_embed(product: None) -> None:
    with pytest.raises(ollama.ModelRefused):
        ollama.embed("llama3", ["text"], seconds=5)
