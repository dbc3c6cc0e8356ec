"""Short ways to ask, and to read what comes back."""

import json
import math
from collections.abc import Sequence
from typing import Any

import httpx

from tests.learning_assistant.inference.conftest import CHAT_MODEL, EMBED_MODEL

SKY = [{"role": "user", "content": "Why is the sky blue?"}]
FIGURES = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)


def chat(http: httpx.Client, messages: Sequence[Any] = SKY, **more: Any) -> dict[str, Any]:
    """The whole answer of the chat model, 8 tokens of it unless *more* says otherwise."""
    options = {"num_predict": 8, "temperature": 0, **more.pop("options", {})}
    body = {"model": CHAT_MODEL, "messages": messages, "stream": False, "options": options, **more}
    return _json(http.post("/api/chat", json=body))


def generate(http: httpx.Client, prompt: str, **more: Any) -> dict[str, Any]:
    options = {"num_predict": 8, "temperature": 0, **more.pop("options", {})}
    body = {"model": CHAT_MODEL, "prompt": prompt, "stream": False, "options": options, **more}
    return _json(http.post("/api/generate", json=body))


def embed(http: httpx.Client, given: str | list[str], **more: Any) -> dict[str, Any]:
    return _json(http.post("/api/embed", json={"model": EMBED_MODEL, "input": given, **more}))


def stream(http: httpx.Client, path: str, **body: Any) -> list[dict[str, Any]]:
    """The events of a streamed answer."""
    with http.stream("POST", path, json=body) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in response.iter_lines()]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (length(one) * length(other))


def length(vector: Sequence[float]) -> float:
    return math.sqrt(sum(number * number for number in vector))


def refused(response: httpx.Response, *statuses: int) -> str:
    """The message of an error in Ollama's form."""
    assert response.status_code in statuses, response.text
    body = response.json()
    assert isinstance(body["error"], str)
    return str(body["error"])


def _json(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found
