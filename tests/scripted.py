"""A model server that does what a test tells it to: Ollama's protocol over real HTTP.

Its vectors come from the words of a text (each word a direction), so that texts with common words
are near each other; `vectors` gives a text one of its own.
"""

import hashlib
import json
import math
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.serving import serving

DIMENSION = 64
MODELS = ("smollm2:135m", "all-minilm:latest", "wide:latest", "wider:latest")
WIDTHS = {"wide": 96, "wider": 768}  # the other models' is DIMENSION


def vector_of(text: str, width: int = DIMENSION) -> list[float]:
    """A unit vector in which each word of *text* counts once."""
    vector = [0.0] * width
    for word in sorted(set(re.findall(r"\w+", text.casefold()))):
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % width] += 1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / length for x in vector] if any(vector) else [1.0] + [0.0] * (width - 1)


def _shortened(vector: list[float], kept: int) -> list[float]:
    length = math.sqrt(sum(x * x for x in vector[:kept])) or 1.0
    return [x / length for x in vector[:kept]]


class Refusal(Exception):
    """The script answers with this status and these words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass
class Script:
    """How the server behaves; a test may change it at any time."""

    url: str = ""
    only: str = ""  # the one path that misbehaves; all of them where it is empty
    delay_s: float = 0.0  # before each answer
    drip_s: float = 0.0  # between two bytes of an answer
    never: bool = False  # take the request and say nothing
    status: int = 200
    body: bytes | None = None  # sent in place of the answer
    reset: bool = False  # the connection, in place of an answer
    reset_after: int = 0  # so many bytes of one
    endless: bool = False  # an answer that begins well and goes on and on
    width: int = 0  # of its vectors, in place of the model's own
    behind: str = ""  # the Unix socket of a server that answers all that the script does not change
    missing_vectors: int = 0
    away: set[str] = field(default_factory=set)  # models that are not on the server
    refused: set[str] = field(default_factory=set)  # words whose texts it refuses
    digests: dict[str, str] = field(default_factory=dict)
    text_s: float = 0.0  # what embedding a text takes
    vectors: dict[str, list[float]] = field(default_factory=dict)
    sentence: str = "Start with [1], because it explains the question step by step."
    says: Callable[[dict[str, Any]], str] | None = None  # to what was asked, in place of `sentence`
    word_s: float = 0.0  # before each word of a streamed answer
    done_reason: str = "stop"
    tokens: int = 20
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    # Closed: an embedding call stays inside until it opens; `reached` says that one is.
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)  # a client, in mid-answer
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def paths(self) -> list[str]:
        return [path for path, _ in self.calls]

    def answer(self, path: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        """What Ollama would say on *path*; None where there is no such path."""
        if path == "/api/version":
            return {"version": "0.0-scripted"}
        if path == "/api/tags":
            there = [m for m in MODELS if m.removesuffix(":latest") not in self.away]
            return {"models": [self._model(name) for name in there]}
        if path == "/api/embed":
            return self._embed(asked)
        return self._chat(asked) if path == "/api/chat" else None

    def _model(self, name: str) -> dict[str, Any]:
        digest = self.digests.get(name) or hashlib.sha256(name.encode()).hexdigest()
        return {"name": name, "model": name, "digest": digest, "size": 1}

    def _embed(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.reached.set()
        self.gate.wait(30)
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        name = asked["model"].removesuffix(":latest")
        if name in self.away:
            raise Refusal(404, f"model '{name}' not found")
        if any(word in text for word in self.refused for text in texts):
            raise Refusal(400, "the input is refused")
        self.ended.wait(self.text_s * len(texts))
        width = WIDTHS.get(name, DIMENSION)
        vectors = [self.vectors.get(text) or vector_of(text, width) for text in texts]
        if kept := asked.get("dimensions"):
            vectors = [_shortened(vector, kept) for vector in vectors]
        return {"model": asked["model"], "embeddings": vectors[self.missing_vectors :]}

    def _chat(self, asked: dict[str, Any]) -> dict[str, Any]:
        said = self.says(asked) if self.says else self.sentence
        return {
            "model": asked["model"],
            "created_at": "2026-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": said},
            "done": True,
            "done_reason": self.done_reason,
            "eval_count": self.tokens,
            "eval_duration": 10**8,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    script: Script

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve(json.loads(raw or b"{}"))

    def _serve(self, asked: dict[str, Any]) -> None:
        script = self.script
        with script.lock:
            script.calls.append((self.path, asked))
            script.in_flight += 1
            script.most_in_flight = max(script.most_in_flight, script.in_flight)
        try:
            self._reply(asked)
        finally:
            with script.lock:
                script.in_flight -= 1

    def _reply(self, asked: dict[str, Any]) -> None:
        script = self.script
        odd = self.path.startswith(script.only)
        if odd and script.never:
            script.ended.wait(30)
            self.close_connection = True
            return
        if odd and (script.reset or script.reset_after):
            return self._reset()
        if odd and script.endless:
            return self._go_on_and_on()
        script.ended.wait(script.delay_s if odd else 0)
        try:
            answer = self._answer(asked, odd)
            status = 404 if answer is None else script.status if odd else 200
            body = json.dumps({"error": "scripted"} if status >= 400 else answer).encode()
        except Refusal as refusal:
            status, body = refusal.status, json.dumps({"error": refusal.words}).encode()
        if odd and script.body is not None:
            body = script.body
        elif status == 200 and asked.get("stream"):
            return self._stream(answer or {})
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self._write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client had no more time

    def _answer(self, asked: dict[str, Any], odd: bool) -> dict[str, Any] | None:
        """What the script says where it misbehaves, else the server behind it, if there is one."""
        script = self.script
        if not script.behind or (odd and self.path == "/api/chat"):
            return script.answer(self.path, asked)
        with httpx.Client(transport=httpx.HTTPTransport(uds=script.behind), timeout=30) as client:
            told = client.request(self.command, f"http://behind{self.path}", json=asked or None)
        if told.is_error:
            raise Refusal(told.status_code, told.text)
        answer: dict[str, Any] = told.json()
        if odd and "embeddings" in answer:
            vectors = answer["embeddings"][script.missing_vectors :]
            answer["embeddings"] = [v[: script.width or None] for v in vectors]
        return answer

    def _reset(self) -> None:
        """End the connection as a crash does, perhaps in the middle of an answer."""
        self.close_connection = True
        if self.script.reset_after:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b" " * self.script.reset_after)
        linger = struct.pack("ii", 1, 0)  # closing sends a reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _go_on_and_on(self) -> None:
        """An answer of a word every 10 ms, for as long as somebody reads."""
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"message": {"role": "assistant", "content": "and')
            while not self.script.ended.wait(0.01):
                self.wfile.write(b" and")

    def _stream(self, answer: dict[str, Any]) -> None:
        """The answer word by word, a line of JSON each."""
        self.close_connection = True
        words = re.findall(r"\S+\s*", answer["message"]["content"])
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Connection", "close")
            self.end_headers()
            for word in words:
                self.script.ended.wait(self.script.word_s)
                part = {"message": {"role": "assistant", "content": word}, "done": False}
                self.wfile.write(json.dumps(answer | part).encode() + b"\n")
            last = answer | {"message": {"role": "assistant", "content": ""}}
            self.wfile.write(json.dumps(last).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            self.script.left.set()

    def _write(self, body: bytes) -> None:
        if not self.script.drip_s:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            time.sleep(self.script.drip_s)
            if self.script.ended.is_set():
                return

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test reads `calls`."""


class _Server(ThreadingHTTPServer):
    def shutdown_request(self, request: Any) -> None:
        """Close it, without the farewell that would come before a reset."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what some tests are about."""


@contextmanager
def scripted_server() -> Iterator[Script]:
    """Serve a `Script` on a free port of loopback until the end of the block."""
    script = Script()
    script.gate.set()
    handler = type("Handler", (_Handler,), {"script": script})
    with serving(_Server(("127.0.0.1", 0), handler)) as script.url:
        try:
            yield script
        finally:
            script.ended.set()
            script.gate.set()
