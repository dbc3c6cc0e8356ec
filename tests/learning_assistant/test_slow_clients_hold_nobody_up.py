"""A request is gathered before a thread gets it: clients that send byte by byte, or read nothing,
hold no thread, and end. What can't be a request is refused without reading it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx
import pytest

from tests.stack import PROJECT, free_port, until

THREADS = 2
CONFIG = """
from learning_assistant import patient_worker
from learning_assistant.gunicorn_conf import *

patient_worker.GATHER_S = {gather}
patient_worker.THREAD_S = {thread}
"""
POST = b"POST /api/learning/resources HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
LIVE = b"GET /api/learning/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Server:
    def __init__(self, folder: Path, gather: float, thread: float) -> None:
        self.port = free_port()
        config = folder / "conf.py"
        config.write_text(CONFIG.format(gather=gather, thread=thread))
        env = os.environ | {"PORT": str(self.port), "WEB_THREADS": str(THREADS)}
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "learning_assistant.wsgi", "-c", str(config)],
                cwd=PROJECT, env=env, stderr=log,
            )  # fmt: skip
        until(self.is_alive, 60, "the server answers")

    def is_alive(self) -> bool:
        with suppress(httpx.HTTPError):
            url = f"http://127.0.0.1:{self.port}/api/learning/health/live"
            return httpx.get(url, timeout=5, trust_env=False).status_code == 200
        return False

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def say(self, *parts: bytes) -> bytes:
        """All that is answered to *parts*, until the server closes."""
        with closing(self.connect()) as client:
            for part in parts:
                client.sendall(part)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("web"), gather=60, thread=60)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that waits for nobody."""
    running = Server(tmp_path_factory.mktemp("hasty"), gather=0.3, thread=0.6)
    yield running
    running.stop()


def read(client: socket.socket, until: bytes) -> bytes:
    """What is answered, up to and with *until*."""
    answer = b""
    while until not in answer:
        answer += (more := client.recv(10_000))
        assert more, answer
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"POST", POST + JSON, POST + JSON + b"Content-Length: 100\r\n\r\n{",
        POST + b"Content-Length: 90000\r\n\r\n" + b"x" * 80000,
        POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        LIVE + LIVE + LIVE[:-2],
    ],
)  # fmt: skip
def test_many_times_more_slow_clients_than_threads(server: Server, sent: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS * 10):
            client = stack.enter_context(closing(server.connect()))
            client.sendall(sent)
            if sent.startswith(LIVE):
                client.recv(1)  # a thread has answered, and sees the beginning of the next
        assert server.is_alive()


def test_a_request_byte_by_byte_is_answered(server: Server) -> None:
    body = b'{"session_id": "s"}'
    request = POST + JSON + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answer = server.say(*(bytes([byte]) for byte in request))
    assert status(answer) == 400
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["errors"][0]["field"] == "query"


def test_two_requests_in_one_packet_are_two(server: Server) -> None:
    last = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert server.say(LIVE + LIVE + last).count(b'{"status":"alive"}') == 3
    assert server.say(LIVE + LIVE[:20], LIVE[20:] + last).count(b'{"status":"alive"}') == 3


def test_who_waits_to_be_told_to_go_on_is_told(server: Server) -> None:
    with closing(server.connect()) as client:
        client.sendall(POST + JSON + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert status(client.recv(1000)) == 100
        client.sendall(b"{}")
        assert b" 400 " in read(client, b"errors")


def test_a_connection_is_used_again(server: Server) -> None:
    with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{server.port}") as client:
        assert {client.get("/api/learning/health/live").status_code for _ in range(20)} == {200}


def test_a_body_without_its_length_is_refused(server: Server) -> None:
    for chunks in (b"2\r\n{}\r\n0\r\n\r\n", b"2\r\n{"):
        with closing(server.connect()) as client:
            client.sendall(POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
            answer = read(client, b"}")
        assert status(answer) == 411
        assert b"application/problem+json" in answer


def test_a_body_that_is_too_long_need_not_arrive(server: Server) -> None:
    for length in (65537, 3_000_000):
        with closing(server.connect()) as client:
            client.sendall(POST + JSON + b"Content-Length: %d\r\n\r\n" % length)
            if length < 128 * 1024:
                client.sendall(b" " * length)
            answer = read(client, b"}")
        assert status(answer) == 413
        assert b"at most 65536 bytes, %d were sent" % length in answer


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", {400, 414}),
        (LIVE[:-2] + b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", {400, 431}),
        (LIVE[:-2] + b"".join(b"X-%d: x\r\n" % n for n in range(200)) + b"\r\n", {400, 431}),
        (LIVE[:-2] + b"X: " + b"x" * 200_000, {431}),
        (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", {400}),
        (POST + b"Content-Length: two\r\n\r\n{}", {400}),
    ],
)
def test_what_is_no_request_is_refused(server: Server, head: bytes, expected: set[int]) -> None:
    with closing(server.connect()) as client:
        client.sendall(head)
        assert status(client.recv(1000)) in expected


def test_what_does_not_arrive_in_time_is_told_so(hasty: Server) -> None:
    answer = hasty.say(POST + JSON + b"Content-Length: 100\r\n\r\n{")
    assert status(answer) == 408
    assert b"application/problem+json" in answer
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["status"] == 408
    assert hasty.say(b"") == b"", "who says nothing is told nothing"


def test_a_body_too_long_to_gather_ends_in_time_too(hasty: Server) -> None:
    form = b"Cookie: csrftoken=%s\r\n" % (b"x" * 32)
    form += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 200000\r\n\r\nx"
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(hasty.connect())) for _ in range(THREADS)]
        for client in slow:
            client.sendall(POST.replace(b"/api/learning/resources", b"/admin/login/") + form)
        assert all(client.recv(1) == b"" for client in slow)
        assert hasty.is_alive()
