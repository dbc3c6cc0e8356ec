import httpx
import ollama
import pytest

from tests.learning_assistant.inference.asking import FIGURES, generate, stream
from tests.learning_assistant.inference.conftest import CHAT_MODEL

PROMPT = "The capital of France is"
OPTIONS = {"num_predict": 8, "temperature": 0}


def test_it_streams_unless_told_otherwise(http: httpx.Client) -> None:
    *events, last = stream(http, "/api/generate", model=CHAT_MODEL, prompt=PROMPT, options=OPTIONS)
    assert len(events) > 3 and not any(event["done"] for event in events)
    assert last["done"] is True and all(name in last for name in FIGURES)
    text = "".join(event["response"] for event in [*events, last])
    assert text == generate(http, PROMPT)["response"] != ""


def test_a_raw_prompt_gets_no_template(http: httpx.Client) -> None:
    raw, plain = generate(http, PROMPT, raw=True), generate(http, PROMPT)
    assert raw["prompt_eval_count"] < plain["prompt_eval_count"]
    assert raw["response"] != plain["response"]
    assert "context" not in raw


def test_a_template_of_ones_own_is_used(http: httpx.Client) -> None:
    own = generate(http, "France", template="The capital of {{ .Prompt }} is")
    assert own["response"] == generate(http, PROMPT, raw=True)["response"]


def test_a_template_may_leave_out_the_system_text(http: httpx.Client) -> None:
    template = "{{ if .System }}{{ .System }}\n{{ end }}{{ .Prompt }}"
    without = generate(http, PROMPT, template=template)
    with_it = generate(http, PROMPT, template=template, system="Geography for beginners.")
    assert without["prompt_eval_count"] < with_it["prompt_eval_count"]


def test_a_system_text_is_read(http: httpx.Client) -> None:
    short, long = (generate(http, PROMPT, system=text) for text in ("Be brief.", "Be brief. " * 20))
    assert short["prompt_eval_count"] + 20 < long["prompt_eval_count"]


def test_the_context_carries_a_conversation_on(http: httpx.Client) -> None:
    first = generate(http, "My name is Zebulon.")
    assert len(first["context"]) > first["prompt_eval_count"]
    second = generate(
        http,
        "What is my name?",
        context=first["context"],
        options={"num_predict": 24, "repeat_penalty": 1.0},
    )
    assert second["prompt_eval_count"] > len(first["context"])


def test_raw_mode_takes_no_system_text(http: httpx.Client) -> None:
    body = {"model": CHAT_MODEL, "prompt": PROMPT, "raw": True, "system": "Be brief."}
    assert http.post("/api/generate", json=body).status_code == 400


@pytest.mark.parametrize("streamed", [True, False])
def test_the_official_client_completes(client: ollama.Client, streamed: bool) -> None:
    answer = client.generate(model=CHAT_MODEL, prompt=PROMPT, stream=streamed, options=OPTIONS)
    last = list(answer)[-1] if streamed else answer
    assert last["done"] is True and last["eval_count"] == 8
