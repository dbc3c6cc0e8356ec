import threading
import time
from typing import Any

import httpx
import pytest

from tests.learning_assistant.inference.conftest import CHAT_MODEL, EMBED_MODEL, Start

pytestmark = pytest.mark.alone

STORY = {"role": "user", "content": "Tell me a very long story about a bear."}
BOOK = {"role": "user", "content": "bear honey forest " * 550}
BATCH = ["A passage of some length about statistics and learning. " * 8] * 200


# However fast the machine is, the answer can't end by itself within the test.
ENDLESS = {"type": "array", "items": {"type": "integer"}, "minItems": 900}


def body(message: dict[str, str]) -> dict[str, Any]:
    return {
        "model": CHAT_MODEL,
        "messages": [message],
        "format": ENDLESS,
        "options": {"num_predict": 1900},
    }


@pytest.mark.parametrize(
    ("path", "json"),
    [
        ("/api/version", {}),
        ("/api/chat", body(STORY)),
        ("/api/chat", body(BOOK)),
        ("/api/embed", {"model": EMBED_MODEL, "input": BATCH}),
    ],
    ids=["idle", "writing", "reading", "embedding"],
)
def test_it_ends_whatever_it_does(start: Start, path: str, json: dict[str, Any]) -> None:
    server = start()
    http = server.http()

    def ask() -> None:
        try:
            http.post(path, json=json)
        except httpx.TransportError:
            return  # that is what it is for

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert server.process and server.uds
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert time.monotonic() - began < 2
    asking.join()
    assert not list(server.uds.parent.glob(f"{server.uds.stem}*"))


@pytest.mark.parametrize("streamed", [True, False])
def test_who_still_waits_is_told(start: Start, streamed: bool) -> None:
    server = start()
    assert server.process
    threading.Timer(0.5, server.process.terminate).start()
    response = server.http().post("/api/chat", json={**body(STORY), "stream": streamed})
    assert response.status_code == (200 if streamed else 503)
    assert response.text.splitlines()[-1] == '{"error":"the model server is shutting down"}'


def test_it_ends_while_it_loads(start: Start) -> None:
    server = start(models=0)
    assert server.process
    server.process.terminate()
    began = time.monotonic()
    assert server.process.wait(10) == 0
    assert time.monotonic() - began < 3


def test_after_a_kill_the_next_one_starts_on_the_same_socket(start: Start) -> None:
    server = start()
    assert server.process and server.uds
    server.process.kill()
    server.process.wait(5)
    assert server.uds.exists()
    assert start(uds=server.uds).http().get("/api/version").is_success
