from typing import Any

import httpx
import ollama
import pytest

from tests.learning_assistant.inference.asking import refused
from tests.learning_assistant.inference.conftest import CHAT_MODEL, EMBED_MODEL

PATHS = ["/api/chat", "/api/generate", "/api/embed", "/api/show"]
HI = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("model", ["nothing", "smollm2:999b", "some/one:else"])
def test_an_unknown_model_is_not_found(http: httpx.Client, path: str, model: str) -> None:
    message = refused(http.post(path, json={"model": model, "input": "a"}), 404)
    assert "not found" in message and model in message


def test_the_official_client_hears_that_it_is_not_found(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError) as caught:
        client.chat(model="nothing", messages=HI)
    assert caught.value.status_code == 404
    assert "not found" in caught.value.error


@pytest.mark.parametrize("path", [*PATHS, "/api/embeddings"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"5", b"\xff\xfe", b'{"model": 5}'], ids=repr
)
def test_a_body_that_is_no_request_is_refused(http: httpx.Client, path: str, body: bytes) -> None:
    assert refused(http.post(path, content=body), 400)


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": "Hi"},
        {"messages": ["Hi"]},
        {"messages": [{"role": 5, "content": "Hi"}]},
        {"messages": [{"role": "user", "content": ["Hi"]}]},
        {"messages": HI, "stream": "no"},
        {"messages": HI, "options": []},
    ],
    ids=str,
)
def test_a_chat_with_wrong_types_is_refused(http: httpx.Client, wrong: dict[str, Any]) -> None:
    assert refused(http.post("/api/chat", json={"model": CHAT_MODEL, **wrong}), 400)


@pytest.mark.parametrize("wrong", [{"prompt": 5}, {"raw": "yes"}, {"context": "a"}], ids=str)
def test_a_prompt_with_wrong_types_is_refused(http: httpx.Client, wrong: dict[str, Any]) -> None:
    body = {"model": CHAT_MODEL, "prompt": "Hi", **wrong}
    assert refused(http.post("/api/generate", json=body), 400)


def test_a_null_is_as_good_as_nothing(http: httpx.Client) -> None:
    body = {"model": EMBED_MODEL, "input": "a", "options": None, "keep_alive": None}
    assert http.post("/api/embed", json=body).status_code == 200


def test_a_chat_needs_a_model(http: httpx.Client) -> None:
    assert refused(http.post("/api/chat", json={"messages": HI}), 400) == "model is required"


def test_the_model_cannot_think(http: httpx.Client) -> None:
    body = {"model": CHAT_MODEL, "messages": HI, "think": True}
    assert "does not support thinking" in refused(http.post("/api/chat", json=body), 400)


def test_the_model_need_not_be_told_not_to_think(client: ollama.Client) -> None:
    answer = client.chat(model=CHAT_MODEL, messages=HI, think=False, options={"num_predict": 2})
    assert answer.done


def test_the_model_has_no_use_for_tools(http: httpx.Client) -> None:
    tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
    body = {"model": CHAT_MODEL, "messages": HI, "tools": [tool]}
    assert "does not support tools" in refused(http.post("/api/chat", json=body), 400)


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_the_model_sees_no_images(http: httpx.Client, path: str) -> None:
    images = ["iVBORw0KGgo="]
    body = {
        "model": CHAT_MODEL,
        "prompt": "Hi",
        "images": images,
        "messages": [{**HI[0], "images": images}],
        "stream": False,
    }
    assert refused(http.post(path, json=body), 400, 500)


def test_the_model_fills_no_gaps(http: httpx.Client) -> None:
    body = {"model": CHAT_MODEL, "prompt": "def f(", "suffix": "return x"}
    assert "does not support insert" in refused(http.post("/api/generate", json=body), 400)


def test_an_embedding_model_does_not_chat(http: httpx.Client) -> None:
    body = {"model": EMBED_MODEL, "messages": HI}
    assert "does not support chat" in refused(http.post("/api/chat", json=body), 400)


def test_an_embedding_model_does_not_generate(http: httpx.Client) -> None:
    body = {"model": EMBED_MODEL, "prompt": "Hi"}
    assert "does not support generate" in refused(http.post("/api/generate", json=body), 400)
