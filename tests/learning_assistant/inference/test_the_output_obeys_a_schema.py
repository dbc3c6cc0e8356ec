import json
from typing import Any

import httpx
import jsonschema
import pytest

from tests.learning_assistant.inference.asking import chat, generate, refused, stream
from tests.learning_assistant.inference.conftest import CHAT_MODEL

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "level": {"enum": ["beginner", "advanced"]},
        "pages": {"type": "integer"},
        "free": {"type": "boolean"},
        "tags": {
            "type": "array",
            "items": {"type": "string", "maxLength": 12},
            "minItems": 2,
            "maxItems": 2,
        },
    },
    "required": ["level", "pages", "free", "tags"],
    "additionalProperties": False,
}
ASK = [{"role": "user", "content": "Describe a book about statistics. Respond using JSON."}]
LONG = {"num_predict": 300}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_chat_answer_obeys_it(http: httpx.Client, seed: int) -> None:
    options = {**LONG, "temperature": 1, "seed": seed}
    answer = chat(http, ASK, format=SCHEMA, options=options)
    assert answer["done_reason"] == "stop"
    jsonschema.validate(json.loads(answer["message"]["content"]), SCHEMA)


def test_a_streamed_answer_obeys_it(http: httpx.Client) -> None:
    events = stream(http, "/api/chat", model=CHAT_MODEL, messages=ASK, format=SCHEMA, options=LONG)
    text = "".join(event["message"]["content"] for event in events)
    jsonschema.validate(json.loads(text), SCHEMA)


def test_a_completed_prompt_obeys_it(http: httpx.Client) -> None:
    answer = generate(http, ASK[0]["content"], format=SCHEMA, options=LONG)
    jsonschema.validate(json.loads(answer["response"]), SCHEMA)


def test_json_alone_means_any_object(http: httpx.Client) -> None:
    small = [{"role": "user", "content": 'Reply with the JSON object {"answer": 4}.'}]
    answer = chat(http, small, format="json", options={"num_predict": 80})
    if answer["done_reason"] == "stop":
        assert isinstance(json.loads(answer["message"]["content"]), dict)
    assert answer["message"]["content"].lstrip().startswith("{")


def test_another_word_is_no_format(http: httpx.Client) -> None:
    body = {"model": CHAT_MODEL, "messages": ASK, "format": "yaml", "stream": False}
    assert "format" in refused(http.post("/api/chat", json=body), 400, 500)


@pytest.mark.parametrize(
    "schema",
    [{"type": "no such type"}, {"$ref": "#/$defs/missing"}, {"type": "string", "pattern": "["}],
    ids=["type", "reference", "pattern"],
)
def test_a_schema_that_makes_no_sense_is_refused(
    http: httpx.Client, schema: dict[str, Any]
) -> None:
    body = {"model": CHAT_MODEL, "messages": ASK, "format": schema, "stream": False}
    assert refused(http.post("/api/chat", json=body), 400, 500)
