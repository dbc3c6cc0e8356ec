"""A model server that is slow, silent or mad costs its time limit, and says one thing only."""

import time
from collections.abc import Callable

import pytest

from learning_assistant import ollama
from learning_assistant.ollama import ModelUnavailable
from tests.scripted import Script

pytestmark = pytest.mark.alone

SECONDS = 0.4
# What leaving a call may cost beyond its limit, on a busy machine.
SLACK = 0.3


def chat() -> object:
    messages = [{"role": "user", "content": "why?"}]
    return ollama.chat("smollm2:135m", messages, seconds=SECONDS, max_tokens=8)


def embed() -> object:
    return ollama.embed("all-minilm", ["one", "two"], seconds=SECONDS)


CALLS = pytest.mark.parametrize("call", [chat, embed])


def fails_in_time(call: Callable[[], object]) -> str:
    began = time.monotonic()
    with pytest.raises(ModelUnavailable) as raised:
        call()
    assert time.monotonic() - began < SECONDS + SLACK
    return str(raised.value)


@CALLS
def test_a_server_that_never_answers(model_server: Script, call: Callable[[], object]) -> None:
    model_server.never = True
    fails_in_time(call)


@CALLS
def test_a_server_that_answers_late(model_server: Script, call: Callable[[], object]) -> None:
    model_server.delay_s = 1.5
    fails_in_time(call)


@CALLS
def test_a_server_that_sends_byte_by_byte(model_server: Script, call: Callable[[], object]) -> None:
    """Each single read is quick, all of them together are not."""
    model_server.drip_s = 0.05
    fails_in_time(call)


@CALLS
def test_a_server_whose_answer_has_no_end(model_server: Script, call: Callable[[], object]) -> None:
    model_server.endless = True
    fails_in_time(call)


@CALLS
@pytest.mark.parametrize("sent", [0, 20])
def test_a_connection_that_is_reset(
    model_server: Script, call: Callable[[], object], sent: int
) -> None:
    """Before an answer, or in the middle of it."""
    model_server.reset, model_server.reset_after = True, sent
    fails_in_time(call)


@CALLS
@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_server_that_refuses(
    model_server: Script, call: Callable[[], object], status: int
) -> None:
    model_server.status = status
    assert str(status) in fails_in_time(call)


@CALLS
@pytest.mark.parametrize(
    "body",
    [b"not json", b"", b"[]", b"null", b'{"embeddings": "x", "message": 3}', b"\xff\xfe{"],
)
def test_a_server_that_sends_garbage(
    model_server: Script, call: Callable[[], object], body: bytes
) -> None:
    model_server.body = body
    fails_in_time(call)


@CALLS
def test_nobody_at_the_address(no_model_server: None, call: Callable[[], object]) -> None:
    assert "http://127.0.0.1:9" in fails_in_time(call)


def test_too_few_vectors(model_server: Script) -> None:
    model_server.missing_vectors = 1
    assert fails_in_time(embed) == "1 vectors came for 2 texts"


def test_the_next_call_is_well_again(model_server: Script) -> None:
    model_server.never = True
    fails_in_time(embed)
    model_server.never = False
    assert embed()


def test_what_the_server_said_is_returned(model_server: Script) -> None:
    model_server.sentence, model_server.tokens = "Because.", 5
    completion = ollama.chat("smollm2:135m", [], seconds=SECONDS, max_tokens=8, stop=["\n"])
    assert (completion.text, completion.tokens) == ("Because.", 5)
    assert completion.tokens_per_second == pytest.approx(50)
    asked = model_server.calls[-1][1]
    assert asked["options"]["num_predict"] == 8
    assert asked["options"]["stop"] == ["\n"]
    assert asked["stream"] is False


def test_digests_are_found_by_full_name(model_server: Script) -> None:
    assert len(ollama.digest_of("all-minilm")) == 64
    assert ollama.digest_of("all-minilm") == ollama.digest_of("all-minilm:latest")
    assert ollama.digest_of("unknown") == ""
    assert model_server.paths() == ["/api/tags"], "asked for once, then remembered"
