"""The contract of Ollama's protocol, against the embedded process or against a real Ollama.

With `OLLAMA_HOST` set, that server is tested, with the models `CHAT_MODEL` and `EMBED_MODEL`;
otherwise one embedded process serves the whole session. Tests that take `embedded` are about the
embedded process alone and are skipped for another server.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import ollama
import pytest

from learning_assistant.embedded.inference import launch

HOST = os.environ.get("OLLAMA_HOST", "")
CHAT_MODEL = os.environ.get("CHAT_MODEL", "smollm2:135m")
EMBED_MODEL = os.environ.get("EMBED_MODEL", "all-minilm")
PATIENCE = 60.0  # seconds for any one answer


@dataclass
class Server:
    """A server to talk to, and its process where it is ours."""

    host: str
    uds: Path | None = None
    process: "subprocess.Popen[bytes] | None" = None
    clients: list[httpx.Client] = field(default_factory=list)

    def http(self, timeout: float = PATIENCE) -> httpx.Client:
        client = httpx.Client(base_url=self.host, transport=self._transport(), timeout=timeout)
        self.clients.append(client)
        return client

    def ollama(self) -> ollama.Client:
        client = ollama.Client(host=self.host, transport=self._transport(), timeout=PATIENCE)
        self.clients.append(client._client)
        return client

    def _transport(self) -> httpx.HTTPTransport | None:
        return httpx.HTTPTransport(uds=str(self.uds)) if self.uds else None

    def wait_for(self, models: int) -> None:
        """Until it answers and has loaded that many models."""
        client = self.http()
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            assert self.process is None or self.process.poll() is None, "it ended by itself"
            if self._listens() and len(client.get("/api/ps").json()["models"]) >= models:
                return
            time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def _listens(self) -> bool:
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            return probe.connect_ex(str(self.uds)) == 0

    def end(self) -> int | None:
        """SIGTERM; returns the exit code."""
        for client in self.clients:
            client.close()
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()


Start = Callable[..., Server]


def _spawn(uds: Path, *arguments: str) -> Server:
    process = subprocess.Popen(
        [*launch.command(uds), *arguments], env={**os.environ, **launch.environment()}
    )
    return Server("http://inference", uds, process)


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A private folder whose path leaves room for the name of a socket."""
    folder = Path(tempfile.mkdtemp(prefix="inf-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server(short_folder: Path) -> Iterator[Server]:
    if HOST:
        host = HOST if "://" in HOST else f"http://{HOST}"
        unix = host.startswith("unix://")
        there = Server("http://inference", Path(host[7:])) if unix else Server(host)
        yield there
        there.end()
        return
    there = _spawn(short_folder / "i.sock")
    try:
        there.wait_for(models=2)
        yield there
    finally:
        there.end()


@pytest.fixture(scope="session")
def http(server: Server) -> httpx.Client:
    return server.http()


@pytest.fixture(scope="session")
def client(server: Server) -> ollama.Client:
    return server.ollama()


@pytest.fixture
def embedded(server: Server) -> Server:
    """The embedded process; skips the test for any other server."""
    if server.process is None:
        pytest.skip("about the embedded process only")
    return server


@pytest.fixture
def start(embedded: Server, short_folder: Path) -> Iterator[Start]:
    """Starts further embedded processes, with arguments, and ends them after the test."""
    begun: list[Server] = []

    def run(*arguments: str, models: int = 2, uds: Path | None = None) -> Server:
        new = short_folder / f"{time.monotonic_ns()}.sock"
        begun.append(_spawn(uds or new, *arguments))
        begun[-1].wait_for(models)
        return begun[-1]

    yield run
    for one in begun:
        one.end()
