import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.learning_assistant.inference.asking import chat
from tests.learning_assistant.inference.conftest import CHAT_MODEL, Server, Start

pytestmark = pytest.mark.alone

STORY = [{"role": "user", "content": "Tell me a very long story about a bear, in many words."}]
LONG: dict[str, Any] = {
    "model": CHAT_MODEL,
    "messages": STORY,
    # It must not end by itself: a bound on what may end it.
    "options": {"num_predict": 1900, "temperature": 1.5, "repeat_penalty": 1.0, "seed": 3},
}
# One answer of that length alone takes 20 s and more; both slots are taken at first.
SOON = 5.0


def give_up_streaming(server: Server) -> None:
    http = server.http()
    with http.stream("POST", "/api/chat", json=LONG) as response:
        lines = response.iter_lines()
        for _ in range(3):
            next(lines)


def give_up_waiting(server: Server) -> None:
    with pytest.raises(httpx.ReadTimeout):
        server.http(timeout=0.7).post("/api/chat", json={**LONG, "stream": False})


def together(what: Callable[[Server], None], server: Server, times: int) -> None:
    threads = [threading.Thread(target=what, args=(server,)) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("give_up", [give_up_streaming, give_up_waiting])
def test_all_slots_are_free_after_everybody_left(
    server: Server, http: httpx.Client, give_up: Callable[[Server], None]
) -> None:
    together(give_up, server, times=4)
    began = time.monotonic()
    assert chat(http, options={"num_predict": 3})["eval_count"] == 3
    assert time.monotonic() - began < SOON


def test_who_leaves_the_queue_is_not_served(start: Start) -> None:
    alone = start("--parallel", "1")
    with alone.http().stream("POST", "/api/chat", json=LONG) as response:
        lines = response.iter_lines()  # kept: the connection closes with it
        next(lines)
        together(give_up_waiting, alone, times=3)
    began = time.monotonic()
    assert chat(alone.http(), options={"num_predict": 3})["eval_count"] == 3
    assert time.monotonic() - began < SOON


def test_a_long_prompt_is_dropped_while_it_is_read(start: Start) -> None:
    alone = start("--parallel", "1")
    chat(alone.http(), options={"num_predict": 1})
    long = {**LONG, "messages": [{"role": "user", "content": "bear honey forest " * 550}]}
    with pytest.raises(httpx.ReadTimeout):
        alone.http(timeout=0.3).post("/api/chat", json=long)
    began = time.monotonic()
    chat(alone.http(), options={"num_predict": 1})
    assert time.monotonic() - began < SOON / 2  # the whole prompt takes 5 s and more
