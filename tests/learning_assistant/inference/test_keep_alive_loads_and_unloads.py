import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import ollama
import pytest

from tests.learning_assistant.inference.asking import chat, generate, refused
from tests.learning_assistant.inference.conftest import CHAT_MODEL, EMBED_MODEL

HI = [{"role": "user", "content": "Hi"}]


@pytest.fixture(autouse=True)
def loaded_for_good(client: ollama.Client) -> Iterator[None]:
    """Whatever a test did, the chat model is there for the next one."""
    yield
    client.chat(model=CHAT_MODEL, messages=[], keep_alive=-1)


def expiry(client: ollama.Client, model: str = CHAT_MODEL) -> timedelta | None:
    """How long *model* stays; None when it is not loaded."""
    for one in client.ps().models:
        if one.model == model and one.expires_at:
            return one.expires_at - datetime.now(UTC)
    return None


def gone(client: ollama.Client) -> bool:
    ends = time.monotonic() + 5
    while expiry(client) is not None and time.monotonic() < ends:
        time.sleep(0.05)
    return expiry(client) is None


def test_no_messages_load_the_model(http: httpx.Client, client: ollama.Client) -> None:
    answer = chat(http, [])
    assert (answer["done"], answer["done_reason"]) == (True, "load")
    assert answer["message"] == {"role": "assistant", "content": ""}
    assert expiry(client) is not None


def test_no_prompt_loads_the_model(http: httpx.Client, client: ollama.Client) -> None:
    answer = generate(http, "")
    assert (answer["done"], answer["done_reason"], answer["response"]) == (True, "load", "")
    assert expiry(client) is not None


def test_nothing_and_no_time_unload_it(http: httpx.Client, client: ollama.Client) -> None:
    assert chat(http, [], keep_alive=0)["done_reason"] == "unload"
    assert gone(client)
    generate(http, "")
    assert generate(http, "", keep_alive=0)["done_reason"] == "unload"
    assert gone(client)


def test_it_is_loaded_again_when_it_is_wanted(http: httpx.Client, client: ollama.Client) -> None:
    chat(http, [], keep_alive=0)
    assert gone(client)
    answer = chat(http, HI)
    assert answer["eval_count"] > 0
    assert answer["load_duration"] > 10_000_000  # nanoseconds
    assert chat(http, HI)["load_duration"] < answer["load_duration"] / 2


def test_an_answer_with_no_time_left_unloads_it(http: httpx.Client, client: ollama.Client) -> None:
    assert chat(http, HI, keep_alive="0s")["eval_count"] > 0
    assert gone(client)


@pytest.mark.parametrize("given", ["5m", 300, "300s", "0h4m60s"])
def test_a_time_says_how_long_it_stays(
    http: httpx.Client, client: ollama.Client, given: str | int
) -> None:
    chat(http, HI, keep_alive=given)
    left = expiry(client)
    assert left and timedelta(minutes=4, seconds=50) < left <= timedelta(minutes=5)


@pytest.mark.parametrize("given", [-1, "-1m"])
def test_a_negative_time_keeps_it(
    http: httpx.Client, client: ollama.Client, given: str | int
) -> None:
    chat(http, HI, keep_alive=given)
    left = expiry(client)
    assert left and left > timedelta(days=365)


def test_a_short_time_passes(http: httpx.Client, client: ollama.Client) -> None:
    chat(http, HI, keep_alive="300ms")
    assert gone(client)


def test_the_other_model_is_left_alone(http: httpx.Client, client: ollama.Client) -> None:
    client.embed(model=EMBED_MODEL, input="a", keep_alive=-1)
    chat(http, [], keep_alive=0)
    assert gone(client)
    assert len(client.embed(model=EMBED_MODEL, input="still here").embeddings) == 1


@pytest.mark.parametrize("given", ["soon", "5", "5 minutes", [], True], ids=str)
def test_what_is_no_time_is_refused(http: httpx.Client, given: object) -> None:
    body = {"model": CHAT_MODEL, "messages": HI, "keep_alive": given}
    assert refused(http.post("/api/chat", json=body), 400)
